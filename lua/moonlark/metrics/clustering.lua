--- Clustering: how well clusters agree with classes, and hold together.
local core = require "moonlark_core".metrics
local labels = require "moonlark.metrics.labels"

---@class moonlark.metrics
local clustering = {}

--- Adjusted Rand index (Hubert and Arabie 1985): 1 for the same partition, about 0 for chance.
---     print(metrics.ari(y, cluster.kmeans {n_clusters = 4}:fit(X).labels))
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@return number
function clustering.ari(truth, predicted)
  return core.adjusted_rand(labels("truth", truth), labels("predicted", predicted))
end

--- Normalised mutual information, over the arithmetic mean of the two entropies: 0..1.
---     print(metrics.nmi(y, ids))
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@return number
function clustering.nmi(truth, predicted)
  return core.mutual_information(labels("truth", truth), labels("predicted", predicted))
end

--- Mean silhouette coefficient (Rousseeuw 1987) over Euclidean distances: -1..1. It computes rows² distances.
---     print(metrics.silhouette(x, ids))
---@param x moonlark.Tensor  rows × columns
---@param ids moonlark.Tensor  a cluster id for each row; 2..rows - 1 clusters
---@return number
function clustering.silhouette(x, ids) return core.silhouette(x, labels("ids", ids)) end

return clustering
