--- Embedder: what recipes know of models from elsewhere: which there is, what it adds to a recipe, what it makes of
--- tracks.
---
--- The models themselves are a layer above this one: moonlark_core.lua names the module that computes embeddings.
local core = require "moonlark_core"
local options = require "moonlark.base.options"

local embedder = {}

local parameters = options.describe("feature.embedding", {
  model = options.text(options.required, 'a folder or file of weights, a name of the catalogue, or "org/name" on a hub'),
  layer = options.integer(nil, {usual = "the model's customary embedding"},
    "of a transformer: 0 is what its first layer is given, -1 what the last one gives"),
  window = options.number(nil, {above = 0, unit = "s", usual = "the model's own"}, "of sound that is heard at once"),
  hop = options.number(nil, {above = 0, unit = "s", usual = "the model's own"}, "from window to window"),
  precision = options.choice({"float32", "bfloat16", "float16", "int8"}, "float32", "of weights and computation"),
  pca = options.boolean(false, "VGGish: whitened and quantised to 0..255, as AudioSet's embeddings are"),
  device = options.text("cpu", 'where it is computed: "cpu", "cuda:0"'),
  batch_size = options.integer(nil, {least = 1, usual = "a minute of sound on the CPU, 16 elsewhere"},
    "windows that are computed at once"),
  content = options.text(nil, "hash of the model's files: others are refused"),
})

-- The module that knows models: pretrained/feature.lua.
local function provider() return core.embeddings() end

--- An embedding that a recipe computes: its settings, checked; what it adds to the recipe's text; its rows.
---@class moonlark.FeatureEmbedding
---@field settings table  with the model's absolute path and content
---@field text string  the same for equal numbers, wherever the model lies
---@field width integer
---@field model moonlark.Pretrained

--- Finds the model of an embedding. Errors: there is none; its content is not what the settings say.
---     local found = embedder.resolve {model = "models/yamnet"}
---@param settings table  options of feature.embedding
---@return moonlark.FeatureEmbedding
function embedder.resolve(settings) return provider().resolve(parameters:read(settings)) end

--- Embeddings of tracks. `keep` is called with each song's number, its embedding ([statistics, width] with `pool`, else
--- {data, rate, start}) and the notes on its sound, as soon as it is there; what it returns is kept in the results.
---@param found moonlark.FeatureEmbedding
---@param tracks moonlark.Track[]
---@param o table  start, duration, pad, channel, partial, pool; workers, progress, cache (a folder)
---@param keep (fun(i: integer, made: any): any)?
---@return {results: table<integer, any>, failures: table<integer, string>, notes: table, cached: integer,
--- waited: number}
function embedder.extract(found, tracks, o, keep) return provider().extract(found, tracks, o, keep) end

--- The embedding of a waveform over time: {data, rate, start}; or pooled, [statistics, width].
---@param found moonlark.FeatureEmbedding
---@param song moonlark.Signal
---@param pool string[]?
---@return any
function embedder.of(found, song, pool) return provider().of(found, song, pool) end

--- The Signal of an embedding that was kept.
---@param found moonlark.FeatureEmbedding
---@param made {data: moonlark.Tensor, rate: number, start: number}
---@return moonlark.Signal
function embedder.signal(found, made)
  return require "moonlark.signal".new {data = made.data, rate = made.rate, start = made.start, kind = "embedding",
    axis = {name = "dimension"}, made = {feature = "embedding", model = found.settings.model,
      layer = found.settings.layer}}
end

return embedder
