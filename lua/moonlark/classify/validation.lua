--- Cross-validation: how good a model is on rows that it did not learn from.
local evaluation = require "moonlark.classify.evaluation"
local folds = require "moonlark.classify.folds"
local judge = require "moonlark.classify.judge"
local options = require "moonlark.base.options"

---@class moonlark.classify
local validation = {}

local judging = options.describe("classify.cross_validate", folds.repeated, {
  each = options.callable(nil, "is called after each fold with its number and result",
    "fun(fold: integer, result: moonlark.FoldResult)"),
})

--- Judges a classifier by cross-validation: each fold in turn is predicted by a fresh clone that is fitted to the other
--- folds, scalers of a pipeline included.
---
--- Errors: rows that are not finite; fewer rows of a class, or fewer groups, than folds.
---     print(classify.cross_validate(classify.knn(), X, {k = 10}))
---     print(classify.cross_validate(classify.knn(), X, {k = 10}).auc)
---@param model moonlark.Estimator
---@param X table  what dataset:extract gives, or {x = rows × columns, y = class ids, classes = names}
---@param given moonlark.classify.cross_validate.Options?
---@return moonlark.Evaluation
function validation.cross_validate(model, X, given)
  local o = judging:read(given)
  folds.check(model, X)
  local found = judge(function(train) return model:clone():fit(train) end, X, folds.divide(X, o), o)
  return evaluation(X.y, found.predicted, folds.class_names(X), found)
end

return validation
