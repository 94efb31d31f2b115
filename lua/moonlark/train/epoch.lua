--- One epoch of training: forward and backward for every batch, watched for losses that are not finite; the trainer
--- steps. Only reads the trainer.
local core = require "moonlark_core"
local evaluate = require "moonlark.train.evaluate"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

-- How many losses may wait before they are looked at: on a GPU looking at one waits for all work before it.
local function patience_of(device) return device == "cpu" and 1 or 16 end

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
    if waiting.right then figures.right = figures.right + waiting.right:item() end
  end
  figures.waiting = {}
end

-- How many of the batch are classified as they should be; nil where there are no classes.
local function hits(self, logits, y)
  if not (logits and y and #(self.o.train.dataset.classes or {}) > 0) then return nil end
  if y:dim() == 2 then y = y:argmax(1) end
  return logits:detach():argmax(1):eq(y):sum()
end

local function compute(self, batch)
  if self.o.precision == "float32" then return self.objective(self.net, batch) end
  return torch.autocast(self.device, self.o.precision, self.objective, self.net, batch)
end

local function words_of(figures)
  if figures.n == 0 then return "" end
  local text = ("loss %.3f"):format(figures.loss / figures.n)
  if figures.right > 0 or figures.counted then text = text .. ("  accuracy %.3f"):format(figures.right / figures.n) end
  return text
end

-- How long the epochs that are left will take, judged by those of this call.
local function remaining(self, done)
  local batches = (self.epoch - self.first_epoch) * self.batches + done
  local left = (self.o.epochs - self.epoch) * self.batches - done
  local elapsed = core.system.clock() - self.started
  return batches > 0 and progress.duration(elapsed / batches * left) .. " to the end" or ""
end

--- Trains on all batches of the next epoch.
---@param self moonlark.Trainer
---@return {loss: number, accuracy: number?}
return function(self)
  local o, count = self.o, self.batches
  local number = self.epoch + 1
  local bar <close> = o.progress and progress.new(count, ("epoch %d/%d"):format(number, o.epochs)) or nil
  local figures = {loss = 0, right = 0, n = 0, waiting = {}}
  local i = 0
  self.net:train()
  for batch in o.train:epoch(number) do
    if i == count then break end -- a last one of a single example
    i = i + 1
    batch = evaluate.place(batch, self.device)
    local loss, logits = compute(self, batch)
    local group_start = (i - 1) // o.accumulate * o.accumulate
    local share = math.min(o.accumulate, count - group_start)
    local right = hits(self, logits, batch.y)
    figures.counted = figures.counted or right ~= nil
    table.insert(figures.waiting, {loss = loss:detach(), right = right, paths = batch.paths, number = i})
    if #figures.waiting >= patience_of(self.device) then settle(self, figures) end
    (share > 1 and loss / share or loss):backward()
    if i % o.accumulate == 0 or i == count then self:step() end
    if bar then bar:update(i, words_of(figures) .. "  " .. remaining(self, i)) end
  end
  settle(self, figures)
  if bar then bar:erase() end
  return {loss = figures.loss / figures.n, accuracy = figures.counted and figures.right / figures.n or nil}
end
