--- Adds extract and extract_to to datasets: a recipe over all tracks.
local background = require "moonlark.dataset.background"
local cache = require "moonlark.dataset.cache"
local checks = require "moonlark.dataset.checks"
local class = require "moonlark.dataset.class"
local core = require "moonlark_core".extract
local features = require "moonlark.dataset.features"
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local targets = require "moonlark.dataset.targets"

local Dataset, make = class.Dataset, class.make

local extract = {}

local of_extract = options.describe("Dataset:extract", background.options, cache.options)
local of_extract_to = options.describe("Dataset:extract_to", background.options, cache.options)

local function map(tracks, get)
  local list = {}
  for i, track in ipairs(tracks) do list[i] = get(track) end
  return list
end

-- Starts the engine on all tracks and waits. `outputs` are files to write frames to.
local function run(self, recipe, o, outputs)
  local wanted = {}
  for i, track in ipairs(self.tracks) do wanted[i] = options.join(track, {output = outputs and outputs[i]}) end
  local folder = cache.usable(o.cache)
  local job = core.start(recipe:description(), wanted, o.workers, folder)
  local counts = background.await(job, o.progress and "extracting" or nil, folder)
  local result, places = {
    names = recipe.names, classes = self.classes, task = self.task, targets = self.targets, recipe = recipe,
    leakage = self.leakage,
    rejected = {table.unpack(self.rejected)}, tracks = {}, job = job, cached = counts.cached,
  }, {}
  result.partial, result.warnings = notes.take(job:notes(), self.tracks)
  for i, outcome in ipairs(job:outcome()) do
    local track = self.tracks[i]
    if outcome == true then
      table.insert(result.tracks, track)
      places[#places + 1] = i
    else
      local reason = background.reason(track.path, outcome)
      table.insert(result.rejected, {path = track.path, reason = reason, place = track.place})
    end
  end
  checks.lost_classes(self:counts(), make(result.tracks, self):counts())
  return result, places
end

--- Computes a recipe over all tracks, on worker threads.
---
--- A file that fails is named in `rejected` and has no row. A file that was kept in part (the recipe's partial =
--- "keep") has one, and is named in `partial`. Results are the same to the bit for any number of workers. With a cache
--- (see moonlark.dataset.cache), which knows results by the files' content and the recipe, work done before Ctrl-C is
--- not done again. Errors: no tracks, or all files fail.
---     local X = songs:extract(recipe, {workers = 2, cache = true})
---@param recipe moonlark.Recipe
---@param given moonlark.Dataset.extract.Options?
---@return moonlark.Features
function Dataset:extract(recipe, given)
  if not require "moonlark.feature.recipe".is(recipe) then
    error("recipe must be a recipe, such as feature.recipe {features = {mfcc = {}}} makes", 0)
  end
  local X, places = run(self, recipe, of_extract:read(given))
  background.check_left(X.tracks, self.tracks, X.rejected)
  local job = X.job
  X.job = nil
  X.y = targets.y(self, X.tracks)
  if recipe.pool then
    X.x = core.table(job)
    job:close()
  else
    X.items = features.lazy_list(#places, function(i) return recipe:signals(core.frames(job, places[i])) end)
  end
  return features.make(X)
end

--- Computes a recipe over all tracks into files, without tensors: with pool one table of all tracks, else one file
--- of frames for each track. A file that fails is named in `rejected`, even when all fail; then there is no table.
---
--- With a cache, frames are not computed anew while their file stays as it was written.
---     songs:extract_to(recipe, "features.csv")
---@param recipe moonlark.Recipe
---@param outputs string|string[]  the table's path (.safetensors .npy .csv .jsonl .arff .h5), or a path for each track
--- (.safetensors .npz .npy .csv .h5) whose folders exist
---@param given moonlark.Dataset.extract_to.Options?
---@return {tracks: moonlark.Track[], rejected: table[], partial: table[], warnings: table[], cached: integer}
function Dataset:extract_to(recipe, outputs, given)
  local o = of_extract_to:read(given)
  if recipe.pool then core.check_table(outputs) end
  local result = run(self, recipe, o, not recipe.pool and outputs or nil)
  local job <close> = result.job
  result.job = nil
  if recipe.pool and #result.tracks > 0 then
    core.write_table(job, outputs, extract.about(make(result.tracks, self), recipe.names, recipe.text))
  end
  return result
end

--- What core.extract.write_table wants to know of a dataset whose tracks are a table's rows. Tags and values are not in
--- tables: features.json has them.
function extract.about(songs, columns, recipe)
  local ids = songs:ids()
  return {
    columns = columns, recipe = recipe, classes = ids and songs.classes or {}, ids = ids,
    paths = map(songs.tracks, function(track) return track.path end),
    labels = ids and map(songs.tracks, function(track) return track.label end),
  }
end

return extract
