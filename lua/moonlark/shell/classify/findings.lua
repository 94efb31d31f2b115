--- Findings: what the report of `moonlark classify` says beside accuracies and the confusion matrix.
local classify = require "moonlark.classify"
local plot = require "moonlark.plot"
local text = require "moonlark.base.text"

local findings = {}

local words = {accuracy = "accuracy", balanced_accuracy = "balanced accuracy", f1_macro = "macro F1", auc = "AUC",
  map = "mean average precision", r2 = "R²"}

--- A scoring's name as a reader wants it.
---@param scoring string
---@return string
function findings.name(scoring) return words[scoring] end

-- How the comparison was made, in words.
local function how_compared(of_folds, of_classes)
  local words_of = {}
  if of_folds then words_of[1] = "p by the corrected resampled t-test over folds" end
  if of_classes then
    words_of[#words_of + 1] = "the sounds that one of the two alone has right, with p by McNemar's exact test"
  end
  return #words_of > 0 and ": " .. table.concat(words_of, "; ") or ""
end

--- Whether the best model is better than each of the others.
---@param page moonlark.Report
---@param entries moonlark.shell.Classifier[]
---@param best moonlark.shell.Classifier
---@param scoring string
function findings.comparison(page, entries, best, scoring)
  if #entries < 2 then return end
  local of_folds = #best.report.folds > 1 -- a split that is fixed gives one figure
  local of_classes = (best.report.task or "classes") == "classes" -- others have no rows that are right or wrong
  local rows, head = {}, {"than", "difference"}
  local function add(list, ...) table.move({...}, 1, select("#", ...), #list + 1, list) end
  if of_folds then add(head, "95 % from", "to", "p") end
  if of_classes then add(head, "right by it alone", "by the other alone", "McNemar's p") end
  for _, entry in ipairs(entries) do
    if entry ~= best then
      local found = classify.compare(best.report, entry.report, {scoring = scoring})
      local row, alone = {entry.name, found.difference}, found.mcnemar
      if found.t then
        add(row, found.interval.low, found.interval.high, found.p)
      elseif of_folds then
        add(row, 0 / 0, 0 / 0, 0 / 0)
      end
      if alone then add(row, alone.only_first, alone.only_second, alone.p) end
      rows[#rows + 1] = row
    end
  end
  page:heading(("Is %s better?"):format(best.name))
  page:text(("%s of %s minus that of each other model%s."):format(words[scoring]:gsub("^%l", string.upper), best.name,
    how_compared(of_folds, of_classes)))
  page:table(head, rows)
end

--- What the scores of the best model say: figures, ROC and precision-recall curves, reliability.
---@param page moonlark.Report
---@param run moonlark.Run
---@param found moonlark.Evaluation
function findings.scores(page, run, found)
  if not found.scores then return end
  page:heading "Scores"
  page:metrics(found:figures())
  page:figure(run:plot("roc", plot.roc, found:roc_curves()), "ROC curve of each class against the rest")
  page:figure(run:plot("precision_recall", plot.precision_recall, found:precision_recall_curves()),
    "Precision and recall of each class")
  if found.scores_are == "probabilities" then
    local curve = found:calibration_curve {n_bins = 10, strategy = "quantile"}
    page:figure(run:plot("calibration", plot.calibration, curve, {legend = false,
      xlabel = "mean probability of the surest class", ylabel = "share that is right"}),
      "How often the surest class is right, by its probability: a tenth of the sounds each")
  end
end

-- "C = 12.3, gamma = 0.004"
local function words_of(params)
  local list = {}
  for i, name in ipairs(text.keys(params)) do
    local value = params[name]
    list[i] = math.type(value) == "float" and ("%s = %.4g"):format(name, value) or ("%s = %s"):format(name, value)
  end
  return table.concat(list, ", ")
end

--- The hyperparameters that a search within each fold chose.
---@param page moonlark.Report
---@param entry moonlark.shell.Classifier
function findings.chosen(page, entry)
  if not entry.chosen then return end
  local rows = {}
  for i, params in ipairs(entry.chosen) do rows[i] = {i, words_of(params)} end
  page:heading("Hyperparameters of " .. entry.name)
  page:text "Searched within each fold, on the other folds alone; where folds choose alike, the choice is a safe one."
  page:table({"fold", "chosen"}, rows)
end

--- Which features and columns the best model needs, on the page and on standard output.
---@param page moonlark.Report?
---@param run moonlark.Run?
---@param entry moonlark.shell.Classifier
---@param X moonlark.Features
---@param how table  how rows are divided, and `scoring`
function findings.importance(page, run, entry, X, how)
  local told = {}
  for i, by in ipairs {"feature", "column"} do
    told[i] = classify.importance(entry.model, X, {by = by, scoring = how.scoring, k = how.k, folds = how.folds,
      seed = how.seed, progress = true})
  end
  print(("\nwhat %s needs: %s"):format(entry.name, tostring(told[1])))
  if not page then return end
  page:heading("What " .. entry.name .. " needs")
  page:text(("How much of the %s (%.3f) is lost when values are dealt out anew among the sounds of a fold: of all "
    .. "columns of a feature together, and of single columns, which count little where others say the same."):format(
    words[how.scoring], told[1].baseline))
  local loss = "loss of " .. words[how.scoring]
  page:figure(run:plot("importance", plot.importance, told[1], {xlabel = loss}), "Importance of features")
  page:figure(run:plot("importance_columns", plot.importance, told[2], {xlabel = loss}), "Importance of columns")
  local rows = {}
  for i = 1, math.min(20, #told[2]) do rows[i] = {told[2][i].name, told[2][i].mean, told[2][i].std} end
  page:table({"column", loss, "deviation"}, rows)
end

--- How the best model's scores grow with the number of sounds.
---@param page moonlark.Report?
---@param run moonlark.Run?
---@param entry moonlark.shell.Classifier
---@param X moonlark.Features
---@param how table  how rows are divided, and `scoring`
function findings.learning_curve(page, run, entry, X, how)
  local curve = classify.learning_curve(entry.model, X,
    {scoring = how.scoring, k = how.k, folds = how.folds, seed = how.seed})
  print(("\nlearning curve of %s:\n%s"):format(entry.name, tostring(curve)))
  if not page then return end
  page:heading "Would more sounds help?"
  page:figure(run:plot("learning_curve", plot.learning_curve, curve, {ylabel = words[how.scoring]}),
    "Scores by the number of sounds learnt from")
end

return findings
