--- Losses: modules of an input and a target.
local arguments = require "moonlark.nn.arguments"
local Module = require "moonlark.nn.module".Module
local options = require "moonlark.options"
local torch = require "moonlark.torch"

local reductions = {none = 0, mean = 1, sum = 2}

local function reduction_of(name, value)
  return reductions[value] or error(('%s: reduction must be "none", "mean" or "sum", got %s'):format(name, tostring(value)), 0)
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

return {
  --- Of logits [n, classes, *] and class ids [n, *] (int64, from 0) or probabilities of the logits' shape.
  --- nn.CrossEntropyLoss {weight = class weights, ignore_index = -100, label_smoothing = 0, reduction = "mean"}
  CrossEntropyLoss = loss("CrossEntropyLoss", {"weight", "ignore_index", "label_smoothing"},
    {weight = none, ignore_index = -100, label_smoothing = 0.0}, function(input, target, o)
      return torch.cross_entropy(input, target, {weight = o.weight, ignore_index = o.ignore_index,
        label_smoothing = o.label_smoothing + 0.0, reduction = o.reduction})
    end),
  --- Of logarithms of probabilities and class ids. nn.NLLLoss {weight, ignore_index = -100, reduction = "mean"}
  NLLLoss = loss("NLLLoss", {"weight", "ignore_index"}, {weight = none, ignore_index = -100}, function(input, target, o, r)
    return torch.nll_loss_nd(input, target, o.weight, r, o.ignore_index)
  end),
  --- Of logits and targets 0..1. nn.BCEWithLogitsLoss {weight, pos_weight, reduction = "mean"}
  BCEWithLogitsLoss = loss("BCEWithLogitsLoss", {"weight", "pos_weight"}, {weight = none, pos_weight = none},
    function(input, target, o, r) return torch.binary_cross_entropy_with_logits(input, target, o.weight, o.pos_weight, r) end),
  --- Squared distance.
  MSELoss = loss("MSELoss", {}, {}, function(input, target, _, r) return torch.mse_loss(input, target, r) end),
  --- Distance.
  L1Loss = loss("L1Loss", {}, {}, function(input, target, _, r) return torch.l1_loss(input, target, r) end),
  --- Squared below delta, straight above. nn.HuberLoss {delta = 1, reduction = "mean"}
  HuberLoss = loss("HuberLoss", {"delta"}, {delta = 1.0}, function(input, target, o, r)
    return torch.huber_loss(input, target, r, o.delta)
  end),
  --- Huber's loss over beta. nn.SmoothL1Loss {beta = 1, reduction = "mean"}
  SmoothL1Loss = loss("SmoothL1Loss", {"beta"}, {beta = 1.0}, function(input, target, o, r)
    return torch.smooth_l1_loss(input, target, r, o.beta)
  end),
}
