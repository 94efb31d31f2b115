--- lstm_cnn: a convolution branch and an LSTM branch side by side on the same segment.
---
---     local net = require("models.lstm_cnn") {classes = 10, n_mels = 64}
---
--- The convolutions see shapes in time and frequency, the LSTM sees the order of frames. Both descriptions are joined
--- and classified (parallel CNN and RNN: Feng et al., 2017, "Music genre classification with paralleling recurrent
--- convolutional neural network").
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local LstmCnn = nn.Module:extend "LstmCnn"

local function block(from, to, pool)
  return nn.Sequential(nn.Conv2d(from, to, 3, {padding = 1}), nn.BatchNorm2d(to), nn.ReLU(), nn.MaxPool2d(pool))
end

function LstmCnn:init(o)
  local c = o.channels
  self.cnn = nn.Sequential(block(1, c, 2), block(c, 2 * c, 2), block(2 * c, 4 * c, 2), nn.AdaptiveAvgPool2d(1),
    nn.Flatten())
  self.shorten = nn.AvgPool1d(o.stride)
  self.lstm = nn.LSTM(o.n_mels, o.hidden, {batch_first = true, bidirectional = true})
  self.dropout = nn.Dropout(o.dropout)
  self.classifier = nn.Linear(4 * c + 2 * o.hidden, o.classes)
end

function LstmCnn:forward(x)
  local torch = require "moonlark.torch"
  local shapes = self.cnn(x:unsqueeze(1))
  local order = self.lstm(self.shorten(x):transpose(1, 2)):mean({1})
  return self.classifier(self.dropout(torch.cat({shapes, order}, 1)))
end

return network.architecture("lstm_cnn", LstmCnn, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(64, {least = 1}, "rows of the input"),
  channels = integer(16, {least = 1}, "of the first block"),
  hidden = integer(64, {least = 1}, "units of the LSTM in each direction"),
  stride = integer(4, {least = 1}, "frames that are averaged into one step of the LSTM"),
  dropout = number(0.3, {least = 0, most = 1}, "before the last layer"),
})
