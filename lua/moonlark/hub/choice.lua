--- Choice: which files of a model on a hub are fetched: its settings, its vocabulary, what it says of itself, and its
--- weights once, safetensors before PyTorch's. Copies for other programs stay where they are.
local text = require "moonlark.base.text"

local choice = {}

local settings = {}
for name in ([[config.json preprocessor_config.json processor_config.json feature_extractor_config.json
  generation_config.json tokenizer.json tokenizer_config.json special_tokens_map.json added_tokens.json vocab.json
  vocab.txt merges.txt normalizer.json labels.json adapter_config.json README.md LICENSE LICENSE.txt LICENSE.md]])
  :gmatch "%S+" do
  settings[name] = true
end

-- Weights, those that are taken first before others. An index stands for its shards.
local weights = {
  {"model.safetensors"}, {"model.safetensors.index.json", "^model%-%d+%-of%-%d+%.safetensors$"},
  {"adapter_model.safetensors"},
  {"pytorch_model.bin"}, {"pytorch_model.bin.index.json", "^pytorch_model%-%d+%-of%-%d+%.bin$"},
}

-- Where no usual name is there: the only file of one of these endings.
local endings = {"%.safetensors$", "%.pth$", "%.pt$", "%.ckpt$", "%.bin$"}

local function matching(names, pattern)
  local found = {}
  for _, name in ipairs(names) do
    if name:find(pattern) and not name:find "/" then found[#found + 1] = name end
  end
  return found
end

-- The files of weights among the names; empty where there are none, or too many to choose from.
local function weights_among(names, has)
  for _, kind in ipairs(weights) do
    if has[kind[1]] then
      local shards = kind[2] and matching(names, kind[2]) or {}
      return table.move(shards, 1, #shards, 2, {kind[1]})
    end
  end
  for _, ending in ipairs(endings) do
    local found = matching(names, ending)
    if #found == 1 then return found end
  end
  return {}
end

--- The files to fetch, sorted, of all that a model has; and how many of them are weights.
---     local wanted, n = choice.of {"config.json", "model.safetensors", "tf_model.h5"}  --> without tf_model.h5
---@param names string[]
---@return string[] wanted
---@return integer weights
function choice.of(names)
  local wanted, has = {}, {}
  for _, name in ipairs(names) do
    has[name] = true
    if settings[name] or name:find "^[^/]+%.tiktoken$" then wanted[#wanted + 1] = name end
  end
  local heavy = weights_among(names, has)
  table.move(heavy, 1, #heavy, #wanted + 1, wanted)
  return text.sort(wanted), #heavy
end

return choice
