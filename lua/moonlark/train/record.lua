--- Record: what a training leaves in its run folder.
---
--- run.json, metrics.jsonl (a line an epoch), checkpoint.safetensors (the last whole epoch, to resume from),
--- model.safetensors with model.json (the best weights), events.out.tfevents.* for TensorBoard, and at the end
--- metrics.json, plots/ and report.md.
local checkpoint = require "moonlark.train.checkpoint"
local core = require "moonlark_core"
local file = require "moonlark.nn.file"
local files = require "moonlark.base.files"
local measures = require "moonlark.train.measures"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local run = require "moonlark.run"
local show = require "moonlark.base.show"
local tensorboard = require "moonlark.train.tensorboard"
local text = require "moonlark.base.text"

---@class moonlark.Record
---@field run moonlark.Run
---@field mine boolean  whether it was opened here, and ends here
---@field checkpoint string  the path
---@field board moonlark.EventFile
---@field step integer  where TensorBoard puts the pictures, at the end
local Record = {}
Record.__index = Record

local record = {}

--- Opens the run folder of a trainer; `o.run` is a folder's name, or a run that is open.
---@param trainer moonlark.Trainer
---@return moonlark.Record
function record.open(trainer)
  local o = trainer.o
  local opened = o.run
  local mine = type(opened) == "string"
  if mine then
    local songs = o.train.dataset
    opened = run.open(o.run, trainer.settings,
      {exists = o.resume and "resume" or "refuse", data = songs.hash and songs or nil})
  end
  local self = setmetatable({
    run = opened, mine = mine, step = 0, checkpoint = opened:own "checkpoint.safetensors",
    board = tensorboard.open(opened.path, function(name) return opened:own(name) end),
  }, Record)
  if o.opened then o.opened(opened) end
  if not o.resume then files.remove(self.checkpoint) end
  if not files.exists(self.checkpoint) then checkpoint.write(self.checkpoint, trainer) end
  return self
end

--- Makes metrics.jsonl tell what a trainer that goes on has done: a kill may have come between checkpoint and line.
function Record:rewind(trainer)
  files.remove(self.run:own "metrics.jsonl")
  for _, row in ipairs(trainer.history) do self.run:log(row) end
end

local function save_model(self, state, card)
  self.run:own "model.json"
  file.write(self.run:own "model.safetensors", state, card)
end

--- After an epoch: its line, its scalars, the checkpoint, and the model when it is the best so far.
function Record:epoch(trainer, row, is_best)
  checkpoint.write(self.run:own "checkpoint.safetensors", trainer)
  if is_best then save_model(self, trainer.best.state, trainer.net.card) end
  self.run:log(row)
  for _, measure in ipairs(measures.rows) do
    local value = row[measure.name]
    if value then self.board:scalar(measure.tag, row.epoch, value) end
  end
end

local function figures_of(trainer, found)
  local last = trainer.history[#trainer.history]
  local figures = {epochs = #trainer.history, loss = last.loss, train_accuracy = last.accuracy,
    parameters = (trainer.net:count())}
  if trainer.best then figures["best.epoch"] = trainer.best.epoch end
  local function add(prefix, part)
    if not part then return end
    figures[prefix .. "loss"] = part.loss
    if not part.accuracy then return end
    figures[prefix .. "accuracy"] = part.accuracy
    figures[prefix .. "accuracy.low"], figures[prefix .. "accuracy.high"] = part.interval.low, part.interval.high
    figures[prefix .. "f1"] = part.macro.f1
    figures[prefix .. "segment_accuracy"] = part.segment_accuracy
  end
  add("valid_", trainer.valid)
  add("test_", trainer.test)
  if found and found.accuracy then figures.accuracy, figures.f1 = found.accuracy, found.macro.f1 end
  for name, value in pairs(trainer.figures or {}) do figures[name] = value end
  return figures
end

-- Accuracy of each class: its recall, the share of its tracks that were found.
local function class_bars(found)
  local values, errors = {}, {}
  local metrics = require "moonlark.metrics"
  for i, class in ipairs(found.per_class) do
    values[i] = class.recall
    local interval = metrics.interval(math.floor(class.recall * class.support + 0.5), math.max(class.support, 1))
    errors[i] = {interval.low, interval.high}
  end
  return plot.bars(values, {labels = found.classes, errors = errors, low = 0, high = 1.1, format = "%.2f",
    title = "Accuracy of each class with 95 % interval", ylabel = "accuracy"})
end

-- Losses and accuracies by epoch; those of single segments are for TensorBoard.
local function curves(trainer)
  local history = {}
  for i, row in ipairs(trainer.history) do
    history[i] = {epoch = row.epoch}
    for _, measure in ipairs(measures.rows) do
      if measure.shown then history[i][measure.name] = row[measure.name] end
    end
  end
  return plot.curves {history = history, best = trainer.best}
end

-- The first item of the first batch, as the network sees it.
local function input_map(trainer)
  for batch in trainer.o.train:epoch(1) do
    local x = batch.x:cpu()
    if x:dim() ~= 3 then return nil end
    return plot.map(x[0], {title = "What the network sees: " .. (batch.paths[1]:match "[^/]+$" or ""),
      xlabel = "frame", ylabel = "row", unit = "deviations", bar = true})
  end
end

local function mistakes_of(found)
  local truth, guess, list = found.y:totable(), found.predicted:totable(), {}
  for i, track in ipairs(found.tracks) do
    if truth[i] ~= guess[i] then
      list[#list + 1] = {track.path, found.classes[truth[i] + 1], found.classes[guess[i] + 1],
        found.probabilities[i - 1][guess[i]]:item()}
    end
  end
  return list
end

-- A picture of the run folder, for TensorBoard too; `figure` as for Run:plot.
local function draw(self, name, figure, ...)
  local place = self.run:plot(name, figure, ...)
  if place then self.board:image(name, self.step, self.run:file(place)) end
  return place
end

local function write_classes(self, page, found, part)
  page:heading("Classes of the " .. part .. " part")
  page:classes(found, "tracks")
  page:figure(draw(self, "confusion", plot.confusion, found), "Confusion matrix")
  page:figure(draw(self, "classes", class_bars, found), "Accuracy of each class")
  local mistakes = mistakes_of(found)
  if #mistakes == 0 then return end
  page:heading(("Mistakes (%d)"):format(#mistakes))
  table.sort(mistakes, function(a, b) return a[4] > b[4] end)
  page:table({"file", "is", "taken for", "probability"}, table.move(mistakes, 1, math.min(#mistakes, 100), 1, {}))
end

local function write_page(self, trainer, found, part)
  local page = report.new("Training of " .. (trainer.settings.architecture or trainer.net.__name))
  page:text(("%d parameters, %d epochs of %d batches; seed %d, on %s."):format(trainer.settings.parameters,
    #trainer.history, trainer.o.train:count(), trainer.o.seed, trainer.device))
  page:metrics(figures_of(trainer, found))
  page:figure(draw(self, "curves", curves, trainer), "Losses and accuracies by epoch")
  if found and found.accuracy then write_classes(self, page, found, part) end
  for _, name in ipairs(text.keys(trainer.pictures)) do
    page:figure(draw(self, name, trainer.pictures[name]), name)
  end
  local ok, map = pcall(input_map, trainer)
  if ok and map then
    page:heading "Input"
    page:figure(draw(self, "input", map), "A batch's first item, normalised and augmented")
  end
  page:files("Left out", trainer:files "rejected")
  page:files("Kept in part", trainer:files "partial")
  page:heading "Network"
  page:text("```\n" .. tostring(trainer.net) .. "\n```")
  self.run:report(page)
end

--- At the end: model, figures, pictures, report.
function Record:finish(trainer)
  local found, part = trainer.test or trainer.valid, trainer.test and "test" or "validation"
  self.step = #trainer.history
  save_model(self, trainer.net:state_dict(), trainer.net.card)
  self.run:metrics(figures_of(trainer, found))
  write_page(self, trainer, found, part)
  if self.mine then self.run:finish() end
end

--- After an error or Ctrl-C: the folder says so, and has the best model so far beside the checkpoint of the last whole
--- epoch.
function Record:stopped(trainer, why)
  local interrupted = core.system.interrupted() or type(why) == "userdata" or why == "interrupted" -- Ctrl-C is no text
  if #trainer.history > 0 then save_model(self, trainer.net:state_dict(), trainer.net.card) end
  self.run:finish(interrupted and "interrupted" or "failed")
  if interrupted then
    io.stderr:write(show.format("stopped; %s goes on from the last whole epoch with resume\n", self.run.path))
  end
end

--- The folder is free again, also when the training did not come as far as its epochs.
function Record:__close(failure)
  self.board:close()
  if self.mine then self.run:__close(failure) end
end

return record
