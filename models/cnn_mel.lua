--- cnn_mel: a convolution network on mel, chroma, tonnetz and MFCC stacked as one image.
---
---     local net = require("models.cnn_mel") {classes = 10, n_mels = 166}
---
--- Four blocks of convolution, batch normalisation, ReLU and max pooling; then a global average and one dense layer.
--- `regularize = false` leaves out dropout and batch normalisation, for experiments on what they bring. The blocks are
--- those of VGG (Simonyan and Zisserman, 2015).
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local CnnMel = nn.Module:extend "CnnMel"

local function block(from, to, o)
  local layers = {nn.Conv2d(from, to, 3, {padding = 1})}
  if o.regularize then layers[#layers + 1] = nn.BatchNorm2d(to) end
  layers[#layers + 1] = nn.ReLU()
  layers[#layers + 1] = nn.MaxPool2d(2)
  if o.regularize then layers[#layers + 1] = nn.Dropout2d(o.dropout / 2) end
  return nn.Sequential(table.unpack(layers))
end

function CnnMel:init(o)
  local c = o.channels
  self.features = nn.Sequential(block(1, c, o), block(c, 2 * c, o), block(2 * c, 4 * c, o), block(4 * c, 4 * c, o))
  self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
  self.dropout = nn.Dropout(o.regularize and o.dropout or 0)
  self.classifier = nn.Linear(4 * c, o.classes)
end

function CnnMel:forward(x)
  return self.classifier(self.dropout(self.pool(self.features(x:unsqueeze(1)))))
end

return network.architecture("cnn_mel", CnnMel, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_mels = integer(128, {least = 1}, "rows of the stacked input, 16 or more"),
  channels = integer(16, {least = 1}, "of the first block"),
  dropout = number(0.3, {least = 0, most = 1}, "before the last layer; half of it in every block"),
  regularize = options.boolean(true, "with dropout and batch normalisation"),
})
