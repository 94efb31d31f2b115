--- beat_tcn: how likely a beat, and the first beat of a bar, is in each frame of a log-mel spectrogram.
---
---     local net = require("models.beat_tcn") {}
---     net(x)                                -- [n, bands, frames] to logits [n, 2, frames]: beat, downbeat
---
--- Two convolutions over bands and time, then a temporal convolutional network as in Davies and Böck (2019), "Temporal
--- convolutional networks for musical audio beat tracking": residual blocks whose taps lie 1, 2, 4 … frames apart.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local integer, number = options.integer, options.number

local rows_apart = 16 -- frames

-- A convolution whose taps lie far apart hears every so many frames: these are put side by side, as rows of an image, down
-- which it goes in half the time. What it learns must not hang on that: its sums are rounded otherwise.
local function convolved(conv, x, dilation)
  if dilation < rows_apart or conv.training then return conv(x) end
  local frames = x:size(2)
  local rows = math.ceil(frames / dilation)
  local image = x:constant_pad_nd({0, rows * dilation - frames}, 0):reshape({x:size(0), x:size(1), rows, dilation})
  local made = torch.conv2d(image, conv.weight:unsqueeze(-1), conv.bias, {1, 1}, {2, 0})
  return made:reshape({x:size(0), made:size(1), rows * dilation}):narrow(2, 0, frames)
end

local Block = nn.Module:extend "BeatBlock"
Block.folds = {{"conv", "norm"}} -- what may become one step once it has learnt

function Block:init(channels, dilation, dropout)
  self.conv = nn.Conv1d(channels, channels, 5, {padding = 2 * dilation, dilation = dilation})
  self.norm = nn.BatchNorm1d(channels)
  self.mix = nn.Conv1d(channels, channels, 1)
  self.dropout, self.dilation = nn.Dropout(dropout), dilation
end

function Block:forward(x)
  return x + self.dropout(self.mix(self.norm(convolved(self.conv, x, self.dilation)):elu()))
end

-- The largest of each four bands: [n, channels, bands, frames]. As amax of a view it takes an eighth of max_pool2d's time.
local function pooled(x)
  local rows = x:size(2) // 4
  return x:narrow(2, 0, 4 * rows):reshape({x:size(0), x:size(1), rows, 4, x:size(3)}):amax {3}
end

local BeatTcn = nn.Module:extend "BeatTcn"
BeatTcn.folds = {{"conv1", "norm1"}, {"conv2", "norm2"}, {"mix", "norm3"}}

function BeatTcn:init(o)
  local rows = o.bands // 4 // 4 -- after two poolings
  self.norm = nn.BatchNorm1d(o.bands)
  self.conv1, self.norm1 = nn.Conv2d(1, 16, 3, {padding = 1}), nn.BatchNorm2d(16)
  self.conv2, self.norm2 = nn.Conv2d(16, 24, 3, {padding = 1}), nn.BatchNorm2d(24)
  self.mix, self.norm3 = nn.Conv1d(24 * rows, o.channels, 1), nn.BatchNorm1d(o.channels)
  local blocks = {}
  for i = 1, o.layers do blocks[i] = Block(o.channels, 1 << (i - 1), o.dropout) end
  self.blocks = nn.Sequential(table.unpack(blocks))
  self.head = nn.Conv1d(o.channels, 2, 1)
  self.layers = o.layers
end

-- What is heard of two frames to each side: [n, channels, frames].
function BeatTcn:near(x)
  x = pooled(self.norm1(self.conv1(self.norm(x):unsqueeze(1)))):elu()
  x = pooled(self.norm2(self.conv2(x))):elu()
  return self.norm3(self.mix(x:flatten(1, 2))):elu()
end

-- What the network does, step by step, for who asks about a long song (music/hearing/networks.lua): how far to each
-- side a step hears, and how many frames it is best asked about at once.
function BeatTcn:steps()
  local steps = {{reach = 2, window = 256, function(x) return self:near(x) end}}
  for i = 0, self.layers - 1 do steps[#steps + 1] = {reach = 2 << i, window = 3072, self.blocks[i]} end
  steps[#steps + 1] = {reach = 0, window = 3072, self.head}
  return steps
end

function BeatTcn:forward(x)
  return self.head(self.blocks(self:near(x)))
end

return network.architecture("beat_tcn", BeatTcn, {
  bands = integer(80, {least = 16}, "rows of the input"),
  channels = integer(48, {least = 1}, "of the blocks"),
  layers = integer(9, {least = 1, most = 12}, "blocks; each hears twice as far as the one before"),
  dropout = number(0.1, {least = 0, most = 1}, "after each block"),
})
