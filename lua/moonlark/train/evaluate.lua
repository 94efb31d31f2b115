--- Judging a network: its losses and predictions over all batches of a part, joined to whole tracks.
local contract = require "moonlark.dataset.contract"
local finally = require "moonlark.base.finally"
local options = require "moonlark.base.options"
local report = require "moonlark.classify.evaluation"
local torch = require "moonlark.torch"

local evaluate = {}

--- The device that "auto" stands for, or the one that is named; an error when it is not there.
---@param wanted string
---@return string
function evaluate.device(wanted)
  if wanted == "auto" then return torch.cuda.is_available() and "cuda:0" or "cpu" end
  if wanted ~= "cpu" then torch.zeros({1}):to(wanted) end -- says what is missing
  return wanted == "cuda" and "cuda:0" or wanted
end

--- A batch on the network's device.
---@param batch table
---@param device string
---@return table
function evaluate.place(batch, device)
  if batch.x:device() == device then return batch end
  local moved = setmetatable({}, {__index = batch})
  for _, key in ipairs {"x", "y", "mask"} do
    if batch[key] then moved[key] = batch[key]:to {device = device, non_blocking = true} end
  end
  return moved
end

--- What a network makes of a batch: net(x), or net(x, mask) where something was padded.
---@param net moonlark.nn.Module
---@param batch table
---@return any
function evaluate.forward(net, batch)
  if batch.mask then return net(batch.x, batch.mask) end
  return net(batch.x)
end

-- Sums of the probabilities of each track's segments.
local function joiner(n_tracks)
  local sums, counts, segments, right = nil, torch.zeros {n_tracks}, 0, 0
  local join = {}
  function join.add(batch, logits)
    local probabilities = torch.softmax(logits:float(), 1):cpu()
    sums = sums or torch.zeros {n_tracks, probabilities:size(1)}
    local ids = torch.tensor(batch.tracks) - 1
    sums:index_add_(0, ids, probabilities)
    counts:index_add_(0, ids, torch.ones {#batch.tracks})
    if batch.y and batch.y:dim() == 1 then
      segments = segments + #batch.tracks
      right = right + probabilities:argmax(1):eq(batch.y:cpu()):sum():item()
    end
  end
  function join.finish()
    if not sums then return nil end
    return sums / counts:clamp_min(1):unsqueeze(1), segments > n_tracks and right / segments or nil
  end
  return join
end

--- The class of each track, from 0; nil where there are no classes, or a track is of none of them.
---@param songs moonlark.Dataset
---@return moonlark.Tensor?
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
local function compute(o, net, batch)
  if o.objective then return o.objective(net, batch) end
  local logits = evaluate.forward(net, batch)
  return batch.y and torch.cross_entropy(logits, batch.y), logits
end

--- Runs a network over a part, without gradients and in evaluation mode.
---
--- The segments' probabilities are averaged over each track. The result prints itself: accuracy with its 95 %
--- interval, precision, recall and F1 by class.
---@param net moonlark.nn.Module
---@param batches table  of dataset:batches or train.tensors
---@param given moonlark.train.evaluate.Options?
---@return table  {loss, accuracy, segment_accuracy, probabilities (tracks × classes), predicted, y, confusion, per_class, …}
function evaluate.run(net, batches, given)
  contract.check_batches(batches)
  local o = parameters:read(given)
  local device = o.device or net:device()
  local training = net.training
  local join = joiner(#batches.dataset.tracks)
  local classified = o.probabilities or #(batches.dataset.classes or {}) > 0
  local loss_sum, count = 0, 0
  local _ <close> = finally(function() net:train(training) end)
  net:eval()
  torch.no_grad(function()
    for batch in batches:epoch(1) do
      batch = evaluate.place(batch, device)
      local loss, logits = compute(o, net, batch)
      if loss then
        loss_sum = loss_sum + loss:item() * #batch.tracks
        count = count + #batch.tracks
      end
      if logits and classified then join.add(batch, logits) end
    end
  end)

  local probabilities, segment_accuracy = join.finish()
  local y = probabilities and evaluate.class_ids(batches.dataset)
  local found = {}
  if y then
    found = report(y, probabilities:argmax(1), batches.dataset.classes)
    found.segment_accuracy = segment_accuracy
  end
  found.loss = count > 0 and loss_sum / count or nil
  found.probabilities, found.tracks = probabilities, batches.dataset.tracks
  return found
end

return evaluate
