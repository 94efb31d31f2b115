--- Adds batches to datasets: training data that C threads cut, augment and normalise ahead of their use.
---
---     local b = parts.train:batches {feature = "mel", segment = 3, augment = {augment.spec_augment {}}}
---     for batch in b:epoch(1) do
---       local loss = nn.functional.cross_entropy(net(batch.x), batch.y)
---     end
---     local v = parts.valid:batches {feature = "mel", segment = 3}
---     v:normalize_by(b:statistics())
local background = require "moonlark.dataset.background"
local class = require "moonlark.dataset.class"
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local pooled = require "moonlark.dataset.pooled"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"

local Dataset, make = class.Dataset, class.make

---@class moonlark.Batch
---@field x moonlark.Tensor  n × rows × frames float32
---@field y moonlark.Tensor?  n int64 class ids; with mixup n × classes float32 shares; nil without labels
---@field mask moonlark.Tensor?  n × frames bool, true where frames are real; nil where all are
---@field lengths integer[]  real frames of each example
---@field tracks integer[]  of each example, its place in the batches' dataset
---@field paths string[]
---@field starts number[]  seconds at which each example begins in its file

---@class moonlark.Batches
---@field dataset moonlark.Dataset  once prepared, without the tracks that could not be read
---@field rejected {path: string, reason: string}[]
---@field partial {path: string, reason: string}[]  once prepared, the files that were kept in part
---@field classes string[]
---@field rows integer
---@field frames integer?  nil when tracks are taken whole
---@field names string[]  of rows: "mel_0" …
---@field recipe moonlark.Recipe
local Batches = {}
Batches.__index = Batches
Batches.__name = "moonlark.Batches"

local GIGABYTE = 1 << 30

-- options --------------------------------------------------------------------------

local function check_number(name, value, low, words)
  if type(value) ~= "number" or not (value >= low and value < math.huge) then
    show.fail("%s must be %s, got %s", name, words or ("a number from %g"):format(low), tostring(value))
  end
  return value
end

local function check_integer(name, value, low)
  local whole = math.tointeger(value)
  if not whole or whole < low then
    show.fail("%s must be a whole number from %d, got %s", name, low, tostring(value))
  end
  return whole
end

-- Above 0, or nil.
local function check_seconds(name, value)
  if value == nil or value == false then return nil end
  if type(value) ~= "number" or not (value > 0 and value < math.huge) then
    show.fail("%s must be above 0 seconds, got %s", name, tostring(value))
  end
  return value
end

-- The recipe asked for by feature, features or recipe.
local function recipe_of(read)
  local recipe = require "moonlark.feature.recipe"
  local given, named = 0, nil
  for _, key in ipairs {"feature", "features", "recipe"} do
    if read[key] ~= nil then given, named = given + 1, key end
  end
  if given ~= 1 then
    error(given == 0 and 'batches need a feature: feature = "mel", features = {mel = {}, …} or recipe = …'
      or "batches take one of feature, features and recipe", 0)
  end
  local made = read.recipe
  if named == "feature" then
    if type(read.feature) ~= "string" then
      show.fail("feature must be a name, got %s (several go into features)", type(read.feature))
    end
    made = recipe.new {features = {read.feature}, rate = read.rate, pool = read.pool, channel = read.channel,
      partial = read.partial}
  elseif named == "features" then
    made = recipe.new {features = read.features, rate = read.rate, pool = read.pool, channel = read.channel,
      partial = read.partial}
  elseif not recipe.is(made) then
    if type(made) ~= "table" then show.fail("recipe must be a recipe, got %s", type(made)) end
    made = recipe.new(made)
  end
  if read.recipe and read.rate ~= nil and read.rate ~= made.rate then
    show.fail("rate: the recipe has its own, %d Hz", made.rate)
  end
  for _, name in ipairs {"channel", "partial"} do
    if read.recipe and read[name] ~= nil and read[name] ~= made[name] then
      show.fail("%s: it belongs into the recipe", name)
    end
  end
  if made.rate == 0 then error('rate must be one for all tracks, not "native"', 0) end
  return made
end

-- Features that grow with energy, by the power of an amplitude that they are; others stay as they are.
local energies = {
  stft = 1, cqt = 1, vqt = 1, pseudo_cqt = 1, hybrid_cqt = 1, rms = 1, spectrogram = "power", mel = "power",
}

-- For each feature of the recipe the power that decibels are made of, 0 for none; and amin, top_db.
local function decibels_of(recipe, given)
  local settings = given
  if type(given) == "boolean" then settings = {} end
  if type(settings) ~= "table" then
    show.fail("decibel must be true, false or {amin, top_db}, got %s", type(given))
  end
  settings = options.read("decibel", settings, {amin = 1e-10, top_db = options.none})
  if not (settings.amin > 0 and settings.amin < math.huge) then
    show.fail("amin must be above 0, got %g", settings.amin)
  end
  if settings.top_db then check_number("top_db", settings.top_db, 0) end
  local feature, powers = require "moonlark.feature", {}
  for i, entry in ipairs(recipe.list) do
    local power = given and energies[entry[1]] or 0
    if power == "power" then power = feature.settings(entry[1], entry[2]).power end
    powers[i] = power
  end
  return powers, settings.amin, settings.top_db or nil
end

-- Rows, frames of a segment, and names of rows; an error where features do not fit together.
local function shape_of(recipe, segment)
  local shapes = require "moonlark_core".loader.measure(recipe:description(), segment or 60)
  local rows, names, first = 0, {}, shapes[1]
  for _, shape in ipairs(shapes) do
    if math.abs(shape.rate - first.rate) > 1e-9 * first.rate then
      show.fail("features of one rate can be joined: %s has %.6g frames a second, %s %.6g (give both "
        .. "the same hop_length)",
        first.name, first.rate, shape.name, shape.rate)
    end
    if shape.frames < 1 then
      show.fail("segment must be long enough for one frame of %s, got %g s", shape.name, segment)
    end
    if shape.frames ~= first.frames then
      show.fail("features of the same frames can be joined: %s has %d of %g s, %s %d", first.name, first.frames,
        segment or 60, shape.name, shape.frames)
    end
    for row = 0, shape.rows - 1 do
      names[#names + 1] = shape.rows == 1 and shape.name or ("%s_%d"):format(shape.name, row)
    end
    rows = rows + shape.rows
  end
  return rows, segment and first.frames or nil, names
end

local function check_booleans(read, names)
  for _, name in ipairs(names) do
    if type(read[name]) ~= "boolean" then
      show.fail("%s must be true or false, got %s", name, tostring(read[name]))
    end
  end
end

local function crop_of(value, training)
  if value == nil then return training end
  if value == "random" then return true end
  if type(value) == "boolean" then return value end
  show.fail('crop must be true ("random") or false, got %s', tostring(value))
end

--- Batches of segments, or whole tracks, of all tracks of the dataset.
---
--- Features are computed once, or come from the cache, and are kept in memory; crops of them are cut, changed,
--- normalised and put together by threads ahead of their use. The same seed gives the same batches, to the bit, for
--- any number of workers.
---@param given table
--- feature, features or recipe: what of the sound; features are joined in the order of their names.
--- rate: samples per second, 22050.
--- channel: "mix" (the mean of all), "left", "right" or the number of one, from 0; partial: "keep" takes what is there
--- of files that are damaged or end before their headers say, and names them in `partial`; "refuse".
--- segment: seconds; nil takes tracks whole, padded to the longest of their batch.
--- hop: seconds from one segment of the grid to the next, default segment; a remainder of at least half a hop is
--- covered by a segment that ends with the track.
--- crop: true cuts segments anywhere, default for a training part; false takes the grid's, in order.
--- per_track: crops of a track in an epoch, default as many as its grid has segments.
--- batch_size: 32; shuffle: default for a training part; drop_last: false leaves a smaller last batch.
--- decibel: true turns what grows with energy (stft, spectrogram, mel, cqt, vqt, pseudo_cqt, hybrid_cqt, rms) into
--- decibels of power (reference 1), or {amin = 1e-10, top_db = nil}; top_db counts from the segment's loudest.
--- normalize: true; each row over all training tracks and times to mean 0 and deviation 1. A valid or test part needs
--- normalize_by; a dataset that is no part of a split takes its own statistics unless it is given others.
--- augment: list of moonlark.augment descriptions.
--- seed: 0; workers: threads, 0 for one each core; cache: true or a folder; memory: bytes of frames or samples kept, 2
--- GiB, the rest is read again each time; progress: true;
--- device: "cpu". pool: statistics over time ({"mean", "std"}, see feature.recipe) give one row a track instead of
--- frames: x is n × columns, and what concerns segments and augmentation does not apply.
---@return moonlark.Batches
function Dataset:batches(given)
  local read = options.read("batches", given, {
    feature = options.none, features = options.none, recipe = options.none, rate = options.none,
    segment = options.none, hop = options.none, per_track = options.none, crop = options.none,
    batch_size = 32, shuffle = options.none, drop_last = false, decibel = options.none, normalize = true,
    augment = options.none, seed = 0, workers = 0, cache = options.none, memory = 2 * GIGABYTE, progress = true,
    device = "cpu", pool = options.none, channel = reading.defaults.channel, partial = reading.defaults.partial,
  })
  local training = self.part == "train"
  local recipe = recipe_of(read)
  if read.shuffle == nil then read.shuffle = training end
  if recipe.pool then return pooled(self, recipe, read) end
  local segment = check_seconds("segment", read.segment)
  local hop = check_seconds("hop", read.hop) or segment
  if read.hop and not segment then error("hop goes with segment: without it tracks are taken whole", 0) end
  local crop = crop_of(read.crop, training)
  if crop and not segment then
    if read.crop then error("crop goes with segment: without it tracks are taken whole", 0) end
    crop = false
  end
  if read.per_track ~= nil and not crop then error("per_track goes with crop = true", 0) end
  local decibel = read.decibel
  if decibel == nil then decibel = true end
  local powers, amin, top_db = decibels_of(recipe, decibel)
  local rows, frames, names = shape_of(recipe, segment)
  check_booleans(read, {"shuffle", "drop_last", "normalize", "progress"})
  local cache = require "moonlark.dataset.cache".usable(read.cache)
  if #self.tracks == 0 then error("the dataset has no tracks", 0) end
  if read.device ~= "cpu" then require "moonlark.torch".zeros({1}):to(read.device) end -- says now what is missing
  local augments = require "moonlark.augment".ordered(read.augment or {})
  return setmetatable({
    dataset = self, rejected = {table.unpack(self.rejected)}, partial = {}, classes = self.classes, recipe = recipe,
    rows = rows, frames = frames, names = names, training = training, segment = segment, hop = hop, crop = crop,
    per_track = read.per_track and check_integer("per_track", read.per_track, 1),
    batch_size = check_integer("batch_size", read.batch_size, 1), shuffle = read.shuffle, drop_last = read.drop_last,
    decibel = decibel, powers = powers, amin = amin, top_db = top_db, normalize = read.normalize,
    seed = check_integer("seed", read.seed, math.mininteger), workers = check_integer("workers", read.workers, 0),
    augments = augments, sound = #augments > 0 and not augments[1].on_features, cache = cache,
    memory = check_integer("memory", read.memory, 0), progress = read.progress, device = read.device,
  }, Batches)
end

-- preparing ---------------------------------------------------------------------------

local function loader() return require "moonlark_core".loader end

-- Runs a pass over all tracks, and gives its job. What is stopped half way is begun anew the next time.
local function run(self, pass, label)
  local _ <close> = setmetatable({}, {__close = function(_, failure)
    if failure then self.material, self.places, self.plan, self.n_items = nil, nil, nil, nil end
  end})
  local job = loader().start(self.material, pass, self.workers)
  background.await(job, self.progress and label or nil, self.cache)
  return job
end

-- Sets tracks aside that failed.
local function sort_out(self, outcome)
  local kept, places = {}, {}
  for i, track in ipairs(self.dataset.tracks) do
    if outcome[i] == true then
      kept[#kept + 1], places[#places + 1] = track, i
    else
      table.insert(self.rejected, {path = track.path, reason = background.reason(track.path, outcome[i])})
    end
  end
  if #kept == 0 then
    local last = self.rejected[#self.rejected]
    show.fail(#self.dataset.tracks == 1 and "%s: %s" or "none of the files can be used; the last is %s: %s",
      last.path, last.reason)
  end
  if #kept < #self.dataset.tracks then
    self.dataset = make(kept, self.dataset)
    self.dataset.rejected = self.rejected
  end
  self.places = places
end

--- Reads or computes what examples are cut from, for all tracks; a file that fails goes to `rejected`, that all fail is
--- an error. Done once, by whatever needs it first.
---@return moonlark.Batches  itself
function Batches:prepare()
  if self.places then return self end
  local wanted = {}
  for i, track in ipairs(self.dataset.tracks) do
    wanted[i] = {path = track.path, start = track.start, duration = track.duration}
  end
  self.material = loader().material(self.recipe:description(), wanted, {
    sound = self.sound, amin = self.amin, memory = self.memory, powers = self.powers,
  }, self.cache)
  local job = run(self, "load", "preparing")
  self.partial = notes.take(job:notes(), self.dataset.tracks)
  sort_out(self, job:outcome())
  return self
end

--- The mean and standard deviation of each row over all tracks and times, unaugmented; a deviation of 0 is given as
--- 1. What normalize_by was given, if it was.
---@return {mean: moonlark.Tensor, std: moonlark.Tensor}
function Batches:statistics()
  if self.normalisation then return self.normalisation end
  self:prepare()
  local job = run(self, "measure", "normalising")
  local outcome = job:outcome()
  for i, place in ipairs(self.places) do
    if outcome[place] ~= true then show.fail("%s: %s", self.dataset.tracks[i].path, outcome[place]) end
  end
  local mean, std = loader().statistics(job, self.places)
  self.normalisation = {mean = mean, std = std}
  return self.normalisation
end

--- Takes the statistics of other batches, those of the training part, from now on.
---@param statistics {mean: moonlark.Tensor, std: moonlark.Tensor}
---@return moonlark.Batches  itself
function Batches:normalize_by(statistics)
  if type(statistics) ~= "table" or not statistics.mean or not statistics.std then
    error("normalize_by takes what statistics() gave: {mean = …, std = …}", 0)
  end
  for _, name in ipairs {"mean", "std"} do
    local n = statistics[name]:numel()
    if n ~= self.rows then show.fail("%s must have %d numbers, one each row, got %d", name, self.rows, n) end
  end
  self.normalisation, self.plan = {mean = statistics.mean, std = statistics.std}, nil
  return self
end

-- epochs --------------------------------------------------------------------------------

local function normalisation_of(self)
  if not self.normalize then return {} end
  if not self.normalisation and not self.training and self.dataset.part then
    show.fail("the %s part is normalised by the training part's statistics: call normalize_by(train:statistics()) "
      .. "first, or say normalize = false", self.dataset.part)
  end
  return self:statistics()
end

-- What the engine plans by; `normalisation` may be empty.
local function plan_of(self, normalisation)
  return loader().plan(self.material, {
    tracks = self.places, labels = self.dataset:ids(), n_classes = #self.classes,
    segment = self.segment or 0, hop = self.hop or 0, crop = self.crop, per_track = self.per_track or 0,
    batch_size = self.batch_size, shuffle = self.shuffle, drop_last = self.drop_last, seed = self.seed,
    top_db = self.top_db, mean = normalisation.mean, std = normalisation.std,
    augments = self.augments,
  })
end

local function counts(self)
  if not self.n_items then
    self:prepare()
    local _
    _, self.n_items, self.n_batches = plan_of(self, {})
  end
  return self.n_items, self.n_batches
end

--- Examples of an epoch.
---@return integer
function Batches:items() return (counts(self)) end

Batches.__len = Batches.items

--- Batches of an epoch.
---@return integer
function Batches:count() return (select(2, counts(self))) end

--- {rows, frames}; frames is nil when tracks are taken whole.
---@return integer[]
function Batches:shape() return {self.rows, self.frames} end

local function batch_of(self, x, y, mask, lengths, tracks, starts)
  local paths = {}
  for i, place in ipairs(tracks) do
    local track = self.dataset.tracks[place]
    paths[i] = track.path
    starts[i] = starts[i] + (track.start or 0) + (self.recipe.start or 0)
  end
  return {x = x, y = y, mask = mask, lengths = lengths, tracks = tracks, paths = paths, starts = starts}
end

-- The same batch with its tensors on the way to a device.
local function send(batch, device)
  for _, name in ipairs {"x", "y", "mask"} do
    if batch[name] then batch[name] = batch[name]:pin_memory():to {device = device, non_blocking = true} end
  end
  return batch
end

--- The batches of an epoch: `for batch in b:epoch(1) do … end`. They depend on the seed and the epoch alone. Leaving
--- the loop stops the threads.
---@param number integer  from 1
---@return fun(): moonlark.Batch?
function Batches:epoch(number)
  number = check_integer("epoch", number, 1)
  self:prepare()
  if not self.plan then self.plan = plan_of(self, normalisation_of(self)) end
  local engine = loader()
  local epoch = engine.epoch(self.plan, number, self.workers)
  local function fetch()
    local x, y, mask, lengths, tracks, starts = engine.next(epoch)
    if not x then return nil end
    local batch = batch_of(self, x, y, mask, lengths, tracks, starts)
    return self.device ~= "cpu" and send(batch, self.device) or batch
  end
  if self.device == "cpu" then return fetch, nil, nil, epoch end
  local ahead = fetch() -- copies run while the batch before is in use
  return function()
    local batch = ahead
    ahead = batch and fetch()
    return batch
  end, nil, nil, epoch
end

--- Where batches are to be: for a GPU they are copied from pinned memory, one batch ahead.
---@param device string
---@return moonlark.Batches  itself
function Batches:to(device)
  self.device = device
  return self
end

--- Another seed for epochs from now on.
---@param seed integer
---@return moonlark.Batches  itself
function Batches:set_seed(seed)
  self.seed, self.plan = check_integer("seed", seed, math.mininteger), nil
  return self
end

--- What makes the same input of other songs, as plain values: `songs:batches(b:options())`, then normalize_by. Not how
--- it was varied: seed, crop, shuffle and augment.
---@return table
function Batches:options()
  local recipe = self.recipe:settings()
  local whole = not recipe.start and not recipe.duration
  return {
    features = whole and recipe.features or nil, rate = whole and recipe.rate or nil,
    channel = whole and recipe.channel or nil, partial = whole and recipe.partial or nil,
    recipe = not whole and recipe or nil,
    segment = self.segment, hop = self.hop, batch_size = self.batch_size, normalize = self.normalize,
    decibel = self.decibel and {amin = self.amin, top_db = self.top_db},
  }
end

function Batches:__tostring()
  return ("batches of %d  %d rows × %s  %s"):format(self.batch_size, self.rows,
    self.frames and self.frames .. " frames" or "whole tracks", table.concat(self:features(), ", "))
end

--- Names of the features, in the order of their rows.
---@return string[]
function Batches:features()
  local list = {}
  for i, entry in ipairs(self.recipe.list) do list[i] = entry[1] end
  return list
end

return Batches
