--- crnn: convolutions that shorten time and frequency, then GRUs over what is left of time.
---
---     local net = require("models.crnn") {classes = 10, n_mels = 64}
---
--- After Choi et al. (2017), "Convolutional recurrent neural networks for music classification": four blocks of
--- convolution, batch normalisation, ELU and max pooling, then two layers of GRU, whose last output is classified.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local Crnn = nn.Module:extend "Crnn"

local function block(from, to, pool)
  return nn.Sequential(nn.Conv2d(from, to, 3, {padding = 1}), nn.BatchNorm2d(to), nn.ELU(), nn.MaxPool2d(pool),
    nn.Dropout(0.1))
end

function Crnn:init(o)
  local c = o.channels
  self.cnn = nn.Sequential(block(1, c, 2), block(c, 2 * c, 2), block(2 * c, 2 * c, {3, 2}), block(2 * c, 2 * c, {2, 2}))
  self.gru = nn.GRU(2 * c, o.hidden, {num_layers = 2, batch_first = true})
  self.dropout = nn.Dropout(o.dropout)
  self.classifier = nn.Linear(o.hidden, o.classes)
end

function Crnn:forward(x)
  local maps = self.cnn(x:unsqueeze(1)):mean({2})         -- [n, channels, time]
  local out = self.gru(maps:transpose(1, 2))
  return self.classifier(self.dropout(out:select(1, -1)))
end

return network.architecture("crnn", Crnn, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(64, {least = 1}, "rows of the input, 24 or more"),
  channels = integer(24, {least = 1}, "of the first block"),
  hidden = integer(64, {least = 1}, "units of each GRU"),
  dropout = number(0.3, {least = 0, most = 1}, "before the last layer"),
})
