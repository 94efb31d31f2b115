--- res_cnn: residual convolution blocks on log-mel, then the mean and the maximum over time.
---
---     local net = require("models.res_cnn") {classes = 10, n_mels = 64}
---
--- A narrower form of the short-chunk network with residual blocks of Won et al. (2020): a wide first convolution that
--- halves both axes, then two residual blocks (He et al., 2016) that double the channels, with max pooling between
--- them. At the end frequency is averaged. Over time the mean and the maximum are added, so that what goes on all the
--- time and what happens once both count (as in PANNs, Kong et al., 2020).
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local function convolution(from, to, kernel, stride)
  return nn.Sequential(nn.Conv2d(from, to, kernel, {stride = stride or 1, padding = kernel // 2, bias = false}),
    nn.BatchNorm2d(to))
end

local Block = nn.Module:extend "ResBlock"

function Block:init(from, to)
  self.first, self.second = convolution(from, to, 3), convolution(to, to, 3)
  self.shortcut = from ~= to and convolution(from, to, 1) or nn.Identity()
end

function Block:forward(x)
  local inner = self.second(self.first(x):relu())
  return inner:add(self.shortcut(x)):relu()
end

local ResCnn = nn.Module:extend "ResCnn"

function ResCnn:init(o)
  local c = o.channels
  local function pool() return nn.MaxPool2d(2, {ceil_mode = true}) end
  self.stem = nn.Sequential(convolution(1, c, 5, 2), nn.ReLU(), convolution(c, c, 3), nn.ReLU(), pool())
  self.blocks = nn.Sequential(Block(c, 2 * c), pool(), Block(2 * c, 4 * c), pool())
  self.last = nn.Sequential(convolution(4 * c, 8 * c, 3), nn.ReLU())
  self.dropout = nn.Dropout(o.dropout)
  self.classifier = nn.Linear(8 * c, o.classes)
end

function ResCnn:forward(x)
  local maps = self.last(self.blocks(self.stem(x:unsqueeze(1)))):mean({2})  -- [n, channels, time]
  return self.classifier(self.dropout(maps:mean({2}) + maps:amax({2})))
end

return network.architecture("res_cnn", ResCnn, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(64, {least = 1}, "rows of the input"),
  channels = integer(24, {least = 1}, "of the first block; the last layer has eight times as many"),
  dropout = number(0.2, {least = 0, most = 1}, "before the last layer"),
})
