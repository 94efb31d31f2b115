--- Losses: modules of an input and a target.
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local number, tensor = options.number, options.tensor
local losses = {}
local reductions = {none = 0, mean = 1, sum = 2}

-- A class whose forward is f(input, target, o, reduction's number).
local function loss(name, fields, f)
  local reduction = options.choice({"none", "mean", "sum"}, "mean", "none: a loss for each")
  return layer.class(name, options.join(fields, {reduction = reduction}), {
    forward = function(self, input, target) return f(input, target, self, reductions[self.reduction]) end,
  })
end

local cross_entropy = options.described "torch.cross_entropy"

--- Cross entropy of logits [n, classes, *] and class ids [n, *] (int64, from 0), or probabilities of the logits' shape:
--- -log softmax(logits)[class]. The mean is over the weights. PyTorch: CrossEntropyLoss.
---     local loss = nn.CrossEntropyLoss {label_smoothing = 0.1} (net(x), y)
---@class moonlark.nn.CrossEntropyLoss: moonlark.nn.Module
losses.CrossEntropyLoss = loss("CrossEntropyLoss", cross_entropy:pick {"weight", "ignore_index", "label_smoothing"},
  function(input, target, o)
    return torch.cross_entropy(input, target, {weight = o.weight, ignore_index = o.ignore_index,
      label_smoothing = o.label_smoothing + 0.0, reduction = o.reduction})
  end)

--- -input[class], for log probabilities [n, classes, *] and class ids [n, *] (int64, from 0). PyTorch: NLLLoss.
---     local loss = nn.NLLLoss()(nn.LogSoftmax(1)(x), y)
---@class moonlark.nn.NLLLoss: moonlark.nn.Module
losses.NLLLoss = loss("NLLLoss", cross_entropy:pick {"weight", "ignore_index"},
  function(input, target, o, r) return torch.nll_loss_nd(input, target, o.weight, r, o.ignore_index) end)

--- Cross entropy of independent yes-or-no answers: logits and targets 0..1 of one shape. PyTorch: BCEWithLogitsLoss.
---     local loss = nn.BCEWithLogitsLoss()(net(x), y)
---@class moonlark.nn.BCEWithLogitsLoss: moonlark.nn.Module
losses.BCEWithLogitsLoss = loss("BCEWithLogitsLoss", {
  weight = tensor(nil, "of each number, broadcast"),
  pos_weight = tensor(nil, "of the yes answers, for each class (the last axis)"),
}, function(input, target, o, r)
  return torch.binary_cross_entropy_with_logits(input, target, o.weight, o.pos_weight, r)
end)

--- (input - target)² of one shape. PyTorch: MSELoss.
---     local loss = nn.MSELoss()(net(x), y)
---@class moonlark.nn.MSELoss: moonlark.nn.Module
losses.MSELoss = loss("MSELoss", {}, function(input, target, _, r) return torch.mse_loss(input, target, r) end)

--- |input - target| of one shape. PyTorch: L1Loss.
---     local loss = nn.L1Loss {reduction = "sum"} (net(x), y)
---@class moonlark.nn.L1Loss: moonlark.nn.Module
losses.L1Loss = loss("L1Loss", {}, function(input, target, _, r) return torch.l1_loss(input, target, r) end)

--- With d = |input - target|: d² / 2 below delta, delta (d - delta / 2) above (Huber, 1964). PyTorch: HuberLoss.
---     local loss = nn.HuberLoss {delta = 0.5} (net(x), y)
---@class moonlark.nn.HuberLoss: moonlark.nn.Module
losses.HuberLoss = loss("HuberLoss", {delta = number(1.0, nil, "where the square becomes a line")},
  function(input, target, o, r) return torch.huber_loss(input, target, r, o.delta) end)

--- With d = |input - target|: d² / (2 beta) below beta, d - beta / 2 above. PyTorch: SmoothL1Loss.
---     local loss = nn.SmoothL1Loss {beta = 0.5} (net(x), y)
---@class moonlark.nn.SmoothL1Loss: moonlark.nn.Module
losses.SmoothL1Loss = loss("SmoothL1Loss", {beta = number(1.0, nil, "where the square becomes a line")},
  function(input, target, o, r) return torch.smooth_l1_loss(input, target, r, o.beta) end)

return losses
