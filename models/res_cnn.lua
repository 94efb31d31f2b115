--- res_cnn: residual convolution blocks on log-mel, then the mean and the maximum over time.
---
---     local net = require("models.res_cnn") {classes = 10, n_mels = 64}
---
--- A wide first convolution that halves both axes, and stages of residual blocks (He et al., 2016), each of which
--- halves them again and doubles the channels. Frequency is averaged; over time mean and maximum are added: what goes
--- on all the time and what happens once both count (as in PANNs, Kong et al., 2020).
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.options"

local function convolution(from, to, kernel, stride)
  return nn.Sequential(nn.Conv2d(from, to, kernel, {stride = stride, padding = kernel // 2, bias = false}),
    nn.BatchNorm2d(to))
end

local Block = nn.Module:extend "ResBlock"

function Block:init(from, to, stride)
  self.first = convolution(from, to, 3, stride)
  self.second = convolution(to, to, 3, 1)
  if stride > 1 or from ~= to then
    self.shortcut = nn.Sequential(nn.AvgPool2d(stride, {ceil_mode = true}), convolution(from, to, 1, 1))
  end
end

function Block:forward(x)
  local inner = self.second(self.first(x):relu())
  return inner:add(self.shortcut and self.shortcut(x) or x):relu()
end

local ResCnn = nn.Module:extend "ResCnn"

function ResCnn:init(o)
  local c = o.channels
  self.stem = nn.Sequential(convolution(1, c, 5, 2), nn.ReLU(), nn.MaxPool2d(2))
  self.stages = nn.Sequential()
  local from = c
  for stage = 1, o.stages do
    local to = c * 2 ^ (stage - 1) // 1 | 0
    self.stages:append(Block(from, to, stage == 1 and 1 or 2))
    from = to
  end
  self.dropout = nn.Dropout(o.dropout)
  self.classifier = nn.Linear(from, o.classes)
end

function ResCnn:forward(x)
  local over_time = self.stages(self.stem(x:unsqueeze(1))):mean({2})  -- [n, channels, time]
  return self.classifier(self.dropout(over_time:mean({2}) + over_time:amax({2})))
end

--- Options: classes; n_mels: rows of the input (64); channels of the first stage, doubled by each that follows (24);
--- stages (4); dropout (0.2).
return network.architecture("res_cnn", ResCnn,
  {classes = options.required, n_mels = 64, channels = 24, stages = 4, dropout = 0.2})
