--- Activations: element by element, but for the softmaxes.
local arguments = require "moonlark.nn.arguments"
local Module = require "moonlark.nn.module".Module
local torch = require "moonlark.torch"

-- A class whose forward is f(x, options).
local function activation(name, names, defaults, f)
  local Activation = Module:extend(name)

  function Activation:init(...)
    local o = arguments.read(name, names, defaults, ...)
    for _, key in ipairs(names) do self[key] = o[key] end
  end

  function Activation:forward(x) return f(x, self) end

  return Activation
end

return {
  --- max(0, x)
  ReLU = activation("ReLU", {}, {}, function(x) return x:relu() end),
  --- x Φ(x) (Hendrycks and Gimpel, 2016). nn.GELU(approximate = "none" or "tanh")
  GELU = activation("GELU", {"approximate"}, {approximate = "none"}, function(x, o)
    return torch.gelu(x, {approximate = o.approximate})
  end),
  --- x σ(x)
  SiLU = activation("SiLU", {}, {}, function(x) return torch.silu(x) end),
  --- x, or alpha (exp(x) - 1) below 0. nn.ELU(alpha = 1)
  ELU = activation("ELU", {"alpha"}, {alpha = 1.0}, function(x, o) return torch.elu(x, o.alpha) end),
  --- x, or negative_slope x below 0. nn.LeakyReLU(negative_slope = 0.01)
  LeakyReLU = activation("LeakyReLU", {"negative_slope"}, {negative_slope = 0.01}, function(x, o)
    return torch.leaky_relu(x, o.negative_slope)
  end),
  --- 1 / (1 + exp(-x))
  Sigmoid = activation("Sigmoid", {}, {}, function(x) return x:sigmoid() end),
  --- tanh(x)
  Tanh = activation("Tanh", {}, {}, function(x) return x:tanh() end),
  --- exp(x) over its sum along an axis. nn.Softmax(dim)
  Softmax = activation("Softmax", {"dim"}, {dim = -1}, function(x, o) return x:softmax(o.dim) end),
  --- The logarithm of Softmax. nn.LogSoftmax(dim)
  LogSoftmax = activation("LogSoftmax", {"dim"}, {dim = -1}, function(x, o) return x:log_softmax(o.dim) end),
}
