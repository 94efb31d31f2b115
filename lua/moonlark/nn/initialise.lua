--- How parameters begin: nn.init, with PyTorch's names; all work in place and return the tensor.
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local init = {}

-- Numbers that flow into and out of one unit of a weight.
local function fans(tensor)
  if tensor:dim() < 2 then show.fail("a weight needs two axes or more for its fans, got %d", tensor:dim()) end
  local receptive = tensor:numel() // (tensor:size(0) * tensor:size(1))
  return tensor:size(1) * receptive, tensor:size(0) * receptive
end

local function change(tensor, f)
  torch.no_grad(f)
  return tensor
end

--- Uniform between two numbers.
---@param tensor moonlark.Tensor
---@param low number?  default 0
---@param high number?  default 1
---@return moonlark.Tensor
function init.uniform(tensor, low, high)
  return change(tensor, function() tensor:uniform_(low or 0.0, high or 1.0) end)
end

--- Normal.
---@param tensor moonlark.Tensor
---@param mean number?  default 0
---@param std number?  default 1
---@return moonlark.Tensor
function init.normal(tensor, mean, std)
  return change(tensor, function() tensor:normal_(mean or 0.0, std or 1.0) end)
end

--- One number everywhere.
---@param tensor moonlark.Tensor
---@param value number
---@return moonlark.Tensor
function init.constant(tensor, value)
  return change(tensor, function() tensor:fill_(value) end)
end

--- He et al., 2015: uniform within sqrt(6 / ((1 + a²) fan_in)). PyTorch's layers use a = sqrt(5).
---@param tensor moonlark.Tensor
---@param a number?  slope of the leaky ReLU that follows; default 0
---@return moonlark.Tensor
function init.kaiming_uniform(tensor, a)
  local fan_in = fans(tensor)
  local bound = math.sqrt(2 / (1 + (a or 0) ^ 2)) / math.sqrt(fan_in) * math.sqrt(3)
  return init.uniform(tensor, -bound, bound)
end

--- He et al., 2015: normal with the deviation sqrt(2 / ((1 + a²) fan_in)).
---@param tensor moonlark.Tensor
---@param a number?  default 0
---@return moonlark.Tensor
function init.kaiming_normal(tensor, a)
  return init.normal(tensor, 0, math.sqrt(2 / (1 + (a or 0) ^ 2)) / math.sqrt((fans(tensor))))
end

--- Glorot and Bengio, 2010: uniform within gain sqrt(6 / (fan_in + fan_out)).
---@param tensor moonlark.Tensor
---@param gain number?  default 1
---@return moonlark.Tensor
function init.xavier_uniform(tensor, gain)
  local fan_in, fan_out = fans(tensor)
  local bound = (gain or 1) * math.sqrt(6 / (fan_in + fan_out))
  return init.uniform(tensor, -bound, bound)
end

--- Uniform within 1 / sqrt(fan_in) of a weight: how PyTorch begins the bias beside it.
---@param tensor moonlark.Tensor
---@param weight moonlark.Tensor
---@return moonlark.Tensor
function init.bias_beside(tensor, weight)
  local bound = 1 / math.sqrt((fans(weight)))
  return init.uniform(tensor, -bound, bound)
end

return init
