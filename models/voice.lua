--- voice: how likely somebody sings, and speaks, ten times a second, of a log-mel spectrogram of 50 frames a second.
---
---     local net = require("models.voice") {}
---     net(x)                                -- [n, bands, 5 t frames] to logits [n, 2, t]: sung, spoken
---
--- Three convolutions over bands and time, then a temporal convolutional network whose blocks hear 3 s to each side.
--- The filters of the first one sum to nothing, so how loud all of it is does not matter to them (Schlüter and Lehner,
--- 2018, "Zero-mean convolutions for level-invariant singing voice detection").
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number
local frames = 5 -- of the input that become one

local Block = nn.Module:extend "VoiceBlock"
Block.folds = {{"conv", "norm"}} -- what may become one step once it has learnt

function Block:init(channels, dilation, dropout)
  self.conv = nn.Conv1d(channels, channels, 5, {padding = 2 * dilation, dilation = dilation})
  self.norm = nn.BatchNorm1d(channels)
  self.mix = nn.Conv1d(channels, channels, 1)
  self.dropout = nn.Dropout(dropout)
end

function Block:forward(x)
  return x + self.dropout(self.mix(self.norm(self.conv(x)):elu()))
end

-- The largest of so many bands and frames. As amax of a view it takes a fraction of max_pool2d's time.
local function pooled(x, bands, times)
  local n, c, rows, columns = table.unpack(x:shape())
  rows, columns = rows // bands, columns // times
  return x:narrow(2, 0, bands * rows):narrow(3, 0, times * columns)
    :reshape({n, c, rows, bands, columns, times}):amax {3, 5}
end

local Voice = nn.Module:extend "Voice"
Voice.folds = {{"conv2", "norm2"}, {"conv3", "norm3"}, {"mix", "norm4"}}

function Voice:init(o)
  local c, rows = o.width, o.bands // 2 // 2 // 2
  self.conv1, self.norm1 = nn.Conv2d(1, c, 5, {padding = 2, bias = false}), nn.BatchNorm2d(c)
  self.conv2, self.norm2 = nn.Conv2d(c, 2 * c, 3, {padding = 1}), nn.BatchNorm2d(2 * c)
  self.conv3, self.norm3 = nn.Conv2d(2 * c, 2 * c, 3, {padding = 1}), nn.BatchNorm2d(2 * c)
  self.mix, self.norm4 = nn.Conv1d(2 * c * rows, o.channels, 1), nn.BatchNorm1d(o.channels)
  local blocks = {}
  for i = 1, o.layers do blocks[i] = Block(o.channels, 1 << (i - 1), o.dropout) end
  self.blocks = nn.Sequential(table.unpack(blocks))
  self.dropout = nn.Dropout(o.dropout)
  self.head = nn.Conv1d(o.channels, 2, 1)
  self.layers = o.layers
end

-- What is heard of two frames of the output to each side: [n, channels, t].
function Voice:near(x)
  local weight = self.conv1.weight
  x = x:unsqueeze(1):conv2d(weight - weight:mean({2, 3}, true), nil, {1, 1}, {2, 2})
  x = pooled(self.norm1(x), 2, frames):elu()
  x = pooled(self.norm2(self.conv2(x)), 2, 1):elu()
  x = pooled(self.norm3(self.conv3(x)), 2, 1):elu()
  return self.norm4(self.mix(self.dropout(x:flatten(1, 2)))):elu()
end

-- What the network does, step by step, for who asks about a long song (music/hearing/networks.lua): how far to each
-- side a step hears, how many frames it is best asked about at once, and how many of its input become one.
function Voice:steps()
  local steps = {{reach = 3, window = 306, frames = frames, function(x) return self:near(x) end}}
  for i = 0, self.layers - 1 do steps[#steps + 1] = {reach = 2 << i, window = 3072, self.blocks[i]} end
  steps[#steps + 1] = {reach = 0, window = 3072, self.head}
  return steps
end

function Voice:forward(x)
  return self.head(self.blocks(self:near(x)))
end

return network.architecture("voice", Voice, {
  bands = integer(80, {least = 16}, "rows of the input"),
  width = integer(12, {least = 1}, "channels of the first convolution; the others have twice as many"),
  channels = integer(48, {least = 1}, "of the blocks"),
  layers = integer(4, {least = 1, most = 10}, "blocks; each hears twice as far as the one before"),
  dropout = number(0.15, {least = 0, most = 1}, "before and after each block"),
})
