--- Three convolution blocks on MFCC of 3 s segments, averaged over a track (models/cnn.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "cnn",
  summary = "Trains three convolution blocks and two dense layers on MFCC of 3 s segments.",
  input = {features = {mfcc = {n_mfcc = 13}}, segment = 3},
  augment = {augment.time_mask {width = 10}},
  optimizer = optim.AdamW {lr = 1e-3, weight_decay = 1e-2},
  schedule = optim.cosine {},
  epochs = 40, patience = 10, batch_size = 32,
}
