--- mlp: dense layers on pooled features, which are one row of numbers for each track.
---
---     local net = require("models.mlp") {classes = 10, n_features = 200}
---     net(x)                                -- [n, n_features] to [n, classes]
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer, number = options.integer, options.number

local Mlp = nn.Module:extend "Mlp"

function Mlp:init(o)
  self.layers = nn.Sequential()
  local width = o.n_features
  for _, hidden in ipairs(type(o.hidden) == "number" and {o.hidden} or o.hidden) do
    for _, layer in ipairs {nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(o.dropout)} do
      self.layers:append(layer)
    end
    width = hidden
  end
  self.classifier = nn.Linear(width, o.classes)
end

function Mlp:forward(x) return self.classifier(self.layers(x)) end

return network.architecture("mlp", Mlp, {
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  n_features = integer(options.required, {least = 1}, "columns of the input"),
  hidden = options.either({128, 64}, {integer(nil, {least = 1}), options.list(integer(nil, {least = 1}))},
    "width of each layer, or of the only one"),
  dropout = number(0.4, {least = 0, most = 1}, "after every layer"),
})
