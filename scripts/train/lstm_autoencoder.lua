--- An LSTM autoencoder, and clusters of its code: PCA and k-means, without labels (models/lstm_autoencoder.lua).
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"
local optim = require "moonlark.optim"
local plot = require "moonlark.plot"
local torch = require "moonlark.torch"

local function class_ids(songs)
  local ids = songs.classes and #songs.classes > 0 and songs:ids()
  return ids and torch.tensor(ids) or nil
end

local COMPONENTS = 8 -- of the code, before k-means

-- Clusters of all tracks, told from the code alone, and how far they agree with the labels.
local function judge(fit, batches, seed)
  local songs = batches.dataset
  local codes = fit.net:codes(batches)
  local k = math.max(2, #songs.classes)
  local n = math.min(COMPONENTS, codes:size(0), codes:size(1))
  local z = cluster.pca {n_components = n, whiten = true}:fit(codes):transform(codes)
  local ids = cluster.kmeans {n_clusters = k, n_init = 10, seed = seed}:fit(z):predict(z)
  local figures, y = {silhouette = metrics.silhouette(z, ids), clusters = k, n = #songs.tracks}, class_ids(songs)
  if y then figures.ari, figures.nmi = metrics.ari(y, ids), metrics.nmi(y, ids) end
  return figures, {
    clusters = function() return plot.scatter(z, ids, {title = "Clusters of the code"}) end,
    labels = y and function() return plot.scatter(z, y, {classes = songs.classes, title = "Labels over the code"}) end,
  }
end

require "moonlark.shell.train" {
  model = "lstm_autoencoder",
  summary = "Trains an LSTM to tell 3 s segments again from a short code, and clusters the code.",
  input = {features = {mfcc = {n_mfcc = 20}}, segment = 3},
  supervised = false, judge = judge,
  optimizer = optim.AdamW {lr = 2e-3},
  schedule = optim.cosine {},
  epochs = 40, batch_size = 32, clip_norm = 1,
}
