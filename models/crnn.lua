--- crnn: convolutions that shorten time and frequency, then GRUs over what is left of time.
---
---     local net = require("models.crnn") {classes = 10, n_mels = 64}
---
--- After Choi et al. (2017), "Convolutional recurrent neural networks for music classification": four blocks of
--- convolution, batch normalisation, ELU and max pooling, two layers of GRU, the last state classified.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

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

--- Options: classes; n_mels: rows of the input, 24 or more (64); channels of the first block (24); hidden units (64);
--- dropout (0.3).
return network.architecture("crnn", Crnn,
  {classes = options.required, n_mels = 64, channels = 24, hidden = 64, dropout = 0.3})
