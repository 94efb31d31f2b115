--- Clusters within clusters: rows are joined two by two until one cluster is left.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local nearest = require "moonlark.cluster.nearest"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.cluster
local hierarchy = {}

-- How many clusters are farther apart than the threshold, or as many as were asked for.
local function count(settings, linkage)
  if not settings.distance_threshold then return settings.n_clusters or 2 end
  return linkage:select(1, 2):ge(settings.distance_threshold):sum():item() + 1
end

--- Agglomerative clustering, as sklearn.cluster.AgglomerativeClustering and scipy.cluster.hierarchy.linkage over
--- Euclidean distances: "ward" joins the two clusters whose joining adds least to the squares within (Ward 1963);
--- "average", "complete" and "single" those whose rows are nearest on average, at worst, at best.
---
--- Methods: `fit(x)`, `predict(x)` → the cluster of the nearest fitted row. Fields: labels (ids from 0 by the first
--- row of each), n_clusters; linkage, (rows − 1) × 4 float64, as SciPy's: the two clusters of each merge, their
--- distance, and the rows of both, where cluster rows + i is what merge i made.
--- All but single linkage hold the distances of all pairs: 4 · rows² bytes, at most 30000 rows (3.6 GB).
---     local tree = cluster.agglomerative {n_clusters = 4, linkage = "average"}:fit(X)
---@type fun(given: moonlark.cluster.agglomerative.Options?): moonlark.Estimator
hierarchy.agglomerative = estimator.define {
  parameters = options.describe("cluster.agglomerative", core.cluster.parameters.agglomerative),
  state = {"tensor linkage", "tensor labels", "tensor rows"},
  check = function(settings)
    if settings.n_clusters and settings.distance_threshold then
      show.fail "cluster.agglomerative takes n_clusters or distance_threshold, not both"
    end
  end,
  fit = function(settings, x)
    local linkage = core.cluster.linkage(x, settings)
    local k = count(settings, linkage)
    if k > x:size(0) then show.fail("x must have at least n_clusters (%d) rows, got %d", k, x:size(0)) end
    return {linkage = linkage, labels = core.cluster.linkage_cut(linkage, k), n_clusters = k, rows = x:clone()}
  end,
  methods = {predict = function(state, x) return (nearest(state, x)) end},
}

return hierarchy
