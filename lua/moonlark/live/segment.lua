--- Segment: what a trained network is given of the last seconds of a sound that goes on: the same numbers as of a file's
--- segment that lies there.
local core = require "moonlark_core"
local engine = require "moonlark.feature.engine"
local feature = require "moonlark.feature"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

---@class moonlark.live.Segment
---@field rate integer  Hz, of the samples that it takes
---@field frames integer  of a whole segment
---@field seconds number
---@field kept table<string, moonlark.Tensor>  by feature, the last frames
local Segment = {}
Segment.__index = Segment

-- Where features wait for the whole clip (a loudest decibel, say), they are computed of the last seconds.
local function of_samples(self, piece)
  local song = signal.new {data = piece:past(self.seconds).data, rate = self.rate, kind = "waveform"}
  for name, made in pairs(self.recipe:apply(song)) do self.kept[name] = made.data end
end

local function append(self, name, data)
  local kept = self.kept[name]
  if kept then data = torch.cat({kept, data}, -1) end
  local extra = data:size(-1) - self.frames
  self.kept[name] = extra > 0 and data:narrow(-1, extra, self.frames) or data
end

--- Hears a piece, mono at its rate.
---     segment:hear(piece)
function Segment:hear(piece)
  if not self.stream then return end
  for name, made in pairs(self.stream:push(piece.mono)) do append(self, name, made.data) end
end

-- Decibels of power of a feature that grows with energy, as batches make them.
local function in_decibels(self, name, settings, data)
  local power, db = engine.facts(name, settings).energy, self.decibel
  if not db or power == 0 then return data end
  data = core.feature.power_to_db(data, 1, db.amin ^ (power / 2), nil) * (2 / power)
  return db.top_db and torch.maximum(data, data:max() - db.top_db) or data
end

-- The rows of all features, one below the other.
local function rows_of(self)
  local rows = {}
  for i, entry in ipairs(self.recipe.list) do
    local data = self.kept[entry[1]]
    if not data then return nil end
    if data:is_complex() then data = data:abs() end
    rows[i] = in_decibels(self, entry[1], entry[2], data)
  end
  return torch.cat(rows, 0)
end

--- The input of the network, as a batch of one: x, and a mask while less than a segment was heard. nil: nothing was.
---     local batch = segment:batch(piece)
---@param piece moonlark.live.Piece
---@return {x: moonlark.Tensor, mask: moonlark.Tensor?}?
function Segment:batch(piece)
  if not self.stream then of_samples(self, piece) end
  local x = rows_of(self)
  if not x then return nil end
  if self.mean then x = ((x - self.mean) * self.scale):nan_to_num(0, 0, 0) end
  local missing, mask = self.frames - x:size(1), nil
  if missing > 0 then
    mask = torch.arange(self.frames):lt(self.frames - missing):unsqueeze(0)
    x = x:constant_pad_nd({0, missing}, 0)
  end
  return {x = x:narrow(1, 0, self.frames):unsqueeze(0), mask = mask}
end

local function column(numbers) return torch.tensor(numbers, {dtype = "float32"}):unsqueeze(1) end

--- What a network hears, by its card. nil: it was not trained on segments of frames (whole tracks, pooled features, one of
--- several channels), and is asked about files.
---@param card moonlark.Card
---@return moonlark.live.Segment?
return function(card)
  local input = card.input
  local plain = input and input.features and input.segment and (input.channel or "mix") == "mix"
  if not plain or card.input.recipe then return nil end
  local recipe = feature.recipe {features = input.features, rate = input.rate}
  local _, frames = core.loader.measure(recipe:description(), input.segment)
  local db = input.decibel
  if db == nil or db == true then db = {} end
  local streams, stream = pcall(feature.stream, {features = input.features, rate = recipe.rate})
  local self = {recipe = recipe, rate = recipe.rate, frames = frames, seconds = input.segment, kept = {},
    stream = streams and stream or nil, decibel = db and {amin = db.amin or 1e-10, top_db = db.top_db}}
  if not streams then self.remembers = input.segment end
  if input.normalize ~= false and card.statistics then
    self.mean, self.scale = column(card.statistics.mean), 1 / column(card.statistics.std)
  end
  return setmetatable(self, Segment)
end
