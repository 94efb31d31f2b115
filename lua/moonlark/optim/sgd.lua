--- Stochastic gradient descent, and RMSprop.
local options = require "moonlark.base.options"
local optimizer = require "moonlark.optim.optimizer"

local boolean, number = options.boolean, options.number
local kept, shared = optimizer.kept, optimizer.shared
---@class moonlark.optim
local sgd = {}

-- Moves parameters one by one: f(parameter, gradient, group's options, state).
local function one_by_one(f)
  return function(list, o)
    for _, it in ipairs(list) do f(it.parameter, it.gradient, o, it.state) end
  end
end

--- Stochastic gradient descent with momentum: v = momentum v + (1 - dampening) g, then p = p - lr v. PyTorch: SGD.
---     local opt = optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9})
---@param params moonlark.Tensor[]|table[]  or the options alone: then it is a recipe
---@param given moonlark.optim.SGD.Options?
---@return moonlark.Optimizer|moonlark.OptimizerRecipe
sgd.SGD = optimizer.constructor("SGD", {
  lr = shared.lr,
  momentum = number(0, {least = 0}, "share of the last move that goes on"),
  dampening = number(0, {least = 0}, "share of the gradient that the momentum leaves out"),
  weight_decay = shared.weight_decay,
  nesterov = boolean(false, "looks ahead by the momentum; needs a momentum and no dampening"),
}, one_by_one(function(p, g, o, state)
  if o.weight_decay ~= 0 then g = g:add(p, {alpha = o.weight_decay}) end
  if o.momentum ~= 0 then
    if state.momentum_buffer then
      state.momentum_buffer:mul_(o.momentum):add_(g, {alpha = 1 - o.dampening})
    else
      state.momentum_buffer = g:clone()
    end
    g = o.nesterov and g:add(state.momentum_buffer, {alpha = o.momentum}) or state.momentum_buffer
  end
  p:add_(g, {alpha = -o.lr})
end))

--- The gradient over the root of a running mean of its squares (Tieleman and Hinton, 2012). PyTorch: RMSprop.
---     local opt = optim.RMSprop(net:parameters(), {lr = 1e-3})
---@param params moonlark.Tensor[]|table[]  or the options alone: then it is a recipe
---@param given moonlark.optim.RMSprop.Options?
---@return moonlark.Optimizer|moonlark.OptimizerRecipe
sgd.RMSprop = optimizer.constructor("RMSprop", {
  lr = number(1e-2, {least = 0}, "learning rate"),
  alpha = number(0.99, {least = 0}, "how much the mean of the squares keeps at each step"),
  eps = shared.eps,
  weight_decay = shared.weight_decay,
  momentum = number(0, {least = 0}, "share of the last move that goes on"),
  centered = boolean(false, "the mean gradient's square is subtracted from the mean square"),
}, one_by_one(function(p, g, o, state)
  if o.weight_decay ~= 0 then g = g:add(p, {alpha = o.weight_decay}) end
  local square = kept(state, "square_avg", p):mul_(o.alpha):addcmul_(g, g, {value = 1 - o.alpha})
  local spread = square
  if o.centered then
    local mean = kept(state, "grad_avg", p):lerp_(g, 1 - o.alpha)
    spread = square:addcmul(mean, mean, {value = -1})
  end
  spread = spread:sqrt():add_(o.eps)
  if o.momentum > 0 then
    p:add_(kept(state, "momentum_buffer", p):mul_(o.momentum):addcdiv_(g, spread), {alpha = -o.lr})
  else
    p:addcdiv_(g, spread, {value = -o.lr})
  end
end))

return sgd
