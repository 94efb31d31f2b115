--- Judging a network: its losses and predictions over all batches of a part, joined to whole tracks.
local contract = require "moonlark.dataset.contract"
local evaluation = require "moonlark.classify.evaluation"
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
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

--- The class of each track, from 0; nil where there are no classes, or a track is of none of them.
function evaluate.class_ids(songs)
  local of, ids = {}, {}
  for i, name in ipairs(songs.classes or {}) do of[name] = i - 1 end
  for i, track in ipairs(songs.tracks) do
    if of[track.label] == nil then return nil end
    ids[i] = of[track.label]
  end
  return torch.tensor(ids)
end

local parameters = options.describe("train.evaluate", {
  objective = options.callable(nil, "f(net, batch) gives the loss and logits",
    "fun(net: moonlark.nn.Module, batch: moonlark.Batch): moonlark.Tensor?, moonlark.Tensor?")
    :but {usual = "cross entropy of net(x)"},
  device = options.text(options.none, "where batches go", {usual = "where the network is"}),
  probabilities = options.boolean(false, "tell them where there are no labels, too"),
})

-- Loss, where there is one, and logits of a batch.
local function cross_entropy(net, batch)
  local logits = evaluate.forward(net, batch)
  return batch.y and torch.cross_entropy(logits, batch.y), logits
end

-- Adds the probabilities of a batch's segments to those of their tracks.
local function add(sums, batch, logits)
  local probabilities, ids = torch.softmax(logits:float(), 1):cpu(), torch.tensor(batch.tracks) - 1
  sums.probabilities = sums.probabilities or torch.zeros {sums.segments_of:size(0), probabilities:size(1)}
  sums.probabilities:index_add_(0, ids, probabilities)
  sums.segments_of:index_add_(0, ids, torch.ones {#batch.tracks})
  if batch.y and batch.y:dim() == 1 then
    sums.segments = sums.segments + #batch.tracks
    sums.right = sums.right + probabilities:argmax(1):eq(batch.y:cpu()):sum():item()
  end
end

--- Judges a network on batches, without gradients and in evaluation mode: accuracy over whole tracks with its 95 %
--- interval, precision, recall and F1 by class. The segments' probabilities are averaged over each track.
---     print(train.evaluate(net, parts.test:batches {feature = "mel", segment = 3}))
---@param net moonlark.nn.Module
---@param batches moonlark.AnyBatches  of dataset:batches or train.tensors
---@param given moonlark.train.evaluate.Options?
---@return moonlark.Evaluation|table  also loss, segment_accuracy, probabilities (tracks × classes) and tracks
function evaluate.evaluate(net, batches, given)
  local o = parameters:read(given)
  contract.check_batches(batches):prepare()
  local tracks, classes = batches.dataset.tracks, batches.dataset.classes or {}
  local device, objective = o.device or net:device(), o.objective or cross_entropy
  local sums = {loss = 0, examples = 0, segments = 0, right = 0, segments_of = torch.zeros {#tracks}}
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
      if logits and (o.probabilities or #classes > 0) then add(sums, batch, logits) end
    end
  end)
  local probabilities = sums.probabilities and sums.probabilities / sums.segments_of:clamp_min(1):unsqueeze(1)
  local y = probabilities and evaluate.class_ids(batches.dataset)
  local found = y and evaluation(y, probabilities:argmax(1), batches.dataset.classes,
    {scores = probabilities, scores_are = "probabilities"}) or {}
  found.segment_accuracy = y and sums.segments > #tracks and sums.right / sums.segments or nil
  found.loss = sums.examples > 0 and sums.loss / sums.examples or nil
  found.probabilities, found.tracks = probabilities, tracks
  return found
end

return evaluate
