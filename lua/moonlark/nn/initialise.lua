--- How parameters begin: nn.init, with PyTorch's names; all work in place and return the tensor.
local finally = require "moonlark.base.finally"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local init = {}

-- Numbers that flow into and out of one unit of a weight.
local function fans(tensor)
  if tensor:dim() < 2 then show.fail("a weight needs two axes or more for its fans, got %d", tensor:dim()) end
  local receptive = tensor:numel() // (tensor:size(0) * tensor:size(1))
  return tensor:size(1) * receptive, tensor:size(0) * receptive
end

-- He's deviation: sqrt(2 / ((1 + a²) fan_in)).
local function deviation(tensor, a) return math.sqrt(2 / (1 + (a or 0) ^ 2)) / math.sqrt((fans(tensor))) end

local filling = true

--- Calls f; parameters that are made meanwhile are left as memory had them: for networks whose weights come from a
--- file, which are ready much sooner so.
---     local net = nn.init.without(function() return nn.Linear(4096, 4096) end)
---@param f fun(...): ...
---@param ... any  its arguments
---@return any ...  what f returns
function init.without(f, ...)
  local before = filling
  local _ <close> = finally(function() filling = before end)
  filling = false
  return f(...)
end

-- A change of values in place, unless parameters are left as they are.
local function fill(change, tensor, ...)
  if not filling then return tensor end
  return torch.no_grad(change, tensor, ...)
end

--- Uniform between two numbers.
---     nn.init.uniform(net.weight, -0.1, 0.1)
---@param tensor moonlark.Tensor
---@param low number?  default 0
---@param high number?  default 1
---@return moonlark.Tensor
function init.uniform(tensor, low, high)
  return fill(tensor.uniform_, tensor, low or 0.0, high or 1.0)
end

--- Normal.
---     nn.init.normal(net.weight, 0, 0.02)
---@param tensor moonlark.Tensor
---@param mean number?  default 0
---@param std number?  default 1
---@return moonlark.Tensor
function init.normal(tensor, mean, std) return fill(tensor.normal_, tensor, mean or 0.0, std or 1.0) end

--- One number everywhere.
---     nn.init.constant(net.bias, 0)
---@param tensor moonlark.Tensor
---@param value number
---@return moonlark.Tensor
function init.constant(tensor, value) return fill(tensor.fill_, tensor, value) end

--- He et al., 2015: uniform within sqrt(6 / ((1 + a²) fan_in)). PyTorch's layers use a = sqrt(5).
---     nn.init.kaiming_uniform(net.weight)
---@param tensor moonlark.Tensor  two axes or more
---@param a number?  slope of the leaky ReLU that follows; default 0
---@return moonlark.Tensor
function init.kaiming_uniform(tensor, a)
  local bound = deviation(tensor, a) * math.sqrt(3)
  return init.uniform(tensor, -bound, bound)
end

--- He et al., 2015: normal with the deviation sqrt(2 / ((1 + a²) fan_in)).
---     nn.init.kaiming_normal(net.weight)
---@param tensor moonlark.Tensor  two axes or more
---@param a number?  slope of the leaky ReLU that follows; default 0
---@return moonlark.Tensor
function init.kaiming_normal(tensor, a) return init.normal(tensor, 0, deviation(tensor, a)) end

--- Glorot and Bengio, 2010: uniform within gain sqrt(6 / (fan_in + fan_out)).
---     nn.init.xavier_uniform(net.weight)
---@param tensor moonlark.Tensor  two axes or more
---@param gain number?  default 1
---@return moonlark.Tensor
function init.xavier_uniform(tensor, gain)
  local fan_in, fan_out = fans(tensor)
  local bound = (gain or 1) * math.sqrt(6 / (fan_in + fan_out))
  return init.uniform(tensor, -bound, bound)
end

--- Uniform within 1 / sqrt(fan_in) of a weight: how PyTorch begins the bias beside it.
---     nn.init.bias_beside(net.bias, net.weight)
---@param tensor moonlark.Tensor
---@param weight moonlark.Tensor  two axes or more
---@return moonlark.Tensor
function init.bias_beside(tensor, weight)
  local bound = 1 / math.sqrt((fans(weight)))
  return init.uniform(tensor, -bound, bound)
end

return init
