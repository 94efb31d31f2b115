--- Cached: batches of what the head of a network is given, computed once for each segment; epochs then are instant.
local contract = require "moonlark.dataset.contract"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local trained = require "moonlark.finetune.trained"

local Cached = {}
Cached.__name = "moonlark.finetune.Cached"

-- What is not computed here is the sound's own: dataset, classes, settings, options, rejected …
Cached.__index = function(self, key) return Cached[key] or self.sound[key] end

local cached = {}

--- Explained at finetune.cached.
function cached.new(net, batches)
  contract.check_batches(batches)
  if not trained.is_head_only(net) then error("cached: more than the head is trained (unfreeze, lora)", 0) end
  if #(batches.augments or {}) > 0 then error("cached: sound that is augmented differs from epoch to epoch", 0) end
  local plain = batches:options()
  for _, name in ipairs {"workers", "progress", "memory"} do plain[name] = batches.settings[name] end
  plain.cache = false
  local sound = batches.dataset:batches(options.join(plain, {shuffle = false, crop = plain.segment and false or nil}))
  return setmetatable({net = net, sound = sound, settings = batches.settings, seed = batches.settings.seed or 0},
    Cached)
end

local function compute(self)
  local net, sound = self.net, self.sound:prepare()
  local training, known = net.training, {x = {}, y = {}, tracks = {}, paths = {}, starts = {}}
  local bar <close> = self.settings.progress and progress.new(sound:count(), "hearing") or nil
  net:eval()
  torch.no_grad(function()
    for batch in sound:epoch(1) do
      local x = net:pooled(batch.x:to(net:device()), batch.mask and batch.mask:to(net:device()))
      table.insert(known.x, x:float():cpu())
      if batch.y then table.insert(known.y, batch.y) end
      for i, track in ipairs(batch.tracks) do
        table.insert(known.tracks, track)
        table.insert(known.paths, batch.paths[i])
        table.insert(known.starts, batch.starts[i])
      end
      if bar then bar:update(#known.x) end
    end
  end)
  net:train(training)
  if bar then bar:erase() end
  known.x, known.y = torch.cat(known.x), #known.y > 0 and torch.cat(known.y) or nil
  return known
end

--- Computes what the head is given of all segments. Done once, by whatever needs it first.
function Cached:prepare()
  if not self.known then
    self.known = compute(self)
    self:to(self.device or "cpu")
  end
  return self
end

function Cached:to(device)
  self.device = device
  if self.known then
    self.known.x = self.known.x:to(device)
    self.known.y = self.known.y and self.known.y:to(device)
  end
  return self
end

function Cached:set_seed(seed)
  self.seed = seed
  return self
end

function Cached:items() return #self:prepare().known.tracks end
Cached.__len = Cached.items

function Cached:count()
  local whole = self:items() / self.settings.batch_size
  return self.settings.drop_last and math.floor(whole) or math.ceil(whole)
end

function Cached:options() return self.sound:options() end

--- There is nothing to normalise by: a network from elsewhere hears sound as it is.
function Cached:statistics() return nil end

function Cached:normalize_by() return self end

local function order_of(self, number)
  local order = {}
  for i = 1, self:items() do order[i] = i end
  if self.settings.shuffle then partition.shuffle(order, partition.random(self.seed * 1000003 + number)) end
  return order
end

--- The batches of an epoch, as of dataset:batches; x is [n, numbers].
function Cached:epoch(number)
  local order, known, batch = order_of(self, number), self:prepare().known, 0
  return function()
    batch = batch + 1
    if batch > self:count() then return nil end
    local first = (batch - 1) * self.settings.batch_size
    local places, one = {}, {tracks = {}, paths = {}, starts = {}}
    for i = 1, math.min(self.settings.batch_size, #order - first) do
      local place = order[first + i]
      places[i] = place - 1
      for name, list in pairs(one) do list[i] = known[name][place] end
    end
    local ids = torch.tensor(places, {device = known.x:device()})
    one.x, one.y = known.x:index_select(0, ids), known.y and known.y:index_select(0, ids)
    return one
  end
end

function Cached:__tostring() return show.format("%s, heard once", tostring(self.sound)) end

return cached
