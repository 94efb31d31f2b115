--- A plain stack of 3 × 3 convolutions on log-mel (models/short_chunk_cnn.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "short_chunk_cnn",
  summary = "Trains a plain stack of 3 × 3 convolutions on log-mel of 3.7 s segments.",
  input = {features = {mel = {n_mels = 128}}, segment = 3.7},
  augment = {augment.gain {db = 6, on = "features"}, augment.spec_augment {time = 20, frequency = 12}},
  optimizer = optim.AdamW {lr = 2e-3, weight_decay = 1e-2},
  schedule = optim.cosine {warmup = 0.1},
  epochs = 40, patience = 15, batch_size = 16,
}
