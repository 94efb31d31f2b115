-- Find groups of similar sounds without looking at their labels; then look how the two compare.
--
--     moonlark examples/03_clusters.lua genres clusters.png
--
-- Without a folder it takes the synthetic corpus.
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local metrics = require "moonlark.metrics"
local plot = require "moonlark.plot"

local folder, picture = arg[1], arg[2] or "clusters.png"
if not folder then
  folder = "runs/example"
  require("moonlark.corpus").generate(folder, {clips = 6, seconds = 6})
end

local X = dataset.folder(folder):extract(feature.recipe {
  features = {mfcc = {}, spectral_contrast = {}, zero_crossing_rate = {}},
  pool = {"mean", "std"},
})

-- Every column counts the same; then the ten directions in which sounds differ most.
local scaled = classify.scaler():fit(X.x):transform(X.x)
local z = cluster.pca {n_components = 10}:fit(scaled):transform(scaled)

-- Of five starts the likeliest is kept.
local mixture = cluster.gmm {n_components = #X.classes, covariance = "diag", reg_covar = 1e-2, n_init = 5}:fit(z)
local ids = mixture:predict(z)
print(("agreement with the folders: ARI %.3f, NMI %.3f"):format(metrics.ari(X.y, ids), metrics.nmi(X.y, ids)))

local groups = {}
for i = 1, #X.classes do groups[i] = "group " .. i - 1 end
plot.grid({
  plot.scatter(z, X.y, {classes = X.classes, title = "Folders"}),
  plot.scatter(z, ids, {classes = groups, title = "Groups found"}),
}, {columns = 2}):save(picture)
print("wrote " .. picture)
