--- Speed of PCA, k-means, Gaussian mixtures and metrics of scores: one line a case, name and least seconds. learn.py runs it beside
--- scikit-learn (peers/learn_sklearn.py) at the same sizes.
local core = require "moonlark_core"
local torch = require "moonlark.torch"
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"

torch.manual_seed(1)
local narrow = torch.randn({200000, 10}) + torch.randint(0, 10, {200000, 1}):float() * 2
local wide, small = torch.randn({200000, 100}), torch.randn({1000, 20})

-- The least of some runs.
local function time(name, work, runs)
  local best = math.huge
  for _ = 1, runs or 3 do
    local start = core.system.clock()
    work()
    best = math.min(best, core.system.clock() - start)
  end
  print(("%s\t%.6f"):format(name, best))
end

local labels = torch.arange(200000):remainder(10)
for _, covariance in ipairs {"full", "diag"} do
  local gmm = cluster.gmm {n_components = 10, covariance = covariance, tol = 0, max_iter = 20, init = labels}
  time(("GMM %s, 200000 × 10, 10 components, 20 iterations"):format(covariance), function() gmm:fit(narrow) end)
end
local kmeans = cluster.kmeans {n_clusters = 64, max_iter = 10, tol = 0, init = wide:narrow(0, 0, 64):double()}
time("k-means, 200000 × 100, 64 clusters, 10 iterations", function() kmeans:fit(wide) end)
time("PCA, 200000 × 100, 10 components", function() cluster.pca {n_components = 10}:fit(wide) end)
local few = cluster.kmeans {n_clusters = 10, max_iter = 10, tol = 0, init = small:narrow(0, 0, 10):double()}
time("k-means, 1000 × 20, 10 clusters, 10 iterations", function() few:fit(small) end, 50)
time("PCA, 1000 × 20, 10 components", function() cluster.pca {n_components = 10}:fit(small) end, 50)
local y, scores = torch.randint(0, 50, {100000}), torch.randn({100000, 50}):softmax(1)
time("ROC AUC, 100000 × 50, one against the rest", function() metrics.roc_auc(y, scores) end, 2)
time("ROC AUC, 100000 × 50, one against one", function() metrics.roc_auc(y, scores, {multi_class = "ovo"}) end, 1)
