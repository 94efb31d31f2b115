--- Losses: modules of an input and a target.
local arguments = require "moonlark.nn.parameters"
local Module = require "moonlark.nn.module".Module
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local losses = {}
local reductions = {none = 0, mean = 1, sum = 2}

local function reduction_of(name, value)
  local number = reductions[value]
  if number then return number end
  error(('%s: reduction must be "none", "mean" or "sum", got %s'):format(name, tostring(value)), 0)
end

-- A class whose forward is f(input, target, o, reduction's number); tensors among the options move with the module.
local function loss(name, names, defaults, f)
  local Loss = Module:extend(name)
  names[#names + 1] = "reduction"
  defaults.reduction = "mean"

  function Loss:init(...)
    local o = arguments.read(name, names, defaults, ...)
    reduction_of(name, o.reduction)
    for _, key in ipairs(names) do
      if torch.is_tensor(o[key]) then self:register_buffer(key, o[key]) else self[key] = o[key] end
    end
  end

  function Loss:forward(input, target) return f(input, target, self, reduction_of(name, self.reduction)) end

  return Loss
end

local none = options.none

--- Cross entropy of logits [n, classes, *] and class ids [n, *] (int64, from 0), or probabilities of the logits' shape:
--- -log softmax(logits)[class]. The mean is over the weights. PyTorch: CrossEntropyLoss.
---@class moonlark.nn.CrossEntropyLoss: moonlark.nn.Module
---@param weight moonlark.Tensor?  of each class
---@param ignore_index integer?  default -100; a class id that does not count
---@param label_smoothing number?  default 0; the share of the target that is spread over all classes
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.CrossEntropyLoss = loss("CrossEntropyLoss", {"weight", "ignore_index", "label_smoothing"},
  {weight = none, ignore_index = -100, label_smoothing = 0.0}, function(input, target, o)
    return torch.cross_entropy(input, target, {weight = o.weight, ignore_index = o.ignore_index,
      label_smoothing = o.label_smoothing + 0.0, reduction = o.reduction})
  end)

--- Of logarithms of probabilities [n, classes, *] and class ids [n, *] (int64, from 0): -input[class]. PyTorch:
--- NLLLoss.
---@class moonlark.nn.NLLLoss: moonlark.nn.Module
---@param weight moonlark.Tensor?  of each class
---@param ignore_index integer?  default -100; a class id that does not count
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.NLLLoss = loss("NLLLoss", {"weight", "ignore_index"}, {weight = none, ignore_index = -100},
  function(input, target, o, r) return torch.nll_loss_nd(input, target, o.weight, r, o.ignore_index) end)

--- Cross entropy of independent yes-or-no answers: logits and targets 0..1 of one shape. PyTorch: BCEWithLogitsLoss.
---@class moonlark.nn.BCEWithLogitsLoss: moonlark.nn.Module
---@param weight moonlark.Tensor?  of each number, broadcast
---@param pos_weight moonlark.Tensor?  of the yes answers, for each class (the last axis)
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.BCEWithLogitsLoss = loss("BCEWithLogitsLoss", {"weight", "pos_weight"}, {weight = none, pos_weight = none},
  function(input, target, o, r)
    return torch.binary_cross_entropy_with_logits(input, target, o.weight, o.pos_weight, r)
  end)

--- (input - target)² of one shape. PyTorch: MSELoss.
---@class moonlark.nn.MSELoss: moonlark.nn.Module
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.MSELoss = loss("MSELoss", {}, {}, function(input, target, _, r) return torch.mse_loss(input, target, r) end)

--- |input - target| of one shape. PyTorch: L1Loss.
---@class moonlark.nn.L1Loss: moonlark.nn.Module
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.L1Loss = loss("L1Loss", {}, {}, function(input, target, _, r) return torch.l1_loss(input, target, r) end)

--- With d = |input - target|: d² / 2 below delta, delta (d - delta / 2) above (Huber, 1964). PyTorch: HuberLoss.
---@class moonlark.nn.HuberLoss: moonlark.nn.Module
---@param delta number?  default 1
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.HuberLoss = loss("HuberLoss", {"delta"}, {delta = 1.0}, function(input, target, o, r)
  return torch.huber_loss(input, target, r, o.delta)
end)

--- With d = |input - target|: d² / (2 beta) below beta, d - beta / 2 above. PyTorch: SmoothL1Loss.
---@class moonlark.nn.SmoothL1Loss: moonlark.nn.Module
---@param beta number?  default 1
---@param reduction string?  default "mean"; "sum", or "none": a loss for each
losses.SmoothL1Loss = loss("SmoothL1Loss", {"beta"}, {beta = 1.0}, function(input, target, o, r)
  return torch.smooth_l1_loss(input, target, r, o.beta)
end)

return losses
