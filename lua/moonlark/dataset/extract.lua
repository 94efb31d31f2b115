--- Adds extract and extract_to to datasets: a recipe over all tracks.
local background = require "moonlark.dataset.background"
local cache = require "moonlark.dataset.cache"
local checks = require "moonlark.dataset.checks"
local class = require "moonlark.dataset.class"
local core = require "moonlark_core".extract
local features = require "moonlark.dataset.features"
local guests = require "moonlark.dataset.guests"
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local targets = require "moonlark.dataset.targets"

---@class moonlark.Dataset
local Dataset, make = class.Dataset, class.make

local extract = {}

local of_extract = options.describe("Dataset:extract", background.options, cache.options)
local of_extract_to = options.describe("Dataset:extract_to", background.options, cache.options)

local function map(tracks, get)
  local list = {}
  for i, track in ipairs(tracks) do list[i] = get(track) end
  return list
end

-- Starts the engine on all tracks and waits; nil where a recipe has nothing for it. `outputs` are files to write
-- frames to.
local function start_engine(self, recipe, o, folder, outputs)
  if #recipe.list == 0 then return nil, {cached = #self.tracks} end
  local wanted = {}
  for i, track in ipairs(self.tracks) do wanted[i] = options.join(track, {output = outputs and outputs[i]}) end
  local job = core.start(recipe:description(), wanted, o.workers, folder)
  return job, background.await(job, o.progress and "extracting" or nil, folder)
end

-- For each track true, or why it failed; and the notes on its sound.
local function outcomes(self, job, heard)
  local of_job, of_files = job and job:outcome() or {}, job and job:notes() or {}
  local list, said = {}, {}
  for i = 1, #self.tracks do
    local failure = heard and heard.failures[i]
    list[i] = job and of_job[i] ~= true and of_job[i] or failure or true
    said[i] = of_files[i] or heard and heard.notes[i] or false
  end
  return list, said
end

-- Computes a recipe of all tracks: what became of them, and the places of those that are done. `keep` is called with
-- what the recipe's guests made of each track as soon as it is there, where the recipe has any.
local function run(self, recipe, o, outputs, keep)
  local folder = cache.usable(o.cache)
  local job, counts = start_engine(self, recipe, o, folder, outputs)
  local heard = #recipe.guests > 0 and guests.hear(recipe, self.tracks, {workers = o.workers, progress = o.progress,
    cache = folder}, keep and function(i, made) return keep(i, made, job) end) or nil
  local result, places = {
    names = recipe.names, classes = self.classes, task = self.task, targets = self.targets, recipe = recipe,
    leakage = self.leakage, rejected = {table.unpack(self.rejected)}, tracks = {}, job = job, heard = heard,
    cached = math.min(counts.cached, heard and heard.cached or counts.cached),
  }, {}
  local list, said = outcomes(self, job, heard)
  result.partial, result.warnings = notes.take(said, self.tracks)
  for i, outcome in ipairs(list) do
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

-- The pooled rows of the tracks at these places: the engine's columns, then those of guests.
local function table_of(job, heard, places)
  local torch, parts = require "moonlark.torch", {}
  if job then
    local row_of, rows, list = {}, 0, {}
    for i, outcome in ipairs(job:outcome()) do
      if outcome == true then row_of[i], rows = rows, rows + 1 end
    end
    for k, place in ipairs(places) do list[k] = row_of[place] end
    parts[1] = core.table(job):index_select(0, torch.tensor(list, {dtype = "int64"}))
  end
  local rows = {}
  for k, place in ipairs(places) do
    local row = {}
    for i, made in ipairs(heard.results[place]) do row[i] = made:flatten() end
    rows[k] = torch.cat(row)
  end
  parts[#parts + 1] = torch.stack(rows)
  return torch.cat(parts, 1)
end

-- The frames of a track as arrays by feature.
local function frames_of(recipe, job, heard, place)
  local frames = job and core.frames(job, place) or {}
  for i, one in ipairs(recipe.guests) do frames[one.name] = heard.results[place][i] end
  return frames
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
  local job, heard = X.job, X.heard
  X.job, X.heard = nil, nil
  X.y = targets.y(self, X.tracks)
  if recipe.pool then
    X.x = heard and table_of(job, heard, places) or core.table(job)
    if job then job:close() end
  else
    X.items = features.lazy_list(#places, function(i) return recipe:signals(frames_of(recipe, job, heard, places[i])) end)
  end
  return features.make(X)
end

-- Writes the frames of a track, with those of guests among them, once these are there.
local function writer_of(recipe, outputs)
  for _, path in ipairs(outputs) do core.check_frames(path) end
  return function(i, made, job)
    local list = {}
    for k, one in ipairs(recipe.guests) do
      list[k] = {name = one.name, data = made[k].data, rate = made[k].rate, start = made[k].start}
    end
    if job and job:outcome()[i] ~= true then return false end
    for name, frames in pairs(job and core.frames(job, i) or {}) do
      list[#list + 1] = {name = name, data = frames.data, rate = frames.rate, start = frames.start}
    end
    table.sort(list, function(a, b) return a.name < b.name end)
    core.write_frames(outputs[i], recipe.text, list)
    return true
  end
end

--- Computes a recipe over all tracks into files, without tensors: with pool one table of all tracks, else one file
--- of frames for each track. A file that fails is named in `rejected`, even when all fail; then there is no table.
---
--- With a cache, frames are not computed anew while their file stays as it was written.
---     songs:extract_to(recipe, "timbre.csv")
---@param recipe moonlark.Recipe
---@param outputs string|string[]  the table's path (.safetensors .npy .csv .jsonl .arff .h5), or a path for each track
--- (.safetensors .npz .npy .csv .h5) whose folders exist
---@param given moonlark.Dataset.extract_to.Options?
---@return {tracks: moonlark.Track[], rejected: table[], partial: table[], warnings: table[], cached: integer}
function Dataset:extract_to(recipe, outputs, given)
  local o = of_extract_to:read(given)
  if recipe.pool then core.check_table(outputs) end
  local result, places = run(self, recipe, o, not recipe.pool and #recipe.guests == 0 and outputs or nil,
    #recipe.guests > 0 and not recipe.pool and writer_of(recipe, outputs) or nil)
  local job <close>, heard = result.job, result.heard
  result.job, result.heard, result.waited = nil, nil, heard and heard.waited
  if recipe.pool and #result.tracks > 0 then
    local about = extract.about(make(result.tracks, self), recipe.names, recipe.text)
    if heard then core.write_rows(table_of(job, heard, places), outputs, about) else core.write_table(job, outputs, about) end
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
