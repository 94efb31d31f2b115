--- Finding structure without labels: principal components, k-means, Gaussian mixtures.
---
--- Names, defaults and definitions are scikit-learn's. The work is done in C over BLAS and LAPACK on every core; the
--- results are the same to the bit for any number of cores.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"

local cluster = {}

--- Reads back a saved clusterer.
cluster.load = estimator.load

--- Principal component analysis (Hotelling 1933), as sklearn.decomposition.PCA with the full solver.
---
--- Methods: `fit(x)`, `transform(x)` → rows × n_components, `inverse_transform(z)`. Fields: mean; components,
--- n_components × columns, in each of which the entry of largest magnitude is positive; explained_variance (ddof 1);
--- explained_variance_ratio.
---     local z = cluster.pca {n_components = 2}:fit(X):transform(X)
---@type fun(given: moonlark.cluster.pca.Options?): moonlark.Estimator
cluster.pca = estimator.define {
  parameters = options.describe("cluster.pca", {
    n_components = options.integer(nil, {least = 1, usual = "as many as possible"}, "how many are kept"),
    whiten = options.boolean(false, "bring each component to unit variance"),
  }),
  state = {"tensor mean", "tensor components", "tensor explained_variance", "tensor explained_variance_ratio"},
  fit = function(settings, x)
    local k = settings.n_components or math.min(x:size(0), x:size(1))
    local mean, components, variance, total = core.cluster.pca(x, k)
    return {
      mean = mean, components = components, explained_variance = variance,
      explained_variance_ratio = total > 0 and variance / total or variance * 0,
    }
  end,
  methods = {
    transform = function(state, x, settings)
      local z = (x:double() - state.mean):matmul(state.components:t())
      if settings.whiten then z = z / state.explained_variance:sqrt():clamp_min(2.220446049250313e-16) end
      return z:float()
    end,
  },
  inverses = {
    inverse_transform = function(state, settings, z)
      z = z:double()
      if settings.whiten then z = z * state.explained_variance:sqrt() end
      return (z:matmul(state.components) + state.mean):float()
    end,
  },
}

--- k-means by Lloyd's algorithm, started by k-means++, as sklearn.cluster.KMeans.
---
--- Methods: `fit(x)`, `predict(x)` → the nearest centre of each row (ids from 0), `transform(x)` → distances to all
--- centres. Fields: centers (n_clusters × columns), labels, inertia, iterations.
---     local ids = cluster.kmeans {n_clusters = 4}:fit(X).labels
---@type fun(given: moonlark.cluster.kmeans.Options?): moonlark.Estimator
cluster.kmeans = estimator.define {
  parameters = options.describe("cluster.kmeans", core.cluster.parameters.kmeans, {
    init = options.tensor(nil, "centres to start from, n_clusters × columns", {usual = "k-means++"}),
  }),
  state = {"tensor centers", "tensor labels"},
  fit = function(settings, x)
    local centers, labels, inertia, iterations = core.cluster.kmeans(x, settings)
    return {centers = centers, labels = labels, inertia = inertia, iterations = iterations}
  end,
  methods = {
    predict = function(state, x) return core.cluster.kmeans_predict(x, state.centers) end,
    transform = function(state, x) return require "moonlark.torch".cdist(x:double(), state.centers):float() end,
  },
}

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
cluster.gmm = estimator.define {
  parameters = options.describe("cluster.gmm", core.cluster.parameters.gmm, {
    init = options.tensor(nil, "labels to start from, one a row", {usual = "k-means"}),
  }),
  state = {"tensor weights", "tensor means", "tensor covariances"},
  fit = function(settings, x)
    local weights, means, covariances, likelihood, iterations, converged = core.cluster.gmm(x, settings)
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

return cluster
