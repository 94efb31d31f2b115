--- Judging a network: its losses and predictions over all batches of a part, joined to whole tracks.
local report = require "moonlark.classify.evaluation"
local torch = require "moonlark.torch"

local evaluate = {}

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

local function class_ids(songs)
  local of, ids = {}, {}
  for i, name in ipairs(songs.classes) do of[name] = i - 1 end
  for i, track in ipairs(songs.tracks) do
    if of[track.label] == nil then return nil end
    ids[i] = of[track.label]
  end
  return torch.tensor(ids)
end

--- Runs a network over a part, without gradients and in evaluation mode.
---
--- The segments' probabilities are averaged over each track. The result prints itself: accuracy with its 95 %
--- interval, precision, recall and F1 by class.
---@param net moonlark.nn.Module
---@param batches table  of dataset:batches or train.tensors
---@param given {objective: function?, device: string?, probabilities: boolean?}?  objective: f(net, batch) → loss,
--- logits; default: cross entropy; probabilities: true asks for them where there are no labels
---@return table  {loss, accuracy, segment_accuracy, probabilities (tracks × classes), predicted, y, confusion, per_class, …}
function evaluate.run(net, batches, given)
  given = given or {}
  local device = given.device or net:device()
  local training = net.training
  local join = joiner(#batches.dataset.tracks)
  local classified = given.probabilities or #(batches.dataset.classes or {}) > 0
  local loss_sum, count = 0, 0
  local _ <close> = setmetatable({}, {__close = function() net:train(training) end})
  net:eval()
  torch.no_grad(function()
    for batch in batches:epoch(1) do
      batch = evaluate.place(batch, device)
      local loss, logits
      if given.objective then
        loss, logits = given.objective(net, batch)
      else
        logits = evaluate.forward(net, batch)
        loss = batch.y and torch.cross_entropy(logits, batch.y)
      end
      if loss then
        loss_sum = loss_sum + loss:item() * #batch.tracks
        count = count + #batch.tracks
      end
      if logits and classified then join.add(batch, logits) end
    end
  end)

  local probabilities, segment_accuracy = join.finish()
  local y = probabilities and class_ids(batches.dataset)
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
