--- Progressions: chords of a song that is made up: a key, and chords that go round in it.
local progressions = {}

-- Degrees as semitones over the tonic, with the quality of each chord; a bar each unless a number of beats follows.
local loops = {
  major = {
    {{0, "maj"}, {7, "maj"}, {9, "min"}, {5, "maj"}}, {{0, "maj"}, {9, "min"}, {5, "maj"}, {7, "maj"}},
    {{9, "min"}, {5, "maj"}, {0, "maj"}, {7, "maj"}}, {{0, "maj"}, {5, "maj"}, {0, "maj"}, {7, "maj"}},
    {{0, "maj"}, {5, "maj"}, {7, "maj"}, {5, "maj"}}, {{2, "min7"}, {7, "7"}, {0, "maj7"}, {9, "min7"}},
    {{0, "maj"}, {4, "min"}, {5, "maj"}, {7, "maj"}}, {{0, "maj"}, {10, "maj"}, {5, "maj"}, {0, "maj"}},
    {{5, "maj"}, {7, "maj"}, {4, "min"}, {9, "min"}}, {{0, "maj"}, {7, "sus4"}, {7, "maj"}, {0, "maj"}},
    {{0, "7"}, {0, "7"}, {0, "7"}, {0, "7"}, {5, "7"}, {5, "7"}, {0, "7"}, {0, "7"}, {7, "7"}, {5, "7"}, {0, "7"}, {7, "7"}},
    {{0, "maj"}, {7, "maj"}, {9, "min"}, {4, "min"}, {5, "maj"}, {0, "maj"}, {5, "maj"}, {7, "maj"}},
  },
  minor = {
    {{0, "min"}, {8, "maj"}, {3, "maj"}, {10, "maj"}}, {{0, "min"}, {5, "min"}, {0, "min"}, {7, "maj"}},
    {{0, "min"}, {10, "maj"}, {8, "maj"}, {7, "maj"}}, {{0, "min"}, {5, "min"}, {10, "maj"}, {3, "maj"}},
    {{0, "min7"}, {5, "7"}, {0, "min7"}, {5, "7"}}, {{2, "hdim7"}, {7, "7"}, {0, "min7"}, {0, "min7"}},
    {{0, "min"}, {0, "min"}, {8, "maj"}, {10, "maj"}}, {{0, "min"}, {3, "maj"}, {10, "maj"}, {5, "min"}},
    {{0, "min"}, {8, "maj"}, {5, "min"}, {7, "maj"}},
  },
}

local names = {[0] = "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"}
progressions.names = names

--- Semitones of a chord's notes over its root.
progressions.notes = {
  maj = {0, 4, 7}, min = {0, 3, 7}, ["7"] = {0, 4, 7, 10}, maj7 = {0, 4, 7, 11}, min7 = {0, 3, 7, 10}, sus4 = {0, 5, 7},
  sus2 = {0, 2, 7}, dim = {0, 3, 6}, aug = {0, 4, 8}, hdim7 = {0, 3, 6, 10}, dim7 = {0, 3, 6, 9}, maj6 = {0, 4, 7, 9},
  min6 = {0, 3, 7, 9}, ["9"] = {0, 4, 7, 10, 14}, maj9 = {0, 4, 7, 11, 14}, min9 = {0, 3, 7, 10, 14}, minmaj7 = {0, 3, 7, 11},
}

--- A made-up harmony of so many beats, of which the first lies `pickup` beats after the beginning of a bar: chords {start,
--- length, root, quality} in beats, which change with the bars, and its key.
---     local chords, key = progressions.make(random, 64, 4, 0)
function progressions.make(random, beats, meter, pickup)
  local mode, tonic = random:chance(0.6) and "major" or "minor", random:integer(0, 11)
  local a, b = random:pick(loops[mode]), random:pick(loops[mode])
  local bars = random:chance(0.15) and 2 or random:chance(0.15) and 0.5 or 1 -- for each chord
  local chords, at, round = {}, -pickup, 0
  while at < beats do
    local loop = round % 4 == 3 and b or a
    for _, chord in ipairs(loop) do
      if at < beats then
        local start, stop = math.max(at, 0), math.min(at + bars * meter, beats)
        if stop > start then
          chords[#chords + 1] = {start = start, length = stop - start, root = (tonic + chord[1]) % 12, quality = chord[2]}
        end
        at = stop
      end
    end
    round = round + 1
  end
  return chords, {tonic = tonic, mode = mode}
end

return progressions
