--- Training networks: fit, judge, and batches of samples in memory.
---
---     local fit = train.fit(net, {
---       train = parts.train:batches {feature = "mel", segment = 3, augment = {augment.noise {snr_db = 20}}},
---       valid = parts.valid:batches {feature = "mel", segment = 3},
---       optimizer = optim.AdamW {lr = 1e-3}, schedule = optim.cosine {}, epochs = 30, patience = 5, run = "runs/a",
---     })
---     print(train.evaluate(net, parts.test:batches {feature = "mel", segment = 3}))
local evaluate = require "moonlark.train.evaluate"
local fit = require "moonlark.train.fit"
local tensors = require "moonlark.dataset.tensors"

local train = {}

--- Trains a network in place and returns the trainer: {history, best, valid, test, net, …}.
---
--- Every epoch: all training batches, then the validation; a line on standard error, and in a run folder all that is
--- needed to go on. The network ends with the weights of the best validation (without validation: the last, or their
--- average with `ema`) and in evaluation mode. Errors and Ctrl-C pass on; the network then has the best weights so
--- far, and the run folder a checkpoint.
---
--- The batches are used as they are, and keep what this does to them: they are prepared, the training part takes the
--- seed, all go to the device, and validation and test are normalised by the training part's statistics. So
--- train.evaluate can go on with them.
---
--- Before anything starts it is an error when there is one class, a class without training tracks, or an empty
--- validation part. A loss that is not finite ends the training and names the batch's files.
---@param net moonlark.nn.Module
---@param given moonlark.train.fit.Options
---@return moonlark.Trainer fit
function train.fit(net, given) return fit(net, given) end

--- Judges a network on batches: accuracy over whole tracks, precision, recall and F1 by class.
---@param net moonlark.nn.Module
---@param batches table  of dataset:batches or train.tensors
---@param given moonlark.train.evaluate.Options?
---@return table report  prints itself; loss, accuracy, probabilities, predicted, confusion, per_class …
function train.evaluate(net, batches, given) return evaluate.run(net, batches, given) end

--- Batches of samples in memory. Normalisation is by the mean and deviation of the training data.
---@param given moonlark.train.tensors.Options
---@return moonlark.TensorBatches
function train.tensors(given) return tensors.make(given) end

return train
