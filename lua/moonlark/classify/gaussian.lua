--- Classes as normal distributions: naive Bayes, and quadratic discriminant analysis.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.classify
local gaussian = {}

-- A classifier by the logarithms of the classes' shares and densities, which `score(state, x, c)` gives by row.
local function define(definition)
  local function scores(state, x)
    local torch = require "moonlark.torch"
    local columns, double = {}, x:double()
    for c = 0, state.classes:size(0) - 1 do
      columns[c + 1] = definition.score(state, double, c) + state.priors[c]:log()
    end
    return torch.stack(columns, 1)
  end
  return estimator.define {
    parameters = definition.parameters,
    state = {"tensor classes", "tensor priors", "tensor means", table.unpack(definition.state)},
    supervised = "classes",
    fit = function(settings, x, y)
      local torch = require "moonlark.torch"
      local classes, parts, counts = torch.unique(y), {}, {}
      for i, class in ipairs(classes:totable()) do
        parts[i] = x:index_select(0, y:eq(class):nonzero():squeeze(1))
        counts[i] = parts[i]:size(0)
      end
      local state = definition.fit(settings, x, parts, classes:totable())
      state.classes, state.priors = classes, torch.tensor(counts, {dtype = "float64"}) / y:size(0)
      return state
    end,
    methods = {
      predict_proba = function(state, x) return scores(state, x):softmax(1) end,
      predict = function(state, x) return state.classes:index_select(0, scores(state, x):argmax(1)) end,
    },
  }
end

--- Naive Bayes of normal distributions: columns are independent of each other within a class. As
--- sklearn.naive_bayes.GaussianNB. The fastest to fit, and a baseline.
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes. Fields: priors, means and variances
--- (classes × columns).
---     local model = classify.naive_bayes():fit(X)
---@type fun(given: moonlark.classify.naive_bayes.Options?): moonlark.Estimator
gaussian.naive_bayes = define {
  parameters = options.describe("classify.naive_bayes", {
    var_smoothing = options.number(1e-9, {least = 0},
      "this share of the largest variance of a column is added to all variances"),
  }),
  state = {"tensor variances"},
  fit = function(settings, x, parts)
    local torch = require "moonlark.torch"
    local _, whole = core.classify.moments(x)
    local means, variances = {}, {}
    for i, part in ipairs(parts) do means[i], variances[i] = core.classify.moments(part) end
    local added = settings.var_smoothing * whole:max():item()
    -- Columns that never vary say nothing: any variance does, as long as it is one.
    variances = torch.stack(variances) + added
    return {means = torch.stack(means), variances = variances:masked_fill(variances:le(0), 1)}
  end,
  score = function(state, x, c)
    local variance = state.variances[c]
    local apart = ((x - state.means[c]):square() / variance):sum(1)
    return -0.5 * (apart + (variance * 2 * math.pi):log():sum())
  end,
}

-- The variances of a class along its own directions, and these directions, columns × columns.
local function spread_of(settings, part, mean, class)
  local torch = require "moonlark.torch"
  local n, d = part:size(0), part:size(1)
  local _, sizes, directions = torch.linalg_svd(part:double() - mean, false)
  local variances = sizes:square() / n * (1 - settings.reg_param) + settings.reg_param
  local rank = variances:gt(settings.tol):sum():item()
  if rank < d then
    show.fail("class %d varies in %d of %d directions only: take more rows than columns, fewer columns "
      .. "(cluster.pca before it), or reg_param above 0", class, rank, d)
  end
  return variances, directions:t():contiguous()
end

--- Quadratic discriminant analysis: classes are normal distributions, each with a covariance of its own. As
--- sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis with its solver by singular values.
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes. Errors: a class that does not vary in every
--- direction.
---     local model = classify.pipeline {classify.scaler(), cluster.pca {n_components = 8}, classify.qda()}:fit(X)
---@type fun(given: moonlark.classify.qda.Options?): moonlark.Estimator
gaussian.qda = define {
  parameters = options.describe("classify.qda", {
    reg_param = options.number(0, {least = 0, most = 1}, "share of the covariances that is replaced by the identity"),
    tol = options.number(1e-4, {least = 0}, "directions whose variance is below this do not vary"),
  }),
  state = {"tensor variances", "tensor rotations"},
  fit = function(settings, _, parts, classes)
    local torch = require "moonlark.torch"
    local means, variances, rotations = {}, {}, {}
    for i, part in ipairs(parts) do
      if part:size(0) < 2 then show.fail("every class must have 2 rows or more, class %d has 1", classes[i]) end
      means[i] = core.classify.moments(part)
      variances[i], rotations[i] = spread_of(settings, part, means[i], classes[i])
    end
    return {means = torch.stack(means), variances = torch.stack(variances), rotations = torch.stack(rotations)}
  end,
  score = function(state, x, c)
    local variance = state.variances[c]
    local apart = ((x - state.means[c]):matmul(state.rotations[c]):square() / variance):sum(1)
    return -0.5 * (apart + variance:log():sum())
  end,
}

return gaussian
