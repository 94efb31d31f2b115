--- fit: the loop that trains a network.
local checkpoint = require "moonlark.train.checkpoint"
local core = require "moonlark_core"
local evaluate = require "moonlark.train.evaluate"
local optim = require "moonlark.optim"
local options = require "moonlark.options"
local progress = require "moonlark.progress"
local torch = require "moonlark.torch"

local Trainer = {}
Trainer.__index = Trainer

local defaults = {
  train = options.required, valid = options.none, test = options.none, epochs = 30, patience = options.none,
  optimizer = options.none, schedule = options.none, loss = options.none, objective = options.none,
  monitor = options.none, clip_norm = options.none, accumulate = 1, ema = options.none, device = "auto",
  precision = "float32", deterministic = false, seed = 0, run = options.none, resume = false, progress = true,
  each = options.none, judge = options.none,
}

-- checks before anything starts -----------------------------------------------------------

local function check_integer(name, value, least)
  if math.type(value) ~= "integer" or value < least then
    error(("%s must be an integer from %d, got %s"):format(name, least, tostring(value)), 0)
  end
end

local function check_options(o)
  check_integer("epochs", o.epochs, 1)
  check_integer("accumulate", o.accumulate, 1)
  check_integer("seed", o.seed, 0)
  if o.patience ~= nil then check_integer("patience", o.patience, 1) end
  if o.patience and not o.valid then error("patience needs validation data: give valid", 0) end
  if o.resume and not o.run then error("resume needs a run folder: give run", 0) end
  if o.loss and o.objective then error("give loss or objective, not both", 0) end
  local precisions = {float32 = true, bfloat16 = true}
  if not precisions[o.precision] then
    error(('precision must be "float32" or "bfloat16", got "%s"'):format(o.precision), 0)
  end
  for _, part in ipairs {"train", "valid", "test"} do
    local batches = o[part]
    if batches ~= nil and not (type(batches) == "table" and batches.epoch and batches.dataset) then
      error(("%s must be batches, as dataset:batches and train.tensors make, got %s"):format(part, type(batches)), 0)
    end
  end
end

local function label_counts(songs)
  local counts = {}
  for _, track in ipairs(songs.tracks) do
    if track.label then counts[track.label] = (counts[track.label] or 0) + 1 end
  end
  return counts
end

-- A classification needs every class in training, two or more of them, and something to validate on.
local function check_data(o)
  if o.train:items() == 0 then error("the training data is empty", 0) end
  for _, part in ipairs {"valid", "test"} do
    if o[part] and o[part]:items() == 0 then
      error(("the %s part is empty: give it more tracks, or leave it out"):format(part == "valid" and "validation" or part), 0)
    end
  end
  local classes = o.train.dataset.classes or {}
  if o.objective or #classes == 0 then return end
  if #classes == 1 then error(("there is only one class, %s: nothing can be told apart"):format(classes[1]), 0) end
  local counts, missing = label_counts(o.train.dataset), {}
  for _, name in ipairs(classes) do
    if not counts[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    error(("no training track of the class%s %s"):format(#missing > 1 and "es" or "", table.concat(missing, ", ")), 0)
  end
end

local function choose_device(wanted)
  if wanted ~= "auto" then return wanted end
  return torch.cuda.is_available() and "cuda:0" or "cpu"
end

-- the pieces of a training -----------------------------------------------------------------

-- Loss and logits of a batch.
local function objective_of(o)
  if o.objective then return o.objective end
  local loss = o.loss or torch.cross_entropy
  return function(net, batch)
    local logits = evaluate.forward(net, batch)
    return loss(logits, batch.y), logits
  end
end

-- What decides the result, for run.json and for telling whether a checkpoint belongs to this training.
local function settings_of(net, o)
  local optimizer = o.optimizer
  local schedule = o.schedule
  return {
    seed = o.seed, epochs = o.epochs, accumulate = o.accumulate, clip_norm = o.clip_norm, ema = o.ema,
    precision = o.precision, patience = o.patience, monitor = o.monitor,
    optimizer = {name = optimizer.name, options = optimizer.given},
    schedule = schedule and {name = schedule.name, options = schedule.options},
    batch_size = o.train.batch_size, architecture = net.card and net.card.architecture,
    options = net.card and net.card.options, parameters = (net:count()),
  }
end

-- A plain copy, as JSON would give it back.
local function plain(value)
  local json = require "moonlark.json"
  return json.decode(json.encode(value))
end

local function snapshot(net)
  local state = {}
  for name, tensor in pairs(net:state_dict()) do state[name] = tensor:cpu():clone() end
  return state
end

-- The network's card: what it takes to use it on new songs.
local function write_card(self)
  local train = self.o.train
  local card = self.net.card or {}
  self.net.card = card
  card.classes = not self.o.objective and train.dataset.classes or nil
  card.input = train:options()
  local statistics = card.input.normalize and train:statistics()
  card.statistics = statistics and {mean = statistics.mean:totable(), std = statistics.std:totable()}
end

local function share_statistics(o)
  if not (o.valid or o.test) then return end
  local statistics = o.train:statistics()
  for _, name in ipairs {"valid", "test"} do
    if o[name] and statistics then o[name]:normalize_by(statistics) end
  end
end

local function make(net, o)
  local self = setmetatable({net = net, o = o, epoch = 0, history = {}, objective = objective_of(o)}, Trainer)
  torch.manual_seed(o.seed)
  self.device = choose_device(o.device)
  net:to(self.device)
  self.settings = plain(settings_of(net, o))
  self.optimizer = o.optimizer.bind and o.optimizer:bind(net:parameters()) or o.optimizer
  self.steps = math.ceil(o.train:count() / o.accumulate)
  if o.schedule then
    local units = o.schedule.unit == "epoch" and o.epochs or o.epochs * self.steps
    self.schedule = o.schedule.bind and o.schedule:bind(self.optimizer, units) or o.schedule
  end
  if o.ema then self.ema = optim.EMA(net, {decay = o.ema, warmup = true}) end
  self.monitor = o.monitor or o.valid and (o.objective and "valid_loss" or "valid_accuracy")
  return self
end

-- one epoch -----------------------------------------------------------------------------------

-- How many losses may wait before they are looked at: on a GPU looking at one waits for all work before it.
local function patience_of(device) return device == "cpu" and 1 or 16 end

-- Takes the losses that wait into the epoch's figures; one that is not finite ends the training.
local function settle(self, figures)
  for _, waiting in ipairs(figures.waiting) do
    local loss = waiting.loss:item()
    if loss ~= loss or loss == math.huge or loss == -math.huge then
      error(("the loss is %s in epoch %d, batch %d of %d, whose files are:\n  %s"):format(tostring(loss), self.epoch + 1,
        waiting.number, self.o.train:count(), table.concat(waiting.paths, "\n  ")), 0)
    end
    figures.loss = figures.loss + loss * #waiting.paths
    figures.n = figures.n + #waiting.paths
    if waiting.right then figures.right = figures.right + waiting.right:item() end
  end
  figures.waiting = {}
end

local function hits(logits, y)
  if not (logits and y) then return nil end
  if y:dim() == 2 then y = y:argmax(1) end
  return logits:detach():argmax(1):eq(y):sum()
end

local function compute(self, batch)
  if self.o.precision == "float32" then return self.objective(self.net, batch) end
  return torch.autocast(self.device, self.o.precision, self.objective, self.net, batch)
end

local function step(self)
  if self.o.clip_norm then optim.clip_grad_norm(self.net:parameters(), self.o.clip_norm) end
  self.optimizer:step()
  self.optimizer:zero_grad()
  if self.ema then self.ema:update() end
  if self.schedule and self.schedule.unit ~= "epoch" then self.schedule:step() end
end

local function words_of(figures)
  if figures.n == 0 then return "" end
  local text = ("loss %.3f"):format(figures.loss / figures.n)
  if figures.right > 0 or figures.counted then text = text .. ("  accuracy %.3f"):format(figures.right / figures.n) end
  return text
end

-- How long the epochs that are left will take, judged by those of this call.
local function remaining(self, done)
  local batches = (self.epoch - self.first_epoch) * self.o.train:count() + done
  local left = (self.o.epochs - self.epoch) * self.o.train:count() - done
  local elapsed = core.system.clock() - self.started
  return batches > 0 and progress.duration(elapsed / batches * left) .. " to the end" or ""
end

local function train_epoch(self)
  local o, count = self.o, self.o.train:count()
  local number = self.epoch + 1
  local bar <close> = o.progress and progress.new(count, ("epoch %d/%d"):format(number, o.epochs)) or nil
  local figures = {loss = 0, right = 0, n = 0, waiting = {}}
  local i = 0
  self.net:train()
  for batch in o.train:epoch(number) do
    i = i + 1
    batch = evaluate.place(batch, self.device)
    local loss, logits = compute(self, batch)
    local group_start = (i - 1) // o.accumulate * o.accumulate
    local share = math.min(o.accumulate, count - group_start)
    local right = hits(logits, batch.y)
    figures.counted = figures.counted or right ~= nil
    table.insert(figures.waiting, {loss = loss:detach(), right = right, paths = batch.paths, number = i})
    if #figures.waiting >= patience_of(self.device) then settle(self, figures) end
    (share > 1 and loss / share or loss):backward()
    if i % o.accumulate == 0 or i == count then step(self) end
    if bar then bar:update(i, words_of(figures) .. "  " .. remaining(self, i)) end
  end
  settle(self, figures)
  if bar then bar:erase() end
  return {loss = figures.loss / figures.n, accuracy = figures.counted and figures.right / figures.n or nil}
end

-- With the average of weights in place of the last ones, where there is one.
local function averaged(self, f, ...)
  if not self.ema then return f(...) end
  self.ema:swap()
  local _ <close> = setmetatable({}, {__close = function() self.ema:swap() end})
  return f(...)
end

local function judge(self, batches)
  return averaged(self, evaluate.run, self.net, batches, {objective = self.objective, device = self.device})
end

local function better(self, value)
  if not self.best then return true end
  if self.monitor:find "loss" then return value < self.best.value end
  return value > self.best.value
end

-- Equal accuracies are common on small parts: the lower loss decides then.
local function improved(self, row)
  local value = row[self.monitor]
  if value == nil then
    error(("monitor: '%s' is not measured; known: loss, accuracy, valid_loss, valid_accuracy"):format(self.monitor), 0)
  end
  if better(self, value) then return true end
  local before = self.best.value == value and self.history[self.best.epoch]
  return before and row.valid_loss and before.valid_loss and row.valid_loss < before.valid_loss or false
end

local function say(self, row, is_best)
  if not self.o.progress then return end
  local parts = {("epoch %d/%d"):format(row.epoch, self.o.epochs)}
  for _, key in ipairs {"loss", "accuracy", "valid_loss", "valid_accuracy"} do
    if row[key] then parts[#parts + 1] = ("%s %.4f"):format(key:gsub("_", " "), row[key]) end
  end
  parts[#parts + 1] = progress.duration(row.seconds)
  io.stderr:write(table.concat(parts, "  "), is_best and "  best so far" or "", "\n")
end

local function one_epoch(self)
  local start = core.system.clock()
  local number = self.epoch + 1
  torch.manual_seed(self.o.seed * 1000003 + number) -- so that a resumed training draws the same numbers
  local lr = self.optimizer.groups[1].lr
  local row = train_epoch(self)
  row.epoch, row.lr = number, lr
  if self.o.valid then
    local found = judge(self, self.o.valid)
    row.valid_loss, row.valid_accuracy, row.valid_segment_accuracy = found.loss, found.accuracy, found.segment_accuracy
  end
  if self.schedule and self.schedule.unit == "epoch" then
    local upwards = self.schedule.options and self.schedule.options.mode == "max" -- plateau's
    self.schedule:step(upwards and row[self.monitor] or row.valid_loss or row.loss)
  end
  row.seconds = core.system.clock() - start
  self.history[number] = row
  local is_best = self.monitor ~= nil and improved(self, row)
  if is_best then
    self.best = {epoch = number, value = row[self.monitor], state = averaged(self, snapshot, self.net)}
  end
  self.epoch = number
  say(self, row, is_best)
  return row, is_best
end

local function ended(self)
  if self.epoch >= self.o.epochs then return true end
  return self.o.patience and self.best and self.epoch - self.best.epoch >= self.o.patience
end

-- The weights that are the result: the best of validation, else the average, else the last.
local function settle_weights(self)
  if self.best then
    self.net:load_state_dict(self.best.state)
  elseif self.ema then
    self.ema:swap()
  end
  self.net:eval()
end

-- the whole -------------------------------------------------------------------------------------

function Trainer:__tostring()
  local last = self.history[#self.history]
  local text = ("fit: %d epochs"):format(#self.history)
  if last then text = text .. ("  loss %.4f"):format(last.loss) end
  if self.best then
    text = text .. ("  best %s %.4f in epoch %d"):format(self.monitor:gsub("_", " "), self.best.value, self.best.epoch)
  end
  if self.test and self.test.accuracy then text = text .. ("  test accuracy %.4f"):format(self.test.accuracy) end
  return text
end

-- Closed when the epochs end: after an error or Ctrl-C (which pcall does not see) what is there is put in order.
local function keeper(self, record)
  return setmetatable({}, {__close = function(_, failure)
    self.optimizer:zero_grad()
    settle_weights(self)
    if failure and record then record:stopped(failure) end
  end})
end

local function run_epochs(self, record)
  local _ <close> = keeper(self, record)
  while not ended(self) do
    local row, is_best = one_epoch(self)
    if record then record:epoch(self, row, is_best) end
    if self.o.each then self.o.each(row, self) end
  end
end

--- Explained at train.fit.
---@return table
return function(net, given)
  local o = options.read("train.fit", given, defaults)
  check_options(o)
  o.train:set_seed(o.seed)
  for _, part in ipairs {"train", "valid", "test"} do
    if o[part] then o[part]:prepare() end
  end
  check_data(o)
  o.optimizer = o.optimizer or optim.AdamW {lr = 1e-3}
  torch.set_deterministic(o.deterministic)
  share_statistics(o)
  local self = make(net, o)
  write_card(self)
  local record <close> = o.run and require "moonlark.train.record".open(self)
  if o.resume then
    checkpoint.read(record.checkpoint, self)
    record:rewind(self)
  end
  self.first_epoch, self.started = self.epoch, core.system.clock()
  run_epochs(self, record)
  if o.valid then self.valid = evaluate.run(net, o.valid, {objective = self.objective, device = self.device}) end
  if o.test then self.test = evaluate.run(net, o.test, {objective = self.objective, device = self.device}) end
  if o.judge then self.figures, self.pictures = o.judge(self) end
  if record then record:finish(self) end
  return self
end
