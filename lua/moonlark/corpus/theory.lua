--- The little music theory that writing accompaniments takes: spelling, chords, scales, voicings.
---
--- Pitches are MIDI numbers (60 is middle C), pitch classes 0..11 from C. A chord is written as a degree
--- of the major scale on the tonic, with an accidental where needed, and a quality in Harte's shorthand:
--- "1:maj", "2:min7", "b7:maj". So the same words describe major and minor keys.
local theory = {}

local sharp = {[0] = "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}
local flat = {[0] = "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"}

-- How the signature of a key is usually written.
local tonics = {
  major = {[0] = "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"},
  minor = {[0] = "C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"},
}
local flat_keys = {
  major = {[1] = true, [3] = true, [5] = true, [8] = true, [10] = true},
  minor = {[0] = true, [2] = true, [3] = true, [5] = true, [7] = true, [10] = true},
}

--- Semitones above the root, by Harte's shorthand.
theory.qualities = {
  maj = {0, 4, 7}, min = {0, 3, 7}, dim = {0, 3, 6}, aug = {0, 4, 8}, sus4 = {0, 5, 7}, ["5"] = {0, 7},
  ["7"] = {0, 4, 7, 10}, maj7 = {0, 4, 7, 11}, min7 = {0, 3, 7, 10}, dim7 = {0, 3, 6, 9}, hdim7 = {0, 3, 6, 10},
  maj6 = {0, 4, 7, 9}, min6 = {0, 3, 7, 9}, ["9"] = {0, 4, 7, 10, 14}, maj9 = {0, 4, 7, 11, 14},
  min9 = {0, 3, 7, 10, 14},
}

--- Semitones above the tonic.
theory.scales = {
  major = {0, 2, 4, 5, 7, 9, 11}, minor = {0, 2, 3, 5, 7, 8, 10}, dorian = {0, 2, 3, 5, 7, 9, 10},
  mixolydian = {0, 2, 4, 5, 7, 9, 10}, harmonic_minor = {0, 2, 3, 5, 7, 8, 11}, phrygian = {0, 1, 3, 5, 7, 8, 10},
  major_pentatonic = {0, 2, 4, 7, 9}, minor_pentatonic = {0, 3, 5, 7, 10}, blues = {0, 3, 5, 6, 7, 10},
}

local degrees = {0, 2, 4, 5, 7, 9, 11}

--- A key's name as JAMS writes it: "Eb:major".
function theory.key_name(tonic, mode) return tonics[mode][tonic] .. ":" .. mode end

--- The chord that a word such as "b7:maj" means in a key: {root (pitch class), intervals (semitones above it), label
--- (Harte's spelling: "Eb:min7")}.
function theory.chord(word, tonic, mode)
  local accidental, degree, quality = word:match "^([b#]?)([1-7]):(%w+)$"
  local intervals = quality and theory.qualities[quality]
  if not intervals then error(("a chord must look like b7:maj, got '%s'"):format(word), 0) end
  local shift = accidental == "b" and -1 or accidental == "#" and 1 or 0
  local root = (tonic + degrees[tonumber(degree)] + shift) % 12
  local names = (accidental == "b" or flat_keys[mode][tonic]) and accidental ~= "#" and flat or sharp
  return {root = root, intervals = intervals, label = names[root] .. ":" .. quality}
end

--- The pitch of a class that lies nearest to another pitch.
function theory.nearest(class, near) return class + 12 * math.floor((near - class) / 12 + 0.5) end

--- The pitch of a class in [low, low + 12).
function theory.above(class, low) return low + (class - low) % 12 end

--- A close voicing around a center: every chord tone at its nearest place, lowest first.
function theory.voicing(chord, center)
  local pitches, taken = {}, {}
  for _, interval in ipairs(chord.intervals) do
    local pitch = theory.nearest((chord.root + interval) % 12, center)
    if not taken[pitch] then
      taken[pitch] = true
      pitches[#pitches + 1] = pitch
    end
  end
  table.sort(pitches)
  return pitches
end

--- The next note of a melody: a step of the scale near the last one, on strong beats a chord tone.
function theory.melody_step(rng, last, scale, tonic, chord, strong, low, high)
  local wanted = {}
  if strong then
    for _, interval in ipairs(chord.intervals) do wanted[(chord.root + interval) % 12] = true end
  else
    for _, step in ipairs(scale) do wanted[(tonic + step) % 12] = true end
  end
  local aim = last + rng:pick {-4, -3, -2, -2, -1, 1, 2, 2, 3, 4}
  if aim < low then aim = low + (low - aim) end
  if aim > high then aim = high - (aim - high) end
  for distance = 0, 11 do
    for _, pitch in ipairs {aim + distance, aim - distance} do
      if wanted[pitch % 12] and pitch >= low and pitch <= high then return pitch end
    end
  end
  return last
end

return theory
