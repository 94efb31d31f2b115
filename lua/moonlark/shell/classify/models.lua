--- The classifiers that `moonlark classify` judges, and what it searches of each with --search.
local classify = require "moonlark.classify"
local options = require "moonlark.base.options"

local models = {}

---@class moonlark.shell.Classifier
---@field name string
---@field model moonlark.Estimator
---@field grid fun(rows: integer): table  what --search draws from
---@field report moonlark.Evaluation?  once judged
---@field valid moonlark.Evaluation?  of the validation part, where a split that is fixed has one
---@field chosen table[]?  with --search: the hyperparameters of each fold

-- At most as many neighbours as a third of the rows: a search fits to a part of a part.
local function neighbours(rows) return classify.integers(1, math.max(1, math.min(20, rows // 3))) end

--- All of them. Scaled models see standardised columns. Trees need no scale, and a few hundred sounds fill few bins.
---@param args table  of the command line: seed, class_weight
---@return moonlark.shell.Classifier[]
function models.all(args)
  local function scaled(model) return classify.pipeline {classify.scaler(), model} end
  local function fixed(grid) return function() return grid end end
  local log, seed, weight = classify.log_uniform, args.seed, args.class_weight
  return {
    {name = "logistic", model = scaled(classify.logistic {class_weight = weight}), grid = fixed {C = log(1e-3, 1e2)}},
    {name = "lda", model = scaled(classify.lda {shrinkage = "auto"}),
      grid = fixed {shrinkage = classify.uniform(0, 1)}},
    {name = "knn", model = scaled(classify.knn {n_neighbors = 5}),
      grid = function(rows) return {n_neighbors = neighbours(rows), weights = {"uniform", "distance"}} end},
    {name = "svm", model = scaled(classify.svm {C = 10, class_weight = weight}),
      grid = fixed {C = log(0.1, 1e3), gamma = log(1e-4, 1e-1)}},
    {name = "random_forest",
      model = classify.random_forest {n_estimators = 50, max_bin = 16, seed = seed, class_weight = weight},
      grid = fixed {max_features = log(0.02, 1), max_depth = {0, 4, 8, 16}}},
    {name = "boosted_trees",
      model = classify.boosted_trees {n_estimators = 40, max_depth = 3, max_bin = 16, seed = seed,
        class_weight = weight},
      grid = fixed {n_estimators = classify.integers(20, 150), max_depth = classify.integers(2, 6),
        learning_rate = log(0.03, 0.5), subsample = classify.uniform(0.5, 1)}},
  }
end

--- The names of all.
models.names = {}
for i, entry in ipairs(models.all {seed = 0}) do models.names[i] = entry.name end

--- Those that --models names, or all.
---@param args table  of the command line: models, seed, class_weight
---@return moonlark.shell.Classifier[]
function models.chosen(args)
  local list, known = models.all(args), {}
  if not args.models then return list end
  for _, entry in ipairs(list) do known[entry.name] = entry end
  local some = {}
  for i, name in ipairs(args.models) do some[i] = known[name] or options.unknown("model", name, models.names) end
  return some
end

return models
