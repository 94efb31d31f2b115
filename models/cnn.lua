--- cnn: three convolution blocks and two dense layers on MFCC of 3 s segments; the usual first network for genres.
---
---     local net = require("models.cnn") {classes = 10, n_mels = 13}
---     net(x)                                -- [n, n_mels, frames] to [n, classes]
---
--- A block is convolution, ReLU, max pooling and batch normalisation, as in the network for GTZAN of Velardo's tutorial
--- (2020); the kind goes back to Dieleman and Schrauwen (2014).
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local Cnn = nn.Module:extend "Cnn"

local function block(from, to)
  return nn.Sequential(nn.Conv2d(from, to, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(3, {stride = 2, padding = 1}),
    nn.BatchNorm2d(to))
end

function Cnn:init(o)
  local height, width = math.min(math.ceil(o.n_mels / 8), 8), 8 -- rows after three poolings; time in eight parts
  self.features = nn.Sequential(block(1, o.channels), block(o.channels, o.channels), block(o.channels, o.channels))
  self.pool = nn.AdaptiveAvgPool2d {height, width}
  self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(o.channels * height * width, 64), nn.ReLU(),
    nn.Dropout(o.dropout), nn.Linear(64, o.classes))
end

function Cnn:forward(x)
  return self.classifier(self.pool(self.features(x:unsqueeze(1))))
end

return network.architecture("cnn", Cnn, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(128, {least = 1}, "rows of the input"),
  channels = integer(32, {least = 1}, "of every block"),
  dropout = number(0.3, {least = 0, most = 1}, "before the last layer"),
})
