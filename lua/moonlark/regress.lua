--- Learning numbers from labels: tempo, valence, loudness. Names and defaults are scikit-learn's where it has them.
---
---     local model = classify.pipeline {classify.scaler(), regress.ridge {alpha = 10}}
---     print(classify.cross_validate(model, X, {k = 10, seed = 1}))
---
--- y holds a number for each row (its predictions do then, too), or rows × targets. Models stand in a
--- classify.pipeline like classifiers.
local core = require "moonlark_core".regress
local estimator = require "moonlark.estimator"
local kernel = require "moonlark.kernel"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.regress
local regress = {}

--- Reads back a saved model.
regress.load = estimator.load

-- A regressor: `fit` is given y as rows × targets and returns the state, `predict` gives rows × targets.
local function define(definition)
  local predict = definition.predict
  return estimator.define {
    parameters = definition.parameters,
    state = {"boolean single", table.unpack(definition.state)},
    supervised = "values",
    fit = function(settings, x, y)
      local single = y:dim() == 1
      local state = definition.fit(settings, x, (single and y:unsqueeze(1) or y):double())
      state.single = single
      return state
    end,
    methods = {
      predict = function(state, x, settings)
        local values = predict(state, x, settings)
        return state.single and values:squeeze(1) or values
      end,
    },
  }
end

-- Models that learn one target at a time.
local function one_target(kind, y)
  if y:size(1) > 1 then
    show.fail("%s learns one target, got %d: regress.multi_output(model) makes a model of each", kind, y:size(1))
  end
  return y
end

--- Linear regression with an L2 penalty (Hoerl and Kennard 1970) in closed form: it minimises
--- |y − xw − b|² + alpha·|w|², as sklearn.linear_model.Ridge. Standardise columns first. One target or several.
---
--- Methods: `fit(x, y)`, `predict(x)`; fields: weights (targets × columns), intercepts.
---     local model = regress.ridge {alpha = 10}:fit(X)
---@type fun(given: moonlark.regress.ridge.Options?): moonlark.Estimator
regress.ridge = define {
  parameters = options.describe("regress.ridge", core.parameters.ridge),
  state = {"tensor weights", "tensor intercepts"},
  fit = function(settings, x, y)
    local weights, intercepts = core.ridge(x, y, settings)
    return {weights = weights, intercepts = intercepts}
  end,
  predict = function(state, x) return core.ridge_predict(x, state.weights, state.intercepts) end,
}

--- Support vector regression (Drucker et al. 1997), trained by libsvm, as sklearn.svm.SVR. Standardise columns first;
--- epsilon and C are in the target's unit: 0.1 is small for beats per minute. One target.
---
--- Methods: `fit(x, y)`, `predict(x)`.
---     local model = classify.pipeline {classify.scaler(), regress.svr {C = 10}}:fit(X)
---@type fun(given: moonlark.regress.svr.Options?): moonlark.Estimator
regress.svr = define {
  parameters = options.describe("regress.svr", core.parameters.svr, {gamma = kernel.gamma}),
  state = {"number gamma_used", "tensor vectors", "tensor coefficients", "tensor offset"},
  fit = function(settings, x, y)
    local state = {gamma_used = kernel.gamma_of(settings.gamma, x)}
    state.vectors, state.coefficients, state.offset = core.svr(x, one_target("regress.svr", y),
      options.join(settings, {gamma = state.gamma_used}))
    return state
  end,
  predict = function(state, x, settings)
    return core.svr_predict(x, settings.kernel, state.gamma_used, state.vectors, state.coefficients, state.offset)
  end,
}

--- Means of the k nearest rows' values, Euclidean, as sklearn.neighbors.KNeighborsRegressor. One target or several.
---
--- Methods: `fit(x, y)`, `predict(x)`.
---     local model = regress.knn {n_neighbors = 3}:fit(X)
---@type fun(given: moonlark.regress.knn.Options?): moonlark.Estimator
regress.knn = define {
  parameters = options.describe("regress.knn", {
    n_neighbors = options.integer(5, {least = 1}, "how many rows are averaged; at most those fitted"),
    weights = options.choice({"uniform", "distance"}, "uniform", "what each counts: 1, or 1 / distance"),
  }),
  state = {"tensor train_x", "tensor train_y"},
  fit = function(settings, x, y)
    if settings.n_neighbors > x:size(0) then
      show.fail("n_neighbors must be 1..%d (the rows fitted), got %d", x:size(0), settings.n_neighbors)
    end
    return {train_x = x:clone(), train_y = y:clone()}
  end,
  predict = function(state, x, settings)
    return core.knn(state.train_x, state.train_y, x, settings.n_neighbors, settings.weights == "distance")
  end,
}

local function trees_predict(state, x) return core.trees_predict(x, state.model) end

--- Random forest (Breiman 2001), grown by XGBoost: the mean of trees on random shares of rows. All columns are tried
--- at a split, as in sklearn.ensemble.RandomForestRegressor. One target.
---
--- Methods: `fit(x, y)`, `predict(x)`.
---     local model = regress.random_forest {n_estimators = 300}:fit(X)
---@type fun(given: moonlark.regress.random_forest.Options?): moonlark.Estimator
regress.random_forest = define {
  parameters = options.describe("regress.random_forest", core.parameters.random_forest, {
    max_features = options.number(1, {above = 0, most = 1}, "share of the columns tried at a split"),
  }),
  state = {"tensor model"},
  fit = function(settings, x, y)
    return {model = core.random_forest(x, one_target("regress.random_forest", y), settings)}
  end,
  predict = trees_predict,
}

-- Whole defaults are written 1, not 1.0: so files of models have them.
local boosting = options.join(core.parameters.boosted_trees)
for _, p in pairs(boosting) do p.default = math.tointeger(p.default) or p.default end

--- Gradient boosted trees by XGBoost (Chen and Guestrin 2016), with its defaults: squared errors are made small, from
--- the mean of y on. One target.
---
--- Methods: `fit(x, y)`, `predict(x)`.
---     local model = regress.boosted_trees {max_depth = 4}:fit(X)
---@type fun(given: moonlark.regress.boosted_trees.Options?): moonlark.Estimator
regress.boosted_trees = define {
  parameters = options.describe("regress.boosted_trees", boosting),
  state = {"tensor model"},
  fit = function(settings, x, y)
    return {model = core.boosted_trees(x, one_target("regress.boosted_trees", y), settings)}
  end,
  predict = trees_predict,
}

-- The option of models that are made of another.
local function one_model(help)
  return options.value("moonlark.Estimator[]", "a list of one estimator",
    function(value) return type(value) == "table" and estimator.is(value[1]) and value or nil end, options.required,
    help)
end

local function check_model(model)
  if not estimator.is(model) or not model.predict then
    show.fail("model must be an estimator with predict, got %s", options.got(model))
  end
end

local multi_output = define {
  parameters = options.describe("regress.multi_output", {steps = one_model "a copy of it learns each target"}),
  state = {"table steps"},
  fit = function(settings, x, y)
    local steps = {}
    for t = 1, y:size(1) do steps[t] = settings.steps[1]:clone():fit(x, y:select(1, t - 1)) end
    return {steps = steps}
  end,
  predict = function(state, x)
    local columns = {}
    for t, step in ipairs(state.steps) do columns[t] = step:predict(x) end
    return require "moonlark.torch".stack(columns, 1)
  end,
}

--- A model for each target, as sklearn.multioutput.MultiOutputRegressor: for models that learn one.
---     local model = regress.multi_output(regress.svr {C = 10}):fit(x, y)      -- y: rows × 2, valence and arousal
---@param model moonlark.Estimator  one that predicts numbers
---@return moonlark.Estimator
function regress.multi_output(model)
  check_model(model)
  return multi_output {steps = {model}}
end

local standardized = define {
  parameters = options.describe("regress.standardized", {steps = one_model "what learns the scaled targets"}),
  state = {"table steps", "tensor mean", "tensor scale"},
  fit = function(settings, x, y)
    local mean = y:mean({0})
    local deviation = (y - mean):square():mean({0}):sqrt()
    local scale = deviation:masked_fill(deviation:eq(0), 1)
    local scaled = (y - mean) / scale
    local model = settings.steps[1]:clone():fit(x, y:size(1) == 1 and scaled:squeeze(1) or scaled)
    return {steps = {model}, mean = mean, scale = scale}
  end,
  predict = function(state, x)
    local values = state.steps[1]:predict(x):double()
    return (values:dim() == 1 and values:unsqueeze(1) or values) * state.scale + state.mean
  end,
}

--- A model that learns each target with mean 0 and deviation 1 and answers in the targets' units, as
--- sklearn.compose.TransformedTargetRegressor with a StandardScaler: for models whose options are in the target's unit,
--- as epsilon and C of regress.svr.
---     local model = regress.standardized(regress.svr {C = 10, epsilon = 0.1}):fit(X)
---@param model moonlark.Estimator  one that predicts numbers
---@return moonlark.Estimator
function regress.standardized(model)
  check_model(model)
  return standardized {steps = {model}}
end

return regress
