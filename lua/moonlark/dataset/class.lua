--- The Dataset class: its fields and first methods. Other files of this folder add to it.
---
---@class moonlark.Track
---@field path string
---@field label string?
---@field labels string[]?  of a dataset with tags: all that are true, sorted
---@field values number[]?  of a dataset with values: one for each of its targets
---@field part "train"|"valid"|"test"|nil  where the data's publisher put it
---@field group string?  tracks of one group never part in a grouped split
---@field fold integer|string?  a fold that the data's publisher gave
---@field tags table<string, string>?  the other columns of a CSV
---@field start number?  seconds; only segments have start and duration
---@field duration number?  seconds
---@field seconds number?  the file's length, once validated
---@field hash string?  XXH3-128 of the file's bytes, once validated
---
---@class moonlark.Dataset
---@field tracks moonlark.Track[]
---@field classes string[]  labels sorted by name: class id i is classes[i + 1]
---@field task "classes"|"tags"|"values"|nil  what tracks carry: a label (nil, too), labels, or values
---@field targets string[]?  of "values": what is measured
---@field table {path: string, options: table?}?  of rows of a table: where they were read, and how
---@field known string?  what a published collection is, in a line
---@field rejected {path: string, reason: string}[]  files set aside, each with its reason
---@field partial {path: string, reason: string}[]  files that were kept in part
---@field part string?  "train", "valid" or "test" in a part of a split
---@field leakage boolean?  true once segments were cut before splitting

local text = require "moonlark.base.text"
local show = require "moonlark.base.show"

---@class moonlark.Dataset
local Dataset = {}
Dataset.__name = "moonlark.Dataset"
Dataset.__class = Dataset -- for Tab: __index is a function

function Dataset:__index(key)
  if math.type(key) == "integer" then return rawget(self, "tracks")[key] end
  return Dataset[key]
end

function Dataset:__len() return #self.tracks end

local function labels_of(tracks)
  local seen = {}
  for _, track in ipairs(tracks) do
    if track.label then seen[track.label] = true end
    for _, label in ipairs(track.labels or {}) do seen[label] = true end
  end
  return text.keys(seen)
end

-- The items of a list for which keep(item, place) is true.
local function select_from(list, keep)
  local kept = {}
  for i, item in ipairs(list) do
    if keep(item, i) then kept[#kept + 1] = item end
  end
  return kept
end

-- A dataset of tracks; its other fields come from the one it is made of, if any.
local function make(tracks, source)
  source = source or {}
  return setmetatable({
    tracks = tracks, classes = source.classes or labels_of(tracks), rejected = source.rejected or {},
    partial = source.partial or {}, part = source.part, leakage = source.leakage, lists = source.lists,
    task = source.task, targets = source.targets, known = source.known, table = source.table,
  }, Dataset)
end

--- How many tracks each class has.
---     print(songs:counts().jazz)
---@return table<string, integer>
function Dataset:counts()
  local counts = {}
  for _, label in ipairs(self.classes) do counts[label] = 0 end
  for _, track in ipairs(self.tracks) do
    if track.label then counts[track.label] = counts[track.label] + 1 end
    for _, label in ipairs(track.labels or {}) do counts[label] = counts[label] + 1 end
  end
  return counts
end

--- The class id (from 0) of each track, in order; nil for a dataset without labels, or with tags or values. Errors: one
--- track has no label.
---     local y = torch.tensor(songs:ids())
---@return integer[]?
function Dataset:ids()
  if #self.classes == 0 or self.task == "tags" then return nil end
  local id_of, ids = {}, {}
  for i, label in ipairs(self.classes) do id_of[label] = i - 1 end
  for i, track in ipairs(self.tracks) do
    ids[i] = id_of[track.label] or show.fail("%s has no label, others have", track.path)
  end
  return ids
end

--- The tracks for which `keep(track)` is true, in their order. A whole dataset then has only the classes that
--- are left; a part of a split keeps the classes, and so the class ids, of its siblings.
---     local long = songs:measure():filter(function(track) return track.seconds > 10 end)
---@param keep fun(track: moonlark.Track): boolean?
---@return moonlark.Dataset
function Dataset:filter(keep)
  local kept = make(select_from(self.tracks, function(track) return keep(track) end), self)
  if not self.part then kept.classes = labels_of(kept.tracks) end
  return kept
end

function Dataset:__tostring()
  local words = {}
  local function say(...) words[#words + 1] = string.format(...) end
  say("%d tracks", #self.tracks)
  if #self.classes > 0 then
    local counts, listed = self:counts(), {}
    for i = 1, math.min(#self.classes, 12) do
      listed[i] = show.format("%s %d", self.classes[i], counts[self.classes[i]])
    end
    if #self.classes > 12 then listed[13] = "…" end
    say("%d %s (%s)", #self.classes, self.task == "tags" and "tags" or "classes", table.concat(listed, ", "))
  else
    say(self.task == "values" and show.format("values of %s", table.concat(self.targets, ", ")) or "no labels")
  end
  for _, field in ipairs {"group", "fold", "part"} do
    local seen, n = {}, 0
    for _, track in ipairs(self.tracks) do
      local value = track[field]
      if value ~= nil and not seen[value] then seen[value], n = true, n + 1 end
    end
    if n > 0 then say("%d %ss", n, field) end
  end
  if #self.rejected > 0 then say("%d rejected", #self.rejected) end
  if #self.partial > 0 then say("%d kept in part", #self.partial) end
  if self.part then table.insert(words, 1, self.part .. ":") end
  if self.leakage then say "segments were cut before splitting: parts may leak" end
  return table.concat(words, "  ")
end

return {Dataset = Dataset, make = make, select_from = select_from}
