--- Embedder: the guest of recipes (feature/guest.lua) that a model from elsewhere computes.
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

-- The Signal of an embedding that was kept.
local function signal_of(found, made)
  return require "moonlark.signal".new {data = made.data, rate = made.rate, start = made.start, kind = "embedding",
    axis = {name = "dimension"}, made = {feature = "embedding", model = found.settings.model,
      layer = found.settings.layer}}
end

--- Finds the model of an embedding. Errors: there is none; its content is not what the settings say.
---     local found = embedder.resolve {model = "models/yamnet"}
---@param settings table  options of feature.embedding
---@return moonlark.Guest
function embedder.resolve(settings)
  local found = core.embeddings().resolve(parameters:read(settings)) -- pretrained/feature.lua
  found.name = "embedding"
  found.signal = function(made) return signal_of(found, made) end
  return found
end

return embedder
