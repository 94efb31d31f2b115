--- File: a network on the disk: its state and its card, sealed in one .safetensors file.
---
--- The tensors are PyTorch's state dict; the metadata holds the card: which architecture, its options, the classes, and
--- the input that it was trained on (features, segments, the training data's mean and deviation). PATH.json beside it
--- is the card for people to read.
local cards = require "moonlark.base.card"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local sealed = require "moonlark.base.sealed"

local file = {}

--- Writes a state, whatever the live network holds now, and its card. The path ends in .safetensors.
function file.write(path, state, card)
  card = cards.stamped(card)
  sealed.write(path, state, "network", card)
  files.write((path:gsub("%.safetensors$", ".json")), json.encode(card, "  ") .. "\n")
end

--- Reads a file back. Errors: the file holds no network.
---@param path string
---@return table<string, moonlark.Tensor> state
---@return moonlark.Card card
function file.read(path) return sealed.read(path, "network", cards.form) end

return file
