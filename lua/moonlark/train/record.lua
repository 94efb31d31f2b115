--- Record: what a training leaves in its run folder.
---
--- run.json, metrics.jsonl (a line an epoch), checkpoint.safetensors (the last whole epoch, to resume from),
--- model.safetensors with model.json (the best weights), events.out.tfevents.* for TensorBoard, and at the end
--- metrics.json, plots/ and report.md.
local account = require "moonlark.classify.account"
local checkpoint = require "moonlark.train.checkpoint"
local core = require "moonlark_core"
local file = require "moonlark.nn.file"
local files = require "moonlark.base.files"
local measures = require "moonlark.train.measures"
local metrics = require "moonlark.metrics"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local run = require "moonlark.run"
local show = require "moonlark.base.show"
local state = require "moonlark.train.state"
local tensorboard = require "moonlark.train.tensorboard"
local text = require "moonlark.base.text"

local Record = {}
Record.__index = Record

--- Opens the run folder of a trainer; its option `run` is a folder's name, or a run that is open.
function Record.open(trainer)
  local o, opened = trainer.o, trainer.o.run
  local mine = type(opened) == "string" -- opened here, and ends here
  if mine then
    local songs = o.train.dataset
    opened = run.open(o.run, trainer.settings,
      {exists = o.resume and "resume" or "refuse", data = songs.hash and songs or nil})
  end
  local self = setmetatable({
    run = opened, mine = mine, checkpoint = opened:own "checkpoint.safetensors",
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
  if trainer.epoch == 0 and trainer.o.progress then
    io.stderr:write(show.name(self.run.path), " holds no whole epoch yet: begins anew\n")
  end
end

local function save_model(self, net, values)
  self.run:own "model.json"
  file.write(self.run:own "model.safetensors", state.whole(net, values), self.run:card(net.card))
end

--- After an epoch: its line, its scalars, the checkpoint, and the model when it is the best so far.
function Record:epoch(trainer, row, is_best)
  checkpoint.write(self.run:own "checkpoint.safetensors", trainer)
  if is_best then save_model(self, trainer.net, trainer.best.state) end
  self.run:log(row)
  for _, measure in ipairs(measures.rows) do
    local value = row[measure.name]
    if value then self.board:scalar(measure.tag, row.epoch, value) end
  end
end

-- What is of the training itself, and what the option `judge` gave.
local function training_figures(trainer)
  local last = trainer.history[#trainer.history]
  local figures = {epochs = #trainer.history, loss = last.loss, train_accuracy = last.accuracy,
    train_segment_accuracy = last.segment_accuracy,
    parameters = (trainer.net:count()), ["best.epoch"] = trainer.best and trainer.best.epoch}
  for name, value in pairs(trainer.figures or {}) do figures[name] = value end
  return figures
end

-- What is of the validation or the test.
local function part_figures(found)
  local figures = account.figures(found)
  figures.loss = found.loss
  return figures
end

-- For metrics.json: valid_…, test_…, and without a part's name those of the last of them.
local function figures_of(trainer)
  local figures = account.figures(trainer.test or trainer.valid or {})
  for _, part in ipairs {"valid", "test"} do
    for name, value in pairs(part_figures(trainer[part] or {})) do figures[part .. "_" .. name] = value end
  end
  for name, value in pairs(training_figures(trainer)) do figures[name] = value end
  return figures
end

-- On the page each part has a column.
local function write_figures(page, trainer)
  page:metrics(training_figures(trainer))
  local names, heads, parts = {}, {"figure"}, {}
  for _, part in ipairs {"valid", "test"} do
    if trainer[part] then
      parts[#parts + 1] = part_figures(trainer[part])
      heads[#heads + 1] = part == "valid" and "validation" or part
      for name in pairs(parts[#parts]) do names[name] = true end
    end
  end
  local rows = {}
  for i, name in ipairs(text.keys(names)) do
    rows[i] = {name}
    for p, figures in ipairs(parts) do rows[i][p + 1] = figures[name] end
  end
  if #rows > 0 then page:table(heads, rows) end
end

-- Accuracy of each class: its recall, the share of its tracks that were found.
local function class_bars(found)
  local values, errors = {}, {}
  for i, class in ipairs(found.per_class) do
    values[i] = class.recall
    local interval = metrics.interval(math.floor(class.recall * class.support + 0.5), math.max(class.support, 1))
    errors[i] = {interval.low, interval.high}
  end
  return plot.bars(values, {labels = found.classes, errors = errors, low = 0, high = 1.1, format = "%.2f",
    title = "Accuracy of each class with 95 % interval", ylabel = "accuracy"})
end

-- What is drawn of each epoch: measures of the training and of the validation that mean the same. The words for
-- tracks and segments are left out where a track is one segment.
local function curves(trainer)
  local history, names, cut = {}, {}, false
  for i, row in ipairs(trainer.history) do
    history[i] = {epoch = row.epoch}
    for _, measure in ipairs(measures.rows) do
      if measure.shown or measure.curve then history[i][measure.name] = row[measure.name] end
    end
    cut = cut or row.segment_accuracy ~= nil
  end
  for _, measure in ipairs(measures.rows) do
    local name = measure.of or measure.name
    names[name] = names[name] or measure.words or cut and measure.cut_words or nil
  end
  local changed = #(trainer.o.train.augments or {}) > 0
  return plot.curves({history = history, best = trainer.best},
    {names = names, training = changed and "training, augmented" or "training"})
end

local about_curves = "Training figures are counted as the epoch goes: while the weights change, with dropout and "
  .. "augmentation. The validation is judged after it, without these."

-- The first item of the first batch, as the network sees it.
local function input_map(trainer)
  for batch in trainer.o.train:epoch(1) do
    local x, net = batch.x, trainer.net
    if net.heard and x:dim() == 3 then x = net:heard(x) end -- of sound
    if x:dim() ~= 3 then return nil end
    return plot.map(x[0]:cpu(), {title = "What the network sees: " .. (batch.paths[1]:match "[^/]+$" or ""),
      xlabel = "frame", ylabel = "row", unit = "deviations", bar = true})
  end
end

-- A picture of the run folder, for TensorBoard too; `figure` as for Run:plot.
local function draw(self, page, name, caption, figure, ...)
  local place = self.run:plot(name, figure, ...)
  if place then self.board:image(name, self.last_epoch, self.run:file(place)) end
  page:figure(place, caption)
end

-- Tracks that were taken for another class, the surest first.
local function write_mistakes(page, found)
  local truth, guess, rows = found.y:totable(), found.predicted:totable(), {}
  for i, track in ipairs(found.tracks) do
    if truth[i] ~= guess[i] then
      rows[#rows + 1] = {track.path, found.classes[truth[i] + 1], found.classes[guess[i] + 1],
        found.probabilities[i - 1][guess[i]]:item()}
    end
  end
  if #rows == 0 then return end
  page:heading(("Mistakes (%d)"):format(#rows))
  table.sort(rows, function(a, b) return a[4] > b[4] end)
  page:table({"file", "is", "taken for", "probability"}, table.move(rows, 1, math.min(#rows, 100), 1, {}))
end

-- What the page says of the test part, or of the validation where there is none.
local function write_judged(self, page, trainer)
  local found, part = trainer.test or trainer.valid, trainer.test and "test" or "validation"
  if found and found.accuracy then
    page:heading(("Classes of the %s part"):format(part))
    page:classes(found, "tracks")
    self.run:confusion(found)
    draw(self, page, "confusion", "Confusion matrix", plot.confusion, found)
    draw(self, page, "classes", "Accuracy of each class", class_bars, found)
    local roc = found:roc_curves()
    if #roc > 0 then draw(self, page, "roc", "ROC curve of each class against the rest", plot.roc, roc) end
    write_mistakes(page, found)
  elseif found and account.of(found) then
    page:heading(("%s of the %s part"):format(found.task == "tags" and "Tags" or "Values", part))
    local paths = {}
    for i, track in ipairs(found.tracks) do paths[i] = track.path end
    account.write(page, found, paths, "tracks", function(...) draw(self, page, ...) end)
  end
end

-- "88154112 parameters, 14175744 of them trained".
local function parameters_of(net)
  local total, trained = net:count()
  return trained == total and ("%d parameters"):format(total)
    or ("%d parameters, %d of them trained"):format(total, trained)
end

-- The architecture, of a model from elsewhere its family.
local function name_of(trainer)
  local made = trainer.settings
  return made.finetuning and "a " .. made.options.family .. " from elsewhere" or made.architecture
    or trainer.net.__name
end

local function write_page(self, trainer)
  local page = report.new("Training of " .. name_of(trainer))
  page:text(("%s, %d epochs of %d batches; seed %d, on %s."):format(parameters_of(trainer.net), #trainer.history,
    trainer.o.train:count(), trainer.o.seed, trainer.device))
  write_figures(page, trainer)
  draw(self, page, "curves", "Losses and scores by epoch", curves, trainer)
  page:text(about_curves)
  write_judged(self, page, trainer)
  for _, name in ipairs(text.keys(trainer.pictures)) do draw(self, page, name, name, trainer.pictures[name]) end
  local ok, map = pcall(input_map, trainer)
  if ok and map then
    page:heading "Input"
    draw(self, page, "input", "A batch's first item, normalised and augmented", map)
  end
  page:files("Left out", trainer:files "rejected")
  page:files("Kept in part", trainer:files "partial")
  page:heading "Network"
  page:text("```\n" .. tostring(trainer.net) .. "\n```")
  self.run:report(page)
end

--- At the end: model, figures, pictures, report.
function Record:finish(trainer)
  self.last_epoch = #trainer.history
  save_model(self, trainer.net, state.of(trainer.net))
  self.run:metrics(figures_of(trainer))
  write_page(self, trainer)
  if self.mine then self.run:finish() end
end

--- After an error or Ctrl-C: the folder says so, and has the best model so far beside the checkpoint of the last whole
--- epoch.
function Record:stopped(trainer, why)
  local interrupted = core.system.interrupted() or type(why) == "userdata" or why == "interrupted" -- Ctrl-C is no text
  if #trainer.history > 0 then save_model(self, trainer.net, state.of(trainer.net)) end
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

return Record
