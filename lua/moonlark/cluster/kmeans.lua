--- k-means: clusters around centres.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local warning = require "moonlark.base.warning"

---@class moonlark.cluster
local kmeans = {}

--- k-means by Lloyd's algorithm, started by k-means++, as sklearn.cluster.KMeans.
---
--- Methods: `fit(x)`, `predict(x)` → the nearest centre of each row (ids from 0), `transform(x)` → distances to all
--- centres. Fields: centers (n_clusters × columns), labels, inertia, iterations.
---     local ids = cluster.kmeans {n_clusters = 4}:fit(X).labels
---@type fun(given: moonlark.cluster.kmeans.Options?): moonlark.Estimator
kmeans.kmeans = estimator.define {
  parameters = options.describe("cluster.kmeans", core.cluster.parameters.kmeans, {
    init = options.tensor(nil, "centres to start from, n_clusters × columns", {usual = "k-means++"}),
  }),
  state = {"tensor centers", "tensor labels"},
  fit = function(settings, x)
    local centers, labels, inertia, iterations, used = core.cluster.kmeans(x, settings)
    if used < settings.n_clusters then
      warning.say("kmeans-empty-cluster", ("k-means filled %d of %d clusters: the data has fewer different rows than "
        .. "that"):format(used, settings.n_clusters))
    end
    return {centers = centers, labels = labels, inertia = inertia, iterations = iterations}
  end,
  methods = {
    predict = function(state, x) return core.cluster.kmeans_predict(x, state.centers) end,
    transform = function(state, x) return require "moonlark.torch".cdist(x:double(), state.centers):float() end,
  },
}

return kmeans
