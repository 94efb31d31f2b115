--- Scoring: one number that says how good predictions are; higher is better.
local estimator = require "moonlark.estimator"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"

local scoring = {}

-- f(truth, predicted, scores): scores are n × classes, or nil where the model has none.
local figures = {
  accuracy = function(y, predicted) return (metrics.accuracy(y, predicted)) end,
  balanced_accuracy = metrics.balanced_accuracy,
  f1_macro = function(y, predicted) return (select(2, metrics.precision_recall_f1(y, predicted))).f1 end,
  auc = function(y, _, scores) return scores and metrics.roc_auc(y, scores) or 0 / 0 end,
}

--- Their names.
scoring.names = {"accuracy", "balanced_accuracy", "f1_macro", "auc"}

--- The option `scoring`.
scoring.option = {
  scoring = options.choice(
    {"accuracy", "balanced_accuracy", "f1_macro", "auc", "map", "f1_micro", "r2", "ccc"}, options.none,
    "what is compared: the share that is right, the mean recall or F1, the area under the ROC curve, mean average "
      .. "precision, explained variance, concordance", {usual = "accuracy; of tags map, of values r2"}),
}

--- All figures of some predictions by name, or one of them; auc is NaN where there are no scores, or one class alone.
---@param y moonlark.Tensor
---@param predicted moonlark.Tensor
---@param scores moonlark.Tensor?  n × classes
---@param only string?  the name of one
---@return table<string, number>
function scoring.all(y, predicted, scores, only)
  local found = {}
  for _, name in ipairs(scoring.names) do
    if not only or only == name then found[name] = figures[name](y, predicted, scores) end
  end
  return found
end

-- The classes that a fitted model tells apart.
local function classes_of(fitted)
  local steps = fitted.state.steps
  return steps and classes_of(steps[#steps]) or fitted.state.classes
end

-- One number a class from the decisions of its pairs: how many it wins, and between equals how clearly, as
-- sklearn.svm.SVC with decision_function_shape = "ovr".
local function against_the_rest(decisions, k)
  local votes, sums = decisions:new_zeros {decisions:size(0), k}, decisions:new_zeros {decisions:size(0), k}
  local pair = 0
  for a = 0, k - 2 do
    for b = a + 1, k - 1 do
      local decision = decisions:select(1, pair)
      local lost = decision:lt(0):double()
      votes:select(1, a):add_(1 - lost)
      votes:select(1, b):add_(lost)
      sums:select(1, a):add_(decision)
      sums:select(1, b):sub_(decision)
      pair = pair + 1
    end
  end
  return votes + sums / (3 * (sums:abs() + 1))
end

--- What a fitted model says of each class: rows × classes, and whether these are "probabilities" or "decisions". A
--- class that it never saw gets 0, or less than any other. nil where the model only decides.
---@param fitted moonlark.Estimator
---@param x moonlark.Tensor
---@param k integer  all classes
---@return moonlark.Tensor? scores  float64
---@return "probabilities"|"decisions"|nil kind
function scoring.scores(fitted, x, k)
  local classes, found, kind = classes_of(fitted), nil, nil
  if not classes then return nil end
  if estimator.has(fitted, "predict_proba") then
    found, kind = fitted:predict_proba(x):double(), "probabilities"
  elseif estimator.has(fitted, "decision_function") then
    found, kind = against_the_rest(fitted:decision_function(x), classes:size(0)), "decisions"
  else
    return nil
  end
  local all = found:new_full({x:size(0), k}, kind == "probabilities" and 0 or -1)
  return all:index_copy_(1, classes, found), kind
end

return scoring
