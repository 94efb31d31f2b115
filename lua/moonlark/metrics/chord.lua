--- Chords beside the truth, as mir_eval.chord (0.8) has it: the share of the time at which two Annotations of chords are the
--- same in one of twelve ways to compare (Pauwels and Peeters, 2013; MIREX), and how alike their segments are.
local annotation = require "moonlark.annotation"
local events = require "moonlark.metrics.events"
local harte = require "moonlark.annotation.harte"

local chord = {}

local triads_of = {major = "10001001", minor = "10010001"}
local silent = ("0"):rep(12)
local with_sevenths = {["100010010000"] = true, ["100100010000"] = true, ["100010010001"] = true,
  ["100010010010"] = true, ["100100010010"] = true, [silent] = true}

local function same_triad(a, b) return a.notes:sub(1, 8) == b.notes:sub(1, 8) end

-- Whether the bass belongs to the chord, so that its inversion can be judged; mir_eval counts it in by then.
local function has_triad(a)
  local triad = a.notes:sub(1, 8)
  return triad == triads_of.major or triad == triads_of.minor or a.root < 0 and a.notes == silent
end

-- How many pitch classes both have.
local function common(a, b)
  local count = 0
  for semitone = 0, 11 do
    local class = (a.root + semitone) % 12
    local other = (class - b.root) % 12
    if a.notes:sub(semitone + 1, semitone + 1) == "1" and b.notes:sub(other + 1, other + 1) == "1" then count = count + 1 end
  end
  return count
end

local function mirex(a, b)
  local _, count = a.notes:gsub("1", "")
  if count > 0 and count < 3 then return nil end
  if a.root < 0 and b.root < 0 then return true end
  if b.notes == "?" then return true end -- mir_eval takes an estimated X for all notes at once
  return common(a, b) >= 3
end

-- Each gives whether the estimate b is right about the reference a; nil where a is outside of the vocabulary.
local vocabularies = {
  root = function(a, b) return a.root == b.root end,
  thirds = function(a, b) return a.root == b.root and a.notes:sub(4, 4) == b.notes:sub(4, 4) end,
  triads = function(a, b) return a.root == b.root and same_triad(a, b) end,
  tetrads = function(a, b) return a.root == b.root and a.notes == b.notes end,
  majmin = function(a, b)
    if not has_triad(a) then return nil end
    return a.root == b.root and same_triad(a, b)
  end,
  sevenths = function(a, b)
    if not with_sevenths[a.notes] then return nil end
    return a.root == b.root and a.notes == b.notes
  end,
  mirex = mirex,
}

--- The names of the vocabularies: root, thirds, triads, tetrads, majmin and sevenths, each but root also with its inversions
--- (majmin_inv), and mirex (three common notes).
chord.vocabularies = {"root", "thirds", "thirds_inv", "triads", "triads_inv", "tetrads", "tetrads_inv", "majmin", "majmin_inv",
  "sevenths", "sevenths_inv", "mirex"}

for _, name in ipairs {"thirds", "triads", "tetrads", "majmin", "sevenths"} do
  local plain = vocabularies[name]
  vocabularies[name .. "_inv"] = function(a, b)
    local right = plain(a, b)
    if right == nil then return nil end
    return right and a.bass == b.bass
  end
end

-- What is said from one time to another as {start, stop, label}; "N" where nothing is said.
local function segments_of(a, from, to)
  local list, fitted = {}, a:fit(from, to, "N")
  for i, item in ipairs(fitted) do list[i] = {item.start, item.stop, item.label or "N"} end
  return list
end

local function both(reference, estimate)
  local stops = annotation.check("reference", reference).stops
  annotation.check("estimate", estimate)
  events.warn_if_empty(reference, estimate, "chords")
  local from, to = reference[1] and reference[1].start or 0, 0
  for _, stop in ipairs(stops) do to = math.max(to, stop) end
  if to <= from then return nil end
  return segments_of(reference, from, to), segments_of(estimate, from, to)
end

-- {seconds, chord of a, chord of b} of each stretch in which neither changes.
local function stretches(a, b)
  local list, i, j, at = {}, 1, 1, a[1][1]
  while a[i] and b[j] do
    local stop = math.min(a[i][2], b[j][2])
    if stop > at then list[#list + 1] = {stop - at, harte.encode(a[i][3]), harte.encode(b[j][3])} end
    at = stop
    if a[i][2] <= stop then i = i + 1 end
    if b[j] and b[j][2] <= stop then j = j + 1 end
  end
  return list
end

local function accuracy(list, compare)
  local right, all = 0, 0
  for _, one in ipairs(list) do
    local found
    if one[2].notes ~= "?" then found = compare(one[2], one[3]) end
    if found ~= nil then
      all = all + one[1]
      if found then right = right + one[1] end
    end
  end
  return all > 0 and right / all or 0
end

-- Neighbours that are the same chord as one.
local function merged(list)
  local made, last = {}, nil
  for _, one in ipairs(list) do
    local now = harte.encode(one[3], true)
    if last and last.root == now.root and last.notes == now.notes and last.bass == now.bass then
      made[#made][2] = one[2]
    else
      made[#made + 1] = {one[1], one[2]}
    end
    last = now
  end
  return made
end

-- 1 minus the share of the time outside of the longest piece into which each segment of a is cut by those of b.
local function wholeness(a, b)
  local lost = 0
  for _, one in ipairs(a) do
    local longest, at = 0, one[1]
    for _, other in ipairs(b) do
      for side = 1, 2 do
        if other[side] > at and other[side] < one[2] then
          longest, at = math.max(longest, other[side] - at), other[side]
        end
      end
    end
    lost = lost + (one[2] - one[1]) - math.max(longest, one[2] - at)
  end
  return 1 - lost / (a[#a][2] - a[1][1])
end

--- The share of the reference's time at which the chords are the same in a vocabulary; what of the reference lies outside of
--- the vocabulary does not count, and neither does "X". 0 where nothing can be compared.
---
--- Errors: no annotation; a label that is no chord; another vocabulary.
---     print(metrics.chord.accuracy(truth, chords, "majmin"))
---@param reference moonlark.Annotation  segments with labels in Harte's notation
---@param estimate moonlark.Annotation
---@param vocabulary string?  default: "majmin"
---@return number
function chord.accuracy(reference, estimate, vocabulary)
  local compare = vocabularies[vocabulary or "majmin"]
    or require("moonlark.base.options").unknown("vocabulary", vocabulary, chord.vocabularies)
  local a, b = both(reference, estimate)
  return a and accuracy(stretches(a, b), compare) or 0
end

--- How far the truth's chords are cut into pieces by the estimate (1: not at all), and the estimate's by the truth
--- (Harte, 2010).
---     local overseg, underseg = metrics.chord.segmentation(truth, chords)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return number overseg
---@return number underseg
function chord.segmentation(reference, estimate)
  local a, b = both(reference, estimate)
  if not a then return 0, 0 end
  a, b = merged(a), merged(b)
  return wholeness(a, b), wholeness(b, a)
end

--- All figures of a song, by mir_eval's names.
---     print(metrics.chord.evaluate(truth, chords).majmin)
---@param reference moonlark.Annotation
---@param estimate moonlark.Annotation
---@return table<string, number>
function chord.evaluate(reference, estimate)
  local made = {}
  for _, name in ipairs(chord.vocabularies) do made[name] = chord.accuracy(reference, estimate, name) end
  made.overseg, made.underseg = chord.segmentation(reference, estimate)
  made.seg = math.min(made.overseg, made.underseg)
  return made
end

return chord
