--- Task: what a network learns. Classes, tags and values differ in the loss, in what the outputs mean, and in how whole
--- tracks are judged.
---
--- A network of values learns each target with mean 0 and deviation 1; its card keeps the mean and deviation of the
--- training tracks (`scale`), by which outputs become values in their own unit. The card of a network of tags keeps the
--- thresholds from which on each is said.
local evaluation = require "moonlark.classify.evaluation"
local metrics = require "moonlark.metrics"
local show = require "moonlark.base.show"
local tags_evaluation = require "moonlark.classify.tags"
local targets = require "moonlark.dataset.targets"
local torch = require "moonlark.torch"
local values_evaluation = require "moonlark.classify.values"

---@class moonlark.train.Task
---@field name "classes"|"tags"|"values"
---@field losses table<string, fun(logits: moonlark.Tensor, y: moonlark.Tensor): moonlark.Tensor>
---@field usual string  the loss where none is named
---@field figure "accuracy"|"map"|"r2"  the main figure of a part; higher is better
---@field prepare fun(card: moonlark.Card, batches: moonlark.AnyBatches)  what the card must know before training
---@field target fun(card: moonlark.Card, y: moonlark.Tensor): moonlark.Tensor  what the loss compares logits with
---@field outputs fun(card: moonlark.Card, logits: moonlark.Tensor): moonlark.Tensor  probabilities, or values
---@field judge fun(card: moonlark.Card, songs: table, outputs: moonlark.Tensor, truth: moonlark.Tensor?): table?

local function same(_, y) return y end

local function nothing() end

local classes = {
  name = "classes", usual = "cross_entropy", figure = "accuracy", prepare = nothing, target = same,
  losses = {cross_entropy = function(logits, y) return torch.cross_entropy(logits, y) end},
}

function classes.outputs(_, logits) return torch.softmax(logits:float(), 1) end

-- The class of each track, from 0; nil where there are no classes, or a track is of none of them.
local function class_ids(songs)
  local of, ids = {}, {}
  for i, name in ipairs(songs.classes or {}) do of[name] = i - 1 end
  for i, track in ipairs(songs.tracks) do
    if of[track.label] == nil then return nil end
    ids[i] = of[track.label]
  end
  return torch.tensor(ids)
end

function classes.judge(_, songs, outputs)
  local y = class_ids(songs)
  if not y then return nil end
  return evaluation(y, outputs:argmax(1), songs.classes, {scores = outputs:double(), scores_are = "probabilities"})
end

local tags = {
  name = "tags", usual = "bce", figure = "map", prepare = nothing, target = same,
  losses = {bce = function(logits, y) return torch.binary_cross_entropy_with_logits(logits, y) end},
}

function tags.outputs(_, logits) return torch.sigmoid(logits:float()) end

function tags.judge(card, songs, outputs, truth)
  if not truth then return nil end
  local thresholds = card.thresholds
  local least = thresholds and torch.tensor(thresholds, {dtype = "float64"}) or 0.5
  outputs = outputs:double()
  return tags_evaluation(truth, songs.classes,
    {scores = outputs, predicted = outputs:ge(least):float(), thresholds = thresholds})
end

-- Reductions of torch.mse_loss and its kin.
local MEAN = 1

local values = {
  name = "values", usual = "mse", figure = "r2",
  losses = {
    mse = function(logits, y) return torch.mse_loss(logits, y, MEAN) end,
    mae = function(logits, y) return torch.l1_loss(logits, y, MEAN) end,
    huber = function(logits, y) return torch.huber_loss(logits, y, MEAN, 1.0) end,
  },
}

function values.prepare(card, batches)
  local y = (batches.y or targets.columns(batches.dataset)):double():cpu()
  local mean = y:mean({0})
  local std = (y - mean):square():mean({0}):sqrt()
  card.scale = {mean = mean:totable(), std = torch.where(std:gt(0), std, torch.ones_like(std)):totable()}
end

local function scale_of(card, like)
  local to = {dtype = "float32", device = like:device()}
  return torch.tensor(card.scale.mean, to), torch.tensor(card.scale.std, to)
end

function values.target(card, y)
  if not card.scale then return y end
  local mean, std = scale_of(card, y)
  return (y - mean) / std
end

function values.outputs(card, logits)
  if not card.scale then return logits:float() end
  local mean, std = scale_of(card, logits)
  return logits:float() * std + mean
end

function values.judge(_, songs, outputs, truth)
  return truth and values_evaluation(truth, outputs, songs.targets)
end

local tasks = {classes = classes, tags = tags, values = values}

local task = {class_ids = class_ids}

--- The names of all losses, for the option `loss`.
task.losses = {"cross_entropy", "bce", "mse", "mae", "huber"}

--- The task of a network that was trained, or is trained on these batches: what it hears need not be labelled.
---@param net moonlark.nn.Module
---@param batches moonlark.AnyBatches?
---@return moonlark.train.Task
function task.of(net, batches)
  return tasks[net.card and net.card.task or batches and batches.dataset.task or "classes"]
end

--- The loss that was asked for: a function, a name, or nil. Errors: it does not fit the task.
---@param self moonlark.train.Task
---@param loss string|function|nil
---@return fun(logits: moonlark.Tensor, y: moonlark.Tensor): moonlark.Tensor
function task.loss(self, loss)
  if type(loss) == "function" then return loss end
  return self.losses[loss or self.usual] or show.fail("loss = '%s' does not fit %s: give %s", loss, self.name,
    table.concat(require "moonlark.base.text".keys(self.losses), ", "))
end

--- Batches of the same tracks as they are: in order, nothing cut at random, nothing changed.
---@param batches moonlark.AnyBatches
---@return moonlark.AnyBatches
function task.unchanged(batches)
  if batches.x then return batches end -- samples in memory
  local made, plain = batches.settings, batches:options()
  for _, name in ipairs {"workers", "cache", "progress"} do plain[name] = made[name] end
  plain.shuffle = false
  if plain.segment then plain.crop = false end
  local same = batches.dataset:batches(plain)
  return made.normalize and same:normalize_by(batches:statistics()) or same
end

--- The thresholds of best F1 of tags, from scores of a part that is no test: rows × tags.
---@param found moonlark.TagsEvaluation
---@return number[]
function task.thresholds(found)
  local list = {}
  for t = 1, found.y:size(1) do
    list[t] = metrics.best_threshold(found.y:select(1, t - 1), found.scores:select(1, t - 1))
  end
  return list
end

return task
