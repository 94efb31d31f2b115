--- Speed of t-SNE and UMAP: `moonlark embedding.lua TABLE.npy tsne|umap PLACES.npy` writes the places and prints seconds
--- passed and seconds of all cores. `moonlark embedding.lua FOLDER sounds TABLE.npy` makes a table of a folder of
--- sounds: means and deviations of 20 MFCC, standardised. embedding.py runs both beside openTSNE and umap-learn.
local core = require "moonlark_core"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local torch = require "moonlark.torch"

local source, method, target = table.unpack(arg)
if method == "sounds" then
  local recipe = feature.recipe {features = {mfcc = {n_mfcc = 20}}, pool = {"mean", "std"}}
  local X = dataset.folder(source):extract(recipe, {progress = false})
  torch.save(target, classify.scaler():fit(X.x):transform(X.x))
else
  local x = torch.load(source)
  core.embedding.neighbors(x:narrow(0, 0, 50), 5, "euclidean", 0) -- BLAS is loaded
  local wall, cpu = core.system.clock(), os.clock()
  local z = cluster[method] {progress = false}:fit(x).embedding
  print(("%.3f\t%.3f"):format(core.system.clock() - wall, os.clock() - cpu))
  torch.save(target, z)
end
