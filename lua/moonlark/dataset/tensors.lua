--- Batches of samples that lie in memory: the same interface as Dataset:batches, over tensors.
---
---     local batches = train.tensors {x = X.x, y = X.y, classes = X.classes, batch_size = 64, shuffle = true}
local class = require "moonlark.dataset.class"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

---@class moonlark.TensorBatches: moonlark.AnyBatches
---@field x moonlark.Tensor
---@field y moonlark.Tensor?  of tags and values with two axes
---@field input table  what options() gives
local Batches = {}
Batches.__index = Batches
Batches.__name = "moonlark.TensorBatches"

local function tensor(words, axes, default, help, facts)
  return options.value("moonlark.Tensor", "a tensor of " .. words,
    function(value) return torch.is_tensor(value) and value:dim() >= axes and value or nil end, default, help, facts)
end

local parameters = options.describe("train.tensors", {
  x = tensor("samples × columns or more axes", 2, options.required, "n × columns, or n × rows × frames"),
  y = tensor("a row for each sample", 1, options.none, "n class ids, or targets", {usual = "unlabelled"}),
  classes = options.list(options.text(), options.none, nil, "names by class id, or of the tags"),
  task = options.choice({"classes", "tags", "values"}, options.none, "what y is",
    {usual = "classes, where it is int64"}),
  targets = options.list(options.text(), options.none, {usual = '"target 0" …'},
    "of values: what each column measures"),
  paths = options.list(options.text(), options.none, {usual = '"sample 0" …'}, "what to call each sample"),
  batch_size = options.integer(32, {least = 1}, "samples"),
  shuffle = options.boolean(false, "another order in each epoch"),
  seed = options.integer(options.none, {usual = "0"}, "of the order"),
  normalize = options.boolean(false, "each column (or row over its frames) to mean 0 and deviation 1"),
  drop_last = options.boolean(false, "leaves out a last batch that is smaller"),
})

-- y of tags and values as columns, and the names of these.
local function columns_of(o)
  if not o.y or o.task ~= "tags" and o.task ~= "values" then return o.y, o.classes, nil end
  local y = (o.y:dim() == 1 and o.y:unsqueeze(1) or o.y):float()
  local names, word = o.task == "tags" and o.classes or o.targets, o.task == "tags" and "tag %d" or "target %d"
  if names and #names ~= y:size(1) then show.fail("y has %d columns, and %d names are given", y:size(1), #names) end
  local filled = names or {}
  for i = #filled + 1, y:size(1) do filled[i] = word:format(i - 1) end
  if o.task == "tags" then return y, filled, nil end
  return y, {}, filled
end

-- Explained at train.tensors.
local function make(given)
  local o = parameters:read(given)
  local n = o.x:size(0)
  if o.y and o.y:size(0) ~= n then show.fail("y must be a tensor with a row for each of the %d samples", n) end
  local y, classes, targets = columns_of(o)
  local ids = o.y and o.y:dtype() == "int64" and o.y:dim() == 1 and o.y:totable()
  local tracks = {}
  for i = 1, n do
    local path = o.paths and o.paths[i] or ("sample %d"):format(i - 1)
    tracks[i] = {path = path, label = ids and o.classes and o.classes[ids[i] + 1] or nil}
  end
  return setmetatable({
    x = o.x:contiguous(), y = y, settings = o, input = {normalize = o.normalize}, classes = classes,
    rows = o.x:size(1), frames = o.x:dim() > 2 and o.x:size(2) or nil,
    dataset = {tracks = tracks, classes = classes or {}, task = o.task, targets = targets}, rejected = {}, partial = {},
  }, Batches)
end

-- Explained at Dataset:batches, option pool; `o` are its options.
local function pooled(songs, recipe, o)
  local X = songs:extract(recipe, {workers = o.workers, cache = o.cache, progress = o.progress})
  local batches = make {
    x = X.x, y = X.y, classes = X.classes, task = X.task, targets = X.targets, paths = X.paths,
    batch_size = o.batch_size, normalize = o.normalize, shuffle = o.shuffle, seed = o.seed, drop_last = o.drop_last,
  }
  batches.dataset, batches.rejected, batches.partial = class.make(X.tracks, songs), X.rejected, X.partial
  batches.input = {recipe = recipe:settings(), batch_size = o.batch_size, normalize = o.normalize}
  return batches
end

--- Batches of an epoch.
---     print(batches:count())
---@return integer
function Batches:count()
  local whole = self:items() / self.settings.batch_size
  return self.settings.drop_last and math.floor(whole) or math.ceil(whole)
end

--- Samples of an epoch.
---     print(batches:items())
---@return integer
function Batches:items() return #self.dataset.tracks end
Batches.__len = Batches.items

--- Another seed for epochs from now on.
---     batches:set_seed(2)
---@param seed integer?
---@return moonlark.TensorBatches  itself
function Batches:set_seed(seed)
  self.settings.seed = seed
  return self
end

--- Does nothing: samples are there.
---     batches:prepare()
---@return moonlark.TensorBatches  itself
function Batches:prepare() return self end

--- Where samples are to be.
---     batches:to "cuda"
---@param device string
---@return moonlark.TensorBatches  itself
function Batches:to(device)
  self.x, self.y = self.x:to(device), self.y and self.y:to(device)
  if self.given_statistics then self:normalize_by(self.given_statistics) end
  return self
end

--- The mean and deviation of each column (row of frames) over all samples; a deviation of 0 becomes 1.
---     local s = batches:statistics()
---@return {mean: moonlark.Tensor, std: moonlark.Tensor}?  nil when the samples are no float32 numbers
function Batches:statistics()
  if self.x:dtype() ~= "float32" then return nil end
  local wide = self.x:double():transpose(0, 1):flatten(1)
  local mean = wide:mean({1})
  local std = (wide:pow(2):mean({1}) - mean * mean):clamp_min(0):sqrt()
  return {mean = mean:float(), std = torch.where(std:gt(0), std, torch.ones_like(std)):float()}
end

--- Takes another part's statistics from now on.
---     valid:normalize_by(train:statistics())
---@param statistics {mean: moonlark.Tensor, std: moonlark.Tensor}
---@return moonlark.TensorBatches  itself
function Batches:normalize_by(statistics)
  local device = self.x:device()
  self.given_statistics = {mean = statistics.mean:to(device), std = statistics.std:to(device)}
  return self
end

--- Options that make the same input of other samples, as plain values.
---     local input = batches:options()
---@return table
function Batches:options() return options.join(self.input) end

local function normalized(self)
  if not self.settings.normalize then return self.x end
  if self.dataset.part and self.dataset.part ~= "train" and not self.given_statistics then
    show.fail("the %s part is normalised by the training part's statistics: "
      .. "call normalize_by(train:statistics()) first", self.dataset.part)
  end
  local by = self.given_statistics or self:statistics()
  local shape = {1, -1}
  for _ = 3, self.x:dim() do shape[#shape + 1] = 1 end
  return (self.x - by.mean:view(shape)) / by.std:view(shape)
end

-- The samples' order in an epoch, from 1: a permutation by the seed and the epoch alone.
local function order(self, epoch)
  local list = {}
  for i = 1, self:items() do list[i] = i end
  local o = self.settings
  if o.shuffle then partition.shuffle(list, partition.random((o.seed or 0) * 1000003 + epoch)) end
  return list
end

--- The batches of an epoch: tables of x, y, tracks (samples, from 1) and paths.
---     for batch in batches:epoch(1) do print(batch.x, batch.y) end
---@param epoch integer  from 1: with the seed it decides the order
---@return fun(): table?
function Batches:epoch(epoch)
  local list, x, done, batch = order(self, epoch), normalized(self), 0, 0
  return function()
    batch = batch + 1
    if batch > self:count() then return nil end
    local tracks = table.move(list, done + 1, math.min(done + self.settings.batch_size, #list), 1, {})
    done = done + #tracks
    local ids, paths = {}, {}
    for i, track in ipairs(tracks) do ids[i], paths[i] = track - 1, self.dataset.tracks[track].path end
    ids = torch.tensor(ids, {device = x:device()})
    return {x = x:index_select(0, ids), y = self.y and self.y:index_select(0, ids), tracks = tracks, paths = paths}
  end
end

return {make = make, pooled = pooled}
