--- Gaussian mixtures: clusters as normal distributions.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local warning = require "moonlark.base.warning"

---@class moonlark.cluster
local mixture = {}

-- The log-likelihood of each row, and the share of each component in it.
local function score(state, x, settings)
  return core.cluster.gmm_score(x, settings.covariance, state.weights, state.means, state.covariances)
end

local function free_parameters(state, settings)
  return core.cluster.gmm_free_parameters(settings.covariance, state.means:size(0), state.means:size(1))
end

--- Gaussian mixture by expectation maximisation, as sklearn.mixture.GaussianMixture.
---
--- Methods: `fit(x)`, `predict(x)` → component ids from 0, `predict_proba(x)` → rows × n_components,
--- `score_samples(x)` → log-likelihood of each row, `score(x)` their mean, `bic(x)`, `aic(x)`. Fields: weights,
--- means, covariances, lower_bound (mean log-likelihood), iterations, converged.
---     local model = cluster.gmm {n_components = 4}:fit(X)
---@type fun(given: moonlark.cluster.gmm.Options?): moonlark.Estimator
mixture.gmm = estimator.define {
  parameters = options.describe("cluster.gmm", core.cluster.parameters.gmm, {
    init = options.tensor(nil, "labels to start from, one a row", {usual = "k-means"}),
  }),
  state = {"tensor weights", "tensor means", "tensor covariances"},
  fit = function(settings, x)
    local weights, means, covariances, likelihood, iterations, converged = core.cluster.gmm(x, settings)
    if not converged then
      warning.say("em-not-converged", ("a Gaussian mixture of %d components still gained more than tol (%g) after %d "
        .. "passes: raise max_iter or tol"):format(settings.n_components, settings.tol, iterations))
    end
    return {
      weights = weights, means = means, covariances = covariances, lower_bound = likelihood,
      iterations = iterations, converged = converged,
    }
  end,
  methods = {
    predict = function(state, x, settings) return select(2, score(state, x, settings)):argmax(1) end,
    predict_proba = function(state, x, settings) return (select(2, score(state, x, settings))) end,
    score_samples = function(state, x, settings) return (score(state, x, settings)) end,
    score = function(state, x, settings) return (score(state, x, settings)):mean():item() end,
    bic = function(state, x, settings)
      return -2 * (score(state, x, settings)):sum():item() + free_parameters(state, settings) * math.log(x:size(0))
    end,
    aic = function(state, x, settings)
      return -2 * (score(state, x, settings)):sum():item() + 2 * free_parameters(state, settings)
    end,
  },
}

return mixture
