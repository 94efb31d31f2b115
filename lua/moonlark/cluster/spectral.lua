--- Clusters as parts of a graph that links rows to similar rows.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local nearest = require "moonlark.cluster.nearest"
local options = require "moonlark.base.options"
local warning = require "moonlark.base.warning"

---@class moonlark.cluster
local spectral = {}

--- Spectral clustering (Shi and Malik 2000), as sklearn.cluster.SpectralClustering: k-means on the eigenvectors of the
--- normalised Laplacian, found by LAPACK, or by a block Lanczos method where there are more than 400 rows.
---
--- Methods: `fit(x)`, `predict(x)` → the cluster of the nearest fitted row. Fields: labels (ids from 0); eigenvalues of
--- the Laplacian, n_clusters of them, ascending: as many are 0 as there are parts without a link between them. With
--- affinity "rbf" choose gamma by the scale of the distances: the similarity of all pairs is kept, of at most 15000
--- rows. "nearest_neighbors" needs no scale and takes many rows.
---     local ids = cluster.spectral {n_clusters = 4, affinity = "nearest_neighbors"}:fit(X).labels
---@type fun(given: moonlark.cluster.spectral.Options?): moonlark.Estimator
spectral.spectral = estimator.define {
  parameters = options.describe("cluster.spectral", core.cluster.parameters.spectral),
  state = {"tensor labels", "tensor rows"},
  fit = function(settings, x)
    local labels, eigenvalues, converged = core.cluster.spectral(x, settings)
    if not converged then
      warning.say("spectral-not-converged", "eigenvectors of the Laplacian were not found to full precision")
    end
    return {labels = labels, eigenvalues = eigenvalues, rows = x:clone()}
  end,
  methods = {predict = function(state, x) return (nearest(state, x)) end},
}

return spectral
