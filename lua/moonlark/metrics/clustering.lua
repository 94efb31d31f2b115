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

--- Adjusted mutual information (Vinh, Epps and Bailey 2010): 1 for the same partition, about 0 for chance, however many
--- clusters there are; over the arithmetic mean of the two entropies.
---     print(metrics.ami(y, ids))
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@return number
function clustering.ami(truth, predicted)
  return core.adjusted_mutual_information(labels("truth", truth), labels("predicted", predicted))
end

--- Homogeneity, completeness and their harmonic mean, the V-measure (Rosenberg and Hirschberg 2007), 0..1: whether each
--- cluster holds one class, and each class lies in one cluster.
---     local homogeneity, completeness, v = metrics.v_measure(y, ids)
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@return number homogeneity
---@return number completeness
---@return number v
function clustering.v_measure(truth, predicted)
  local homogeneity, completeness = core.homogeneity(labels("truth", truth), labels("predicted", predicted))
  local sum = homogeneity + completeness
  return homogeneity, completeness, sum > 0 and 2 * homogeneity * completeness / sum or 0.0
end

--- Purity: the share of rows that are of their cluster's most frequent class. Many small clusters are always pure.
---     print(metrics.purity(y, ids))
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@return number
function clustering.purity(truth, predicted)
  local counts = core.contingency(labels("truth", truth), labels("predicted", predicted), 0)
  return counts:amax(0):sum():item() / truth:size(0)
end

--- Mean silhouette coefficient (Rousseeuw 1987) over Euclidean distances: -1..1. It computes rows² distances.
---     print(metrics.silhouette(x, ids))
---@param x moonlark.Tensor  rows × columns
---@param ids moonlark.Tensor  a cluster id for each row; 2..rows - 1 clusters
---@return number
function clustering.silhouette(x, ids) return (core.silhouette(x, labels("ids", ids))) end

--- The silhouette coefficient of each row, as sklearn.metrics.silhouette_samples: 1 where it lies well within its
--- cluster, 0 between two, below 0 where another cluster is nearer. It computes rows² distances.
---     local weakest = metrics.silhouette_samples(x, ids):argsort()
---@param x moonlark.Tensor  rows × columns
---@param ids moonlark.Tensor  a cluster id for each row; 2..rows - 1 clusters
---@return moonlark.Tensor  of rows, float64
function clustering.silhouette_samples(x, ids) return (select(2, core.silhouette(x, labels("ids", ids)))) end

--- Calinski and Harabasz's index (1974): the squares between clusters over those within, each over its degrees of
--- freedom. The greater, the better apart; for clusters that are round.
---     print(metrics.calinski_harabasz(x, ids))
---@param x moonlark.Tensor  rows × columns
---@param ids moonlark.Tensor  a cluster id for each row; 2..rows - 1 clusters
---@return number
function clustering.calinski_harabasz(x, ids) return (core.cohesion(x, labels("ids", ids))) end

--- Davies and Bouldin's index (1979): the mean over clusters of the worst ratio of what two of them spread to how far
--- apart they are. 0 is best.
---     print(metrics.davies_bouldin(x, ids))
---@param x moonlark.Tensor  rows × columns
---@param ids moonlark.Tensor  a cluster id for each row; 2..rows - 1 clusters
---@return number
function clustering.davies_bouldin(x, ids) return (select(2, core.cohesion(x, labels("ids", ids)))) end

--- Trustworthiness of an embedding (Venna and Kaski 2001), as sklearn.manifold.trustworthiness: 1 where the k nearest
--- rows in z were among the k nearest in x, about 0.5 for places at random. It computes rows² Euclidean distances.
---     print(metrics.trustworthiness(x, cluster.umap():fit(x).embedding, 15))
---@param x moonlark.Tensor  rows × columns
---@param z moonlark.Tensor  the same rows' places: rows × dimensions
---@param k integer?  neighbours that are looked at, fewer than half the rows (default: 5)
---@return number
function clustering.trustworthiness(x, z, k) return core.trustworthiness(x, z, k or 5) end

return clustering
