--- Linear discriminant analysis: a classifier, and the few directions along which classes differ most.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"

---@class moonlark.classify
local discriminant = {}

local function scores(state, x) return x:double():matmul(state.weights:t()) + state.intercepts end

--- Linear discriminant analysis (Fisher 1936; Rao 1948), as sklearn.discriminant_analysis.LinearDiscriminantAnalysis
--- with its solver by singular values, or with shrinkage (Ledoit and Wolf 2004) that by eigenvalues: classes are
--- normal distributions of one covariance. With few rows for many columns take shrinkage = "auto".
---
--- Methods: `fit(x, y)`, `predict(x)`, `predict_proba(x)` → rows × classes, `decision_function(x)` → rows × classes,
--- `transform(x)` → rows × n_components: places along the directions that tell classes apart, best first. Fields: mean,
--- means (classes × columns), scalings (directions × columns, in each of which the entry of largest magnitude is
--- positive), explained_variance_ratio (the share of the variance between classes along each).
---     local z = classify.lda {n_components = 2}:fit(X):transform(X)
---@type fun(given: moonlark.classify.lda.Options?): moonlark.Estimator
discriminant.lda = estimator.define {
  parameters = options.describe("classify.lda", {
    n_components = options.integer(nil, {least = 1, usual = "as many as possible: classes − 1, or columns"},
      "directions that transform keeps"),
    shrinkage = options.either(nil, {options.number(nil, {least = 0, most = 1}), options.choice {"auto"}},
      "draws covariances towards the same in all directions, as few rows need; auto: by Ledoit and Wolf",
      {usual = "no shrinkage"}),
    tol = options.number(1e-4, {least = 0, most = 1}, "directions whose singular value is below this do not vary"),
  }),
  state = {"tensor classes", "tensor mean", "tensor scalings", "tensor weights", "tensor intercepts"},
  supervised = "classes",
  fit = function(settings, x, y)
    local torch = require "moonlark.torch"
    local classes = torch.unique(y)
    local state, found = {classes = classes}, nil
    state.mean, state.means, state.scalings, state.explained_variance_ratio, state.weights, state.intercepts, found =
      core.classify.lda(x, torch.searchsorted(classes, y), classes:size(0), settings.tol, settings.shrinkage)
    local kept = math.min(found, settings.n_components or found)
    state.scalings = state.scalings:narrow(0, 0, kept):contiguous()
    state.explained_variance_ratio = state.explained_variance_ratio:narrow(0, 0, kept):contiguous()
    return state
  end,
  methods = {
    decision_function = scores,
    predict_proba = function(state, x) return scores(state, x):softmax(1) end,
    predict = function(state, x) return state.classes:index_select(0, scores(state, x):argmax(1)) end,
    transform = function(state, x) return (x:double() - state.mean):matmul(state.scalings:t()):float() end,
  },
}

return discriminant
