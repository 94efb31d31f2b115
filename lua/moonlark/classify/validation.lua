--- Cross-validation: how good a model is on rows that it did not learn from.
local folds = require "moonlark.classify.folds"
local judge = require "moonlark.classify.judge"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

---@class moonlark.classify
local validation = {}

local judging = options.describe("classify.cross_validate", folds.repeated, {
  each = options.callable(nil, "is called after each fold with its number and result",
    "fun(fold: integer, result: moonlark.FoldResult)"),
})

--- Judges a model by cross-validation: each fold in turn is predicted by a fresh clone that is fitted to the other
--- folds, scalers of a pipeline included. X.task says what it learns. Rows are dealt into folds by class; by tags with
--- iterative stratification (Sechidis et al. 2011); by values so that all folds have small and large ones.
---
--- Errors: rows that are not finite; fewer rows of a class, or fewer groups, than folds.
---     print(classify.cross_validate(classify.knn(), X, {k = 10}))
---     print(classify.cross_validate(classify.knn(), X, {k = 10}).auc)
---@param model moonlark.Estimator
---@param X table  what dataset:extract gives, or {x = rows × columns, y = class ids, classes = names}; with task =
---  "tags" y is rows × tags, 0 or 1; with task = "values" rows, or rows × targets
---@param given moonlark.classify.cross_validate.Options?
---@return moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation
function validation.cross_validate(model, X, given)
  local o = judging:read(given)
  folds.check(model, X)
  local found = judge(function(train) return model:clone():fit(train) end, X, folds.divide(X, o), o)
  local report = task.of(X).evaluation(X, found)
  report.division = found.division
  return report
end

-- What a fitted model is worth on a table that it did not see, as a cross-validation of one fold.
local function judged_on(fitted, X)
  local result, predicted, scores, kind = task.judge(fitted, X)
  result.n = X.x:size(0)
  return task.of(X).evaluation(X, {predicted = predicted, scores = scores, scores_are = kind, folds = {result}})
end

--- Judges a model on a split that is fixed: a fresh clone is fitted to parts.train and predicts parts.test. The report
--- is that of a cross-validation of one fold. Where there is a validation part, it gets a report of its own, by which
--- models can be chosen without a look at the test.
---
--- Errors: no such parts; those of cross_validate.
---     print(classify.hold_out(classify.svm(), X:divide(dataset.load "splits.json")))
---@param model moonlark.Estimator
---@param parts {train: table, valid: table?, test: table}  features, as of X:divide
---@return moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation test
---@return moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation|nil valid
function validation.hold_out(model, parts)
  if type(parts) ~= "table" or type(parts.train) ~= "table" or type(parts.test) ~= "table" then
    show.fail "parts must hold train and test, as X:divide gives them"
  end
  for _, name in ipairs {"train", "valid", "test"} do
    if parts[name] then folds.check(model, parts[name]) end
  end
  local fitted = model:clone():fit(parts.train)
  return judged_on(fitted, parts.test), parts.valid and judged_on(fitted, parts.valid) or nil
end

return validation
