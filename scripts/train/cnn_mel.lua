--- A convolution network on mel, chroma, tonnetz and MFCC stacked as one image (models/cnn_mel.lua).
local augment = require "moonlark.augment"
local optim = require "moonlark.optim"

-- Without regularisation and augmentation: --option regularize=false --no-augment
require "moonlark.shell.train" {
  model = "cnn_mel",
  summary = "Trains a convolution network on mel, chroma, tonnetz and MFCC stacked as one image.",
  input = {features = {mel = {n_mels = 128}, chroma_stft = {}, tonnetz = {}, mfcc = {n_mfcc = 20}}, segment = 3},
  augment = {augment.spec_augment {time = 20, frequency = 12, time_masks = 1, frequency_masks = 1}},
  optimizer = optim.AdamW {lr = 3e-3, weight_decay = 1e-2},
  schedule = optim.cosine {warmup = 0.1},
  epochs = 40, patience = 15, batch_size = 16,
}
