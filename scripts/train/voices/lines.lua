--- Lines: what is sung and said to learn voices from, made up: sounds in order, with how long and how high each is.
---
--- A line is a list of sounds: {phone = "a", seconds = 0.3, pitch = {{0, 220}, {0.1, 223}}}; `pitch` are seconds from
--- the sound's beginning and Hz, and absent where nothing is voiced. "#" is a pause.
local lines = {}

---@class moonlark.train.Sound
---@field phone string
---@field seconds number
---@field pitch number[][]?

local vowels = {"a", "e", "i", "o", "u"}
local consonants = {"m", "n", "l", "r", "v", "s", "f", "t", "k", "p", "d", "b", "g", "j"}
local unvoiced = {s = true, f = true, t = true, k = true, p = true}

-- The consonants and the vowel of a made-up syllable.
local function syllable(dice)
  local onset = dice:chance(0.85) and dice:pick(consonants) or nil
  local coda = dice:chance(0.25) and dice:pick {"n", "s", "l", "t", "m", "r"} or nil
  return onset, dice:pick(vowels), coda
end

local function hz(note) return 440 * 2 ^ ((note - 69) / 12) end

-- Targets every 25 ms of a note that is reached from below or above, trembles after a while, and drifts.
local function sung_pitch(dice, singer, note, seconds, after)
  local targets, drift = {}, 0
  local scoop = dice:chance(0.4) and dice:uniform(-2, 0.7) or 0
  local depth, phase = singer.vibrato * dice:uniform(0.4, 1.3), dice:uniform(0, 2 * math.pi)
  for at = 0, math.max(seconds - 0.005, 0), 0.025 do
    drift = 0.9 * drift + 0.03 * dice:normal()
    local trembling = math.max(0, math.min(1, (after + at - 0.15) / 0.3))
    local tremble = trembling * math.sin(2 * math.pi * singer.trembles * at + phase)
    local bend = scoop * math.exp(-(after + at) / 0.06) + depth * tremble
    targets[#targets + 1] = {at, hz(note + bend + drift)}
  end
  return targets
end

local scales = {{0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}, {0, 3, 5, 7, 10}, {0, 2, 4, 7, 9}}

-- The note of a scale so many degrees above its tonic.
local function degree(scale, tonic, n) return tonic + 12 * (n // #scale) + scale[n % #scale + 1] end

local function consonant(dice, line, phone, note, singer)
  if not phone then return 0 end
  local seconds = dice:uniform(0.04, 0.11)
  local pitch = not unvoiced[phone] and sung_pitch(dice, singer, note, seconds, 0) or nil
  line[#line + 1] = {phone = phone, seconds = seconds, pitch = pitch}
  return seconds
end

-- A syllable on a note, or on two or three.
local function sing(dice, line, singer, notes, seconds)
  local onset, vowel, coda = syllable(dice)
  if seconds < 0.2 then coda = nil end
  local left = seconds - consonant(dice, line, onset, notes[1], singer) - (coda and 0.07 or 0)
  for i, note in ipairs(notes) do
    local part = math.max(0.05, left / #notes)
    line[#line + 1] = {phone = vowel, seconds = part, pitch = sung_pitch(dice, singer, note, part, i > 1 and 0.1 or 0)}
  end
  if coda then consonant(dice, line, coda, notes[#notes], singer) end
end

--- Something sung that lasts at least so long: phrases of a melody in a scale, around a note (60 is middle C).
---     local line = lines.sung(random.new("a singer"), 20, 60)
---@param dice table  of corpus.random
---@param seconds number
---@param middle number
---@return moonlark.train.Sound[]
function lines.sung(dice, seconds, middle)
  local singer = {vibrato = dice:chance(0.75) and dice:uniform(0.1, 0.9) or 0, trembles = dice:uniform(4.5, 7)}
  local scale, tonic, beat = dice:pick(scales), math.floor(middle) - dice:integer(2, 9), dice:uniform(0.25, 0.6)
  local line, at, place = {}, 0, dice:integer(2, 5)
  local function pause(length)
    line[#line + 1] = {phone = "#", seconds = length}
    at = at + length
  end
  pause(dice:uniform(0.05, 1))
  while at < seconds do
    for _ = 1, dice:integer(3, 11) do
      local length = beat * dice:pick {0.5, 0.5, 1, 1, 1, 2, 2, 3, 4}
      local notes = {}
      for i = 1, length > 0.5 and dice:chance(0.25) and dice:integer(2, 3) or 1 do
        place = math.max(0, math.min(9, place + dice:pick {-3, -2, -1, -1, 0, 0, 1, 1, 2, 4}))
        notes[i] = degree(scale, tonic, place)
      end
      sing(dice, line, singer, notes, math.max(length, 0.13))
      at = at + math.max(length, 0.13)
    end
    pause(beat * dice:pick {0.5, 1, 1, 2, 3, 6})
  end
  return line
end

--- Something said that lasts at least so long: phrases whose pitch (Hz) falls, with stressed syllables higher.
---     local line = lines.spoken(random.new("a speaker"), 20, 120)
---@param dice table
---@param seconds number
---@param pitch number
---@return moonlark.train.Sound[]
function lines.spoken(dice, seconds, pitch)
  local line, at, haste, lively = {{phone = "#", seconds = 0.1}}, 0.1, dice:uniform(0.75, 1.3), dice:uniform(0.06, 0.25)
  local function say(phone, length, from, to)
    if not phone then return end
    length = length * haste
    local pitch = not unvoiced[phone] and {{0, from}, {0.9 * length, to}} or nil
    line[#line + 1] = {phone = phone, seconds = length, pitch = pitch}
    at = at + length
  end
  while at < seconds do
    local count, now = dice:integer(4, 16), pitch * (1 + lively)
    for i = 1, count do
      local onset, vowel, coda = syllable(dice)
      local stressed = dice:chance(0.4)
      local following = pitch * (1 + lively * (0.8 - 1.7 * i / count + (stressed and 0.8 or 0) + 0.3 * dice:normal()))
      following = math.max(0.55 * pitch, following)
      say(onset, dice:uniform(0.04, 0.09), now, now)
      say(vowel, stressed and dice:uniform(0.09, 0.17) or dice:uniform(0.045, 0.1), now, following)
      say(coda, dice:uniform(0.04, 0.09), following, following)
      now = following
    end
    line[#line + 1] = {phone = "#", seconds = dice:uniform(0.15, 0.7)}
    at = at + line[#line].seconds
  end
  return line
end

--- Words that no language has, as text to read aloud, with commas and full stops.
---     print(lines.text(random.new("a text"), 40))
---@param dice table
---@param count integer
---@return string
function lines.text(dice, count)
  local words = {}
  for i = 1, count do
    local parts = {}
    for k = 1, dice:pick {1, 1, 2, 2, 2, 3, 4} do
      local onset, vowel, coda = syllable(dice)
      parts[k] = (onset or "") .. vowel .. (coda or "")
    end
    words[i] = table.concat(parts) .. (dice:chance(0.12) and "," or dice:chance(0.08) and "." or "")
  end
  return table.concat(words, " ") .. "."
end

return lines
