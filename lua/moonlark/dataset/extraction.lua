--- The folder that `moonlark extract` wrote, as features: its table, or the frames of each file, read when asked for.
local core = require "moonlark_core"
local features = require "moonlark.dataset.features"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local recipe = require "moonlark.feature.recipe"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local targets = require "moonlark.dataset.targets"

local extraction = {}

local notes = shape.list {path = "string", reason = "string"}
local form = {
  recipe = "string", settings = shape.maybe "object", columns = shape.list "string", classes = shape.list "string",
  task = shape.maybe(shape.word {"classes", "tags", "values"}), targets = shape.maybe(shape.list "string"),
  tracks = shape.list {
    path = "string", label = shape.maybe "string", group = shape.maybe "string", file = shape.maybe "string",
    labels = shape.maybe(shape.list "string"), values = shape.maybe(shape.list "number"),
    part = shape.maybe(shape.word {"train", "valid", "test"}),
    fold = shape.maybe(shape.either("a number or a string", "integer", "number", "string")),
  },
  rejected = notes, partial = shape.maybe(notes),
}

--- Whether a folder holds an extraction.
---@param path string
---@return boolean
function extraction.is(path) return files.kind(files.join(path, "features.json")) == "file" end

-- The recipe of an extraction; nil, and why, where this Moonlark computes other numbers by it. One with an embedding
-- cannot be read from its text, which does not say where the model lies.
local function recipe_of(made)
  if not made.settings then return recipe.of_text(made.recipe) end
  local fine, found = pcall(recipe.new, made.settings)
  if not fine then return nil, found end
  return found.text == made.recipe and found or nil
end

-- What features of an extraction have, pooled or not.
local function fields(made)
  return {
    names = made.columns, classes = made.classes, tracks = made.tracks, rejected = made.rejected,
    partial = made.partial or {}, warnings = {}, task = made.task, targets = made.targets,
    recipe = recipe_of(made),
  }
end

-- The frames of a .csv: time_s, then the rows of each feature, side by side.
local function frames_of_csv(path, of)
  local read, made = core.store.read_table(path, {}), {}
  local place = {}
  for i, name in ipairs(read.numbers) do place[name] = i - 1 end
  local times = read.values:select(1, place.time_s)
  for name in pairs(of.features) do
    local columns, first = {}, place[name] or place[name .. "_0"]
    while place[name] or place[("%s_%d"):format(name, #columns)] do
      columns[#columns + 1] = first + #columns
      if place[name] then break end
    end
    local index = require "moonlark.torch".tensor(columns, {dtype = "int64"})
    made[name] = {data = read.values:index_select(1, index):t():contiguous():to "float32", start = times[0]:item()}
  end
  return made
end

-- The frames in a file, {data, rate, start} by feature; rate and start where the file has them.
local function read_frames(path, of)
  local load, made = require "moonlark.torch".load, {}
  if path:find "%.csv$" then return frames_of_csv(path, of) end
  if path:find "%.npy$" then
    for name in pairs(of.features) do made[name] = {data = load((path:gsub("npy$", name .. ".npy")))} end
    return made
  end
  local facts = path:find "%.safetensors$" and core.store.metadata(path) or {}
  for name, data in pairs(load(path)) do
    if of.features[name] then
      made[name] = {data = data, rate = tonumber(facts[name .. ".rate"]), start = tonumber(facts[name .. ".start"])}
    end
  end
  return made
end

-- The Signals of a file of frames.
local function signals(path, of)
  local made = read_frames(path, of)
  for name, frames in pairs(made) do
    if not frames.rate and of.rate == 0 then
      show.fail("%s does not say its rate, and the recipe kept each file's own: extract to .safetensors", path)
    end
    frames.rate = frames.rate or of.rate / require "moonlark.feature.engine".facts(name, of.features[name]).hop
    frames.start = frames.start or of.start or 0
  end
  return of:signals(made)
end

-- Features whose frames are read when they are asked for.
local function of_frames(folder, made)
  local X = fields(made)
  if not X.recipe then
    local _, why = recipe_of(made)
    show.fail("%s was extracted with numbers that this Moonlark does not compute: %s", folder, why or "extract it anew")
  end
  for i, track in ipairs(made.tracks) do
    if not track.file then show.fail("%s/features.json: tracks[%d] has no file", folder, i) end
  end
  X.items = features.lazy_list(#made.tracks, function(i)
    return signals(files.join(folder, made.tracks[i].file), X.recipe)
  end)
  X = features.make(X)
  X.y = targets.y(X)
  return X
end

--- What lies in a folder that `moonlark extract` wrote: `features` of frames, or the path of the `table`, which join
--- then makes features of. Errors: no extraction's folder, parts that were not merged, no table.
---@param folder string
---@return {features: moonlark.Features?, table: string?, made: table?, folder: string}
function extraction.open(folder)
  if not extraction.is(folder) then
    for _, name in ipairs(files.list(folder)) do
      if name:find "^features%-%d+%-of%-%d+%.json$" then
        show.fail("%s holds parts of an extraction: moonlark merge joins them", folder)
      end
    end
    show.fail("%s holds no features.json: name a file of numbers, or a folder that moonlark extract wrote", folder)
  end
  local made = json.read(files.join(folder, "features.json"), form)
  if #made.columns == 0 then return {folder = folder, features = of_frames(folder, made)} end
  for _, ending in ipairs(core.store.formats "table") do
    local path = files.join(folder, "features." .. ending)
    if files.kind(path) == "file" then return {folder = folder, table = path, made = made} end
  end
  show.fail("%s has no table features.safetensors, .npy, .csv …", folder)
end

-- The places of the extraction's columns among the numbers that were read.
local function places_of(path, columns, numbers)
  local place, places = {}, {}
  for i, name in ipairs(numbers) do place[name] = i - 1 end
  for i, name in ipairs(columns) do
    places[i] = place[name] or #numbers == #columns and i - 1
      or show.fail("%s has no column '%s', which features.json names", path, name)
  end
  return places
end

--- Features of an extraction's table, with what features.json knows of each row.
---@param whole table  of extraction.open
---@param read table  of core.store.read_table
---@return moonlark.Features
function extraction.join(whole, read)
  local made, torch = whole.made, require "moonlark.torch"
  if read.rows ~= #made.tracks then
    show.fail("%s has %d rows, and features.json names %d files", whole.table, read.rows, #made.tracks)
  end
  local X = fields(made)
  local places = torch.tensor(places_of(whole.table, made.columns, read.numbers), {dtype = "int64"})
  X.x = read.values:index_select(1, places):to "float32"
  X = features.make(X)
  X.y = targets.y(X)
  return X
end

return extraction
