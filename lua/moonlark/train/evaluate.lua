--- Judging a network: its losses and predictions over all batches of a part, joined to whole tracks.
local contract = require "moonlark.dataset.contract"
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"
local votes = require "moonlark.train.votes"

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

-- All batches, without gradients and in evaluation mode.
local function run(net, batches, o, asked)
  local device, objective = o.device or net:device(), o.objective or usual_objective(net, asked)
  local sums = {loss = 0, examples = 0, votes = votes.new(#batches.dataset.tracks, asked.name == "classes")}
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
      if logits and judged then
        sums.votes:add(batch.y and batch.y:cpu(), batch.tracks, asked.outputs(net.card or {}, logits):cpu())
      end
    end
  end)
  return sums
end

--- Judges a network on batches, without gradients and in evaluation mode, over whole tracks: what its segments say is
--- averaged. Of classes: accuracy with its 95 % interval, precision, recall and F1 by class. Of tags: average
--- precision, ROC AUC and F1 by tag. Of values: R², RMSE, correlation and concordance by target.
---     print(train.evaluate(net, predict.batches(net, parts.test)))
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
  local outputs = sums.votes:means()
  local found = outputs and asked.judge(net.card or {}, batches.dataset, outputs, sums.votes.truth) or {}
  found.segment_accuracy = found.y and sums.votes:segment_accuracy()
  found.loss = sums.examples > 0 and sums.loss / sums.examples or nil
  found[asked.name == "values" and "values" or "probabilities"], found.tracks = outputs, tracks
  return found
end

return evaluate
