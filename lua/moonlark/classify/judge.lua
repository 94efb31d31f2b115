--- Judge: every fold in turn is predicted by a model that never saw it.
local folds = require "moonlark.classify.folds"
local task = require "moonlark.classify.task"

-- Writes rows of a fold into those of the whole, which the first fold makes.
local function put(whole, rows, part, n)
  if not part then return nil end
  local shape = part:shape()
  shape[1] = n
  whole = whole or part:new_zeros(shape)
  return whole:index_copy_(0, rows, part)
end

local function judge_fold(fit, X, rows, test, o)
  local result, predicted, scores, kind = task.judge(fit(folds.subset(X, rows, o)), folds.subset(X, test, o))
  result.n = test:size(0)
  return result, predicted, scores, kind
end

---@class moonlark.FoldResult
---@field n integer  rows that judged
---@field accuracy number?  of classes
---@field balanced_accuracy number?  of classes
---@field f1_macro number?  of classes and tags
---@field f1_micro number?  of tags
---@field auc number?  of classes and tags; NaN where the model has no scores, or the fold one class
---@field map number?  of tags: mean average precision
---@field r2 number?  of values
---@field ccc number?  of values
---@field rmse number?  of values

--- Fits and predicts fold by fold. Predictions and scores are those of the first division, by row.
---@param fit fun(train: table): moonlark.Estimator  gives a fitted model
---@param X table
---@param divisions {places: integer[], k: integer}[]
---@param o table  the options that the divisions were made by, and `each`
---@return {predicted: moonlark.Tensor, scores: moonlark.Tensor?, scores_are: string?, folds: moonlark.FoldResult[],
---  division: integer[]}
return function(fit, X, divisions, o)
  local found, n = {folds = {}, division = divisions[1].places}, X.x:size(0)
  for number, division in ipairs(divisions) do
    for fold = 1, division.k do
      local train, test = folds.rows(division.places, fold, false), folds.rows(division.places, fold, true)
      local result, predicted, scores, kind = judge_fold(fit, X, train, test, o)
      if number == 1 then
        found.predicted = put(found.predicted, test, predicted, n)
        found.scores, found.scores_are = put(found.scores, test, scores, n), kind
      end
      found.folds[#found.folds + 1] = result
      if o.each then o.each(#found.folds, result) end
    end
  end
  return found
end
