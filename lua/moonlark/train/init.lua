--- Training networks: fit, judge, and batches of samples in memory.
---
---     local fit = train.fit(net, {
---       train = parts.train:batches {feature = "mel", segment = 3, augment = {augment.noise {snr_db = 20}}},
---       valid = parts.valid:batches {feature = "mel", segment = 3},
---       optimizer = optim.AdamW {lr = 1e-3}, schedule = optim.cosine {}, epochs = 30, patience = 5, run = "runs/a",
---     })
---     print(train.evaluate(net, predict.batches(net, parts.test)))
local tensors = require "moonlark.dataset.tensors"

local train = {
  fit = require("moonlark.train.fit").fit,
  evaluate = require("moonlark.train.evaluate").evaluate,
}

--- Batches of samples in memory. Normalisation is by the mean and deviation of the training data.
---     local batches = train.tensors {x = X.x, y = X.y, classes = X.classes, batch_size = 64, shuffle = true}
---@param given moonlark.train.tensors.Options
---@return moonlark.TensorBatches
function train.tensors(given) return tensors.make(given) end

return train
