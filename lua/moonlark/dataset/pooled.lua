--- Batches of pooled features: one row of numbers a track, extracted at once and held in memory.
local class = require "moonlark.dataset.class"

-- Explained at Dataset:batches, option pool.
---@param songs moonlark.Dataset
---@param recipe moonlark.Recipe  with pool
---@param read table  the options
---@return moonlark.TensorBatches
return function(songs, recipe, read)
  local tensors = require "moonlark.dataset.tensors"
  local X = songs:extract(recipe, {workers = read.workers, cache = read.cache or nil, progress = read.progress})
  local batches = tensors.make {
    x = X.x, y = X.y, classes = X.classes, paths = X.paths, batch_size = read.batch_size, normalize = read.normalize,
    shuffle = read.shuffle, seed = read.seed, drop_last = read.drop_last,
  }
  batches.dataset, batches.rejected, batches.partial = class.make(X.tracks, songs), X.rejected, X.partial
  function batches:options()
    return {recipe = recipe:settings(), batch_size = read.batch_size, normalize = read.normalize}
  end
  return batches
end
