--- Tags and values in `moonlark classify`: their models, how these are judged, and what is written of it.
local account = require "moonlark.classify.account"
local classify = require "moonlark.classify"
local metrics = require "moonlark.metrics"
local findings = require "moonlark.shell.classify.findings"
local models = require "moonlark.shell.classify.models"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local regress = require "moonlark.regress"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

local tasks = {}

--- The names of models of values.
tasks.regressors = {"ridge", "knn", "svr", "random_forest", "boosted_trees"}

local function scaled(model) return classify.pipeline {classify.scaler(), model} end

local function fixed(grid) return function() return grid end end

local log = classify.log_uniform

local trees = {n_estimators = classify.integers(20, 150), max_depth = classify.integers(2, 6),
  learning_rate = log(0.03, 0.5), subsample = classify.uniform(0.5, 1)}

-- The classifiers of `moonlark classify`, one for each tag.
local function of_tags(args)
  local list = {}
  for i, entry in ipairs(models.all(args)) do
    local steps = entry.model.kind == "classify.pipeline" and entry.model.settings.steps
    local model = steps and scaled(classify.one_vs_rest(steps[2])) or classify.one_vs_rest(entry.model)
    list[i] = {name = entry.name, model = model, grid = entry.grid}
  end
  return list
end

-- Models of numbers; those that learn one target are made for each.
local function of_values(args, X)
  local several = #X.targets > 1
  local function each(model) return several and regress.multi_output(model) or model end
  return {
    {name = "ridge", model = scaled(regress.ridge {alpha = 10}), grid = fixed {alpha = log(1e-2, 1e4)}},
    {name = "knn", model = scaled(regress.knn {n_neighbors = math.min(5, X.x:size(0) // 4), weights = "distance"}),
      grid = function(rows)
        return {n_neighbors = classify.integers(1, math.max(1, math.min(20, rows // 3))),
          weights = {"uniform", "distance"}}
      end},
    {name = "svr", model = scaled(regress.standardized(each(regress.svr {C = 10}))),
      grid = fixed {C = log(0.1, 1e2), gamma = log(1e-4, 1e-1)}},
    {name = "random_forest", model = each(regress.random_forest {n_estimators = 50, max_features = 1 / 3, max_bin = 16,
      seed = args.seed}), grid = fixed {max_features = log(0.02, 1), max_depth = {0, 4, 8, 16}}},
    {name = "boosted_trees", model = each(regress.boosted_trees {n_estimators = 100, max_depth = 3, learning_rate = 0.1,
      max_bin = 16, seed = args.seed}), grid = fixed(trees)},
  }
end

-- Those that --models names, or all.
local function chosen(args, list)
  if not args.models then return list end
  local known, names, some = {}, {}, {}
  for i, entry in ipairs(list) do known[entry.name], names[i] = entry, entry.name end
  for i, name in ipairs(args.models) do some[i] = known[name] or options.unknown("model", name, names) end
  return some
end

-- What is compared: --scoring, or the main figure where it says nothing.
local function scoring_of(args, X)
  local asked = task.of(X)
  if args.scoring == "accuracy" then return asked.figure end
  if asked.name == "tags" and args.scoring ~= "balanced_accuracy" then return args.scoring end
  show.fail("--scoring %s is of classes, and this data has %s", args.scoring, asked.name)
end

-- The model, or with --search what a search on all rows finds.
local function search(entry, X, args, how, scoring)
  if not args.search then return entry.model end
  return (classify.random_search(entry.model, X, entry.grid(X.x:size(0)),
    {trials = args.search, scoring = scoring, k = how.k, folds = how.folds, seed = how.seed}))
end

-- The mean of a figure over the folds that have it, and its deviation.
local function score_of(found, scoring)
  local list = {}
  for _, fold in ipairs(found.folds) do
    if fold[scoring] == fold[scoring] then list[#list + 1] = fold[scoring] end
  end
  return metrics.spread(list)
end

local function judge_one(entry, X, args, how, scoring, parts)
  if parts then
    entry.report, entry.valid = classify.hold_out(search(entry, parts.train, args, how, scoring), parts)
    if how.each then how.each(1, entry.report.folds[1]) end
  elseif not args.search then
    entry.report = classify.cross_validate(entry.model, X, how)
  else
    local nested = options.join(how, {trials = args.search, scoring = scoring, inner_k = not how.folds and 3 or nil})
    entry.report, entry.chosen = classify.nested_cross_validate(entry.model, X, entry.grid(X.x:size(0)), nested)
  end
  entry.score, entry.deviation = score_of(entry.report, scoring)
end

local function judge(entries, X, args, how, run, scoring, parts)
  local best, highest
  print(findings.name(scoring) .. (parts and "" or ", mean of folds"))
  for _, entry in ipairs(entries) do
    how.each = run and function(fold, result) run:log(options.join({model = entry.name, fold = fold}, result)) end
    judge_one(entry, X, args, how, scoring, parts)
    local valid = entry.valid and score_of(entry.valid, scoring)
    print(("%-14s %.3f%s"):format(entry.name, entry.score, valid and ("  (validation %.3f)"):format(valid)
      or parts and "" or (" ± %.3f"):format(entry.deviation)))
    if not best or (valid or entry.score) > highest then best, highest = entry, valid or entry.score end
  end
  how.each = nil
  return best
end

local function figures(entries, best, X, scoring)
  local found = account.of(best.report).figures(best.report)
  for name, value in pairs(account.figures(best.valid or {})) do found["valid_" .. name] = value end
  for name, value in pairs {best = best.name, n = X.x:size(0), columns = X.x:size(1), folds = #best.report.folds,
    rejected = #X.rejected, partial = #X.partial} do found[name] = value end
  for _, entry in ipairs(entries) do found[scoring .. "." .. entry.name] = entry.score end
  return found
end

local heads = {
  tags = {{"average precision", function(r) return r.map end}, {"ROC AUC", function(r) return r.auc end},
    {"macro F1", function(r) return r.macro.f1 end}, {"micro F1", function(r) return r.micro.f1 end}},
  values = {{"R²", function(r) return r.r2 end}, {"RMSE", function(r) return r.rmse end},
    {"MAE", function(r) return r.mae end}, {"concordance", function(r) return r.ccc end}},
}

local function models_table(page, entries, X, scoring, parts)
  local head, rows = {"model"}, {}
  if not parts then table.move({findings.name(scoring) .. ", mean of folds", "deviation"}, 1, 2, 2, head) end
  for i, entry in ipairs(entries) do
    rows[i] = {entry.name, not parts and entry.score or nil, not parts and entry.deviation or nil}
    for _, column in ipairs(heads[X.task]) do table.insert(rows[i], column[2](entry.report)) end
  end
  for _, column in ipairs(heads[X.task]) do head[#head + 1] = column[1] end
  page:table(head, rows)
  if not parts then page:text "Figures beside the mean of folds are of all predictions together." end
end

local function bars(entries, scoring, parts)
  local values, errors, labels = {}, {}, {}
  for i, entry in ipairs(entries) do
    values[i], labels[i] = entry.score, entry.name
    errors[i] = {entry.score - entry.deviation, entry.score + entry.deviation}
  end
  return plot.bars(values, {labels = labels, errors = errors, format = "%.3f", ylabel = findings.name(scoring),
    title = findings.name(scoring):gsub("^%l", string.upper) .. (parts and "" or ": mean of folds and deviation")})
end

-- What --importance and --learning-curve ask for, on the page where there is one.
local function told(page, run, best, X, args, how)
  if args.importance then findings.importance(page, run, best, X, how) end
  if args.learning_curve then findings.learning_curve(page, run, best, X, how) end
end

local function write_page(run, entries, best, X, args, how, parts)
  local scoring = how.scoring
  local many = X.task == "tags" and ("%d tags"):format(#X.classes) or "values of " .. table.concat(X.targets, ", ")
  local page = report.new((X.task == "tags" and "Tags of " or "Values of ") .. args.data)
  if X.words then page:text(report.escape(X.words .. ".")) end
  local judged = parts and ("learnt from %d, judged on %d%s"):format(#parts.train, #parts.test,
    parts.valid and (", chosen by %d"):format(#parts.valid) or "")
    or ("%d folds"):format(#best.report.folds)
  page:text(report.escape(("%d sounds, %s, %d features each; %s. Best: %s."):format(X.x:size(0), many, X.x:size(1),
    judged, best.name)))
  page:heading "Models"
  models_table(page, entries, X, scoring, parts)
  page:figure(run:plot("models", bars, entries, scoring, parts), "Each model")
  if not parts then findings.comparison(page, entries, best, scoring) end
  page:heading(("%s, by %s"):format(X.task == "tags" and "Tags" or "Values", best.name))
  account.write(page, best.report, (parts and parts.test or X).paths, "sounds", function(name, caption, draw)
    page:figure(run:plot(name, draw), caption)
  end)
  findings.chosen(page, best)
  told(page, run, best, parts and parts.train or X, args, how)
  page:files("Left out", X.rejected)
  page:files("Kept in part", X.partial)
  if X.leakage then page:text "**Segments of one track stand on both sides of folds: these figures are too good.**" end
  run:report(page)
end

-- Raises where nothing can be learnt.
local function check(args, X)
  if X.x:size(0) < 4 then show.fail("%s has %d rows: 4 or more are needed", args.data, X.x:size(0)) end
  if X.task == "tags" and #X.classes == 0 then show.fail("%s: no row has a tag", args.data) end
  for t, name in ipairs(X.task == "values" and X.targets or {}) do
    local y = X.y:dim() == 1 and X.y or X.y:select(1, t - 1)
    if y:eq(y[0]):all():item() then show.fail("%s: all rows have the same %s, %g", args.data, name, y[0]:item()) end
  end
end

--- Judges models on tags or values, says what came of it, and leaves it in the run folder.
---@param args table  of the command line
---@param X moonlark.Features
---@param how table  folds, k, seed, repeats
---@param run moonlark.Run?
---@param parts {train: moonlark.Features, test: moonlark.Features}?  a split that is fixed, in place of folds
function tasks.run(args, X, how, run, parts)
  check(args, X)
  local entries = chosen(args, X.task == "tags" and of_tags(args) or of_values(args, X))
  local scoring = scoring_of(args, X)
  local best, learnt = judge(entries, X, args, how, run, scoring, parts), parts and parts.train or X
  how.scoring = scoring
  print(("\n%s\n%s"):format(best.name, best.report))
  if not run then return told(nil, nil, best, learnt, args, how) end
  run:metrics(figures(entries, best, X, scoring))
  run:model(search(best, learnt, args, how, scoring):clone():fit(learnt))
  write_page(run, entries, best, X, args, how, parts)
  run:finish()
  print("\nrun folder: " .. show.name(args.run))
end

return tasks
