--- Judging a network: its losses and predictions over all batches of a part, joined to whole tracks.
local contract = require "moonlark.dataset.contract"
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"

local evaluate = {}

--- The device that "auto" stands for, or the one that is named. Errors: it is not there.
function evaluate.device(wanted)
  if wanted == "auto" then return torch.cuda.is_available() and "cuda:0" or "cpu" end
  if wanted ~= "cpu" then torch.zeros({1}):to(wanted) end -- says what is missing
  return wanted == "cuda" and "cuda:0" or wanted
end

--- A batch on the network's device.
---@param batch moonlark.Batch
---@param device string
---@return moonlark.Batch
function evaluate.place(batch, device)
  if batch.x:device() == device then return batch end
  local moved = setmetatable({}, {__index = batch})
  for _, key in ipairs {"x", "y", "mask"} do
    if batch[key] then moved[key] = batch[key]:to {device = device, non_blocking = true} end
  end
  return moved
end

--- What a network makes of a batch: net(x), or net(x, mask) where something was padded.
function evaluate.forward(net, batch)
  if batch.mask then return net(batch.x, batch.mask) end
  return net(batch.x)
end

local parameters = options.describe("train.evaluate", {
  objective = options.callable(nil, "f(net, batch) gives the loss and logits",
    "fun(net: moonlark.nn.Module, batch: moonlark.Batch): moonlark.Tensor?, moonlark.Tensor?")
    :but {usual = "the task's loss of net(x)"},
  device = options.text(options.none, "where batches go", {usual = "where the network is"}),
  probabilities = options.boolean(false, "tell them where there are no labels, too"),
})

-- Loss, where there is one, and logits of a batch.
local function usual_objective(net, asked)
  local loss = task.loss(asked)
  return function(_, batch)
    local logits = evaluate.forward(net, batch)
    return batch.y and loss(logits, asked.target(net.card or {}, batch.y)), logits
  end
end

-- Adds the outputs of a batch's segments to those of their tracks, and keeps what is true of these.
local function add(sums, batch, outputs)
  outputs = outputs:cpu()
  local ids, n = torch.tensor(batch.tracks) - 1, sums.segments_of:size(0)
  sums.outputs = sums.outputs or torch.zeros {n, outputs:size(1)}
  sums.outputs:index_add_(0, ids, outputs)
  sums.segments_of:index_add_(0, ids, torch.ones {#batch.tracks})
  local y = batch.y and batch.y:cpu()
  if not y then return end
  if y:dim() == 1 then
    sums.segments = sums.segments + #batch.tracks
    sums.right = sums.right + outputs:argmax(1):eq(y):sum():item()
  else
    sums.truth = sums.truth or torch.zeros {n, y:size(1)}
    sums.truth:index_copy_(0, ids, y:float())
  end
end

-- All batches, without gradients and in evaluation mode.
local function run(net, batches, o, asked)
  local device, objective = o.device or net:device(), o.objective or usual_objective(net, asked)
  local sums = {loss = 0, examples = 0, segments = 0, right = 0, segments_of = torch.zeros {#batches.dataset.tracks}}
  local judged = o.probabilities or asked.name ~= "classes" or #(batches.dataset.classes or {}) > 0
  local training = net.training
  local _ <close> = finally(function() net:train(training) end)
  net:eval()
  torch.no_grad(function()
    for batch in batches:epoch(1) do
      batch = evaluate.place(batch, device)
      local loss, logits = objective(net, batch)
      if loss then
        sums.loss = sums.loss + loss:item() * #batch.tracks
        sums.examples = sums.examples + #batch.tracks
      end
      if logits and judged then add(sums, batch, asked.outputs(net.card or {}, logits)) end
    end
  end)
  return sums
end

--- Judges a network on batches, without gradients and in evaluation mode, over whole tracks: what its segments say is
--- averaged. Of classes: accuracy with its 95 % interval, precision, recall and F1 by class. Of tags: average
--- precision, ROC AUC and F1 by tag. Of values: R², RMSE, correlation and concordance by target.
---     print(train.evaluate(net, parts.test:batches {feature = "mel", segment = 3}))
---@param net moonlark.nn.Module
---@param batches moonlark.AnyBatches  of dataset:batches or train.tensors
---@param given moonlark.train.evaluate.Options?
---@return moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation|table  also loss, segment_accuracy,
---  probabilities (of classes and tags) or values, tracks × outputs, and tracks
function evaluate.evaluate(net, batches, given)
  local o = parameters:read(given)
  contract.check_batches(batches):prepare()
  local asked, tracks = task.of(net, batches), batches.dataset.tracks
  local sums = run(net, batches, o, asked)
  local outputs = sums.outputs and sums.outputs / sums.segments_of:clamp_min(1):unsqueeze(1)
  local found = outputs and asked.judge(net.card or {}, batches.dataset, outputs, sums.truth) or {}
  found.segment_accuracy = asked.name == "classes" and found.y and sums.segments > #tracks
    and sums.right / sums.segments or nil
  found.loss = sums.examples > 0 and sums.loss / sums.examples or nil
  found[asked.name == "values" and "values" or "probabilities"], found.tracks = outputs, tracks
  return found
end

return evaluate
