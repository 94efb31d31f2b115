--- lstm: a stacked LSTM over the frames of a segment.
---
---     local net = require("models.lstm") {classes = 10, n_mels = 20}
---
--- The features of a frame are one step. The outputs of all frames, without those that were padded, are averaged and
--- classified. (Hochreiter and Schmidhuber, 1997; for genres Tang et al., 2018.)
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local Lstm = nn.Module:extend "Lstm"

function Lstm:init(o)
  self.lstm = nn.LSTM(o.n_mels, o.hidden, {num_layers = o.layers, batch_first = true, dropout = o.dropout,
    bidirectional = o.bidirectional})
  self.dropout = nn.Dropout(o.dropout)
  self.classifier = nn.Linear(o.hidden * (o.bidirectional and 2 or 1), o.classes)
end

-- The mean over time of [n, time, width]; frames that were padded do not count.
local function average(x, mask)
  if not mask then return x:mean({1}) end
  local weights = mask:to(x:dtype()):unsqueeze(2)
  return (x * weights):sum({1}) / weights:sum({1}):clamp_min(1)
end

function Lstm:forward(x, mask)
  local out = self.lstm(x:transpose(1, 2))
  return self.classifier(self.dropout(average(out, mask)))
end

return network.architecture("lstm", Lstm, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(20, {least = 1}, "rows of the input"),
  hidden = integer(64, {least = 1}, "units of each LSTM"),
  layers = integer(2, {least = 1}, "LSTMs, one on the other"),
  dropout = number(0.3, {least = 0, most = 1}, "between the LSTMs and before the last layer"),
  bidirectional = options.boolean(false, "also from the end to the beginning"),
})
