--- Dataset: an ordered list of tracks with labels, groups and folds, and the splits made of it.
---
---     local songs = dataset.folder "genres"                  -- one folder a class
---     songs:validate {workers = 2}                           -- unreadable files go to songs.rejected
---     local parts = songs:split {train = .6, valid = .2, test = .2, seed = 1}
---     local X = parts.train:extract(recipe)
---
--- Splits are made over tracks, or over groups of tracks (an artist, a source recording), and only
--- then are tracks cut into segments: slices of one track on both sides would be a leak.
local options = require "moonlark.base.options"
local class = require "moonlark.dataset.class"
local csv = require "moonlark.base.csv"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local store = require "moonlark.dataset.store"
require "moonlark.dataset.split"
require "moonlark.dataset.inspect"
require "moonlark.dataset.extract"
require "moonlark.dataset.batches"

local make = class.make

local dataset = {}

-- A field found in a file's name by a pattern with one capture; nil without a pattern.
local function capture(what, pattern, name, path)
  if not pattern then return nil end
  local found = name:match(pattern)
  if not found then show.fail("%s: the pattern '%s' finds no %s in the name", path, pattern, what) end
  return found
end

local function fold_value(text)
  return text and (math.tointeger(tonumber(text)) or text)
end

local function check_folder(path)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", type(path)) end
  path = scan.clean(path)
  local mode = require "lfs".attributes(path, "mode")
  if not mode then show.fail("%s: no such folder", path) end
  if mode ~= "directory" then show.fail("%s is a %s, not a folder", path, mode) end
  return path
end

--- One folder a class: the folders directly in `path` are the labels, and the sound files in and below each
--- are its tracks. Sound files that lie in `path` itself make an unlabelled dataset if there are no others;
--- beside class folders they are rejected, and so is what cannot be read: folders, links that lead nowhere or back,
--- pipes with a sound's name. Names that start with a dot are skipped.
---
---     dataset.folder("esc10", {fold = "^(%d)%-", group = "^%d%-(%d+)%-"})   -- from names such as 1-17092-A.ogg
---@param path string
---@param given {pattern?: string, extensions?: string[], fold?: string, group?: string, depth?: integer}?
--- pattern: only files whose name it matches; extensions: instead of the usual ones; fold, group: patterns
--- whose capture in the file's name is the track's fold or group; depth: folder levels that make a label
--- (default 1; with 2, rock/indie/a.wav has the label "rock/indie")
---@return moonlark.Dataset
function dataset.folder(path, given)
  local read = options.read("dataset.folder", given, {
    pattern = options.none, extensions = options.none, fold = options.none, group = options.none, depth = 1,
  })
  path = check_folder(path)
  local tracks, loose = {}, {}
  local sounds, rejected = scan.sounds(path, read.extensions)
  for _, found in ipairs(sounds) do
    local name = found:match "[^/]+$"
    if not read.pattern or name:find(read.pattern) then
      local track = {
        path = scan.join(path, found),
        fold = fold_value(capture("fold", read.fold, name, found)),
        group = capture("group", read.group, name, found),
      }
      local folders = {}
      for folder in found:gmatch "([^/]+)/" do folders[#folders + 1] = folder end
      if #folders >= read.depth then
        track.label = table.concat(folders, "/", 1, read.depth)
        tracks[#tracks + 1] = track
      else
        loose[#loose + 1] = track
      end
    end
  end
  if #tracks == 0 and #loose == 0 then
    local bad = rejected[1]
    show.fail("%s holds no sound files%s%s", path,
      read.pattern and (" whose name matches '%s'"):format(read.pattern) or "",
      bad and (" that can be read; %s %s"):format(bad.path, bad.reason) or "")
  end
  if #tracks == 0 then return make(loose, {rejected = rejected}) end
  local songs = make(tracks, {rejected = rejected})
  for _, track in ipairs(loose) do
    table.insert(songs.rejected, {path = track.path, reason = "lies in no class folder"})
  end
  return songs
end

-- The column that holds a field: the one asked for, or the field's own name where there is such a column.
local function find_column(path, field, asked, columns)
  local known = {}
  for _, column in ipairs(columns) do known[column] = true end
  if known[asked or field] then return asked or field end
  if asked or field == "path" then
    local near = options.nearest(asked or field, columns)
    show.fail("%s has no column '%s' (%s)", path, asked or field,
      near and ("did you mean '%s'?"):format(near) or "its columns: " .. table.concat(columns, ", "))
  end
end

--- Tracks listed in a CSV file whose first line names the columns `path`, `label`, `group`, `fold`; only
--- `path` must be there, and other columns are kept in each track's `tags`. An empty field counts as none.
--- Paths are relative to the CSV file, or to `root`, which is relative to the CSV file itself.
---
---     dataset.csv("meta/esc50.csv", {root = "../audio",
---                 columns = {path = "filename", label = "category", group = "src_file"}})
---@param path string
---@param given {columns?: table<string, string>, root?: string, delimiter?: string}?
---@return moonlark.Dataset
function dataset.csv(path, given)
  local read = options.read("dataset.csv", given, {columns = {}, root = "", delimiter = ","})
  local asked = options.read("columns of dataset.csv", read.columns,
    {path = options.none, label = options.none, group = options.none, fold = options.none})
  local rows, columns = csv.read(path, read.delimiter)
  local column, used = {}, {}
  for _, field in ipairs {"path", "label", "group", "fold"} do
    column[field] = find_column(path, field, asked[field], columns)
    if column[field] then used[column[field]] = true end
  end
  local root = scan.join(scan.parent(path), read.root)

  local tracks, line_of = {}, {}
  for i, row in ipairs(rows) do
    local function value(field)
      local text = column[field] and row[column[field]]
      return text ~= "" and text or nil
    end
    if not value "path" then show.fail("%s, line %d: the path is empty", path, row[0]) end
    local track = {
      path = scan.join(root, value "path"),
      label = value "label", group = value "group", fold = fold_value(value "fold"),
    }
    if line_of[track.path] then
      show.fail("%s, line %d: %s is already on line %d", path, row[0], track.path, line_of[track.path])
    end
    line_of[track.path] = row[0]
    for _, name in ipairs(columns) do
      if not used[name] and row[name] ~= "" then
        track.tags = track.tags or {}
        track.tags[name] = row[name]
      end
    end
    tracks[i] = track
  end
  if #tracks == 0 then show.fail("%s lists no tracks", path) end
  local songs = make(tracks)
  if column.label and #songs.classes > 0 then
    for _, track in ipairs(tracks) do
      if not track.label then
        show.fail("%s, line %d: the label is empty", path, line_of[track.path])
      end
    end
  end
  return songs
end

--- GTZAN as it is handed out: genres/<genre>/<genre>.NNNNN.au, or genres_original with .wav files; `path` is
--- that folder or one above it. Files of other names are left out. When the lists of the fault-filtered split
--- (train_filtered.txt, valid_filtered.txt, test_filtered.txt) lie there too, `songs:split {lists = true}` uses
--- them; the lists are not part of Moonlark.
---@param path string
---@param given {lists?: string}?  lists: the folder of the list files, when it is another
---@return moonlark.Dataset
function dataset.gtzan(path, given)
  local read = options.read("dataset.gtzan", given, {lists = options.none})
  path = check_folder(path)
  local attributes = require "lfs".attributes
  local genres = path
  for _, below in ipairs {"genres_original", "genres", "Data/genres_original", "Data/genres"} do
    if attributes(path .. "/" .. below, "mode") == "directory" then
      genres = path .. "/" .. below
      break
    end
  end
  local tracks = {}
  local sounds, rejected = scan.sounds(genres, {"au", "wav"})
  for _, found in ipairs(sounds) do
    local folder, genre = found:match "^([^/]+)/([^/.]+)%.%d%d%d%d%d%.%w+$"
    if folder and folder == genre then
      tracks[#tracks + 1] = {path = scan.join(genres, found), label = genre}
    end
  end
  if #tracks == 0 then
    show.fail("%s does not have GTZAN's layout: genres/<genre>/<genre>.NNNNN.au (or .wav)", path)
  end
  local songs = make(tracks, {rejected = rejected})
  for _, folder in ipairs {read.lists or path, scan.parent(genres), genres} do
    if attributes(folder .. "/train_filtered.txt", "mode") == "file" then
      songs.lists = folder
      break
    end
  end
  if read.lists and songs.lists ~= read.lists then
    show.fail("lists: there is no train_filtered.txt in %s", read.lists)
  end
  return songs
end

--- An unlabelled dataset of given files.
---@param paths string[]
---@return moonlark.Dataset
function dataset.files(paths)
  local tracks = {}
  for i, path in ipairs(paths) do
    if type(path) ~= "string" then show.fail("paths must be strings, got %s", type(path)) end
    tracks[i] = {path = path}
  end
  return make(tracks)
end

--- Where ESC-10 and ESC-50 keep folds and source recordings: in names such as 1-17092-A.ogg.
dataset.esc = {fold = "^(%d)%-", group = "^%d%-(%d+)%-"}

--- A dataset from whatever a path names: a folder, a .csv list, or a .json index that save wrote.
---@param path string
---@param given table?  options of dataset.folder or dataset.csv
---@return moonlark.Dataset
function dataset.open(path, given)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", type(path)) end
  if path:lower():find "%.csv$" then return dataset.csv(path, given) end
  if path:lower():find "%.json$" then
    local loaded = dataset.load(path)
    if not dataset.is(loaded) then show.fail("%s holds a split: name a dataset's index", path) end
    return loaded
  end
  return dataset.folder(path, given)
end

--- Reads what save wrote: a dataset, the parts of a split, or folds.
---@param path string
---@return moonlark.Dataset|moonlark.Parts|moonlark.Folds
function dataset.load(path)
  return store.load(path)
end

--- True for datasets.
---@param value any
---@return boolean
function dataset.is(value)
  return getmetatable(value) == class.Dataset
end

return dataset
