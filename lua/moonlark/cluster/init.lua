--- Finding structure without labels: clusters of many kinds, principal components, non-negative factors, maps.
---
--- Names, defaults and definitions are scikit-learn's. The work is done in C over BLAS and LAPACK on every core; the
--- results are the same to the bit for any number of cores.
---@class moonlark.cluster
local cluster = {}

--- Reads back a saved clusterer.
cluster.load = require "moonlark.estimator".load

for _, part in ipairs {
  "choose", "decomposition", "density", "embedding", "factors", "hierarchy", "kmeans", "mixture", "neighbors",
  "spectral", "vectors",
} do
  for name, f in pairs(require("moonlark.cluster." .. part)) do cluster[name] = f end
end

return cluster
