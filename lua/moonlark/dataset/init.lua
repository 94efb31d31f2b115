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
local files = require "moonlark.base.files"
local gtzan = require "moonlark.dataset.known.gtzan"
local kind = require "moonlark.dataset.kind"
local known = require "moonlark.dataset.known"
local list = require "moonlark.dataset.list"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local store = require "moonlark.dataset.store"
local tables = require "moonlark.dataset.table"
require "moonlark.dataset.split"
require "moonlark.dataset.inspect"
require "moonlark.dataset.extract"
require "moonlark.dataset.batches"

local make = class.make

local dataset = {load = store.load, csv = list.csv, known = known.open, table = tables.read,
  kind = kind.of}

local text, none = options.text, options.none
local of_folder = options.describe("dataset.folder", {
  pattern = text(none, "only files whose name it matches", {usual = "every file"}),
  extensions = options.list(text(), none, {usual = "those of sound"}, "only files with these endings"),
  fold = text(none, "a pattern whose capture in a file's name is the track's fold", {usual = "no folds"}),
  group = text(none, "a pattern whose capture is the track's group", {usual = "no groups"}),
  depth = options.integer(1, {least = 0}, "levels of folders that make a label: with 2, rock/indie"),
})
local of_gtzan = options.describe("dataset.gtzan", {
  lists = text(none, "the folder of the list files", {usual = "beside the data"}),
})

-- A field found in a file's name by a pattern with one capture; nil without a pattern.
local function capture(what, pattern, name, path)
  if not pattern then return nil end
  local found = name:match(pattern)
  if not found then show.fail("%s: the pattern '%s' finds no %s in the name", path, pattern, what) end
  return found
end

local function check_path(path)
  return type(path) == "string" and path or show.fail("path must be a string, got %s", type(path))
end

local function folder_at(path)
  path = scan.clean(check_path(path))
  local mode = files.kind(path)
  if not mode then show.fail("%s: no such folder", path) end
  if mode ~= "directory" then show.fail("%s is a %s, not a folder", path, mode) end
  return path
end

-- The track of a sound file; without a label where it lies less deep than labels do.
local function track_at(path, found, o)
  local name, folders = found:match "[^/]+$", {}
  for folder in found:gmatch "([^/]+)/" do folders[#folders + 1] = folder end
  return {
    path = scan.join(path, found), fold = list.fold(capture("fold", o.fold, name, found)),
    group = capture("group", o.group, name, found),
    label = #folders >= o.depth and table.concat(folders, "/", 1, o.depth) or nil,
  }
end

--- One folder a class: the folders directly in `path` are the labels, and the sound files in and below each
--- are its tracks. Sound files that lie in `path` itself make an unlabelled dataset if there are no others;
--- beside class folders they are rejected, and so is what cannot be read: folders, links that lead nowhere or back,
--- pipes with a sound's name. Names that start with a dot are skipped.
---
--- Errors: no such folder, no sound files, a name in which a pattern finds nothing.
---     local songs = dataset.folder("esc10", {fold = "^(%d)%-", group = "^%d%-(%d+)%-"})
---@param path string
---@param given moonlark.dataset.folder.Options?
---@return moonlark.Dataset
function dataset.folder(path, given)
  local o = of_folder:read(given)
  path = folder_at(path)
  local sounds, rejected = scan.sounds(path, o.extensions)
  local tracks, loose = {}, {}
  for _, found in ipairs(sounds) do
    if not o.pattern or found:match("[^/]+$"):find(o.pattern) then
      local track = track_at(path, found, o)
      table.insert(track.label and tracks or loose, track)
    end
  end
  if #tracks == 0 and #loose == 0 then
    local bad = rejected[1]
    show.fail("%s holds no sound files%s%s", path, o.pattern and (" whose name matches '%s'"):format(o.pattern) or "",
      bad and (" that can be read; %s %s"):format(bad.path, bad.reason) or "")
  end
  if #tracks == 0 then return make(loose, {rejected = rejected}) end
  for _, track in ipairs(loose) do
    table.insert(rejected, {path = track.path, reason = "lies in no class folder"})
  end
  return make(tracks, {rejected = rejected})
end

--- GTZAN as it is handed out: genres/<genre>/<genre>.NNNNN.au, or genres_original with .wav files; `path` is
--- that folder or one above it. Files of other names are left out. When the lists of the fault-filtered split
--- (train_filtered.txt, valid_filtered.txt, test_filtered.txt) lie there too, `songs:split {lists = true}` uses
--- them; the lists are not part of Moonlark. Tracks then carry `part`.
--- Errors: another layout; no lists in the folder that was named.
---     local songs = dataset.gtzan "GTZAN"
---@param path string
---@param given moonlark.dataset.gtzan.Options?
---@return moonlark.Dataset
function dataset.gtzan(path, given)
  local o = of_gtzan:read(given)
  return (gtzan.read(folder_at(path), o))
end

--- An unlabelled dataset of given files.
---     local songs = dataset.files {"a.wav", "b.flac"}
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

--- A dataset from whatever a path names: a folder, a list (.csv, .tsv), a .json index that save wrote, or a published
--- collection that dataset.known knows by its layout: `songs.known` then says which. A CSV file with paths and numbers is
--- taken as a list. Options of dataset.folder or dataset.csv take the path as a folder or a list.
---
--- Errors: a table of numbers, which dataset.table reads.
---     local songs = dataset.open "dataset_index.json"
---@param path string
---@param given moonlark.dataset.folder.Options|moonlark.dataset.csv.Options|nil
---@return moonlark.Dataset
function dataset.open(path, given)
  local name = check_path(path):lower()
  if name:find "%.json$" then
    local loaded = dataset.load(path)
    return dataset.is(loaded) and loaded or show.fail("%s holds a split: name a dataset's index", path)
  end
  if given and next(given) then return (name:find "%.[ct]sv$" and dataset.csv or dataset.folder)(path, given) end
  local what = dataset.kind(path)
  if what == "known" then return known.open(path) end
  if what == "folder" then return dataset.folder(path) end
  if what == "list" or what == "either" then return dataset.csv(path) end
  show.fail("%s holds numbers, no sounds: dataset.table reads them", path)
end

--- True for datasets.
---     if dataset.is(x) then print(#x.tracks) end
---@param value any
---@return boolean
function dataset.is(value) return getmetatable(value) == class.Dataset end

return dataset
