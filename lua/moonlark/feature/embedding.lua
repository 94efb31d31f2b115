--- Embeddings as features: what a model from elsewhere makes of a sound.
local embedder = require "moonlark.feature.embedder"

---@class moonlark.feature
local embedding = {}

--- What a model from elsewhere makes of a sound, over time: width × times. Errors: there is no such model; the sound is
--- too short for it.
---     local x = feature.embedding(song, {model = "models/yamnet"})
---@param song moonlark.Signal  waveform
---@param given moonlark.feature.embedding.Options
---@return moonlark.Signal
function embedding.embedding(song, given)
  local found = embedder.resolve(given)
  return found.signal(found.of(song))
end

return embedding
