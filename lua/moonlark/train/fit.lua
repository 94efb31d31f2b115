--- fit: the loop that trains a network.
local checkpoint = require "moonlark.train.checkpoint"
local checks = require "moonlark.train.checks"
local core = require "moonlark_core"
local evaluate = require "moonlark.train.evaluate"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local progress = require "moonlark.base.progress"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local train_epoch = require "moonlark.train.epoch"

local Trainer = {}
Trainer.__index = Trainer

local defaults = {
  train = options.required, valid = options.none, test = options.none, epochs = 30, patience = options.none,
  optimizer = options.none, schedule = options.none, loss = options.none, objective = options.none,
  monitor = options.none, clip_norm = options.none, accumulate = 1, ema = options.none, device = "auto",
  precision = "float32", deterministic = false, seed = 0, run = options.none, resume = false, progress = true,
  each = options.none, judge = options.none, opened = options.none,
}

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

-- The content of each part: a checkpoint goes on with the same data only.
local function fingerprints(o)
  local list = {}
  for _, name in ipairs {"train", "valid", "test"} do
    local part = o[name]
    if part then list[name] = part.dataset.hash and part.dataset:hash() or core.store.hash_tensor(part.x) end
  end
  return list
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
    input = o.train:options(), augment = o.train.augments, data = fingerprints(o),
    architecture = net.card and net.card.architecture,
    options = net.card and net.card.options, parameters = (net:count()),
  }
end

-- A plain copy, as JSON would give it back.
local function plain(value)
  local json = require "moonlark.base.json"
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

-- Batches that an epoch trains on. A last one of a single example is left out: batch norm cannot learn from it.
local function trained_batches(batches)
  local count, size = batches:count(), batches.batch_size
  return count > 1 and not batches.drop_last and size and batches:items() % size == 1 and count - 1 or count
end

local function make(net, o, device)
  local self = setmetatable({net = net, o = o, epoch = 0, history = {}, objective = objective_of(o)}, Trainer)
  torch.manual_seed(o.seed)
  self.device = device
  net:to(self.device)
  for _, part in ipairs {"train", "valid", "test"} do
    if o[part] then o[part]:to(self.device) end
  end
  self.settings = plain(settings_of(net, o))
  self.optimizer = o.optimizer.bind and o.optimizer:bind(net:parameters()) or o.optimizer
  checks.optimizer(self.optimizer, net)
  self.batches = trained_batches(o.train)
  self.steps = math.ceil(self.batches / o.accumulate)
  if o.schedule then
    local units = o.schedule.unit == "epoch" and o.epochs or o.epochs * self.steps
    self.schedule = o.schedule.bind and o.schedule:bind(self.optimizer, units) or o.schedule
  end
  if o.ema then self.ema = optim.EMA(net, {decay = o.ema, warmup = true}) end
  self.monitor = o.monitor
  return self
end

-- one epoch, and what is made of it ---------------------------------------------------------

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
  if not self.monitor then self.monitor = row.valid_accuracy and "valid_accuracy" or row.valid_loss and "valid_loss" end
  if not self.monitor then return false end
  local value = row[self.monitor]
  if value == nil then show.fail("monitor: '%s' is not measured here", self.monitor) end
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
    if row.valid_loss and row.valid_loss - row.valid_loss ~= 0 then
      show.fail("the loss of the validation is %s after epoch %d", tostring(row.valid_loss), number)
    end
  end
  if self.schedule and self.schedule.unit == "epoch" then
    local upwards = self.schedule.options and self.schedule.options.mode == "max" -- plateau's
    self.schedule:step(upwards and row[self.monitor] or row.valid_loss or row.loss)
  end
  row.seconds = core.system.clock() - start
  self.history[number] = row
  local is_best = improved(self, row)
  if row.accuracy then self.net.card.classes = self.o.train.dataset.classes end -- an objective gave logits
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

--- The files that a list of any part's batches names: "rejected", or those "partial" that were kept in part.
---@param list "rejected"|"partial"
---@return {path: string, reason: string}[]
function Trainer:files(list)
  local all = {}
  for _, name in ipairs {"train", "valid", "test"} do
    local batches = self.o[name]
    for _, file in ipairs(batches and batches[list] or {}) do all[#all + 1] = file end
  end
  return all
end

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
    if failure and record then record:stopped(self, failure) end
  end})
end

-- The same for what comes after the epochs.
local function finisher(self, record)
  return setmetatable({}, {__close = function(_, failure)
    if failure and record then record:stopped(self, failure) end
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
  checks.network(net)
  checks.options(o)
  local device = checks.device(o.device)
  o.train:set_seed(o.seed)
  for _, part in ipairs {"train", "valid", "test"} do
    if o[part] then o[part]:prepare() end
  end
  checks.data(o)
  o.optimizer = o.optimizer or optim.AdamW {lr = 1e-3}
  torch.set_deterministic(o.deterministic)
  share_statistics(o)
  local self = make(net, o, device)
  write_card(self)
  local record <close> = o.run and require "moonlark.train.record".open(self)
  if o.resume then
    checkpoint.read(record.checkpoint, self)
    record:rewind(self)
    if self.epoch == 0 and o.progress then
      io.stderr:write(show.name(record.run.path), " holds no whole epoch yet: begins anew\n")
    end
  end
  self.first_epoch, self.started = self.epoch, core.system.clock()
  run_epochs(self, record)
  local _ <close> = finisher(self, record)
  if o.valid then self.valid = evaluate.run(net, o.valid, {objective = self.objective, device = self.device}) end
  if o.test then self.test = evaluate.run(net, o.test, {objective = self.objective, device = self.device}) end
  if o.judge then self.figures, self.pictures = o.judge(self) end
  if record then record:finish(self) end
  return self
end
