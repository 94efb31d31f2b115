--- Clusters as dense places of any shape, among rows that belong to none.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local nearest = require "moonlark.cluster.nearest"
local options = require "moonlark.base.options"

---@class moonlark.cluster
local density = {}

--- Hierarchical density-based clustering (Campello, Moulavi and Sander 2013), as sklearn.cluster.HDBSCAN: finds the
--- number of clusters itself, and leaves out rows that belong to none.
---
--- Methods: `fit(x)`, `predict(x)` → the cluster of the fitted row that is nearest by mutual reachability, -1 where
--- that is farther than what holds its cluster together. Fields: labels (ids from 0 by the first row of each, -1:
--- noise), probabilities (how deep in its cluster a row lies, 0..1), n_clusters. It takes rows² time.
---     local ids = cluster.hdbscan {min_cluster_size = 10}:fit(X).labels
---@type fun(given: moonlark.cluster.hdbscan.Options?): moonlark.Estimator
density.hdbscan = estimator.define {
  parameters = options.describe("cluster.hdbscan", core.cluster.parameters.hdbscan),
  state = {"tensor labels", "tensor rows", "tensor core", "tensor limits"},
  fit = function(settings, x)
    local state = {rows = x:clone()}
    state.labels, state.probabilities, state.core, state.limits = core.cluster.hdbscan(x, settings)
    state.n_clusters = state.labels:max():item() + 1
    return state
  end,
  methods = {
    predict = function(state, x, settings)
      local min_samples = settings.min_samples or settings.min_cluster_size
      return core.cluster.hdbscan_predict(state.rows, state.labels, state.core, state.limits, min_samples, x)
    end,
  },
}

--- Density-based clustering (Ester, Kriegel, Sander and Xu 1996), as sklearn.cluster.DBSCAN: rows with min_samples
--- neighbours within eps, and what can be reached from them.
---
--- Methods: `fit(x)`, `predict(x)` → the cluster of the nearest dense row within eps, or -1. Fields: labels (ids from
--- 0, -1: noise), core_sample_indices (the dense rows), n_clusters. It takes rows² time and little memory.
---     local ids = cluster.dbscan {eps = 1.5}:fit(X).labels
---@type fun(given: moonlark.cluster.dbscan.Options?): moonlark.Estimator
density.dbscan = estimator.define {
  parameters = options.describe("cluster.dbscan", core.cluster.parameters.dbscan),
  state = {"tensor core_sample_indices", "tensor rows", "tensor row_labels"},
  fit = function(settings, x)
    local labels, dense = core.cluster.dbscan(x, settings)
    local indices = dense:nonzero():flatten()
    return {
      labels = labels, n_clusters = labels:max():item() + 1, core_sample_indices = indices,
      rows = x:index_select(0, indices), row_labels = labels:index_select(0, indices),
    }
  end,
  methods = {
    predict = function(state, x, settings)
      local torch = require "moonlark.torch"
      if state.rows:size(0) == 0 then return torch.full({x:size(0)}, -1, {dtype = "int64"}) end
      local ids, distances = nearest({rows = state.rows, labels = state.row_labels}, x)
      return ids:masked_fill(distances:gt(settings.eps), -1)
    end,
  },
}

return density
