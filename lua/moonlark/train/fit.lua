--- Fit: trains a network, from what was asked to what is left in the run folder; trainer.lua draws the walk.
local checkpoint = require "moonlark.train.checkpoint"
local contract = require "moonlark.dataset.contract"
local evaluate = require "moonlark.train.evaluate"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local json = require "moonlark.base.json"
local measures = require "moonlark.train.measures"
local module = require "moonlark.nn.module"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"
local weights = require "moonlark.classify.weights"
local Trainer = require "moonlark.train.trainer"
local warning = require "moonlark.base.warning"

local integer, number, callable = options.integer, options.number, options.callable

local function batches(default, help)
  return options.value("moonlark.AnyBatches", "batches, as dataset:batches and train.tensors make",
    contract.batches, default, help)
end

-- What has one of two fields: a recipe of moonlark.optim, or what it makes.
local function one_of_optim(type_name, allowed, field, other, help, usual)
  return options.value(type_name, "one of moonlark.optim, such as " .. allowed,
    function(value) return type(value) == "table" and (value[field] or value[other]) and value or nil end, nil, help,
    {usual = usual})
end

local open_run = options.value("moonlark.Run", "an open run",
  function(value) return type(value) == "table" and value.record ~= nil and value or nil end)

local parameters = options.describe("train.fit", {
  train = batches(options.required, "what to learn from"),
  valid = batches(nil, "what tells the best epoch"),
  test = batches(nil, "what to judge the result on"),
  epochs = integer(30, {least = 1}, "passes over the training data"),
  patience = integer(nil, {least = 1, usual = "never"}, "epochs without improvement before stopping"),
  optimizer = one_of_optim("moonlark.OptimizerRecipe|moonlark.Optimizer", "optim.AdamW {lr = 1e-3}", "bind", "groups",
    "how weights follow gradients", "optim.AdamW {lr = 1e-3}"),
  schedule = one_of_optim("moonlark.ScheduleRecipe|moonlark.Schedule", "optim.cosine {}", "bind", "step",
    "how the learning rate goes", "it stays"),
  loss = options.either(nil, {options.choice(task.losses), callable(nil, "f(logits, y)",
    "fun(logits: moonlark.Tensor, y: moonlark.Tensor): moonlark.Tensor")},
    "what is made small; values are compared with mean 0 and deviation 1")
    :but {usual = "cross_entropy of classes, bce of tags, mse of values"},
  objective = callable(nil, "in place of loss: f(net, batch) gives the loss, and logits where there are classes",
    "fun(net: moonlark.nn.Module, batch: moonlark.Batch): moonlark.Tensor, moonlark.Tensor?"),
  class_weight = weights.option,
  monitor = options.choice(measures.watched, options.none, "the measure that tells the best epoch",
    {usual = '"valid_accuracy" of classes ("valid_balanced_accuracy" with class_weight), "valid_map" of tags, '
      .. '"valid_r2" of values, else "valid_loss"'}),
  clip_norm = number(nil, {above = 0, infinite = true, usual = "as it is"},
    "the largest norm of all gradients together"),
  accumulate = integer(1, {least = 1}, "batches a step"),
  ema = number(nil, {least = 0, most = 1, usual = "no average"},
    "decay of an average of weights, 0.999 for instance: the average is judged and kept"),
  device = options.text("auto", 'where to train: "cpu", "cuda:0"; "auto" is a GPU when there is one'),
  precision = options.choice({"float32", "bfloat16"}, "float32", "of the forward pass"),
  deterministic = options.boolean(false, "the same bits twice, also on a GPU, or an error"),
  seed = integer(0, {least = 0}, "of all random numbers"),
  run = options.either(nil, {options.text(nil), open_run}, "the run folder to write", {usual = "none"}),
  resume = options.boolean(false, "go on with the checkpoint of the run folder"),
  progress = options.boolean(true, "a bar, and a line for each epoch, on standard error"),
  opened = callable(nil, "f(run) when the run folder is open, before the first epoch", "fun(run: moonlark.Run)"),
  each = callable(nil, "f(row, trainer) after every epoch", "fun(row: table, trainer: moonlark.Trainer)"),
  judge = callable(nil, "f(trainer) at the end: figures, and pictures or functions that make them, for the report",
    "fun(trainer: moonlark.Trainer): table?, table?"),
})

local function check_options(o)
  if o.patience and not o.valid then error("patience needs validation data: give valid", 0) end
  if o.resume and not o.run then error("resume needs a run folder: give run", 0) end
  if type(o.run) == "string" then files.check_folder(o.run, "run folder") end
  if o.loss and o.objective then error("give loss or objective, not both", 0) end
  if o.class_weight and (o.objective or o.loss and o.loss ~= "cross_entropy") then
    error("class_weight is of the cross entropy: give it, or loss or objective of your own", 0)
  end
  local part = o.monitor and measures.by_name[o.monitor].needs
  if part and not o[part] then show.fail("monitor = '%s' needs %s", o.monitor, part) end
end

-- Says which tags no training track has: nothing can be learnt of these.
local function check_tags(tags, tracks)
  local there, missing = {}, {}
  for _, track in ipairs(tracks) do
    for _, tag in ipairs(track.labels or {}) do there[tag] = true end
  end
  for _, tag in ipairs(tags) do
    if tracks[1].labels and not there[tag] then missing[#missing + 1] = show.name(tag) end
  end
  if #missing > 0 then
    warning.say("tags-without-training", "no training track has the tags " .. table.concat(missing, ", "))
  end
end

-- A classification needs two classes or more, and tracks of every class.
local function check_classes(classes, tracks)
  if #classes == 1 then show.fail("there is only one class, %s: nothing can be told apart", classes[1]) end
  local there, missing = {}, {}
  for _, track in ipairs(tracks) do there[track.label or false] = true end
  for _, name in ipairs(classes) do
    if not there[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    show.fail("no training track of the class%s %s", #missing > 1 and "es" or "", table.concat(missing, ", "))
  end
end

-- No part may be empty, and all are of the same classes.
local function check_data(o)
  if o.train:items() == 0 then error("the training data is empty", 0) end
  if o.train:count() == 0 then error("drop_last leaves no batch: batch_size is above the number of examples", 0) end
  local classes = not o.objective and o.train.dataset.classes or {}
  if #classes > 0 then
    (o.train.dataset.task == "tags" and check_tags or check_classes)(classes, o.train.dataset.tracks)
  end
  for _, part in ipairs {"valid", "test"} do
    local words, others = part == "valid" and "validation" or part, o[part] and o[part].dataset.classes or {}
    if o[part] and o[part]:items() == 0 then
      show.fail("the %s part is empty: give it more tracks, or leave it out", words)
    end
    if #others > 0 and #classes > 0 and json.encode(classes) ~= json.encode(others) then
      show.fail("the classes of training and %s differ: %s; %s", words, table.concat(classes, ", "),
        table.concat(others, ", "))
    end
  end
end

-- The network's card: what it takes to use it on new songs.
local function write_card(net, o)
  local card = net.card or {}
  net.card = card
  card.task = not o.objective and (o.train.dataset.task or "classes") or nil
  card.targets, card.thresholds, card.scale = o.train.dataset.targets, nil, nil
  card.classes = not o.objective and o.train.dataset.classes or nil
  card.input = o.train:options()
  local statistics = card.input.normalize and o.train:statistics()
  card.statistics = statistics and {mean = statistics.mean:totable(), std = statistics.std:totable()}
  if card.task then task.of(net, o.train).prepare(card, o.train) end
end

local function prepare(o)
  o.train:set_seed(o.seed)
  for _, part in ipairs {"train", "valid", "test"} do
    if o[part] then o[part]:prepare() end
  end
  check_data(o)
  torch.set_deterministic(o.deterministic)
  local statistics = (o.valid or o.test) and o.train.settings.normalize ~= false and o.train:statistics()
  for _, part in ipairs {"valid", "test"} do
    if o[part] and statistics then o[part]:normalize_by(statistics) end
  end
end

-- Whatever ends the epochs, afterwards the network has its final weights.
local function run_epochs(trainer, record)
  local _ <close> = finally(function() trainer:settle() end)
  while not trainer:ended() do
    local row, is_best = trainer:run_epoch()
    if record then record:epoch(trainer, row, is_best) end
    if trainer.o.each then trainer.o.each(row, trainer) end
  end
end

local training = {}

--- Trains a network in place and returns the trainer: {history, best, valid, test, net, …}.
---
--- Every epoch: all training batches, then the validation; a line on standard error, and in a run folder all that is
--- needed to go on. The network ends in evaluation mode, with the weights of the best validation (without validation:
--- the last, or their average with `ema`). Errors and Ctrl-C pass on; the network then has the best weights so far, and
--- the run folder a checkpoint.
---
--- The batches are prepared, and they stay as this leaves them: the training part takes the seed, all go to the device,
--- validation and test are normalised by the training part's statistics. So train.evaluate can go on with them.
---
--- Errors: before anything starts, when there is one class, a class without training tracks, or an empty part; later,
--- when a loss is not finite: it names the batch's files.
---     local fit = train.fit(net, {train = batches})
---@param net moonlark.nn.Module
---@param given moonlark.train.fit.Options
---@return moonlark.Trainer fit
function training.fit(net, given)
  local o = parameters:read(given)
  if not module.is_module(net) then show.fail("net must be a module of moonlark.nn, got %s", type(net)) end
  check_options(o)
  local device = evaluate.device(o.device)
  o.optimizer = o.optimizer or optim.AdamW {lr = 1e-3}
  prepare(o)
  write_card(net, o)
  local trainer = Trainer.new(net, o, device)
  local record <close> = o.run and require "moonlark.train.record".open(trainer)
  trainer:begin(o.resume and checkpoint.read(record.checkpoint, trainer))
  if o.resume then record:rewind(trainer) end
  local _ <close> = finally(function(failure) -- an error or Ctrl-C: the folder is put in order
    if failure and record then record:stopped(trainer, failure) end
  end)
  run_epochs(trainer, record)
  trainer:conclude()
  if record then record:finish(trainer) end
  return trainer
end

return training
