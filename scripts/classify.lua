--- Cross-validates classical classifiers on labelled sounds; confusion matrix, figures, report.
local classify = require "moonlark.classify"
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local experiment = require "moonlark.shell.experiment"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local show = require "moonlark.base.show"

-- Scaled models see standardised columns. Trees need no scale, and a few hundred sounds fill few bins.
local function all_models(seed)
  local function scaled(model) return classify.pipeline {classify.scaler(), model} end
  return {
    {name = "logistic", model = scaled(classify.logistic())},
    {name = "knn", model = scaled(classify.knn {n_neighbors = 5})},
    {name = "svm", model = scaled(classify.svm {C = 10})},
    {name = "random_forest", model = classify.random_forest {n_estimators = 50, max_bin = 16, seed = seed}},
    {name = "boosted_trees",
      model = classify.boosted_trees {n_estimators = 40, max_depth = 3, max_bin = 16, seed = seed}},
  }
end

local names = {}
for i, entry in ipairs(all_models(0)) do names[i] = entry.name end

local parser = command.parser("classify", "Extracts features of labelled sounds and judges classifiers on them by "
  .. "cross-validation. Each fold is predicted by models that never saw it, scaling included.")
parser:epilog [[
--folds K makes K stratified folds (fewer when a class has fewer sounds); sounds of one group (a column of a
list.csv) stay together. --folds data takes the folds that the data brings (the column fold), and
--folds filename those that stand as the first number of file names, as in ESC-10 and ESC-50.]]
experiment.arguments(parser, "mean,std,min,max,median")
parser:option("--models", "Any of " .. table.concat(names, ",") .. "."):argname "<names>":convert(command.words)
parser:option("--folds", "A number, data or filename."):argname "<k>":default "10"
local args = parser:parse()

local function chosen_models()
  if not args.models then return all_models(args.seed) end
  local known = {}
  for _, entry in ipairs(all_models(args.seed)) do known[entry.name] = entry end
  local list = {}
  for i, name in ipairs(args.models) do
    list[i] = known[name] or options.unknown("model", name, names)
  end
  return list
end

-- At most as many folds as the smallest class has sounds.
local function fold_options(X)
  if args.folds == "data" or args.folds == "filename" then
    if not X.folds then error("--folds data: this data brings no folds", 0) end
    return {folds = X.folds}
  end
  local k = math.tointeger(tonumber(args.folds))
  if not k or k < 2 then
    parser:error(("--folds must be a number from 2 on, data or filename, got '%s'"):format(args.folds))
  end
  local counts, smallest = {}, math.huge
  for _, id in ipairs(X.y:totable()) do counts[id] = (counts[id] or 0) + 1 end
  for _, count in pairs(counts) do smallest = math.min(smallest, count) end
  if smallest < k and smallest >= 2 then
    io.stderr:write(("%d folds: the smallest class has no more sounds\n"):format(smallest))
    k = smallest
  end
  return {k = k, seed = args.seed}
end

local function judge(models, X, run)
  local how = fold_options(X)
  local best
  for _, entry in ipairs(models) do
    how.each = run and function(fold, result)
      run:log {model = entry.name, fold = fold, n = result.n, accuracy = result.accuracy}
    end
    entry.report = classify.cross_validate(entry.model, X, how)
    print(("%-14s %.3f ± %.3f"):format(entry.name, entry.report.mean_accuracy, entry.report.std_accuracy))
    if not best or entry.report.mean_accuracy > best.report.mean_accuracy then best = entry end
  end
  return best
end

local function figures(models, best, X)
  local found = best.report
  local flat = {
    accuracy = found.mean_accuracy, ["accuracy.std"] = found.std_accuracy, ["accuracy.low"] = found.interval.low,
    ["accuracy.high"] = found.interval.high, f1 = found.macro.f1, precision = found.macro.precision,
    recall = found.macro.recall, best = best.name, n = X.x:size(0), classes = #X.classes, columns = X.x:size(1),
    folds = #found.folds, rejected = #X.rejected, partial = #X.partial,
  }
  for _, entry in ipairs(models) do flat["accuracy." .. entry.name] = entry.report.mean_accuracy end
  return flat
end

local function accuracy_bars(models)
  local values, errors, labels = {}, {}, {}
  for i, entry in ipairs(models) do
    values[i] = entry.report.mean_accuracy
    errors[i] = {entry.report.interval.low, entry.report.interval.high}
    labels[i] = entry.name
  end
  return plot.bars(values, {labels = labels, errors = errors, low = 0, high = 1, format = "%.3f",
    title = "Accuracy with 95 % interval", ylabel = "accuracy"})
end

local function write_page(run, models, best, X)
  local page = report.new("Classification of " .. args.data)
  page:text(("%d sounds of %d classes, %d features each; %d folds. Best: %s."):format(X.x:size(0), #X.classes,
    X.x:size(1), #best.report.folds, best.name))
  local rows = {}
  for i, entry in ipairs(models) do
    local r = entry.report
    rows[i] = {entry.name, r.mean_accuracy, r.std_accuracy, r.interval.low, r.interval.high, r.macro.f1}
  end
  page:heading "Models"
  page:table({"model", "accuracy, mean of folds", "deviation", "95 % from", "to", "macro F1"}, rows)
  page:figure(run:plot("accuracy", accuracy_bars, models), "Accuracy of each model")
  page:heading("Classes, by " .. best.name)
  page:classes(best.report, "sounds")
  page:figure(run:plot("confusion", plot.confusion, best.report, {title = best.name}), "Confusion matrix")
  local mistakes = experiment.mistakes(X, best.report.predicted:totable())
  if #mistakes > 0 then
    page:heading(("Mistakes (%d)"):format(#mistakes))
    local list = {}
    for i = 1, math.min(#mistakes, 100) do
      list[i] = {mistakes[i].path, mistakes[i].truth, mistakes[i].predicted}
    end
    page:table({"file", "is", "taken for"}, list)
  end
  page:files("Left out", X.rejected)
  page:files("Kept in part", X.partial)
  if X.leakage then page:text "**Segments of one track stand on both sides of folds: these figures are too good.**" end
  run:report(page)
end

local models = chosen_models()
local songs = dataset.open(args.data, args.folds == "filename" and dataset.esc or nil)
if #songs.classes < 2 then show.fail("%s has %d classes: classification needs 2 or more", args.data, #songs.classes) end
local run <close> = experiment.run("classify", args, songs)
local X = experiment.extract(songs, args)
local best = judge(models, X, run)
print()
print(best.name)
print(best.report)
if run then
  run:metrics(figures(models, best, X))
  run:model(best.model:clone():fit(X))
  write_page(run, models, best, X)
  run:finish()
  print("\nrun folder: " .. show.name(args.run))
end
