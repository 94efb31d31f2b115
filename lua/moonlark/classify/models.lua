--- The classical classifiers and the scaler, as estimators.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local kernel = require "moonlark.kernel"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local weights = require "moonlark.classify.weights"

---@class moonlark.classify
local models = {}

-- The classes that occur, ascending, and the labels as 0..k-1 among them: a fold may lack a class.
local function present(y)
  local torch = require "moonlark.torch"
  local classes = torch.unique(y)
  return classes, torch.searchsorted(classes, y), classes:size(0)
end

local weighted = {class_weight = weights.option}

-- What each of the classes that occur counts, as the engine takes it; nil: 1 each.
local function weights_of(setting, classes, ids, names)
  if not setting then return nil end
  local torch = require "moonlark.torch"
  return torch.tensor(weights.of(setting, torch.bincount(ids):totable(), classes:totable(), names), {dtype = "float64"})
end

-- A classifier whose whole knowledge is class probabilities.
local function define(definition)
  local proba = definition.proba
  return estimator.define {
    parameters = definition.parameters,
    state = {"tensor classes", table.unpack(definition.state)},
    supervised = "classes",
    fit = function(settings, x, y, names)
      local classes, ids, k = present(y)
      local state = definition.fit(settings, x, ids, k, weights_of(settings.class_weight, classes, ids, names))
      state.classes = classes
      return state
    end,
    methods = {
      predict_proba = proba,
      predict = function(state, x, settings)
        return state.classes:index_select(0, proba(state, x, settings):argmax(1))
      end,
    },
  }
end

--- Standardises columns to mean 0 and standard deviation 1, as sklearn.preprocessing.StandardScaler. Constant columns
--- are only centred. Methods: `fit(x)`, `transform(x)`; fields: mean, variance, scale.
---     local scaled = classify.scaler():fit(X):transform(X)
---@type fun(): moonlark.Estimator
models.scaler = estimator.define {
  parameters = options.describe("classify.scaler", {}),
  state = {"tensor mean", "tensor variance", "tensor scale"},
  fit = function(_, x)
    local mean, variance = core.classify.moments(x)
    -- A constant column has no scale: it is only centred. Rounding may leave it a trace of variance.
    local n, eps = x:size(0), 2.220446049250313e-16
    local bound = variance * n * eps + (mean * n * eps):square()
    local scale = variance:sqrt():masked_fill(variance:le(bound), 1)
    return {mean = mean, variance = variance, scale = scale}
  end,
  methods = {
    transform = function(state, x) return ((x:double() - state.mean) / state.scale):float() end,
  },
}

--- Logistic regression with an L2 penalty, multinomial for more than two classes, fitted by L-BFGS. It minimises what
--- sklearn.linear_model.LogisticRegression minimises. Standardise columns first.
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes.
---     local model = classify.logistic {C = 0.1}:fit(X)
---@type fun(given: moonlark.classify.logistic.Options?): moonlark.Estimator
models.logistic = define {
  parameters = options.describe("classify.logistic", core.classify.parameters.logistic, weighted),
  state = {"tensor weights", "tensor intercepts"},
  fit = function(settings, x, y, k, class_weights)
    local slopes, intercepts, iterations = core.classify.logistic(x, y, k, settings, class_weights)
    return {weights = slopes, intercepts = intercepts, iterations = iterations}
  end,
  proba = function(state, x)
    return core.classify.logistic_proba(x, state.weights, state.intercepts, state.classes:size(0))
  end,
}

--- k-nearest neighbours, Euclidean, as sklearn.neighbors.KNeighborsClassifier.
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes.
---     local model = classify.knn {n_neighbors = 3}:fit(X)
---@type fun(given: moonlark.classify.knn.Options?): moonlark.Estimator
models.knn = define {
  parameters = options.describe("classify.knn", {
    n_neighbors = options.integer(5, {least = 1}, "how many rows decide; at most those fitted"),
    weights = options.choice({"uniform", "distance"}, "uniform", "what each counts: 1, or 1 / distance"),
  }),
  state = {"tensor train_x", "tensor train_y"},
  fit = function(settings, x, y)
    if settings.n_neighbors > x:size(0) then
      show.fail("n_neighbors must be 1..%d (the rows fitted), got %d", x:size(0), settings.n_neighbors)
    end
    return {train_x = x:clone(), train_y = y}
  end,
  proba = function(state, x, settings)
    return core.classify.knn_proba(state.train_x, state.train_y, state.classes:size(0), x, settings.n_neighbors,
      settings.weights == "distance")
  end,
}

local function svm_predict(state, x, settings)
  return core.classify.svm_predict(x, settings.kernel, state.gamma_used, state.vectors, state.coefficients,
    state.offsets, state.counts)
end

local function svm_proba(state, x, settings)
  local _, decisions = svm_predict(state, x, settings)
  return core.classify.svm_proba(decisions, state.slopes, state.intercepts, state.classes:size(0))
end

--- Support vector machine (Cortes and Vapnik 1995), trained by libsvm, one class against one, as sklearn.svm.SVC.
--- Standardise columns first.
---
--- With `probability` it also learns how sure its decisions are: a sigmoid for each pair of classes (Platt 1999), fitted
--- to the decisions of SVMs that did not see the row (five parts), and coupled as libsvm does (Wu, Lin and Weng 2004).
--- Fitting then takes about five times as long. Rows are told apart by their decisions all the same, so that a row's
--- class need not be its likeliest one, as in scikit-learn.
---
--- Methods: `fit(x, y)`, `predict(x)`, `decision_function(x)` → rows × pairs, positive for the pair's first class; with
--- probability = true also `predict_proba(x)` → rows × classes.
---     local model = classify.pipeline {classify.scaler(), classify.svm {C = 10}}:fit(X)
---     print(classify.svm {probability = true}:fit(X):predict_proba(X.x))
---@type fun(given: moonlark.classify.svm.Options?): moonlark.Estimator
models.svm = estimator.define {
  parameters = options.describe("classify.svm", core.classify.parameters.svm, weighted, {
    gamma = kernel.gamma,
    probability = options.boolean(false, "also learn probabilities"),
    seed = options.integer(0, nil, "of the parts that these are learnt on"),
  }),
  state = {"tensor classes", "number gamma_used", "tensor vectors", "tensor coefficients", "tensor offsets",
    "tensor counts"},
  supervised = "classes",
  fit = function(settings, x, y, names)
    local classes, ids, k = present(y)
    local state = {classes = classes, gamma_used = kernel.gamma_of(settings.gamma, x)}
    local used = {C = settings.C, kernel = settings.kernel, gamma = state.gamma_used, tol = settings.tol}
    local counted = weights_of(settings.class_weight, classes, ids, names)
    state.vectors, state.coefficients, state.offsets, state.counts = core.classify.svm(x, ids, k, used, counted)
    if settings.probability then
      state.slopes, state.intercepts = core.classify.svm_calibrate(x, ids, k, used, counted, settings.seed)
    end
    return state
  end,
  lacks = function(settings, method) return method == "predict_proba" and not settings.probability end,
  methods = {
    predict = function(state, x, settings) return state.classes:index_select(0, (svm_predict(state, x, settings))) end,
    decision_function = function(state, x, settings) return (select(2, svm_predict(state, x, settings))) end,
    predict_proba = function(state, x, settings)
      if not state.slopes then show.fail "this SVM has no probabilities: make it with probability = true" end
      return svm_proba(state, x, settings)
    end,
  },
}

local function trees_proba(state, x) return core.classify.trees_proba(x, state.model, state.classes:size(0)) end

--- Random forest (Breiman 2001), grown by XGBoost: trees on random shares of rows and, at each split, of columns.
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes.
---     local model = classify.random_forest {n_estimators = 300}:fit(X)
---@type fun(given: moonlark.classify.random_forest.Options?): moonlark.Estimator
models.random_forest = define {
  parameters = options.describe("classify.random_forest", core.classify.parameters.random_forest, weighted),
  state = {"tensor model"},
  fit = function(settings, x, y, k, class_weights)
    return {model = core.classify.random_forest(x, y, k, settings, class_weights)}
  end,
  proba = trees_proba,
}

-- Whole defaults are written 1, not 1.0: so files of models have them.
local boosting = options.join(core.classify.parameters.boosted_trees)
for _, p in pairs(boosting) do p.default = math.tointeger(p.default) or p.default end

--- Gradient boosted trees by XGBoost (Chen and Guestrin 2016), with its defaults.
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes.
---     local model = classify.boosted_trees {max_depth = 4}:fit(X)
---@type fun(given: moonlark.classify.boosted_trees.Options?): moonlark.Estimator
models.boosted_trees = define {
  parameters = options.describe("classify.boosted_trees", boosting, weighted),
  state = {"tensor model"},
  fit = function(settings, x, y, k, class_weights)
    return {model = core.classify.boosted_trees(x, y, k, settings, class_weights)}
  end,
  proba = trees_proba,
}

return models
