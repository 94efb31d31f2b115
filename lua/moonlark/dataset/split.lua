--- Adds split, folds and segments to datasets.
local background = require "moonlark.dataset.background"
local checks = require "moonlark.dataset.checks"
local class = require "moonlark.dataset.class"
local lists = require "moonlark.dataset.lists"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local text = require "moonlark.base.text"
local show = require "moonlark.base.show"

---@class moonlark.Dataset
local Dataset, make = class.Dataset, class.make

local part_names = lists.parts

local dealing = {
  seed = options.integer(0, nil, "the same gives the same parts"),
  group = options.either(options.none, {options.text(), options.choice({false}, options.none)},
    "the CSV column whose equal values stay together; false: none", {usual = "the tracks' own groups"}),
  stratify = options.boolean(true, "deals out each class by itself"),
}
local fractions, list_files = {}, {}
for _, name in ipairs(part_names) do
  fractions[name] = options.number(options.none, {above = 0, most = 1, usual = "no such part"}, "share of the tracks")
  list_files[name] = options.text(options.none, "a file of one track a line")
end
local of_split = options.describe("Dataset:split", fractions, dealing, {
  lists = options.either(options.none,
    {options.choice({true}, options.none), options.text(), options.record("lists", list_files)},
    "list files instead of fractions, or their folder; true: the parts that the data's publisher gave"),
})
local of_folds = options.describe("Dataset:folds", dealing, {
  k = options.integer(options.none, {least = 2, usual = "the folds that the tracks carry"}, "how many"),
})
local of_segments = options.describe("Dataset:segments", {
  seconds = options.number(options.required, {above = 0, unit = "s"}, "length of a piece"),
  overlap = options.number(0, {least = 0, below = 1}, "the fraction of a piece that the next one repeats"),
  allow_leakage = options.boolean(false, "cuts datasets that were not split, and records that"),
  workers = background.options.workers,
})

-- The group of each track, or nil when the split goes by track. `by` is nil (the tracks' own groups, if they
-- have any), false, "group", or the name of a tag.
local function groups_of(self, by)
  if by == false then return nil end
  local groups, found = {}, false
  for i, track in ipairs(self.tracks) do
    if by == nil or by == "group" then groups[i] = track.group else groups[i] = track.tags and track.tags[by] end
    found = found or groups[i] ~= nil
  end
  if by == nil and not found then return nil end
  for i, track in ipairs(self.tracks) do
    if groups[i] == nil then show.fail("%s has no %s to split by", track.path, by or "group") end
  end
  return groups
end

-- What each track is dealt out by: its class, its tags, or the bin of its (first) value; "" when not stratified.
local function strata_of(self, stratify)
  local strata = {}
  for i, track in ipairs(self.tracks) do
    if stratify and self.task == "values" then
      strata[i] = track.values[1]
    else
      strata[i] = stratify and (track.labels or track.label) or ""
    end
  end
  return stratify and self.task == "values" and partition.bins(strata) or strata
end

-- The part (from 1) of each track.
local function deal(self, shares, o)
  local strata, groups = strata_of(self, o.stratify), groups_of(self, o.group)
  if groups then return partition.grouped(strata, groups, shares, o.seed) end
  local by_tags = o.stratify and self.task == "tags"
  return (by_tags and partition.iterative or partition.stratified)(strata, shares, o.seed)
end

-- The tracks at the places where `chosen` is true, as a part of `self`.
local function part_of(self, name, chosen)
  local part = make(class.select_from(self.tracks, function(_, i) return chosen(i) end), self)
  part.part, part.rejected, part.partial = name, {}, {}
  return part
end

-- A fold: the tracks at the places where `tested` is true, and the others.
local function fold_of(self, name, tested)
  return {name = name, train = part_of(self, "train", function(i) return not tested(i) end),
    test = part_of(self, "test", tested)}
end

-- Raises unless each part has tracks, and each class is in each of the parts; warns of tags that are not.
local function check_parts(self, parts, names, allowed)
  local counts, counts_of = self:counts(), {}
  for _, name in ipairs(names) do
    if #parts[name] == 0 then show.fail("nothing is left for %s: %d tracks cannot be split so", name, #self.tracks) end
    counts_of[name] = parts[name]:counts()
    for label, count in pairs(self.task ~= "tags" and counts_of[name] or {}) do
      if count == 0 and not allowed then
        show.fail("no track of class '%s' (it has %d) comes into %s: give that part a larger fraction, filter the "
          .. "class out, or allow it with stratify = false", label, counts[label], name)
      end
    end
  end
  if self.task == "tags" then checks.missing_tags(counts_of, names) end
end

---@class moonlark.Parts
---@field train moonlark.Dataset
---@field valid moonlark.Dataset  nil where the split has none
---@field test moonlark.Dataset  nil where the split has none
---@field settings table  how the split was made
local Parts = {}
Parts.__index = Parts
Parts.__name = "moonlark.Parts"

function Parts:__tostring()
  local lines = {}
  for _, name in ipairs(part_names) do lines[#lines + 1] = self[name] and tostring(self[name]) end
  return table.concat(lines, "\n")
end

-- The part of each track by its place, as the data's publisher or list files say; and the parts' settings.
local function listed_parts(self, asked)
  if asked ~= true then
    local paths = type(asked) == "string" and lists.files(asked) or asked
    return lists.read(self, paths), {lists = paths}
  end
  local part_of_track = {}
  for i, track in ipairs(self.tracks) do part_of_track[i] = track.part end
  if not next(part_of_track) then
    error("lists = true needs list files that lie with the data: train_filtered.txt …, or a list's column part", 0)
  end
  return part_of_track, {lists = true}
end

local function split_by_lists(self, asked)
  local part_of_track, settings = listed_parts(self, asked)
  local parts, found = {settings = settings}, {}
  for _, name in pairs(part_of_track) do found[name] = true end
  for _, name in ipairs(part_names) do
    if found[name] then parts[name] = part_of(self, name, function(i) return part_of_track[i] == name end) end
  end
  checks.duplicates(self.tracks, function(i) return part_of_track[i] end)
  return setmetatable(parts, Parts)
end

-- The parts asked for, and the share of each.
local function shares_of(o)
  local names, shares, sum = {}, {}, 0
  for _, name in ipairs(part_names) do
    if o[name] then names[#names + 1], shares[#shares + 1], sum = name, o[name], sum + o[name] end
  end
  if #names == 0 then error("split needs fractions, for instance {train = .8, test = .2}", 0) end
  if math.abs(sum - 1) > 1e-6 then show.fail("the fractions must sum to 1, got %g", sum) end
  for i, share in ipairs(shares) do shares[i] = share / sum end
  return names, shares
end

--- Splits the tracks into parts.
---
--- Each class is dealt out by itself (stratified): a part gets its quota of it, rounded down or up. With groups,
--- whole groups are dealt out, so that no group is on two sides, and classes come as near to their quota as
--- groups allow. The same seed gives the same split.
---
--- Fractions sum to 1. Instead of them, list files name the tracks: {train = path, …}, or a folder that holds
--- train_filtered.txt … or train.txt …, or true takes the parts that the data brings (track.part: a list's column, what
--- dataset.known read); tracks that are not listed are left out. Errors: a part without tracks, or (if
--- stratified) without one of the classes.
---     local parts = songs:split {train = .6, valid = .2, test = .2, seed = 1}
---@param given moonlark.Dataset.split.Options
---@return moonlark.Parts  {train, valid, test}, each a Dataset
function Dataset:split(given)
  local o = of_split:read(given)
  if o.lists then
    if o.train or o.valid or o.test then error("give either lists or fractions, not both", 0) end
    return split_by_lists(self, o.lists)
  end
  local names, shares = shares_of(o)
  checks.fresh(self.tracks)
  local dealt = deal(self, shares, o)
  checks.duplicates(self.tracks, function(i) return names[dealt[i]] end)
  local parts = {settings = {seed = o.seed, group = o.group, stratify = o.stratify}}
  for i, name in ipairs(names) do
    parts[name] = part_of(self, name, function(at) return dealt[at] == i end)
    parts.settings[name] = shares[i]
  end
  check_parts(self, parts, names, not o.stratify)
  return setmetatable(parts, Parts)
end

---@class moonlark.Folds
---@field settings table  how the folds were made
local Folds = {}
Folds.__index = Folds
Folds.__name = "moonlark.Folds"

function Folds:__tostring()
  local lines = {}
  for i, fold in ipairs(self) do
    lines[i] = show.format("fold %s  train %d  test %d", fold.name, #fold.train, #fold.test)
  end
  return table.concat(lines, "\n")
end

-- The names of the folds that tracks carry, whole numbers in their order, and the place of each track's among them.
local function predefined(self)
  local number, dealt, numeric = {}, {}, true
  for _, track in ipairs(self.tracks) do
    if track.fold == nil then show.fail("%s has no fold: give k to make folds", track.path) end
    number[tostring(track.fold)] = 0
    numeric = numeric and math.type(tonumber(track.fold)) == "integer"
  end
  local names = text.keys(number)
  if numeric then table.sort(names, function(a, b) return tonumber(a) < tonumber(b) end) end
  if #names < 2 then error("all tracks are in one fold: give k to make folds", 0) end
  for i, name in ipairs(names) do number[name] = i end
  for i, track in ipairs(self.tracks) do dealt[i] = number[tostring(track.fold)] end
  return names, dealt
end

local function new_folds(self, o)
  if o.k > #self.tracks then show.fail("k must be 2..%d (the number of tracks), got %d", #self.tracks, o.k) end
  for label, count in pairs(o.stratify and self.task ~= "tags" and self:counts() or {}) do
    if count < o.k then
      show.fail("class '%s' has %d tracks, fewer than k = %d folds: lower k, filter the class out, or allow it "
        .. "with stratify = false", label, count, o.k)
    end
  end
  local names, shares = {}, {}
  for i = 1, o.k do names[i], shares[i] = tostring(i), 1 / o.k end
  return names, deal(self, shares, o)
end

--- Folds for cross-validation: a list of {name, train, test}, in which every track is tested once.
---
--- Without `k` the folds are those that the tracks carry (from a CSV column or from file names). With `k`
--- new ones are dealt, stratified and grouped as by split. Errors: an empty fold; fewer tracks of a class than folds.
---     for _, fold in ipairs(songs:folds {k = 5}) do print(#fold.train, #fold.test) end
---@param given moonlark.Dataset.folds.Options?
---@return moonlark.Folds
function Dataset:folds(given)
  local o = of_folds:read(given)
  local names, dealt
  if o.k then
    checks.fresh(self.tracks)
    names, dealt = new_folds(self, o)
  else
    names, dealt = predefined(self)
  end
  checks.duplicates(self.tracks, function(i) return "fold " .. names[dealt[i]] end)
  local folds = {settings = {k = #names, seed = o.k and o.seed, group = o.group, predefined = o.k == nil}}
  for i, name in ipairs(names) do
    folds[i] = fold_of(self, name, function(at) return dealt[at] == i end)
    if #folds[i].test == 0 then
      show.fail("fold %s would be empty: there are too few groups for k = %d", name, #names)
    end
  end
  return setmetatable(folds, Folds)
end

--- Cuts every track into pieces of equal length; the rest at its end that is shorter is dropped. A track
--- shorter than one piece is set aside in `rejected`.
---
--- Errors: a dataset that has not been split, because pieces of one track would come to lie in several parts, which
--- makes a classifier look better than it is (allow_leakage = true cuts all the same, and is recorded); no track is
--- long enough.
---     local pieces = parts.train:segments {seconds = 3, overlap = 0.5}
---@param given moonlark.Dataset.segments.Options
---@return moonlark.Dataset
function Dataset:segments(given)
  local o = of_segments:read(given)
  if not self.part and not o.allow_leakage then
    error("segments are cut after splitting: pieces of one track in several parts would be a leak "
      .. "(split first, or say allow_leakage = true, which is recorded)", 0)
  end
  self:measure {workers = o.workers}
  local tracks, rejected = {}, {table.unpack(self.rejected)}
  local step = o.seconds * (1 - o.overlap)
  for _, track in ipairs(self.tracks) do
    if track.start then error("these tracks are segments already", 0) end
    -- A hair of tolerance, so that 30 s at 22050 Hz give ten pieces of 3 s.
    local n = math.floor((track.seconds - o.seconds) / step + 1e-6) + 1
    if n < 1 then
      rejected[#rejected + 1] = {path = track.path,
        reason = ("shorter than one segment: %.2f s of %.2f s"):format(track.seconds, o.seconds)}
    end
    for i = 0, n - 1 do
      tracks[#tracks + 1] = options.join(track, {start = i * step, duration = o.seconds})
    end
  end
  if #tracks == 0 then show.fail("no track is as long as one segment (%g s)", o.seconds) end
  local cut = make(tracks, self)
  cut.rejected = rejected
  cut.leakage = self.leakage or not self.part or nil
  return cut
end

return {Parts = Parts, Folds = Folds, part_of = part_of, fold_of = fold_of, part_names = part_names}
