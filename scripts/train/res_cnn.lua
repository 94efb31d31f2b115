--- Residual convolution blocks on log-mel of 5 s segments (models/res_cnn.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

require "moonlark.train.command" {
  model = "res_cnn",
  summary = "Trains residual convolution blocks on log-mel of 5 s segments.",
  input = {features = {mel = {n_mels = 64}}, segment = 5, decibel = {amin = 1e-6}},
  augment = {
    augment.shift {fraction = {0, 1}, on = "features"}, augment.gain {db = {-6, 6}, on = "features"},
    augment.equalizer {db = 6, on = "features"}, augment.time_mask {width = 30, count = 2},
    augment.frequency_mask {width = 10, count = 2},
  },
  optimizer = optim.AdamW {lr = 2e-3, weight_decay = 2e-2},
  schedule = optim.cosine {warmup = 0.1},
  epochs = 40, batch_size = 16,
}
