--- Convolutions, then GRUs over what is left of time, on mel (models/crnn.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "crnn",
  summary = "Trains convolutions followed by GRUs on mel of 5 s segments.",
  input = {features = {mel = {n_mels = 64}}, segment = 5},
  augment = {
    augment.gain {db = 6, on = "features"},
    augment.spec_augment {time = 20, frequency = 8, time_masks = 1, frequency_masks = 1},
  },
  optimizer = optim.AdamW {lr = 2e-3, weight_decay = 1e-2},
  schedule = optim.cosine {warmup = 0.1},
  epochs = 40, patience = 15, batch_size = 16, clip_norm = 1,
}
