--- Task: what differs between classes, tags and values when models of tables are judged: which y fits, how rows are
--- dealt into folds, what a model is asked, and how its answers are judged.
local core = require "moonlark_core"
local evaluation = require "moonlark.classify.evaluation"
local metrics = require "moonlark.metrics"
local partition = require "moonlark.dataset.partition"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local tags_evaluation = require "moonlark.classify.tags"
local values_evaluation = require "moonlark.classify.values"

---@class moonlark.Task
---@field name "classes"|"tags"|"values"
---@field figure "accuracy"|"map"|"r2"  the main figure; higher is better
---@field check fun(X: table)  raises unless y fits x
---@field names fun(X: table): string[]  of the classes, tags or targets
---@field deal fun(X: table, shares: number[], seed: integer, groups: any[]?): integer[]  the part (from 1) of each row
---@field scores fun(model: moonlark.Estimator, x: moonlark.Tensor, X: table): moonlark.Tensor?, string?  and their kind
---@field figures fun(y: moonlark.Tensor, predicted: moonlark.Tensor, scores: moonlark.Tensor?, only: string?):
---  table<string, number>  all, or of classes one alone
---@field evaluation fun(X: table, found: table): table

local task = {}

--- The main figure of each task; higher is better.
task.figures = {classes = "accuracy", tags = "map", values = "r2"}

local tasks = {}
for name, figure in pairs(task.figures) do
  tasks[name] = {name = name, figure = figure}
end

local function numbered(n, word)
  local names = {}
  for i = 1, n do names[i] = word .. tostring(i - 1) end
  return names
end

-- --- classes: y holds an id a row ----------------------------------------------------------

local classes = tasks.classes

function classes.check(X)
  if X.y:dim() ~= 1 or X.y:size(0) ~= X.x:size(0) then
    show.fail("X.y must have one class id for each of the %d rows", X.x:size(0))
  end
  core.classify.classes(X.y, X.x:size(0))
end

function classes.names(X) return X.classes or numbered(X.y:max():item() + 1, "") end

-- Every class has a row for each fold.
local function check_classes(X, labels, k)
  local counts, names = {}, classes.names(X)
  for _, id in ipairs(labels) do counts[id] = (counts[id] or 0) + 1 end
  for id, count in pairs(counts) do
    if count < k then show.fail("every class needs k (%d) rows or more, '%s' has %d", k, names[id + 1] or id, count) end
  end
end

function classes.deal(X, shares, seed, groups)
  local labels = X.y:totable()
  if groups then return partition.grouped(labels, groups, shares, seed) end
  check_classes(X, labels, #shares)
  return partition.stratified(labels, shares, seed)
end

function classes.scores(model, x, X) return scoring.scores(model, x, #classes.names(X)) end

classes.figures = scoring.all

function classes.evaluation(X, found) return evaluation(X.y, found.predicted, classes.names(X), found) end

-- --- tags: y is rows × tags, 0 or 1 ----------------------------------------------------------

local tags = tasks.tags

function tags.check(X)
  if X.y:dim() ~= 2 or X.y:size(0) ~= X.x:size(0) then
    show.fail("X.y must be rows × tags, a row for each of the %d of X.x", X.x:size(0))
  end
  if not (X.y * (1 - X.y)):eq(0):all():item() then show.fail "X.y must hold 0 and 1 alone: these are tags" end
end

function tags.names(X) return X.classes and #X.classes > 0 and X.classes or numbered(X.y:size(1), "tag ") end

function tags.deal(X, shares, seed, groups)
  local items = {}
  for i, row in ipairs(X.y:totable()) do
    items[i] = {}
    for t, has in ipairs(row) do
      if has ~= 0 then table.insert(items[i], t) end
    end
  end
  if groups then return partition.grouped(items, groups, shares, seed) end
  return partition.iterative(items, shares, seed)
end

function tags.scores(model, x) return model:predict_proba(x):double(), "probabilities" end

function tags.figures(y, predicted, scores)
  local _, macro, micro = metrics.tags_f1(y, predicted)
  return {map = (metrics.mean_average_precision(y, scores)), auc = (metrics.mean_roc_auc(y, scores)),
    f1_macro = macro.f1, f1_micro = micro.f1}
end

function tags.evaluation(X, found) return tags_evaluation(X.y, tags.names(X), found) end

-- --- values: y holds a number a row, or rows × targets -----------------------------------------

local values = tasks.values

function values.check(X)
  if X.y:dim() > 2 or X.y:size(0) ~= X.x:size(0) then
    show.fail("X.y must hold a number, or one for each target, for each of the %d rows", X.x:size(0))
  end
  core.regress.check(X.y:dim() == 1 and X.y:unsqueeze(1) or X.y, X.x:size(0))
end

function values.names(X) return X.targets or numbered(X.y:dim() == 1 and 1 or X.y:size(1), "target ") end

function values.deal(X, shares, seed, groups)
  local labels = partition.bins((X.y:dim() == 1 and X.y or X.y:select(1, 0)):totable())
  if groups then return partition.grouped(labels, groups, shares, seed) end
  return partition.stratified(labels, shares, seed)
end

function values.scores() return nil end

function values.figures(y, predicted)
  return {r2 = (metrics.r2(y, predicted)), ccc = (metrics.ccc(y, predicted)), rmse = (metrics.rmse(y, predicted))}
end

function values.evaluation(X, found) return values_evaluation(X.y, found.predicted, values.names(X), found.folds) end

--- The task of a table. One that does not say it learns values where y has numbers of floating point, else classes.
---@param X moonlark.Features|table
---@return moonlark.Task
function task.of(X)
  return tasks[X.task or X.y:is_floating_point() and "values" or "classes"]
end

--- Judges a fitted model on a table: its figures, what it predicted, its scores and their kind.
---@param fitted moonlark.Estimator
---@param X table
---@return table<string, number> figures
---@return moonlark.Tensor predicted
---@return moonlark.Tensor? scores
---@return string? kind
function task.judge(fitted, X)
  local asked = task.of(X)
  local predicted, scores, kind = fitted:predict(X.x), asked.scores(fitted, X.x, X)
  return asked.figures(X.y, predicted, scores), predicted, scores, kind
end

--- The figure that `scoring` names, or the task's own.
---@param X table
---@param figures table<string, number>
---@param wanted string?
---@return number
function task.pick(X, figures, wanted)
  local asked = task.of(X)
  return figures[wanted or asked.figure] or show.fail("scoring: '%s' is no figure of %s", wanted, asked.name)
end

return task
