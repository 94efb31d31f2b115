--- The clusterers that `moonlark cluster` tries.
local cluster = require "moonlark.cluster"

---@class moonlark.shell.Clusterer
---@field title string
---@field make fun(args: table, k: integer, seed: integer): moonlark.Estimator
---@field better (fun(a: moonlark.Estimator, b: moonlark.Estimator): boolean)?  which of two seeds is kept, by the
---  method's own measure; nil: seeds make no difference
---@field says fun(args: table): string  how, in words

local methods = {}

local function starts(args) return args.starts == 1 and "1 start" or args.starts .. " starts" end

--- By their names on the command line.
---@type table<string, moonlark.shell.Clusterer>
methods.by_name = {
  gmm = {
    title = "Gaussian mixture",
    make = function(args, k, seed)
      return cluster.gmm {n_components = k, covariance = args.covariance, reg_covar = 1e-3, n_init = args.starts,
        seed = seed}
    end,
    better = function(a, b) return a.lower_bound > b.lower_bound end,
    says = function(args) return ("covariance %s, the likeliest of %s"):format(args.covariance, starts(args)) end,
  },
  kmeans = {
    title = "k-means",
    make = function(args, k, seed) return cluster.kmeans {n_clusters = k, n_init = args.starts, seed = seed} end,
    better = function(a, b) return a.inertia < b.inertia end,
    says = function(args) return "the least inertia of " .. starts(args) end,
  },
  agglomerative = {
    title = "agglomerative",
    make = function(args, k) return cluster.agglomerative {n_clusters = k, linkage = args.linkage} end,
    says = function(args) return "linkage " .. args.linkage end,
  },
  spectral = {
    title = "spectral",
    make = function(args, k, seed)
      return cluster.spectral {n_clusters = k, affinity = "nearest_neighbors", n_neighbors = args.neighbors,
        n_init = args.starts, seed = seed}
    end,
    better = function() return false end,
    says = function(args)
      return ("%d nearest neighbours, the least inertia of %s"):format(args.neighbors, starts(args))
    end,
  },
  hdbscan = {
    title = "HDBSCAN",
    make = function(args) return cluster.hdbscan {min_cluster_size = args.min_cluster_size} end,
    says = function(args) return ("its own number of clusters, of %d or more"):format(args.min_cluster_size) end,
  },
}

--- Their names, in the order in which they are offered.
methods.names = {"gmm", "kmeans", "agglomerative", "spectral", "hdbscan"}

return methods
