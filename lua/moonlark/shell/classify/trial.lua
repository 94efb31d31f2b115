--- Trial: how `moonlark classify` judges its classifiers: the options that say so, and what follows from them.
local changed = require "moonlark.classify.changed"
local classify = require "moonlark.classify"
local command = require "moonlark.shell.command"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local trial = {}

local judging = options.described "classify.cross_validate"
local searching = options.described "classify.random_search"

--- Adds --class-weight, --scoring, --repeats, --search, --importance and --learning-curve to the parser.
function trial.arguments(parser)
  command.option(parser, "class_weight", options.described("classify.svm").by_name.class_weight)
  command.option(parser, "scoring", options.choice({"accuracy", "balanced_accuracy", "f1_macro", "auc"}, "accuracy",
    "the figure by which models are compared and searched"))
  command.option(parser, "repeats", judging.by_name.repeats)
  command.option(parser, "search", searching.by_name.trials:but {
    help = "search hyperparameters within each fold, with so many draws a model", usual = "none"})
  parser:flag("--importance", "Which features and columns the best model needs.")
  parser:flag("--learning-curve", "How the best model's scores grow with the number of sounds.")
end

--- The mean over folds of what --scoring says, and its deviation; folds that have no such figure are left out.
---@param report moonlark.Evaluation
---@param scoring string
---@return number mean
---@return number deviation
function trial.score(report, scoring)
  local list = {}
  for _, fold in ipairs(report.folds) do
    if fold[scoring] == fold[scoring] then list[#list + 1] = fold[scoring] end
  end
  if #list == 0 then show.fail("--scoring %s: no fold has it", scoring) end
  return metrics.spread(list)
end

--- A figure of all divisions: where there are several, the mean over folds; else that of all rows together.
---@param report moonlark.Evaluation
---@param name string  of a fold's figure
---@param whole number?  of all rows of the first division
---@return number?
function trial.figure(report, name, whole)
  if report.repeated and whole then return (trial.score(report, name)) end
  return whole
end

-- Folds within a fold: 3, or as many as the smallest class has rows to learn from.
local function inner_k(X, how)
  if how.folds then return nil end
  local counts, smallest = {}, math.huge
  for _, id in ipairs(X.y:totable()) do counts[id] = (counts[id] or 0) + 1 end
  for _, count in pairs(counts) do smallest = math.min(smallest, count - math.ceil(count / how.k)) end
  if smallest < 2 then show.fail "--search needs classes of 4 sounds or more" end
  return math.min(3, smallest)
end

-- The classifier with the hyperparameters that a search on all rows finds.
local function search(entry, X, args, how)
  return (classify.random_search(entry.model, X, entry.grid(X.x:size(0)),
    {trials = args.search, scoring = args.scoring, k = how.k, folds = how.folds, seed = how.seed}))
end

-- An SVM that is kept knows how sure it is. That takes five fits more, which judging it by folds does not need.
local function kept(model)
  local steps = model.settings.steps
  local last = steps and steps[#steps] or model
  return last.kind == "classify.svm" and changed(model, {probability = true}) or nil
end

--- Judges a classifier by cross-validation, or with --search by nested cross-validation.
---@param entry moonlark.shell.Classifier
---@param X moonlark.Features
---@param args table
---@param how table  folds, k, seed, repeats, each
---@param parts {train: moonlark.Features, valid: moonlark.Features?, test: moonlark.Features}?  a split that is fixed,
---  in place of folds
function trial.judge(entry, X, args, how, parts)
  if parts then
    local model = args.search and search(entry, parts.train, args, how) or entry.model
    entry.report, entry.valid = classify.hold_out(kept(model) or model, parts) -- the one that is kept
    if how.each then how.each(1, entry.report.folds[1]) end
    return
  end
  if not args.search then
    entry.report = classify.cross_validate(entry.model, X, how)
    return
  end
  local nested = options.join(how, {trials = args.search, scoring = args.scoring, inner_k = inner_k(X, how)})
  entry.report, entry.chosen = classify.nested_cross_validate(entry.model, X, entry.grid(X.x:size(0)), nested)
end

--- The classifier fitted to all rows; with --search, with the hyperparameters that a search on all of them finds.
---@return moonlark.Estimator
function trial.fit(entry, X, args, how)
  if not args.search then return (kept(entry.model) or entry.model:clone()):fit(X) end
  local found = search(entry, X, args, how)
  local sure = kept(found)
  return sure and sure:fit(X) or found
end

return trial
