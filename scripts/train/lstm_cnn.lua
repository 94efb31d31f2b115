--- A convolution branch beside an LSTM branch, on mel (models/lstm_cnn.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "lstm_cnn",
  summary = "Trains a convolution branch and an LSTM branch side by side on mel of 3 s segments.",
  input = {features = {mel = {n_mels = 64}}, segment = 3},
  augment = {
    augment.gain {db = 6, on = "features"},
    augment.spec_augment {time = 20, frequency = 8, time_masks = 1, frequency_masks = 1},
  },
  optimizer = optim.AdamW {lr = 3e-3, weight_decay = 1e-2},
  schedule = optim.cosine {warmup = 0.1},
  epochs = 40, patience = 15, batch_size = 16, clip_norm = 1,
}
