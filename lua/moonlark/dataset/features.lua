--- Features: numbers of many sounds, a row each, with their labels: what dataset:extract computes and dataset.table
--- reads, and what models learn from.
local class = require "moonlark.dataset.class"
local core = require "moonlark_core"
local lists = require "moonlark.dataset.lists"
local options = require "moonlark.base.options"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"

local features = {}

---@class moonlark.Features
---@field x moonlark.Tensor?  n × d float32, when the recipe pools
---@field items table?  when it keeps frames: items[i] is a table of Signals by feature, read when asked for
---@field y moonlark.Tensor?  n int64 class ids; of "tags" n × classes float32, 0 or 1; of "values" n float32
---@field names string[]  d names of columns
---@field classes string[]  labels by class id
---@field paths string[]  n
---@field groups (string)[]?  n, when tracks have groups or are segments (then the track's path)
---@field folds (integer|string)[]?  n, when all tracks have folds
---@field tracks moonlark.Track[]  n
---@field rejected {path: string, reason: string}[]  files that failed: they have no row
---@field partial {path: string, reason: string}[]  files that were kept in part, with the recipe's partial = "keep"
---@field warnings {path: string, reason: string}[]  what else is to be said of files that have a row
---@field recipe moonlark.Recipe?  nil for numbers that were not computed here
---@field task "classes"|"tags"|"values"|nil  what y is; nil stands for "classes"
---@field targets string[]?  of "values": the names of what y measures
---@field table {path: string, options: table?}?  of rows of a table: where they were read, and how
---@field aside string[]?  of a table: in words, columns that were set aside
---@field leakage boolean?  true when segments were cut before splitting
local Features = {}
Features.__index = Features
Features.__name = "moonlark.Features"

function Features:__len() return #self.tracks end

function Features:__tostring()
  local text = self.x and ("%d × %d features"):format(#self.tracks, #self.names)
    or ("frames of %d tracks"):format(#self.tracks)
  if #self.classes > 0 then
    text = text .. ("  %d %s"):format(#self.classes, self.task == "tags" and "tags" or "classes")
  end
  if self.task == "values" then text = text .. show.format("  values of %s", table.concat(self.targets, ", ")) end
  if #self.rejected > 0 then text = text .. ("  %d rejected"):format(#self.rejected) end
  if #self.partial > 0 then text = text .. ("  %d kept in part"):format(#self.partial) end
  return text
end

--- A list whose i-th item is made anew whenever it is asked for: frames of a large collection do not fit in memory.
---@param n integer
---@param get fun(i: integer): any
---@return table
function features.lazy_list(n, get)
  return setmetatable({}, {
    __len = function() return n end,
    __index = function(_, i)
      if math.type(i) == "integer" and i >= 1 and i <= n then return get(i) end
    end,
  })
end

local function map(tracks, get)
  local list = {}
  for i, track in ipairs(tracks) do list[i] = get(track) end
  return list
end

-- The group of each track, when any has one: pieces of a track belong together, a track without group is its own.
local function groups_of(tracks)
  for _, track in ipairs(tracks) do
    if track.group or track.start then
      return map(tracks, function(each) return each.group or each.path end)
    end
  end
end

-- The fold of each track, when all have one.
local function folds_of(tracks)
  for _, track in ipairs(tracks) do
    if track.fold == nil then return nil end
  end
  return map(tracks, function(track) return track.fold end)
end

--- Features from their fields; paths, groups and folds are those of the tracks.
---@param fields table
---@return moonlark.Features
function features.make(fields)
  fields.paths = map(fields.tracks, function(track) return track.path end)
  fields.groups, fields.folds = groups_of(fields.tracks), folds_of(fields.tracks)
  return setmetatable(fields, Features)
end

--- True for features.
---     assert(features.is(songs:extract(recipe)))
---@param value any
---@return boolean
function features.is(value) return getmetatable(value) == Features end

--- Some of the rows, in the order of the list; class ids stay what they are.
---     local first = X:select {1, 2, 3}
---@param rows integer[]  counted from 1
---@return moonlark.Features
function Features:select(rows)
  local places, tracks = {}, {}
  for i, row in ipairs(rows) do
    local track = math.type(row) == "integer" and self.tracks[row]
    if not track then show.fail("rows must be 1..%d, got %s", #self.tracks, show.text(row)) end
    places[i], tracks[i] = row - 1, track
  end
  local kept = options.join(self, {tracks = tracks})
  if #rows > 0 and (self.x or self.y) then
    local index = require "moonlark.torch".tensor(places, {dtype = "int64"})
    kept.x, kept.y = self.x and self.x:index_select(0, index), self.y and self.y:index_select(0, index)
  end
  if self.items then kept.items = features.lazy_list(#rows, function(i) return self.items[rows[i]] end) end
  return features.make(kept)
end

--- All rows but some, which are named in `rejected`.
---     local kept = X:without {[3] = "is no music"}
---@param dropped table<integer, string>  why, by row
---@return moonlark.Features
function Features:without(dropped)
  if not next(dropped) then return self end
  local rows, rejected = {}, {table.unpack(self.rejected)}
  for i, track in ipairs(self.tracks) do
    if dropped[i] then rejected[#rejected + 1] = {path = track.path, reason = dropped[i]} else rows[#rows + 1] = i end
  end
  if #rows == 0 then show.fail("no row is left: %s %s", self.tracks[1].path, dropped[1]) end
  local kept = self:select(rows)
  kept.rejected = rejected
  return kept
end

--- The rows as a dataset: its tracks, which can be split and saved. Rows of a table carry the hash of their numbers, so
--- that a split that was saved notices when the table has changed.
---     X:dataset():split({train = .8, test = .2}):save "splits.json"
---@return moonlark.Dataset
function Features:dataset()
  for i, track in ipairs(self.table and self.x and self.tracks or {}) do
    track.hash = track.hash or core.store.hash_tensor(self.x:select(0, i - 1))
  end
  return class.make(self.tracks, {classes = self.classes, task = self.task, targets = self.targets,
    rejected = {table.unpack(self.rejected)}, leakage = self.leakage, table = self.table})
end

-- What tells a track from others, wherever one stands.
local function key(track) return scan.absolute(track.path) .. "\0" .. tostring(track.start or "") end

-- The rows of tracks by their keys, and by their content for files that have moved; false for what was set aside.
local function index_of(self)
  local row_of = {}
  for i, track in ipairs(self:dataset().tracks) do
    if track.hash and not track.start and not self.table then row_of[track.hash] = i end
  end
  for _, bad in ipairs(self.rejected) do row_of[key(bad)] = false end
  for i, track in ipairs(self.tracks) do row_of[key(track)] = i end
  return row_of
end

-- The ends of a path by which a table may name a song: "jazz/a.wav", "a.wav".
local function ends_of(path) return path:match "[^/]*/[^/]*$", path:match "[^/]*$" end

-- The rows of a table by the ends of their paths; false where several end so.
local function index_by_ends(self)
  local row_of = {}
  for i, track in ipairs(self.tracks) do
    for _, name in ipairs {ends_of(track.path)} do row_of[name] = row_of[name] == nil and i end
  end
  return row_of
end

-- The row of a song in a table that was made of it elsewhere: by the end of its path, when no other row ends so.
local function row_by_end(self, by_end, track)
  if not by_end then return nil end
  local longer, name = ends_of(track.path)
  return longer and by_end[longer] or by_end[name] or nil
end

-- The rows of a part's tracks. A table takes the split of the songs that it was made of, too.
local function rows_of(self, row_of, part)
  local rows, of_songs = {}, self.table and not part.table
  local by_end = of_songs and index_by_ends(self)
  for _, track in ipairs(part.tracks) do
    local row = row_of[key(track)]
    if row == nil then row = row_of[track.hash or ""] end
    if row == nil then row = row_by_end(self, by_end, track) end
    if row == nil then show.fail("the split names %s, which is not among the features", track.path) end
    if row then
      local hash = not of_songs and self.tracks[row].hash -- of a row's numbers, or of a file
      if hash and track.hash and hash ~= track.hash then
        show.fail("%s has changed since the split was made: split anew", track.path)
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- Features of the parts or folds of a dataset, of whose tracks they were made: {train, valid, test}, or a list of
--- {name, train, test}. Tracks that were set aside are in none. Errors: a track that is not here, or whose numbers
--- have changed since the split was made.
---     local parts = X:divide(dataset.load "splits.json")
---     local model = classify.svm():fit(parts.train)
---@param division moonlark.Parts|moonlark.Folds
---@return table
function Features:divide(division)
  local row_of = index_of(self)
  local function take(part)
    local rows = part and rows_of(self, row_of, part)
    return rows and #rows > 0 and self:select(rows) or nil
  end
  local divided = {settings = division.settings}
  for i, fold in ipairs(division) do
    divided[i] = {name = fold.name, train = take(fold.train), test = take(fold.test)}
  end
  for _, name in ipairs(lists.parts) do divided[name] = take(division[name]) end
  return divided
end

--- The same features with the folds of a division: what cross_validate takes without k. Errors: a row that no fold
--- tests.
---     local report = classify.cross_validate(model, X:with_folds(dataset.load "folds.json"))
---@param folds moonlark.Folds
---@return moonlark.Features
function Features:with_folds(folds)
  local row_of, tracks = index_of(self), {}
  for _, fold in ipairs(folds) do
    for _, row in ipairs(rows_of(self, row_of, fold.test)) do
      tracks[row] = options.join(self.tracks[row], {fold = fold.name})
    end
  end
  for i, track in ipairs(self.tracks) do
    if not tracks[i] then show.fail("no fold tests %s", track.path) end
  end
  return features.make(options.join(self, {tracks = tracks}))
end

return features
