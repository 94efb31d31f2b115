--- crepe: how likely each of 360 pitches is, 20 cents apart, from 64 ms of samples.
---
---     local net = require("models.crepe") {}
---     net(x)                                -- [n, frames, 1024] normalised samples, to logits [n, frames, 360]
---
--- Kim, Salamon, Li and Bello (2018), "CREPE: a convolutional representation for pitch estimation"; names of torchcrepe.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local Crepe = nn.Module:extend "Crepe"

local channels = {128, 16, 16, 16, 32, 64} -- of the tiny one
local pitches = 360

function Crepe:init(o)
  local from = 1
  for i, count in ipairs(channels) do
    local first, to = i == 1, count * o.size
    self["conv" .. i] = nn.Conv2d(from, to, {first and 512 or 64, 1}, {stride = {first and 4 or 1, 1}})
    self["conv" .. i .. "_BN"] = nn.BatchNorm1d(to, {eps = 1e-3})
    from = to
  end
  self.classifier = nn.Linear(4 * from, pitches)
end

--- What the convolutions give: [n, frames, 1024] to [n * frames, 256 size]. The weights are those of images one column
--- wide, as published; computed as convolutions along time they take half as long.
function Crepe:describe(x)
  x = x:reshape({-1, 1, x:size(-1)})
  for i = 1, #channels do
    local conv, pad = self["conv" .. i], i == 1 and {254, 254} or {31, 32}
    x = x:constant_pad_nd(pad, 0):conv1d(conv.weight:squeeze(3), conv.bias, {conv.stride[1]}):relu()
    x = self["conv" .. i .. "_BN"](x):max_pool1d({2})
  end
  return x:transpose(1, 2):flatten(1)
end

function Crepe:forward(x)
  return self.classifier(self:describe(x)):reshape({x:size(0), x:size(1), pitches})
end

return network.architecture("crepe", Crepe, {
  size = options.integer(1, {least = 1, most = 8}, "times the channels of the tiny one; the full one: 8"),
})
