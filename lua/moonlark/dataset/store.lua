--- Adds save to datasets, parts and folds, and reads back what it wrote.
local class = require "moonlark.dataset.class"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local scan = require "moonlark.dataset.scan"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local split = require "moonlark.dataset.split"

---@class moonlark.Dataset
local Dataset, make = class.Dataset, class.make
---@class moonlark.Parts
local Parts = split.Parts
---@class moonlark.Folds
local Folds = split.Folds
local part_of, fold_of, part_names = split.part_of, split.fold_of, split.part_names

-- Tracks for a file: paths with respect to the file's folder where they lie below it.
local function stored_tracks(tracks, folder)
  local stored = json.array {}
  for i, track in ipairs(tracks) do
    stored[i] = options.join(track, {path = scan.relative(track.path, folder),
      labels = track.labels and json.array {table.unpack(track.labels)}})
  end
  return stored
end

-- Writes a dataset, and what else the file is to say, as JSON.
local function write(path, songs, fields)
  local folder = scan.parent(path)
  fields.classes, fields.tracks = json.array {table.unpack(songs.classes)}, stored_tracks(songs.tracks, folder)
  fields.rejected, fields.part, fields.leakage = stored_tracks(songs.rejected, folder), songs.part, songs.leakage
  if songs.table then
    fields.table = {path = scan.relative(songs.table.path, folder), options = songs.table.options}
  end
  fields.task, fields.targets, fields.known = songs.task, songs.targets, songs.known
  fields.partial = #songs.partial > 0 and stored_tracks(songs.partial, folder) or nil
  fields.version = 1
  require "moonlark.base.files".write(path, json.encode(fields, " ") .. "\n")
end

--- Writes the dataset to a JSON file, with the hash of its content: tracks, classes, rejected files. Paths are kept
--- relative to the file's folder where they lie below it, so that folder and index move together.
---     songs:validate():save "dataset_index.json"
---@param path string
---@return moonlark.Dataset self
function Dataset:save(path)
  write(path, self, {format = "moonlark.dataset", content_hash = self:hash()})
  return self
end

-- Paths of a part's tracks, in order; segments are made anew after loading.
local function part_paths(part, folder)
  local paths = json.array {}
  for i, track in ipairs(part.tracks) do
    if track.start then error("save a split before cutting it into segments", 0) end
    paths[i] = scan.relative(track.path, folder)
  end
  return paths
end

-- One dataset of the tracks of several, each once.
local function union(list)
  local tracks, seen = {}, {}
  for _, part in ipairs(list) do
    for _, track in ipairs(part.tracks) do
      if not seen[track.path] then tracks[#tracks + 1] = track end
      seen[track.path] = true
    end
  end
  local whole = make(tracks, list[1])
  whole.part, whole.rejected, whole.partial = nil, {}, {}
  return whole
end

--- All tracks of the parts, as one dataset.
---     local songs = dataset.load("splits.json"):dataset()
---@return moonlark.Dataset
function Parts:dataset()
  local list = {}
  for _, name in ipairs(part_names) do list[#list + 1] = self[name] end
  return union(list)
end

--- All tracks of the folds, as one dataset.
---     local songs = dataset.load("folds.json"):dataset()
---@return moonlark.Dataset
function Folds:dataset()
  local list = {}
  for i, fold in ipairs(self) do list[i] = fold.test end
  return union(list)
end

--- Writes the parts to a JSON file that dataset.load reads back. Errors: parts that were cut into segments.
---     parts:save "splits.json"
---@param path string
---@return moonlark.Parts self
function Parts:save(path)
  local stored = {}
  for _, name in ipairs(part_names) do
    if self[name] then
      stored[name] = part_paths(self[name], scan.parent(path))
    end
  end
  write(path, self:dataset(), {format = "moonlark.splits", kind = "parts", settings = self.settings, parts = stored})
  return self
end

--- Writes the folds to a JSON file that dataset.load reads back. Errors: folds that were cut into segments.
---     songs:folds({k = 5}):save "folds.json"
---@param path string
---@return moonlark.Folds self
function Folds:save(path)
  local stored = json.array {}
  for i, fold in ipairs(self) do
    stored[i] = {name = fold.name, test = part_paths(fold.test, scan.parent(path))}
  end
  write(path, self:dataset(), {format = "moonlark.splits", kind = "folds", settings = self.settings, parts = stored})
  return self
end

-- What files of datasets and splits hold.
local seconds = options.number(options.required, {least = 0})
local notes = shape.maybe(shape.list {path = "string", reason = "string"})
local dataset_form = {
  classes = shape.list "string", part = shape.maybe(shape.word(part_names)), leakage = shape.maybe "boolean",
  rejected = notes, partial = notes, task = shape.maybe(shape.word {"classes", "tags", "values"}),
  targets = shape.maybe(shape.list "string"), known = shape.maybe "string",
  table = shape.maybe(shape.object {path = "string", options = shape.maybe "object"}),
  tracks = shape.list {
    path = "string", label = shape.maybe "string", group = shape.maybe "string", hash = shape.maybe "string",
    fold = shape.maybe(shape.either("a number or a string", "integer", "number", "string")),
    labels = shape.maybe(shape.list "string"), values = shape.maybe(shape.list "number"),
    part = shape.maybe(shape.word(part_names)),
    tags = shape.maybe(shape.map "string"), start = shape.maybe(seconds), duration = shape.maybe(seconds),
    seconds = shape.maybe(seconds),
  },
}
local paths, settings = shape.list "string", shape.maybe "object"
local part = shape.maybe(paths)
local split_forms = {
  parts = {settings = settings, parts = {train = part, valid = part, test = part}},
  folds = {settings = settings, parts = shape.list {name = "string", test = paths}},
}

local function restore_dataset(path, stored)
  local folder = scan.parent(path)
  local function restore(list)
    for _, track in ipairs(list) do track.path = scan.join(folder, track.path) end
    return list
  end
  local known = {}
  for _, label in ipairs(stored.classes) do
    if known[label] then show.fail("%s: the class '%s' is there twice", path, label) end
    known[label] = true
  end
  for _, track in ipairs(stored.tracks) do
    for _, label in ipairs(track.labels or {track.label}) do
      if not known[label] then show.fail("%s: the label '%s' is not among the classes", path, label) end
    end
  end
  return make(restore(stored.tracks), {
    classes = stored.classes, rejected = restore(stored.rejected or {}), part = stored.part,
    leakage = stored.leakage, partial = restore(stored.partial or {}), task = stored.task, targets = stored.targets,
    known = stored.known,
    table = stored.table and {path = scan.join(folder, stored.table.path), options = stored.table.options},
  })
end

-- The set of positions in `whole` of the paths in a list.
local function positions(whole, path, list)
  local at, chosen = {}, {}
  for i, track in ipairs(whole.tracks) do at[track.path] = i end
  for _, name in ipairs(list) do
    local i = at[scan.join(scan.parent(path), name)]
    if not i then show.fail("%s: %s is in a part but not among the tracks", path, name) end
    chosen[i] = true
  end
  return chosen
end

local function restore_parts(path, stored, whole)
  local parts = {settings = stored.settings or {}}
  for _, name in ipairs(part_names) do
    if stored.parts[name] then
      local chosen = positions(whole, path, stored.parts[name])
      parts[name] = part_of(whole, name, function(i) return chosen[i] end)
    end
  end
  return setmetatable(parts, Parts)
end

local function restore_folds(path, stored, whole)
  local folds = {settings = stored.settings or {}}
  for i, fold in ipairs(stored.parts) do
    local chosen = positions(whole, path, fold.test)
    folds[i] = fold_of(whole, fold.name, function(at) return chosen[at] end)
  end
  return setmetatable(folds, Folds)
end

local store = {}

--- Reads what save wrote: a dataset, the parts of a split, or folds. Errors: a file of another kind, or a damaged one.
---     local parts = dataset.load "splits.json"
---@param path string
---@return moonlark.Dataset|moonlark.Parts|moonlark.Folds
function store.load(path)
  local stored = json.read(path)
  local format = type(stored) == "table" and stored.format
  if format ~= "moonlark.dataset" and format ~= "moonlark.splits" then
    show.fail("%s is neither a dataset nor a split that Moonlark saved", path)
  end
  if stored.version ~= 1 then
    show.fail("%s was written by a newer Moonlark (version %s)", path, tostring(stored.version))
  end
  shape.check(stored, path, dataset_form)
  if format == "moonlark.splits" then
    shape.check(stored, path, {kind = shape.word {"parts", "folds"}})
    shape.check(stored, path, split_forms[stored.kind])
  end
  local whole = restore_dataset(path, stored)
  if format == "moonlark.dataset" then return whole end
  return (stored.kind == "folds" and restore_folds or restore_parts)(path, stored, whole)
end

return store
