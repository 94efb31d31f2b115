--- Harte: labels of chords (Harte et al., 2005) as what is compared: root, bass, and the semitones over the root.
local show = require "moonlark.base.show"

local harte = {}

---@class moonlark.annotation.Chord
---@field root integer  pitch class from C; -1 for no chord
---@field bass integer  semitones over the root; -1 for no chord
---@field notes string  twelve signs, 1 where the semitone over the root sounds; "?" for "X", which cannot be compared

local classes = {C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11}
local degrees = {0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21}

-- Semitones over the root; ninths and what is above them belong to the degrees that a shorthand has beside.
local shorthands = {
  [""] = {}, maj = {0, 4, 7}, min = {0, 3, 7}, aug = {0, 4, 8}, dim = {0, 3, 6}, sus4 = {0, 5, 7}, sus2 = {0, 2, 7},
  ["7"] = {0, 4, 7, 10}, maj7 = {0, 4, 7, 11}, min7 = {0, 3, 7, 10}, minmaj7 = {0, 3, 7, 11}, maj6 = {0, 4, 7, 9},
  min6 = {0, 3, 7, 9}, dim7 = {0, 3, 6, 9}, hdim7 = {0, 3, 6, 10}, ["1"] = {0}, ["5"] = {0, 7},
}

-- What extended shorthands stand for: another one, and degrees.
local extended = {
  maj9 = {"maj7", "9"}, min9 = {"min7", "9"}, ["9"] = {"7", "9"}, ["b9"] = {"7", "b9"}, ["#9"] = {"7", "#9"},
  ["11"] = {"7", "9,11"}, ["#11"] = {"7", "9,#11"}, ["13"] = {"7", "9,11,13"}, ["b13"] = {"7", "9,11,b13"},
  min11 = {"min7", "9,11"}, maj11 = {"maj7", "9,11"}, maj13 = {"maj7", "9,11,13"}, min13 = {"min7", "9,11,13"},
}

local function accidentals(signs)
  local _, sharps = signs:gsub("#", "")
  return sharps - (#signs - sharps)
end

local function semitone_of(degree)
  local signs, number = degree:match "^([b#]*)(%d+)$"
  local semitone = number and degrees[tonumber(number)]
  return semitone and semitone + accidentals(signs)
end

local function fail(label) show.fail("'%s' is no chord in Harte's notation, such as A:min7/b3 or N", label) end

-- The parts of a label; nil where it is none.
local function parts_of(label)
  local body, bass = label:match "^([^/]*)/?(.*)$"
  local root, rest = body:match "^([A-G][b#]*)(.*)$"
  if not root then return nil end
  local shorthand, inner = rest:match "^:([^()]*)%(([^()]+)%)$"
  shorthand = shorthand or rest:match "^:([^()]+)$" or rest == "" and "maj"
  if not shorthand then return nil end
  return root, shorthand, inner or "", bass ~= "" and bass or "1"
end

-- Adds degrees, and takes away those with a star. Degrees beyond the octave count only where they are folded into it.
local function add(set, list, folded, label)
  for word in list:gmatch "[^,%s]+" do
    local star, degree = word:match "^(%*?)(.*)$"
    local semitone = semitone_of(degree) or fail(label)
    if folded or semitone < 12 then
      semitone = semitone % 12
      set[semitone] = (set[semitone] or 0) + (star == "*" and -1 or 1)
    end
  end
end

local kept, kept_folded = {}, {} -- by label

local function encode(label, folded)
  if label == "N" then return {root = -1, bass = -1, notes = ("0"):rep(12)} end
  if label == "X" then return {root = -1, bass = -1, notes = "?"} end
  local root, shorthand, inner, bass = parts_of(label)
  if not root then fail(label) end
  local plain, more = shorthand, ""
  if extended[shorthand] then plain, more = extended[shorthand][1], folded and extended[shorthand][2] or "" end
  local set, low = {}, semitone_of(bass)
  if not shorthands[plain] or not low then fail(label) end
  for _, semitone in ipairs(shorthands[plain]) do set[semitone] = 1 end
  set[0] = 1
  add(set, inner, folded, label)
  add(set, more, folded, label)
  low = low % 12
  set[low] = math.max(1, set[low] or 0)
  local signs = {}
  for semitone = 0, 11 do signs[semitone + 1] = (set[semitone] or 0) > 0 and "1" or "0" end
  return {root = (classes[root:sub(1, 1)] + accidentals(root:sub(2))) % 12, bass = low, notes = table.concat(signs)}
end

--- What a label stands for. `folded` folds ninths, elevenths and thirteenths into the octave; otherwise they do not count.
--- Errors: no chord in Harte's notation.
---     print(harte.encode("A:min7/b3").notes)     -- 100100010010
---@param label string
---@param folded boolean?
---@return moonlark.annotation.Chord
function harte.encode(label, folded)
  local known = folded and kept_folded or kept
  known[label] = known[label] or encode(label, folded)
  return known[label]
end

return harte
