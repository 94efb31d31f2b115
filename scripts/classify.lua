--- Cross-validates classical classifiers on labelled sounds; confusion matrix, figures, report.
local account = require "moonlark.classify.account"
local command = require "moonlark.shell.command"
local experiment = require "moonlark.shell.experiment"
local findings = require "moonlark.shell.classify.findings"
local models = require "moonlark.shell.classify.models"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local sources = require "moonlark.shell.source"
local show = require "moonlark.base.show"
local tasks = require "moonlark.shell.classify.tasks"
local trial = require "moonlark.shell.classify.trial"

local parser = command.parser("classify", "Extracts features of labelled sounds and judges classifiers on them by "
  .. "cross-validation. Each fold is predicted by models that never saw it, scaling included.")
parser:epilog [[
--folds K makes K stratified folds (fewer when a class has fewer sounds); sounds of one group (a column of a
list.csv) stay together. --folds data takes the folds that the data brings (the column fold), and
--folds filename those that stand as the first number of file names, as in ESC-10 and ESC-50.
--search N makes N draws of hyperparameters for each model within each fold, on the other folds alone: the figures
are then those of searching. --repeats R divides the sounds R times: surer means, and surer comparisons.
Sounds that have several labels (--labels COLUMN of a list.csv, with --separator between them) get a classifier for
each: these are tags, judged by average precision. --value COLUMN learns numbers, judged by R².
--split 0.6,0.2,0.2, a splits.json or data (the parts that the publisher gave) fits models to the training part, chooses
among them by the validation part (without one by the test) and judges them on the test part, which the kept model has
never seen either: moonlark evaluate RUN says the same of it there.]]
experiment.arguments(parser, "mean,std,min,max,median")
local learners = table.move(tasks.regressors, 1, #tasks.regressors, #models.names + 1, {table.unpack(models.names)})
command.offer(parser:option("--models", "Any of " .. table.concat(models.names, ",") .. "; of values any of "
  .. table.concat(tasks.regressors, ",") .. "."):argname "<a,b>":convert(command.words), learners, true)
command.offer(parser:option("--folds", "A number, data or filename."):argname "<k>":default "10", {"data", "filename"})
sources.split_argument(parser)
trial.arguments(parser)
local args = parser:parse()

-- At most as many folds as the smallest class has sounds.
local function fold_options(X, parts)
  if args.folds == "data" or args.folds == "filename" then
    if not X.folds then error("--folds data: this data brings no folds", 0) end
    return {folds = X.folds, seed = args.seed, repeats = args.repeats}
  end
  local k = math.tointeger(tonumber(args.folds))
  if not k or k < 2 then
    parser:error(("--folds must be a number from 2 on, data or filename, got '%s'"):format(args.folds))
  end
  if X.task == "tags" or X.task == "values" then return {k = k, seed = args.seed, repeats = args.repeats} end
  local counts, smallest = {}, math.huge
  for _, id in ipairs(X.y:totable()) do counts[id] = (counts[id] or 0) + 1 end
  for _, count in pairs(counts) do smallest = math.min(smallest, count) end
  if smallest < k and smallest >= 2 then
    if not parts then io.stderr:write(("%d folds: the smallest class has no more sounds\n"):format(smallest)) end
    k = smallest
  end
  return {k = k, seed = args.seed, repeats = args.repeats}
end

-- What models are compared by: their figure on the validation part, or what they are judged by; and a line of words.
local function standing(entry, parts)
  entry.score, entry.deviation = trial.score(entry.report, args.scoring)
  if not parts then return entry.score, ("%.3f ± %.3f"):format(entry.score, entry.deviation) end
  if not entry.valid then return entry.score, ("%.3f"):format(entry.score) end
  entry.valid_score = trial.score(entry.valid, args.scoring)
  return entry.valid_score, ("%.3f  (validation %.3f)"):format(entry.score, entry.valid_score)
end

-- Judges every model, and gives the best by --scoring.
local function judge(entries, X, how, parts, run)
  local best, highest
  if args.scoring ~= "accuracy" then print(findings.name(args.scoring)) end
  for _, entry in ipairs(entries) do
    how.each = run and function(fold, result)
      run:log {model = entry.name, fold = fold, n = result.n, accuracy = result.accuracy, auc = result.auc,
        balanced_accuracy = result.balanced_accuracy, f1_macro = result.f1_macro}
    end
    trial.judge(entry, X, args, how, parts)
    local score, words = standing(entry, parts)
    print(("%-14s %s"):format(entry.name, words))
    if not best or score > highest then best, highest = entry, score end
  end
  return best
end

local function figures(entries, best, X)
  local flat = account.figures(best.report)
  for _, entry in ipairs(entries) do flat["accuracy." .. entry.name] = account.figures(entry.report).accuracy end
  for name, value in pairs(account.figures(best.valid or {})) do flat["valid_" .. name] = value end
  return options.join(flat, {best = best.name, n = X.x:size(0), classes = #X.classes, columns = X.x:size(1),
    folds = #best.report.folds, rejected = #X.rejected, partial = #X.partial})
end

local function accuracy_bars(entries)
  local values, errors, labels = {}, {}, {}
  for i, entry in ipairs(entries) do
    values[i] = entry.report.mean_accuracy
    errors[i] = {entry.report.interval.low, entry.report.interval.high}
    labels[i] = entry.name
  end
  return plot.bars(values, {labels = labels, errors = errors, low = 0, high = 1, format = "%.3f",
    title = "Accuracy with 95 % interval", ylabel = "accuracy"})
end

-- In words: how models were judged.
local function judged_by(best, parts)
  if parts then
    return ("learnt from %d, judged on %d%s"):format(#parts.train, #parts.test,
      parts.valid and (", chosen by %d"):format(#parts.valid) or "")
  end
  local repeats = args.repeats > 1 and (", %d times"):format(args.repeats) or ""
  return ("%d folds%s"):format(#best.report.folds // args.repeats, repeats)
end

-- A row for each model; of a split there is one figure in place of folds' mean and deviation, and that of validation.
local function models_table(page, entries, parts)
  local head = {"model", "accuracy, mean of folds", "deviation"}
  if parts then head = {"model", "accuracy", entries[1].valid and "of the validation" or nil} end
  local rows = {}
  for i, entry in ipairs(entries) do
    local r = entry.report
    rows[i] = {entry.name, r.mean_accuracy, not parts and r.std_accuracy or entry.valid and entry.valid.accuracy or nil}
    for _, value in ipairs {r.interval.low, r.interval.high, trial.figure(r, "balanced_accuracy", r.balanced_accuracy),
      trial.figure(r, "f1_macro", r.macro.f1), trial.figure(r, "auc", r.auc) or 0 / 0} do
      table.insert(rows[i], value)
    end
  end
  for _, words in ipairs {"95 % from", "to", "balanced", "macro F1", "AUC"} do head[#head + 1] = words end
  page:heading "Models"
  page:table(head, rows)
end

local function write_page(run, entries, best, X, how, parts)
  local page = report.new("Classification of " .. args.data)
  if X.words then page:text(report.escape(X.words .. ".")) end
  page:text(("%d sounds of %d classes, %d features each; %s. Best by %s%s: %s."):format(X.x:size(0), #X.classes,
    X.x:size(1), judged_by(best, parts), findings.name(args.scoring), best.valid and " of the validation" or "",
    best.name))
  if args.search then
    page:text(("Hyperparameters were searched within each fold, %d draws a model."):format(args.search))
  end
  models_table(page, entries, parts)
  page:figure(run:plot("accuracy", accuracy_bars, entries), "Accuracy of each model")
  findings.comparison(page, entries, best, args.scoring)
  page:heading("Classes, by " .. best.name)
  page:classes(best.report, "sounds")
  run:confusion(best.report)
  page:figure(run:plot("confusion", plot.confusion, best.report, {title = best.name}), "Confusion matrix")
  findings.scores(page, run, best.report)
  findings.chosen(page, best)
  local learnt = parts and parts.train or X
  if args.importance then findings.importance(page, run, best, learnt, how) end
  if args.learning_curve then findings.learning_curve(page, run, best, learnt, how) end
  local mistakes = experiment.mistakes(parts and parts.test or X, best.report.predicted:totable())
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

local source = experiment.open(args)
local songs = source.songs
local of_classes = not songs.task or songs.task == "classes"
local entries = of_classes and models.chosen(args)
if of_classes and #songs.classes < 2 then
  show.fail("%s has %d classes: classification needs 2 or more%s", args.data, #songs.classes,
    source.features and ": --label names their column" or "")
end
local run <close> = experiment.run("classify", args, songs)
local X = experiment.extract(source, args)
X.words = source.words
local parts = experiment.parts(source, X)
if source.division and not parts then X, args.folds = X:with_folds(source.division), "data" end
local learnt = parts and parts.train or X
local how = fold_options(learnt, parts)
if parts and run then source.division:save(run:own "splits.json") end -- what evaluate judges on
if not of_classes then return tasks.run(args, X, how, run, parts) end
local best = judge(entries, learnt, how, parts, run)
how.scoring, how.each = args.scoring, nil
print()
print(best.name)
print(best.report)
if run then
  run:metrics(figures(entries, best, X))
  run:model(trial.fit(best, learnt, args, how))
  write_page(run, entries, best, X, how, parts)
  run:finish()
  print("\nrun folder: " .. show.name(args.run))
else
  if args.importance then findings.importance(nil, nil, best, learnt, how) end
  if args.learning_curve then findings.learning_curve(nil, nil, best, learnt, how) end
end
