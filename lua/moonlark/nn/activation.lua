--- Activations: functions of each element, or along an axis (the softmaxes). Results have the input's shape.
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local number = options.number
local axis = {dim = options.integer(-1, nil, "the axis, from 0; negative ones count from the end")}
local activations = {}

-- A class whose forward is f(x, options).
local function activation(name, fields, f)
  return layer.class(name, fields, {forward = function(self, x) return f(x, self) end})
end

--- max(0, x). PyTorch: ReLU.
---     local y = nn.ReLU()(x)
---@class moonlark.nn.ReLU: moonlark.nn.Module
activations.ReLU = activation("ReLU", {}, function(x) return x:relu() end)

--- x Φ(x), Φ the normal distribution (Hendrycks and Gimpel, 2016). PyTorch: GELU.
---     local y = nn.GELU {approximate = "tanh"} (x)
---@class moonlark.nn.GELU: moonlark.nn.Module
activations.GELU = activation("GELU", {
  approximate = options.choice({"none", "tanh"}, "none", "tanh: 0.5 x (1 + tanh(sqrt(2 / π) (x + 0.044715 x³)))"),
}, function(x, o) return torch.gelu(x, {approximate = o.approximate}) end)

--- x / (1 + exp(-x)), also called swish. PyTorch: SiLU.
---     local y = nn.SiLU()(x)
---@class moonlark.nn.SiLU: moonlark.nn.Module
activations.SiLU = activation("SiLU", {}, function(x) return torch.silu(x) end)

--- x, or alpha (exp(x) - 1) below 0 (Clevert et al., 2016). PyTorch: ELU.
---     local y = nn.ELU {alpha = 0.5} (x)
---@class moonlark.nn.ELU: moonlark.nn.Module
activations.ELU = activation("ELU", {alpha = number(1.0, nil, "how far below 0 it goes")},
  function(x, o) return torch.elu(x, o.alpha) end)

--- x, or negative_slope x below 0. PyTorch: LeakyReLU.
---     local y = nn.LeakyReLU(0.1)(x)
---@class moonlark.nn.LeakyReLU: moonlark.nn.Module
activations.LeakyReLU = activation("LeakyReLU", {negative_slope = number(0.01, nil, "slope below 0")},
  function(x, o) return torch.leaky_relu(x, o.negative_slope) end)

--- 1 / (1 + exp(-x)). PyTorch: Sigmoid.
---     local y = nn.Sigmoid()(x)
---@class moonlark.nn.Sigmoid: moonlark.nn.Module
activations.Sigmoid = activation("Sigmoid", {}, function(x) return x:sigmoid() end)

--- tanh(x). PyTorch: Tanh.
---     local y = nn.Tanh()(x)
---@class moonlark.nn.Tanh: moonlark.nn.Module
activations.Tanh = activation("Tanh", {}, function(x) return x:tanh() end)

--- exp(x) over its sum along an axis: numbers of 0..1 that sum to 1. PyTorch: Softmax.
---     local y = nn.Softmax(1)(x)
---@class moonlark.nn.Softmax: moonlark.nn.Module
activations.Softmax = activation("Softmax", axis, function(x, o) return x:softmax(o.dim) end)

--- The logarithm of Softmax, without its loss of precision. PyTorch: LogSoftmax.
---     local y = nn.LogSoftmax(1)(x)
---@class moonlark.nn.LogSoftmax: moonlark.nn.Module
activations.LogSoftmax = activation("LogSoftmax", axis, function(x, o) return x:log_softmax(o.dim) end)

return activations
