--- One epoch of training: forward and backward for every batch, watched for losses that are not finite; the trainer
--- steps. Only reads the trainer.
local core = require "moonlark_core"
local evaluate = require "moonlark.train.evaluate"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"
local votes = require "moonlark.train.votes"

-- Takes the losses that wait into the epoch's figures; one that is not finite ends the training.
local function settle(self, figures)
  for _, waiting in ipairs(figures.waiting) do
    local loss = waiting.loss:item()
    if loss ~= loss or loss == math.huge or loss == -math.huge then
      show.fail("the loss is %s in epoch %d, batch %d of %d, whose files are:%s", tostring(loss), self.epoch + 1,
        waiting.number, self.batches, waiting.paths)
    end
    figures.loss = figures.loss + loss * #waiting.paths
    figures.n = figures.n + #waiting.paths
    if waiting.outputs then figures.votes:add(waiting.y:cpu(), waiting.tracks, waiting.outputs:cpu()) end
  end
  figures.waiting = {}
end

-- The probabilities of a batch's segments; nil where there are no classes.
local function probabilities(self, logits, y)
  local classes = self.task.name == "classes" and self.o.train.dataset.classes or {}
  if not logits or not y or #classes == 0 then return nil end
  return self.task.outputs(self.net.card or {}, logits:detach())
end

-- Calls f in the precision of the training.
local function precisely(self, f, ...)
  if self.o.precision == "float32" then return f(...) end
  return torch.autocast(self.device, self.o.precision, f, ...)
end

local function compute(self, batch) return precisely(self, self.objective, self.net, batch) end

-- A network may have a way of its own from the loss to gradients (net:backward(loss)).
local function differentiate(self, loss)
  if self.net.backward then precisely(self, self.net.backward, self.net, loss) else loss:backward() end
end

-- What the bar says: the means so far, and how long all epochs will take, judged by the batches of this call.
local function words_of(self, figures, done)
  local means = figures.n > 0 and ("loss %.3f"):format(figures.loss / figures.n) or ""
  if figures.n > 0 and figures.counted then
    means = means .. ("  accuracy of segments %.3f"):format(figures.votes.right / figures.n)
  end
  local batches = (self.epoch - self.first_epoch) * self.batches + done
  local left = (self.o.epochs - self.epoch) * self.batches - done
  local elapsed = core.system.clock() - self.started
  return ("%s  %s to the end"):format(means, progress.duration(elapsed / batches * left))
end

-- The row of the epoch: accuracies as of the validation, but under augmentation and as the weights change.
local function row_of(self, figures)
  local row = {loss = figures.loss / figures.n}
  if not figures.counted then return row end
  local y = task.class_ids(self.o.train.dataset)
  row.accuracy = y and figures.votes:accuracy(y) or figures.votes.right / figures.n
  row.segment_accuracy = y and figures.votes:segment_accuracy()
  return row
end

--- Trains on all batches of the next epoch.
---@param self moonlark.Trainer
---@return {loss: number, accuracy: number?, segment_accuracy: number?}
return function(self)
  local o, count, number = self.o, self.batches, self.epoch + 1
  local bar <close> = o.progress and progress.new(count, ("epoch %d/%d"):format(number, o.epochs)) or nil
  local figures = {loss = 0, n = 0, waiting = {}, votes = votes.new(#o.train.dataset.tracks, true)}
  local most_waiting = self.device == "cpu" and 1 or 16 -- looking at a loss waits for all of a GPU's work before it
  local i = 0
  self.net:train()
  for batch in o.train:epoch(number) do
    if i == count then break end -- a last one of a single example
    i = i + 1
    batch = evaluate.place(batch, self.device)
    local loss, logits = compute(self, batch)
    local outputs = probabilities(self, logits, batch.y)
    figures.counted = figures.counted or outputs ~= nil
    table.insert(figures.waiting, {loss = loss:detach(), outputs = outputs, y = batch.y, tracks = batch.tracks,
      paths = batch.paths, number = i})
    if #figures.waiting >= most_waiting then settle(self, figures) end
    local share = math.min(o.accumulate, count - (i - 1) // o.accumulate * o.accumulate) -- the last group may be short
    if share > 1 then loss = loss / share end
    differentiate(self, loss)
    if i % o.accumulate == 0 or i == count then self:step() end
    if bar then bar:update(i, words_of(self, figures, i)) end
  end
  settle(self, figures)
  if bar then bar:erase() end
  return row_of(self, figures)
end
