--- Few columns that hold most of many: principal components.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"

---@class moonlark.cluster
local decomposition = {}

--- Principal component analysis (Hotelling 1933), as sklearn.decomposition.PCA with the full solver.
---
--- Methods: `fit(x)`, `transform(x)` → rows × n_components, `inverse_transform(z)`. Fields: mean; components,
--- n_components × columns, in each of which the entry of largest magnitude is positive; explained_variance (ddof 1);
--- explained_variance_ratio.
---     local z = cluster.pca {n_components = 2}:fit(X):transform(X)
---@type fun(given: moonlark.cluster.pca.Options?): moonlark.Estimator
decomposition.pca = estimator.define {
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

return decomposition
