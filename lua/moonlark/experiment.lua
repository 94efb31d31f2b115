--- Experiment: what the commands over a collection of sounds share: from the words of a command line to
--- a dataset, a recipe and a table of features.
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"

local experiment = {}

--- Features that describe how something sounds whatever it is: timbre, brightness, noisiness, level.
experiment.features = {
  "mfcc", "spectral_contrast", "zero_crossing_rate", "spectral_centroid", "spectral_bandwidth",
  "spectral_rolloff", "spectral_flatness", "rms",
}

local function words(list)
  local found = {}
  for word in list:gmatch "[^,%s]+" do found[#found + 1] = word end
  return found
end

--- Adds the arguments that choose sounds, features and the run folder to a command's parser.
---@param parser table  of moonlark.command
---@param defaults {pool: string}
function experiment.arguments(parser, defaults)
  parser:argument("source", "a folder with one folder a class, a dataset_index.json or a .csv")
  parser:option("--features", "features, separated by commas", table.concat(experiment.features, ","))
  parser:option("--pool", "statistics over time", defaults.pool)
  parser:option("--rate", "sample rate to work at, in Hz", "22050"):convert(tonumber)
  parser:option("--duration", "seconds of each file (default: all)"):convert(tonumber)
  parser:option("--run", "the run folder to write")
  parser:flag("--overwrite", "replace what the run folder holds")
  parser:option("--seed", "seed of everything random", "0"):convert(math.tointeger)
  parser:option("--workers", "threads (default: one a core)"):convert(math.tointeger)
  parser:option("--cache", "folder that keeps features between calls"):argname "DIR"
end

--- The dataset that a command's argument names.
---@param source string  folder, index or CSV
---@param how table?  options of dataset.folder
---@return moonlark.Dataset
function experiment.open(source, how)
  if source:match "%.json$" then return dataset.load(source) end
  if source:match "%.csv$" then return dataset.csv(source) end
  return dataset.folder(source, how)
end

--- Features of every sound, as one row each; files that cannot be read are named on standard error.
---@param songs moonlark.Dataset
---@param args table  parsed arguments
---@return table X
function experiment.extract(songs, args)
  local features = {}
  for _, name in ipairs(words(args.features)) do features[name] = {} end
  local recipe = feature.recipe {
    rate = args.rate, duration = args.duration, features = features, pool = words(args.pool),
  }
  local X = songs:extract(recipe, {workers = args.workers, cache = args.cache, progress = true})
  for _, bad in ipairs(X.rejected) do
    io.stderr:write(("left out: %s: %s\n"):format(bad.path, bad.reason))
  end
  return X
end

return experiment
