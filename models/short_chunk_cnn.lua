--- short_chunk_cnn: a plain stack of 3 × 3 convolutions on log-mel, pooled over all that is left at the end.
---
---     local net = require("models.short_chunk_cnn") {classes = 10}
---
--- After Won et al. (2020), "Evaluation of CNN-based automatic music tagging models": seven layers of convolution,
--- batch normalisation, ReLU and 2 × 2 max pooling, then the maximum over time and a dense layer. Theirs has 128
--- channels throughout. Here `channels` sets those of the first layer, and the number doubles twice on the way.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local ShortChunkCnn = nn.Module:extend "ShortChunkCnn"

local function layer(from, to)
  return nn.Sequential(nn.Conv2d(from, to, 3, {padding = 1, bias = false}), nn.BatchNorm2d(to), nn.ReLU(),
    nn.MaxPool2d(2, {ceil_mode = true}))
end

function ShortChunkCnn:init(o)
  local c = o.channels
  local widths = {c, c, 2 * c, 2 * c, 2 * c, 4 * c, 4 * c}
  self.layers = nn.Sequential()
  for i, width in ipairs(widths) do self.layers:append(layer(i == 1 and 1 or widths[i - 1], width)) end
  self.pool = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
  self.dense = nn.Sequential(nn.Linear(4 * c, 4 * c, {bias = false}), nn.BatchNorm1d(4 * c), nn.ReLU(),
    nn.Dropout(o.dropout))
  self.classifier = nn.Linear(4 * c, o.classes)
end

function ShortChunkCnn:forward(x)
  return self.classifier(self.dense(self.pool(self.layers(x:unsqueeze(1)))))
end

return network.architecture("short_chunk_cnn", ShortChunkCnn, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(128, {least = 1}, "rows of the input"),
  channels = integer(32, {least = 1}, "of the first layer"),
  dropout = number(0.5, {least = 0, most = 1}, "before the last layer"),
})
