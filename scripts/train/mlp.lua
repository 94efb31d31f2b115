--- Dense layers on pooled features, one row of numbers a track (models/mlp.lua).
local optim = require "moonlark.optim"

require "moonlark.shell.train" {
  model = "mlp",
  summary = "Trains dense layers on pooled features: one row of numbers a track.",
  input = {
    features = {"mfcc", "spectral_contrast", "zero_crossing_rate", "spectral_centroid", "spectral_bandwidth",
      "spectral_rolloff", "spectral_flatness", "rms", "chroma_stft"},
    pool = {"mean", "std", "min", "max"},
  },
  optimizer = optim.AdamW {lr = 2e-3, weight_decay = 5e-2},
  schedule = optim.cosine {},
  epochs = 60, patience = 15, batch_size = 32,
}
