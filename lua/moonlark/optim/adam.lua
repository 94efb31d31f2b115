--- Adam and AdamW.
local options = require "moonlark.base.options"
local optimizer = require "moonlark.optim.optimizer"
local torch = require "moonlark.torch"

local kept, number = optimizer.kept, options.number
---@class moonlark.optim
local adam = {}

-- Moves one parameter; the bias corrections stand outside of sqrt(square / correction2) + eps, which saves a pass.
local function one(p, g, o, state)
  local beta1, beta2 = o.betas[1], o.betas[2]
  local mean, square = kept(state, "exp_avg", p), kept(state, "exp_avg_sq", p)
  mean:lerp_(g, 1 - beta1)
  square:mul_(beta2):addcmul_(g, g, {value = 1 - beta2})
  if o.amsgrad then
    local most = kept(state, "max_exp_avg_sq", p)
    most:copy_(torch.maximum(most, square))
    square = most
  end
  local correction = math.sqrt(1 - beta2 ^ state.step)
  local spread = square:sqrt():add_(o.eps * correction)
  p:addcdiv_(mean, spread, {value = -o.lr * correction / (1 - beta1 ^ state.step)})
end

local kernels = {} -- by name and device; false where there is none

-- libtorch's kernel that moves all parameters in one pass, where it has one for the device (for CPUs from 2.4 on); only
-- a trial tells. It needs tensors that are contiguous, and 1.13 cannot say whether they are.
local function kernel_of(name, device)
  local key = name .. device
  if kernels[key] ~= nil then return kernels[key] end
  local kernel = torch[name]
  local function trial() return {torch.ones({1}, {device = device})} end
  kernels[key] = kernel and torch.is_contiguous and pcall(kernel, trial(), trial(), trial(), trial(), {}, trial(),
    {lr = 0.0, beta1 = 0.9, beta2 = 0.9, weight_decay = 0.0, eps = 1.0, amsgrad = false, maximize = false})
    and kernel or false
  return kernels[key]
end

-- Lists of tensors for the kernel: one for all parameters of the same device, dtype and step.
local function batches(list, amsgrad)
  local by_key, order = {}, {}
  for _, it in ipairs(list) do
    local p, state = it.parameter, it.state
    local key = ("%s %s %d"):format(p:device(), p:dtype(), state.step)
    local batch = by_key[key]
    if not batch then
      batch = {p = {}, g = {}, mean = {}, square = {}, most = {}, steps = {}}
      batch.step = torch.full({}, state.step, {dtype = "float32", device = p:device()})
      by_key[key], order[#order + 1] = batch, batch
    end
    local n = #batch.p + 1
    batch.p[n], batch.g[n], batch.steps[n] = p, it.gradient, batch.step
    batch.mean[n], batch.square[n] = kept(state, "exp_avg", p), kept(state, "exp_avg_sq", p)
    if amsgrad then batch.most[n] = kept(state, "max_exp_avg_sq", p) end
  end
  return order
end

local function are_contiguous(list)
  for _, it in ipairs(list) do
    if not (it.parameter:is_contiguous() and it.gradient:is_contiguous()) then return false end
  end
  return true
end

-- An update of a list: by a fused kernel or, without one, by `decay` and `one` for each parameter.
local function update(name, decay)
  return function(list, o)
    local kernel = #list > 0 and kernel_of(name, list[1].parameter:device())
    if kernel and are_contiguous(list) then
      for _, batch in ipairs(batches(list, o.amsgrad)) do
        kernel(batch.p, batch.g, batch.mean, batch.square, batch.most, batch.steps, {lr = o.lr, beta1 = o.betas[1],
          beta2 = o.betas[2], weight_decay = o.weight_decay, eps = o.eps, amsgrad = o.amsgrad, maximize = false})
      end
      return
    end
    for _, it in ipairs(list) do
      local p, g = it.parameter, it.gradient
      if o.weight_decay ~= 0 then g = decay(p, g, o) end
      one(p, g, o, it.state)
    end
  end
end

local fields = {
  lr = optimizer.shared.lr,
  betas = options.list(number(nil, {least = 0, below = 1}), {0.9, 0.999}, {length = 2},
    "how much the mean gradient and the mean square keep at each step"),
  eps = optimizer.shared.eps,
  weight_decay = optimizer.shared.weight_decay,
  amsgrad = options.boolean(false, "the mean square never sinks"),
}

--- Steps by a running mean of the gradient over the root of a running mean of its squares (Kingma and Ba, 2015).
--- PyTorch: Adam.
---     local opt = optim.Adam(net:parameters(), {lr = 1e-3})
---@param params moonlark.Tensor[]|table[]  or the options alone: then it is a recipe
---@param given moonlark.optim.Adam.Options?
---@return moonlark.Optimizer|moonlark.OptimizerRecipe
adam.Adam = optimizer.constructor("Adam", fields,
  update("_fused_adam_", function(p, g, o) return g:add(p, {alpha = o.weight_decay}) end))

local decoupled = options.join(fields, {
  weight_decay = number(1e-2, {least = 0}, "share that a parameter loses before each step, times the rate"),
})

--- Adam whose weights decay by themselves: p = p (1 - lr weight_decay) before each step (Loshchilov and Hutter,
--- 2019). PyTorch: AdamW.
---     local opt = optim.AdamW(net:parameters(), {lr = 1e-3, weight_decay = 0.05})
---@param params moonlark.Tensor[]|table[]  or the options alone: then it is a recipe
---@param given moonlark.optim.AdamW.Options?
---@return moonlark.Optimizer|moonlark.OptimizerRecipe
adam.AdamW = optimizer.constructor("AdamW", decoupled,
  update("_fused_adamw_", function(p, g, o)
    p:mul_(1 - o.lr * o.weight_decay)
    return g
  end))

return adam
