--- musicnn_vgg: tags of music, from log-mel of 3 s, by five small convolutions: the baseline that comes with musicnn.
---
---     local net = require("models.musicnn_vgg") {classes = 50}
---     net(x)                                -- [n, 187, 96], frames × mel, to logits [n, 50]
---
--- Choi, Fazekas and Sandler (2016), as published with musicnn (Pons and Serra, 2019).
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local eps, channels = 1e-3, 128
local pools = {{{4, 1}, 2}, {2, 2}, {2, 2}, {2, 2}, {4, 4}} -- kernel and stride

local Block = nn.Module:extend "MusicnnVggBlock"

function Block:init(from)
  self.conv = nn.Conv2d(from, channels, 3, {padding = 1})
  self.bn = nn.BatchNorm2d(channels, {eps = eps})
end

function Block:forward(x) return self.bn(self.conv(x):relu()) end

local Vgg = nn.Module:extend "MusicnnVgg"

function Vgg:init(o)
  self.bn = nn.BatchNorm2d(1, {eps = eps})
  for i, pool in ipairs(pools) do
    self["cnn" .. i] = Block(i == 1 and 1 or channels)
    self["pool" .. i] = nn.MaxPool2d(pool[1], {stride = pool[2]})
  end
  self.out = nn.Linear(2 * channels, o.classes)
end

--- The numbers before the last layer: [n, 187, 96] to [n, 256].
function Vgg:embedding(x)
  x = self.bn(x:unsqueeze(1))
  for i = 1, #pools do x = self["pool" .. i](self["cnn" .. i](x)) end
  return x:permute({0, 2, 3, 1}):flatten(1) -- channels last, as in TensorFlow
end

function Vgg:forward(x) return self.out(self:embedding(x)) end

return network.architecture("musicnn_vgg", Vgg, {classes = options.integer(50, {least = 1}, "tags")})
