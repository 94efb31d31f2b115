--- Batches of samples that lie in memory: the same interface as dataset:batches, over tensors.
---
---     local batches = train.tensors {x = X.x, y = X.y, classes = X.classes, batch_size = 64, shuffle = true}
---     for batch in batches:epoch(1) do print(batch.x, batch.y) end
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

---@class moonlark.TensorBatches
---@field classes string[]?
---@field dataset {tracks: table[]}  a track for each sample
local Batches = {}
Batches.__index = Batches
Batches.__name = "moonlark.TensorBatches"

local function read(given)
  return options.read("train.tensors", given, {
    x = options.required, y = options.none, classes = options.none, paths = options.none, batch_size = 32,
    shuffle = false, seed = options.none, normalize = false, drop_last = false,
  })
end

--- Samples as batches. x: n × columns (or n × rows × frames); y: n class ids, or targets; classes: names by id; paths:
--- what to call each sample; normalize: each column (or row over its frames) by the training data's mean and deviation.
---@param given {x: moonlark.Tensor, y: moonlark.Tensor?, classes: string[]?, paths: string[]?, batch_size: integer?,
---   shuffle: boolean?, seed: integer?, normalize: boolean?, drop_last: boolean?}
---@return moonlark.TensorBatches
local function make(given)
  local o = read(given)
  if not torch.is_tensor(o.x) or o.x:dim() < 2 then error("x must be a tensor of samples × columns or more axes", 0) end
  local n = o.x:size(0)
  if o.y ~= nil and (not torch.is_tensor(o.y) or o.y:size(0) ~= n) then
    show.fail("y must be a tensor with a row for each of the %d samples", n)
  end
  local batch_size = math.tointeger(o.batch_size)
  if not batch_size or batch_size < 1 then
    show.fail("batch_size must be an integer from 1, got %s", tostring(o.batch_size))
  end
  local ids = o.y and o.y:dtype() == "int64" and o.y:dim() == 1 and o.y:totable()
  local tracks = {}
  for i = 1, n do
    local path = o.paths and o.paths[i] or ("sample %d"):format(i - 1)
    tracks[i] = {path = path, label = ids and o.classes and o.classes[ids[i] + 1] or nil}
  end
  return setmetatable({
    x = o.x:contiguous(), y = o.y, classes = o.classes, batch_size = batch_size, shuffle = o.shuffle, seed = o.seed,
    normalize = o.normalize, drop_last = o.drop_last, rows = o.x:size(1), frames = o.x:dim() > 2 and o.x:size(2) or nil,
    dataset = {tracks = tracks, classes = o.classes or {}}, rejected = {}, partial = {},
  }, Batches)
end

--- Batches an epoch.
---@return integer
function Batches:count()
  local whole = self:items() / self.batch_size
  return self.drop_last and math.floor(whole) or math.ceil(whole)
end

--- Samples an epoch.
---@return integer
function Batches:items() return #self.dataset.tracks end
Batches.__len = Batches.items

function Batches:set_seed(seed) self.seed = seed end

function Batches:prepare() end

--- Where samples are to be.
---@param device string
---@return moonlark.TensorBatches  itself
function Batches:to(device)
  self.x, self.y = self.x:to(device), self.y and self.y:to(device)
  if self.given_statistics then self:normalize_by(self.given_statistics) end
  return self
end

--- Of each column (row of frames) over all samples; a deviation of 0 becomes 1.
---@return {mean: moonlark.Tensor, std: moonlark.Tensor}?  nil when the samples are no float32 numbers
function Batches:statistics()
  if self.x:dtype() ~= "float32" then return nil end
  local wide = self.x:double():transpose(0, 1):flatten(1)
  local mean = wide:mean({1})
  local std = (wide:pow(2):mean({1}) - mean * mean):clamp_min(0):sqrt()
  return {mean = mean:float(), std = torch.where(std:gt(0), std, torch.ones_like(std)):float()}
end

--- Uses another part's statistics.
---@param statistics {mean: moonlark.Tensor, std: moonlark.Tensor}
function Batches:normalize_by(statistics)
  local device = self.x:device()
  self.given_statistics = {mean = statistics.mean:to(device), std = statistics.std:to(device)}
end

--- Options that make the same input of other samples.
---@return table
function Batches:options() return {normalize = self.normalize} end

local function normalized(self)
  if not self.normalize then return self.x end
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
  if self.shuffle then partition.shuffle(list, partition.random((self.seed or 0) * 1000003 + epoch)) end
  return list
end

--- for batch in batches:epoch(k) do … end: batch.x, batch.y, batch.tracks (samples, from 1), batch.paths.
---@param epoch integer  from 1: with the seed it decides the order
---@return fun(): table?
function Batches:epoch(epoch)
  local list, x, done, batch = order(self, epoch), normalized(self), 0, 0
  return function()
    batch = batch + 1
    if batch > self:count() then return nil end
    local tracks = table.move(list, done + 1, math.min(done + self.batch_size, #list), 1, {})
    done = done + #tracks
    local ids, paths = {}, {}
    for i, track in ipairs(tracks) do ids[i], paths[i] = track - 1, self.dataset.tracks[track].path end
    ids = torch.tensor(ids, {device = x:device()})
    return {x = x:index_select(0, ids), y = self.y and self.y:index_select(0, ids), tracks = tracks, paths = paths}
  end
end

return {make = make, Batches = Batches}
