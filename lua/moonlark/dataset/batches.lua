--- Adds batches to datasets: training data that C threads cut, augment and normalise ahead of their use.
---
---     local b = parts.train:batches {feature = "mel", segment = 3, augment = {augment.spec_augment {}}}
---     for batch in b:epoch(1) do
---       local loss = nn.functional.cross_entropy(net(batch.x), batch.y)
---     end
local augment = require "moonlark.augment"
local background = require "moonlark.dataset.background"
local cache = require "moonlark.dataset.cache"
local class = require "moonlark.dataset.class"
local engine = require "moonlark.feature.engine"
local finally = require "moonlark.base.finally"
local loader = require "moonlark_core".loader
local notes = require "moonlark.dataset.notes"
local options = require "moonlark.base.options"
local recipes = require "moonlark.feature.recipe"
local show = require "moonlark.base.show"
local targets = require "moonlark.dataset.targets"

---@class moonlark.Dataset
local Dataset, make = class.Dataset, class.make

---@class moonlark.Batch
---@field x moonlark.Tensor  n × rows × frames float32
---@field y moonlark.Tensor?  n int64 class ids; with mixup n × classes float32 shares; of tags n × tags, of values
---  n × targets float32, with mixup in their shares; nil without labels
---@field mask moonlark.Tensor?  n × frames bool, true where frames are real; nil where all are
---@field lengths integer[]  real frames of each example
---@field tracks integer[]  of each example, its place in the batches' dataset
---@field paths string[]
---@field starts number[]  seconds at which each example begins in its file

---@class moonlark.Batches: moonlark.AnyBatches
---@field recipe moonlark.Recipe
---@field names string[]  of rows: "mel_0" …
---@field augments table[]  in the order in which they run
local Batches = {}
Batches.__index = Batches
Batches.__name = "moonlark.Batches"

local none = options.none
local decibel = options.record("decibel",
  options.join(loader.parameters.material_decibel, loader.parameters.plan_decibel), none)

local function a_table(value) return type(value) == "table" and value or nil end

-- Rows of the engine that say how batches are made are options as they stand; the same table goes to the engine.
local parameters = options.describe("Dataset:batches",
  {feature = options.text(none, "one feature, with its defaults")}, recipes.options,
  loader.parameters.plan, loader.parameters.material, {
    features = options.value("table", "a table such as {mfcc = {n_mfcc = 13}}", a_table, none,
      "several, {name = settings …} or names; they are joined in the order of their names"),
    recipe = options.value("moonlark.Recipe|table", "a recipe", a_table, none, "instead of features, rate and pool"),
    rate = options.either(none, {options.integer(none, {least = 0, most = 10000000}), options.choice({"native"}, none)},
      "samples per second", {unit = "Hz", usual = "22050"}),
    crop = options.either(none, {options.boolean(), options.choice({"random"}, none)},
      "cuts segments anywhere; false: those of the grid, in order", {usual = "true of a training part"}),
    shuffle = options.boolean(none, "another order in each epoch", {usual = "true of a training part"}),
    decibel = options.either(true, {options.boolean(), decibel},
      "turns features that grow with energy into decibels of power"),
    normalize = options.boolean(true, "each row to mean 0 and deviation 1"),
    augment = options.value("moonlark.Augmentation[]", "a list of what functions of moonlark.augment make", a_table,
      none, "random changes of examples", {usual = "{}"}),
    device = options.text("cpu", "where batches are to be"),
  }, background.options, cache.options)

-- The options that make the same input of other songs; the others say how examples are varied, made and shown.
local input = {"segment", "hop", "batch_size", "normalize", "decibel"}

-- Options that a recipe has itself.
local in_recipe = {"rate", "channel", "partial"}

local function given_recipe(o)
  local made = recipes.is(o.recipe) and o.recipe or recipes.new(o.recipe)
  if o.rate ~= nil and o.rate ~= made.rate then show.fail("rate: the recipe has its own, %d Hz", made.rate) end
  for _, name in ipairs(in_recipe) do
    if o[name] ~= nil and o[name] ~= made[name] then show.fail("%s: it belongs into the recipe", name) end
  end
  return made
end

-- The recipe asked for by feature, features or recipe.
local function recipe_of(o)
  local given = (o.feature and 1 or 0) + (o.features and 1 or 0) + (o.recipe and 1 or 0)
  if given ~= 1 then
    error(given == 0 and 'batches need a feature: feature = "mel", features = {mel = {}, …} or recipe = …'
      or "batches take one of feature, features and recipe", 0)
  end
  local made = o.recipe and given_recipe(o) or recipes.new {features = o.features or {o.feature}, rate = o.rate,
    pool = o.pool, channel = o.channel, partial = o.partial}
  if #made.guests > 0 then
    show.fail("batches are not made of %s: extract it (dataset:extract) for a classical model%s", made.guests[1].name,
      made.guests[1].name == "embedding" and ", or fine-tune the model itself (moonlark finetune)" or "")
  end
  if made.rate == 0 then error('rate must be one for all tracks, not "native"', 0) end
  return made
end

-- Frames of a segment, and the names of rows; an error where features do not fit together.
local function shape_of(recipe, segment)
  local features, frames = loader.measure(recipe:description(), segment)
  local names = {}
  for _, each in ipairs(features) do
    for row = 0, each.rows - 1 do
      names[#names + 1] = each.rows == 1 and each.name or ("%s_%d"):format(each.name, row)
    end
  end
  return frames, names
end

-- Fills in what the defaults of other options depend on, and checks what holds between them.
local function settle(o, training)
  if o.hop and not o.segment then error("hop goes with segment: without it tracks are taken whole", 0) end
  if o.crop and not o.segment then error("crop goes with segment: without it tracks are taken whole", 0) end
  if o.crop == nil then o.crop = training and o.segment ~= nil end
  o.crop = o.crop ~= false
  if o.per_track and not o.crop then error("per_track goes with crop = true", 0) end
  if o.decibel == true then o.decibel = decibel.accept {} end
  o.hop, o.cache = o.hop or o.segment, cache.usable(o.cache)
end

--- Batches of segments, or whole tracks, of all tracks of the dataset.
---
--- Features are computed once, or come from the cache, and are kept in memory; crops of them are cut, changed,
--- normalised and put together by threads ahead of their use. The same seed gives the same batches, to the bit, for
--- any number of workers.
---
--- A remainder of at least half a hop is covered by a segment that ends with the track. Decibels (of features that are
--- magnitudes or powers, as mel, stft, cqt and rms) have the reference 1; top_db counts from the segment's loudest.
---
--- Normalisation is over all training tracks and times. A valid or test part needs normalize_by; a dataset that is no
--- part of a split takes its own statistics unless it is given others.
---
--- With pool, batches hold one row a track instead of frames: x is n × columns, and what concerns segments and
--- augmentation does not apply. Files that partial = "keep" takes in part are named in `partial`.
---
--- Errors: no feature, or several ways to say it; a rate that is not the recipe's; options of segments without segment;
--- no tracks; no such device.
---     local b = parts.train:batches {feature = "mel", segment = 3, batch_size = 64}
---@param given moonlark.Dataset.batches.Options
---@return moonlark.Batches
function Dataset:batches(given)
  local o, training = parameters:read(given), self.part == "train"
  local recipe = recipe_of(o)
  if o.shuffle == nil then o.shuffle = training end
  if recipe.pool then return require "moonlark.dataset.tensors".pooled(self, recipe, o) end
  settle(o, training)
  local frames, names = shape_of(recipe, o.segment)
  if #self.tracks == 0 then error("the dataset has no tracks", 0) end
  if o.device ~= "cpu" then require "moonlark.torch".zeros({1}):to(o.device) end -- says now what is missing
  return setmetatable({
    dataset = self, classes = self.classes, rejected = {table.unpack(self.rejected)}, partial = {},
    rows = #names, frames = frames, names = names, recipe = recipe, settings = o,
    augments = augment.ordered(o.augment or {}),
  }, Batches)
end

-- Runs a pass over all tracks, and gives its job. What is stopped half way is begun anew the next time.
local function run(self, pass, label)
  local _ <close> = finally(function(failure)
    if failure then self.material, self.places, self.plan, self.n_items = nil, nil, nil, nil end
  end)
  local o = self.settings
  local job = loader.start(self.material, pass, o.workers)
  background.await(job, o.progress and label or nil, o.cache)
  return job
end

-- Sets aside the tracks that failed.
local function sort_out(self, outcome)
  local kept, places = {}, {}
  for i, track in ipairs(self.dataset.tracks) do
    if outcome[i] == true then
      kept[#kept + 1], places[#places + 1] = track, i
    else
      table.insert(self.rejected, {path = track.path, reason = background.reason(track.path, outcome[i])})
    end
  end
  background.check_left(kept, self.dataset.tracks, self.rejected)
  if #kept < #self.dataset.tracks then
    self.dataset = make(kept, self.dataset)
    self.dataset.rejected = self.rejected
  end
  self.places = places
end

--- Reads or computes what examples are cut from, for all tracks. Done once, by whatever needs it first. A file that
--- fails is named in `rejected`. Errors: all files fail.
---     b:prepare()
---@return moonlark.Batches  itself
function Batches:prepare()
  if self.places then return self end
  local o, first, powers = self.settings, self.augments[1], {}
  for i, entry in ipairs(self.recipe.list) do -- the power of an amplitude that decibels are made of, 0 for none
    powers[i] = o.decibel and engine.facts(entry[1], entry[2]).energy or 0
  end
  self.material = loader.material(self.recipe:description(), self.dataset.tracks, o, {
    sound = first and not first.on_features, powers = powers,
  }, o.cache)
  local job = run(self, "load", "preparing")
  self.partial = notes.take(job:notes(), self.dataset.tracks)
  sort_out(self, job:outcome())
  return self
end

--- The mean and standard deviation of each row over all tracks and times, unaugmented; a deviation of 0 is given as
--- 1. What normalize_by was given, if it was.
---     local s = train:statistics()
---@return {mean: moonlark.Tensor, std: moonlark.Tensor}
function Batches:statistics()
  if self.normalisation then return self.normalisation end
  self:prepare()
  local job = run(self, "measure", "normalising")
  local outcome = job:outcome()
  for i, place in ipairs(self.places) do
    if outcome[place] ~= true then show.fail("%s: %s", self.dataset.tracks[i].path, outcome[place]) end
  end
  local mean, std = loader.statistics(job, self.places)
  self.normalisation = {mean = mean, std = std}
  return self.normalisation
end

--- Takes the statistics of other batches, those of the training part, from now on. Errors: other rows.
---     valid:normalize_by(train:statistics())
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

local function normalisation_of(self)
  if not self.settings.normalize then return {} end
  if not self.normalisation and (self.dataset.part or "train") ~= "train" then
    show.fail("the %s part is normalised by the training part's statistics: call normalize_by(train:statistics()) "
      .. "first, or say normalize = false", self.dataset.part)
  end
  return self:statistics()
end

-- What the engine plans by; `normalisation` may be empty.
local function plan_of(self, normalisation)
  local task = self.dataset.task or "classes"
  return loader.plan(self.material, self.settings, {
    tracks = self.places, labels = task == "classes" and self.dataset:ids() or nil, n_classes = #self.classes,
    targets = task ~= "classes" and targets.columns(self.dataset) or nil, augments = self.augments,
    mean = normalisation.mean, std = normalisation.std,
  })
end

local function counts(self)
  if not self.n_items then
    self:prepare()
    self.n_items, self.n_batches = select(2, plan_of(self, {}))
  end
  return self.n_items, self.n_batches
end

--- Examples of an epoch.
---     print(b:items())
---@return integer
function Batches:items() return (counts(self)) end
Batches.__len = Batches.items

--- Batches of an epoch.
---     print(b:count())
---@return integer
function Batches:count() return (select(2, counts(self))) end

--- {rows, frames}; frames is nil when tracks are taken whole.
---     local rows, frames = table.unpack(b:shape())
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

local epoch_number = options.integer(options.required, {least = 1})

--- The batches of an epoch. They depend on the seed and the epoch alone. Leaving the loop stops the threads.
---     for batch in b:epoch(1) do print(batch.x, batch.y) end
---@param number integer  from 1
---@return fun(): moonlark.Batch?
function Batches:epoch(number)
  number = epoch_number:check("Batches:epoch", "epoch", number)
  self:prepare()
  if not self.plan then self.plan = plan_of(self, normalisation_of(self)) end
  local epoch, device = loader.epoch(self.plan, number, self.settings.workers), self.settings.device
  local function fetch()
    local x, y, mask, lengths, tracks, starts = loader.next(epoch)
    if not x then return nil end
    local batch = batch_of(self, x, y, mask, lengths, tracks, starts)
    return device ~= "cpu" and send(batch, device) or batch
  end
  if device == "cpu" then return fetch, nil, nil, epoch end
  local ahead = fetch() -- copies run while the batch before is in use
  return function()
    local batch = ahead
    ahead = batch and fetch()
    return batch
  end, nil, nil, epoch
end

--- Where batches are to be: for a GPU they are copied from pinned memory, one batch ahead.
---     b:to "cuda"
---@param device string
---@return moonlark.Batches  itself
function Batches:to(device)
  self.settings.device = device
  return self
end

--- Another seed for epochs from now on.
---     b:set_seed(2)
---@param seed integer
---@return moonlark.Batches  itself
function Batches:set_seed(seed)
  self.settings.seed, self.plan = parameters.by_name.seed:check("Batches:set_seed", "seed", seed), nil
  return self
end

--- What makes the same input of other songs, as plain values, but for normalize_by. Not how it was varied: seed, crop,
--- shuffle and augment.
---     local others = songs:batches(b:options()):normalize_by(b:statistics())
---@return table
function Batches:options()
  local recipe, made = self.recipe:settings(), {}
  if recipe.start or recipe.duration then
    made.recipe = recipe
  else
    made.features = recipe.features
    for _, name in ipairs(in_recipe) do made[name] = recipe[name] end
  end
  for _, name in ipairs(input) do made[name] = self.settings[name] end
  return made
end

function Batches:__tostring()
  return ("batches of %d  %d rows × %s  %s"):format(self.settings.batch_size, self.rows,
    self.frames and self.frames .. " frames" or "whole tracks", table.concat(self:features(), ", "))
end

--- Names of the features, in the order of their rows.
---     print(table.concat(b:features(), ", "))
---@return string[]
function Batches:features()
  local list = {}
  for i, entry in ipairs(self.recipe.list) do list[i] = entry[1] end
  return list
end

return Batches
