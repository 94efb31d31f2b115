--- Trainer: a training under way: what it trains with, how far it has come, and the one step that changes weights.
---
---     fit ──► Trainer.new, Trainer:begin
---      │
---      ├──► Trainer:run_epoch ──► epoch            all batches: forward, backward
---      │         │                  └──► Trainer:step   clip, optimiser, average, schedule
---      │         ├──► Trainer:evaluate             the validation, with the average's weights
---      │         └──► history, best
---      ├──► Record:epoch                           checkpoint, model, a line: after each run_epoch
---      │
---      ├──► Trainer:settle                         the weights that are the result
---      ├──► Trainer:conclude                       validation and test with them
---      └──► Record:finish                          model, figures, pictures, report
---
--- Other files read these fields; this one alone writes them. Of the network it writes weights, mode, gradients and
--- `card.classes`.
local core = require "moonlark_core"
local evaluate = require "moonlark.train.evaluate"
local finally = require "moonlark.base.finally"
local measures = require "moonlark.train.measures"
local optim = require "moonlark.optim"
local progress = require "moonlark.base.progress"
local settings = require "moonlark.train.settings"
local show = require "moonlark.base.show"
local state = require "moonlark.train.state"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"
local train_epoch = require "moonlark.train.epoch"
local weights = require "moonlark.classify.weights"

--- A training, under way or done: what train.fit gives.
---     print(fit, fit.best.epoch, fit.test.accuracy)
---@class moonlark.Trainer
---@field net moonlark.nn.Module  the network that is trained, in place
---@field o moonlark.train.fit.Options  with defaults filled in
---@field device string
---@field objective fun(net: moonlark.nn.Module, batch: table): moonlark.Tensor, moonlark.Tensor?  loss and logits
---@field task moonlark.train.Task  what is learnt
---@field settings table  what decides the result, plain
---@field optimizer moonlark.Optimizer
---@field schedule moonlark.Schedule?
---@field ema moonlark.EMA?
---@field batches integer  that an epoch trains on
---@field monitor string?  the measure that tells the best epoch; nil without validation
---@field epoch integer  whole epochs done
---@field history table[]  a row of measures each
---@field best {epoch: integer, value: number, state: table<string, moonlark.Tensor>}  of the validation so far; nil
---  without one
---@field first_epoch integer  epochs done when this call began
---@field started number  the clock then, in seconds
---@field valid table  at the end: what train.evaluate gives of the validation; nil where there is none
---@field test table  and of the test part
---@field figures table<string, number>?  of the option `judge`
---@field pictures table<string, any>?
local Trainer = {}
Trainer.__index = Trainer
Trainer.__name = "moonlark.Trainer"

-- Cross entropy where the mistakes of each class count as the option and the training tracks say.
local function weighted_entropy(o, asked, device)
  local songs, counts, ids = o.train.dataset, {}, {}
  if asked.name ~= "classes" then show.fail("class_weight is of classes, and these tracks have %s", asked.name) end
  local of = {}
  for i, name in ipairs(songs.classes) do of[name], counts[i], ids[i] = i, 0, i - 1 end
  for _, track in ipairs(songs.tracks) do counts[of[track.label]] = counts[of[track.label]] + 1 end
  local list = weights.of(o.class_weight, counts, ids, songs.classes)
  local weight = torch.tensor(list, {dtype = "float32", device = device})
  return function(logits, y) return torch.cross_entropy(logits, y, {weight = weight}) end
end

-- Loss and logits of a batch.
local function objective_of(o, asked, device)
  if o.objective then return o.objective end
  local loss = o.class_weight and weighted_entropy(o, asked, device) or task.loss(asked, o.loss)
  return function(net, batch)
    local logits = evaluate.forward(net, batch)
    return loss(logits, asked.target(net.card or {}, batch.y)), logits
  end
end

-- Batches that an epoch trains on. A last one of a single example is left out: batch norm cannot learn from it.
local function trained_batches(batches)
  local count, o = batches:count(), batches.settings
  return count > 1 and not o.drop_last and batches:items() % o.batch_size == 1 and count - 1 or count
end

-- An optimiser that was bound before must be the network's, on its device.
local function check_optimizer(optimizer, net)
  local own = {}
  for _, parameter in ipairs(net:parameters()) do own[parameter] = true end
  for _, group in ipairs(optimizer.groups) do
    for _, parameter in ipairs(group.params) do
      if own[parameter] then return end
    end
  end
  error("the optimizer has none of the network's parameters: give train.fit a recipe, such as optim.AdamW {lr = 1e-3}",
    0)
end

--- A training that has not begun. The network and all batches move to the device.
function Trainer.new(net, o, device)
  torch.manual_seed(o.seed)
  net:to(device)
  for _, part in ipairs {"train", "valid", "test"} do
    if o[part] then o[part]:to(device) end
  end
  local decided = settings.of(net, o)
  local optimizer = o.optimizer.bind and o.optimizer:bind(net:parameters()) or o.optimizer
  check_optimizer(optimizer, net)
  local batches, schedule = trained_batches(o.train), o.schedule
  if schedule and schedule.bind then
    local steps = schedule.unit == "epoch" and 1 or math.ceil(batches / o.accumulate) -- in an epoch
    schedule = schedule:bind(optimizer, o.epochs * steps)
  end
  local asked = task.of(net, o.train)
  return setmetatable({
    net = net, o = o, device = device, task = asked, objective = objective_of(o, asked, device), settings = decided,
    optimizer = optimizer, schedule = schedule, ema = o.ema and optim.EMA(net, {decay = o.ema, warmup = true}),
    batches = batches, monitor = o.monitor, epoch = 0, history = {},
  }, Trainer)
end

-- A part that ends after its first batch.
local function first_batch(batches)
  return setmetatable({epoch = function()
    local following, _, _, threads = batches:epoch(1)
    return function(_, before) return not before and following() or nil end, nil, nil, threads
  end}, {__index = batches})
end

-- Which measure tells the best epoch, where the option `monitor` does not say.
local function usual_monitor(self)
  local valid = self.o.valid
  if not valid then return nil end
  local found = measures.of(self:evaluate(first_batch(valid))) -- an objective alone knows whether it gives logits
  local usual = self.o.class_weight and "valid_balanced_accuracy" or "valid_" .. self.task.figure
  return found[usual] and usual or found.valid_loss and "valid_loss" or nil
end

--- Begins this call's epochs, at the first or where a checkpoint was: decides on the monitor and starts the clock.
---@param reached {epoch: integer, history: table[], best: table?}?  of checkpoint.read
function Trainer:begin(reached)
  if reached then self.epoch, self.history, self.best = reached.epoch, reached.history, reached.best end
  self.monitor = self.monitor or usual_monitor(self)
  self.first_epoch, self.started = self.epoch, core.system.clock()
end

--- Moves the weights by the gradients that have gathered. Everything that changes weights is here: machines that
--- train together would add up their gradients at the beginning.
function Trainer:step()
  if self.o.clip_norm then optim.clip_grad_norm(self.net:parameters(), self.o.clip_norm) end
  self.optimizer:step()
  self.optimizer:zero_grad()
  if self.ema then self.ema:update() end
  if self.schedule and self.schedule.unit ~= "epoch" then self.schedule:step() end
end

-- With the average of weights in place of the last ones, where there is one.
local function averaged(self, f, ...)
  if not self.ema then return f(...) end
  self.ema:swap()
  local _ <close> = finally(function() self.ema:swap() end)
  return f(...)
end

--- What train.evaluate gives of a part, for the average of weights where there is one.
function Trainer:evaluate(batches)
  return averaged(self, evaluate.evaluate, self.net, batches, {objective = self.objective, device = self.device})
end

-- Equal accuracies are common on small parts: the lower loss decides then.
local function improved(self, row)
  if not self.monitor then return false end
  local value, best = row[self.monitor], self.best
  if value == nil then show.fail("monitor: '%s' is not measured here", self.monitor) end
  local lower = measures.by_name[self.monitor].better == "lower"
  if not best or lower and value < best.value or not lower and value > best.value then return true end
  local before = best.value == value and self.history[best.epoch]
  return before and row.valid_loss and before.valid_loss and row.valid_loss < before.valid_loss or false
end

local function validate(self, row)
  for name, value in pairs(measures.of(self:evaluate(self.o.valid))) do row[name] = value end
  if row.valid_loss and row.valid_loss - row.valid_loss ~= 0 then -- infinite, or no number
    show.fail("the loss of the validation is %s after epoch %d", tostring(row.valid_loss), row.epoch)
  end
end

local function snapshot(net)
  local copies = {}
  for name, tensor in pairs(state.of(net)) do copies[name] = tensor:cpu():clone() end
  return copies
end

local function say(self, row, is_best)
  local parts = {("epoch %d/%d"):format(row.epoch, self.o.epochs)}
  for _, measure in ipairs(measures.rows) do
    local value = measure.shown and row[measure.name]
    if value then parts[#parts + 1] = ("%s %.4f"):format(measure.name:gsub("_", " "), value) end
  end
  parts[#parts + 1] = progress.duration(row.seconds)
  io.stderr:write(table.concat(parts, "  "), is_best and "  best so far" or "", "\n")
end

--- Trains for an epoch and validates; gives the row of measures and whether it is the best so far.
function Trainer:run_epoch()
  local start, number, lr = core.system.clock(), self.epoch + 1, self.optimizer.groups[1].lr
  torch.manual_seed(self.o.seed * 1000003 + number) -- so that a resumed training draws the same numbers
  local row = train_epoch(self)
  row.epoch, row.lr = number, lr
  if self.o.valid then validate(self, row) end
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
  if self.o.progress then say(self, row, is_best) end
  return row, is_best
end

--- Whether all epochs are done, or no better one came for as long as `patience` says.
function Trainer:ended()
  if self.epoch >= self.o.epochs then return true end
  return self.o.patience and self.best and self.epoch - self.best.epoch >= self.o.patience or false
end

--- Gives the network the weights that are the result: the best of validation, else the average, else the last.
function Trainer:settle()
  self.optimizer:zero_grad()
  if self.best then
    state.restore(self.net, self.best.state)
  elseif self.ema then
    self.ema:swap()
  end
  self.net:eval()
end

-- The tags' thresholds, chosen on the validation, or where there is none on the training data as it is.
local function choose_thresholds(self, given)
  local chosen_on = self.o.valid or task.unchanged(self.o.train)
  local found = evaluate.evaluate(self.net, chosen_on:to(self.device), given)
  self.net.card.thresholds = found.scores and task.thresholds(found) or nil
end

--- Judges the settled network on the validation and the test part, and by the option `judge`. The thresholds of tags
--- are chosen first, never on the test.
function Trainer:conclude()
  local given = {objective = self.objective, device = self.device}
  if self.task.name == "tags" and not self.o.objective then choose_thresholds(self, given) end
  for _, part in ipairs {"valid", "test"} do
    if self.o[part] then self[part] = evaluate.evaluate(self.net, self.o[part], given) end
  end
  if self.o.judge then self.figures, self.pictures = self.o.judge(self) end
end

--- The files of all parts that were "rejected", or kept in part ("partial").
---     for _, bad in ipairs(fit:files "rejected") do print(bad.path, bad.reason) end
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
  local figure = self.task.figure
  if self.test and self.test[figure] then text = text .. ("  test %s %.4f"):format(figure, self.test[figure]) end
  return text
end

return Trainer
