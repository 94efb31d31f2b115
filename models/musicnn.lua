--- musicnn: tags of music, from log-mel of 3 s; filters as tall as an instrument's spectrum and as long as a beat.
---
---     local net = require("models.musicnn") {classes = 50}
---     net(x)                                -- [n, 187, 96], frames × mel, to logits [n, 50]
---     net:embedding(x)                      -- [n, 200]
---
--- Pons and Serra (2019), "musicnn: pre-trained convolutional neural networks for music audio tagging".
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local eps = 1e-3 -- of batch norm, as in TensorFlow

local function norm1d(channels) return nn.BatchNorm1d(channels, {eps = eps}) end

-- A convolution over time and bands whose largest value over the bands is kept: [n, 1, t, bands] to [n, out, t].
local Front = nn.Module:extend "MusicnnFront"

function Front:init(out, time, mel)
  self.conv = nn.Conv2d(1, out, {time, mel})
  self.bn = nn.BatchNorm2d(out, {eps = eps})
  self.pad = {0, 0, (time - 1) // 2, time // 2} -- TensorFlow's "same"
end

function Front:forward(x) return self.bn(self.conv(x:constant_pad_nd(self.pad, 0)):relu()):amax {3} end

local Middle = nn.Module:extend "MusicnnMiddle"

function Middle:init(from, to)
  self.conv = nn.Conv1d(from, to, 7, {padding = 3})
  self.bn = norm1d(to)
end

function Middle:forward(x) return self.bn(self.conv(x):relu()) end

local Musicnn = nn.Module:extend "Musicnn"

-- Outputs, frames and bands of the five first convolutions: two of timbre, three of time.
local fronts = {{204, 7, 38}, {204, 7, 67}, {51, 128, 1}, {51, 64, 1}, {51, 32, 1}}
local front_width, width, pooled = 561, 64, 2 * (561 + 3 * 64)

function Musicnn:init(o)
  self.bn = nn.BatchNorm2d(1, {eps = eps})
  for i, it in ipairs(fronts) do self["front" .. i - 1] = Front(table.unpack(it)) end
  for i = 0, 2 do self["mid" .. i] = Middle(i == 0 and front_width or width, width) end
  self.pool_bn, self.dense = norm1d(pooled), nn.Linear(pooled, o.embedding)
  self.dense_bn, self.out = norm1d(o.embedding), nn.Linear(o.embedding, o.classes)
end

--- The numbers before the last layer: [n, frames, 96] to [n, embedding].
function Musicnn:embedding(x)
  x = self.bn(x:unsqueeze(1))
  local parts = {}
  for i = 1, #fronts do parts[i] = self["front" .. i - 1](x) end
  local a = torch.cat(parts, 1)
  local b = self.mid0(a)
  local c = self.mid1(b) + b
  local all = torch.cat({a, b, c, self.mid2(c) + c}, 1)
  local pool = torch.stack({all:amax {2}, all:mean {2}}, 2):flatten(1) -- each channel's maximum, then its mean
  return self.dense_bn(self.dense(self.pool_bn(pool)):relu())
end

function Musicnn:forward(x) return self.out(self:embedding(x)) end

local integer = options.integer

return network.architecture("musicnn", Musicnn, {
  classes = integer(50, {least = 1}, "tags"),
  embedding = integer(200, {least = 1}, "numbers before the last layer"),
})
