--- Residual convolution blocks on log-mel of 5 s segments (models/res_cnn.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "res_cnn",
  summary = "Trains residual convolution blocks on log-mel of 5 s segments.",
  input = {features = {mel = {n_mels = 64, n_fft = 1024}}, segment = 5, decibel = {amin = 1e-6}},
  augment = {
    augment.shift {fraction = {0, 1}, on = "features"}, augment.gain {db = 6, on = "features"},
    augment.equalizer {db = 6, on = "features"}, augment.mixup {alpha = 0.4, on = "features"},
    augment.spec_augment {time = 30, frequency = 10},
  },
  optimizer = optim.AdamW {lr = 2e-3, weight_decay = 2e-2},
  schedule = optim.cosine {warmup = 0.1},
  epochs = 80, batch_size = 16, ema = 0.995,
}
