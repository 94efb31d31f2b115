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

--- Trains a network in place and returns {history, best, valid, test, net}.
---
--- Every epoch: all training batches, then the validation; a line on standard error, and in a run folder all that is
--- needed to go on. The network ends with the weights of the best validation (without validation: the last, or their
--- average with `ema`) and in evaluation mode. Errors and Ctrl-C pass on; the network then has the best weights so
--- far, and the run folder a checkpoint.
---
--- Options: train, valid, test (batches); epochs (30), patience (epochs without improvement, then stop), optimizer
--- (optim.AdamW {lr = 1e-3}), schedule (optim.cosine {} …), loss (f(logits, y); default: cross entropy), or objective
--- (f(net, batch) → loss, logits?), monitor ("valid_accuracy" where there are classes, else "valid_loss"), clip_norm
--- (of all gradients), accumulate (batches a step: 1), ema (decay of an average of weights, 0.999), device ("auto":
--- a GPU when there is one), precision ("float32", or "bfloat16": the forward pass in mixed precision), deterministic
--- (false; true: the same bits twice, also on a GPU, or an error), seed (0), run (a folder), resume (false; go on
--- with the folder's checkpoint), progress (true), opened (f(run) when the run folder is open, before the first epoch),
--- each (f(row, trainer) after every epoch), judge (f(fit) → figures, pictures by name, or functions that make
--- them, at the end: they go into the run folder and its report).
---
--- Before anything starts it is an error when there is one class, a class without training tracks, or an empty
--- validation part. A loss that is not finite ends the training and names the batch's files.
---@param net moonlark.nn.Module
---@param given table
---@return table fit
function train.fit(net, given) return fit(net, given) end

--- Judges a network on batches: accuracy over whole tracks, precision, recall and F1 by class.
---@param net moonlark.nn.Module
---@param batches table  of dataset:batches or train.tensors
---@param given {objective: function?, device: string?}?
---@return table report  prints itself; loss, accuracy, probabilities, predicted, confusion, per_class …
function train.evaluate(net, batches, given) return evaluate.run(net, batches, given) end

--- Batches of samples in memory: {x = n × columns, y = n class ids, classes, paths, batch_size = 32, shuffle = false,
--- normalize = false, seed, drop_last = false}.
---@param given table
---@return moonlark.TensorBatches
function train.tensors(given) return tensors.make(given) end

return train
