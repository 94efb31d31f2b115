--- Speed of clusterers, factors and discriminants on the tables that peers/cluster_sklearn.py made: a line a case, its
--- name, the seconds it took, the processor seconds of all threads, and a figure of the result. cluster.py runs both.
local core = require "moonlark_core"
local torch = require "moonlark.torch"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"

local folder = arg[1]
local function load(name) return torch.load(("%s/%s.npy"):format(folder, name)) end

local wide, narrow, S, labels = load "wide", load "narrow", load "S", load "labels"
local part = wide:narrow(0, 0, 5000):contiguous()

local function measure(name, work)
  local start, processor = core.system.clock(), os.clock()
  local result = work()
  print(("%s\t%.6f\t%.6f\t%.6g"):format(name, core.system.clock() - start, os.clock() - processor, result))
end

local function last_distance(linkage)
  return cluster.agglomerative {n_clusters = 20, linkage = linkage}:fit(part).linkage[4998][2]:item()
end

measure("k-means, 10000 × 100, 20 clusters, 10 starts: inertia", function()
  return cluster.kmeans {n_clusters = 20, n_init = 10}:fit(wide).inertia
end)
measure("agglomerative, ward, 5000 × 100: last distance", function() return last_distance "ward" end)
measure("agglomerative, average, 5000 × 100: last distance", function() return last_distance "average" end)
measure("HDBSCAN, 10000 × 100: clusters", function() return cluster.hdbscan():fit(wide).n_clusters end)
measure("HDBSCAN, 10000 × 10: clusters", function() return cluster.hdbscan():fit(narrow).n_clusters end)
measure("spectral, 10 neighbours, 5000 × 100: ARI", function()
  local model = cluster.spectral {n_clusters = 20, affinity = "nearest_neighbors"}:fit(part)
  return metrics.ari(labels:narrow(0, 0, 5000):contiguous(), model.labels)
end)
require "moonlark.base.warning".policy "ignore" -- with tol = 0 it never converges
measure("NMF, 1025 × 2000, 24 components, 100 passes: error", function()
  return cluster.nmf {n_components = 24, tol = 0, max_iter = 100}:fit(S).reconstruction_err
end)
measure("LDA, 10000 × 100, 20 classes: accuracy", function()
  return (metrics.accuracy(labels, classify.lda():fit(wide, labels):predict(wide)))
end)
measure("silhouette, 10000 × 100: value", function() return metrics.silhouette(wide, labels) end)
