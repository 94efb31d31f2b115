--- Speed of PCA, k-means and Gaussian mixtures at the sizes that learn.py times scikit-learn at.
---     moonlark tests/bench/learn.lua          then, for the comparison:  python tests/bench/learn.py
local core = require "moonlark_core"
local torch = require "moonlark.torch"
local cluster = require "moonlark.cluster"

torch.manual_seed(1)
local narrow = torch.randn({200000, 10}) + torch.randint(0, 10, {200000, 1}):float() * 2
local wide = torch.randn({200000, 100})

-- Least and middle seconds of five runs.
local function time(name, work)
  local runs = {}
  for i = 1, 5 do
    local start = core.system.clock()
    work()
    runs[i] = core.system.clock() - start
  end
  table.sort(runs)
  print(("%-48s %.3f s  (median %.3f)"):format(name, runs[1], runs[3]))
end

print(("%d cores"):format(core.system.cores()))
local labels = torch.arange(200000):remainder(10)
for _, covariance in ipairs {"full", "diag"} do
  local gmm = cluster.gmm {n_components = 10, covariance = covariance, tol = 0, max_iter = 20, init = labels}
  time(("GMM %s, 200000 × 10, 10 components, 20 iterations"):format(covariance), function() gmm:fit(narrow) end)
end
local start = wide:narrow(0, 0, 64):double()
local kmeans = cluster.kmeans {n_clusters = 64, max_iter = 10, tol = 0, init = start}
time("k-means, 200000 × 100, 64 clusters, 10 iterations", function() kmeans:fit(wide) end)
time("PCA, 200000 × 100, 10 components", function() cluster.pca {n_components = 10}:fit(wide) end)
