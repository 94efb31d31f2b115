--- dataset.known: published collections, known by their layout.
local esc = require "moonlark.dataset.known.esc"
local fma = require "moonlark.dataset.known.fma"
local gtzan = require "moonlark.dataset.known.gtzan"
local jamendo = require "moonlark.dataset.known.jamendo"
local magnatagatune = require "moonlark.dataset.known.magnatagatune"
local urbansound = require "moonlark.dataset.known.urbansound"
local options = require "moonlark.base.options"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"

local known = {}

local collections, names = {esc, fma, gtzan, jamendo, magnatagatune, urbansound}, {}
for i, collection in ipairs(collections) do names[i] = collection.name end

local none = options.none
local of_known = options.describe("dataset.known", {
  name = options.choice(names, none, "which collection it is", {usual = "found out"}),
  subset = options.text(none, "of FMA small, medium, large, full; of ESC esc10; of MTG-Jamendo genre, moodtheme …",
    {usual = "the one that is there"}),
  split = options.integer(none, {least = 0, usual = "0, where it is there"}, "of MTG-Jamendo: which published split"),
  tags = options.integer(none, {least = 1, usual = "all"}, "keep as many tags, the most frequent"),
  lists = options.text(none, "of GTZAN: the folder of the fault-filtered split's lists", {usual = "beside the data"}),
})

-- The collection at a path, and where its list was found; nil: none.
local function recognise(path, name)
  for _, collection in ipairs(collections) do
    local found = (not name or collection.name == name) and collection.find(path)
    if found then return collection, found end
  end
end

--- Whether a path is a published collection: its name, or nil.
---     known.recognise "ESC-50-master"   --> "esc"
---@param path string
---@return string?
function known.recognise(path)
  local collection = recognise(scan.clean(path))
  return collection and collection.name
end

-- Raises for a path that is not the collection, or none.
local function unknown(path, name)
  if name then show.fail("%s does not have the layout of %s", path, name) end
  show.fail("%s is no collection that is known by its layout: %s", path, table.concat(names, ", "))
end

--- A published collection, known by its layout: FMA, MagnaTagATune, MTG-Jamendo, ESC-50 (and ESC-10), UrbanSound8K,
--- GTZAN (Kaggle's as well). `path` is its root, or its list.
---
--- Folds that the publisher gave are each track's `fold`, and `songs:folds()` takes them; parts are each track's `part`,
--- and `songs:split {lists = true}` takes those. Tags make a dataset with tags. Files that a list names and that are
--- absent or empty are named in `songs.rejected`; `songs.known` says in a line what was found.
---
--- Errors: another layout, none of the files is there, several subsets of FMA are there and none is named.
---     local songs = dataset.known("fma", {subset = "small"})
---     local parts = songs:split {lists = true}
---@param path string
---@param given moonlark.dataset.known.Options?
---@return moonlark.Dataset
function known.open(path, given)
  local o = of_known:read(given)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", type(path)) end
  path = scan.clean(path)
  local collection, found = recognise(path, o.name)
  if not collection then unknown(path, o.name) end
  if collection.subsets and o.subset then
    local choice = options.choice(collection.subsets, none)
    if not choice.accept(o.subset) then
      options.unknown("subset of " .. collection.title, o.subset, collection.subsets)
    end
  end
  local songs, words = collection.read(found, o, path)
  songs.known = show.format("%s: %s", collection.title, words)
  return songs
end

return known
