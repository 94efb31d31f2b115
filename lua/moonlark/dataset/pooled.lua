--- Batches of pooled features: one row of numbers a track, extracted at once and held in memory.
local class = require "moonlark.dataset.class"

-- Explained at Dataset:batches, option pool.
---@param songs moonlark.Dataset
---@param recipe moonlark.Recipe  with pool
---@param o table  the options
---@return moonlark.TensorBatches
return function(songs, recipe, o)
  local tensors = require "moonlark.dataset.tensors"
  local X = songs:extract(recipe, {workers = o.workers, cache = o.cache, progress = o.progress})
  local batches = tensors.make {
    x = X.x, y = X.y, classes = X.classes, paths = X.paths, batch_size = o.batch_size, normalize = o.normalize,
    shuffle = o.shuffle, seed = o.seed, drop_last = o.drop_last,
  }
  batches.dataset, batches.rejected, batches.partial = class.make(X.tracks, songs), X.rejected, X.partial
  batches.input = {recipe = recipe:settings(), batch_size = o.batch_size, normalize = o.normalize}
  return batches
end
