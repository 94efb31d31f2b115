--- A stacked LSTM over the MFCC frames of 3 s segments (models/lstm.lua).
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "lstm",
  summary = "Trains a stacked LSTM over the MFCC frames of 3 s segments.",
  input = {features = {mfcc = {n_mfcc = 20}}, segment = 3},
  optimizer = optim.AdamW {lr = 2e-3, weight_decay = 1e-2},
  schedule = optim.cosine {},
  epochs = 40, patience = 10, batch_size = 32, clip_norm = 1,
}
