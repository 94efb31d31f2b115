--- Network: the architectures of models/, and trained networks as files that know how they want to hear.
---
---     local network = require "moonlark.network"
---     local net = require("models.cnn") {classes = 10}
---     … train.fit(net, …) …
---     net:save "genre.safetensors"
---     local same = network.load "genre.safetensors"     -- net.card: classes, input, options
---
--- A file holds PyTorch's state dict; its metadata holds the card: which architecture, its options, the classes, and
--- the input that it was trained on (features, segments, the training data's mean and deviation).
local files = require "moonlark.files"
local json = require "moonlark.json"
local module = require "moonlark.nn.module"
local options = require "moonlark.options"
local sealed = require "moonlark.sealed"

local network = {}

---@class moonlark.Card
---@field architecture string?  the file in models/; nil for a network of one's own
---@field options table?  what its constructor was given, defaults included
---@field classes string[]?  by class id, once trained
---@field input table?  options of dataset:batches, once trained
---@field statistics {mean: number[], std: number[]}?  of each row of the input, over the training data
---@field recipe table?  how it was trained

--- Defines an architecture: the function that models/NAME.lua returns.
---@param name string
---@param class table  of nn.Module; its init is given the options
---@param defaults table  options and their defaults, see moonlark.options
---@return fun(given: table?): moonlark.Module
function network.architecture(name, class, defaults)
  return function(given)
    local read = options.read("models." .. name, given, defaults)
    local net = class(read)
    net.card = {architecture = name, options = read}
    return net
  end
end

--- A path for a table beside the network, "genre.json" for "genre.safetensors".
local function beside(path)
  return (path:gsub("%.safetensors$", ".json"))
end

--- Saves a network with its card; PATH.json beside it is the card for people to read.
---@param net moonlark.Module
---@param path string  ends in .safetensors
function network.save(net, path)
  if not net.card then
    error("the network has no card: it is not of models/, and was not trained by train.fit", 0)
  end
  sealed.write(path, net:state_dict(), "network", net.card)
  files.write(beside(path), json.encode(net.card, "  ") .. "\n")
end

-- An untrained network of the card's architecture.
local function build(path, card)
  if not card.architecture then
    error(("%s is a network of one's own, whose classes and input it knows, but not its code: make the network and give "
      .. "it, network.load(path, {net = net})"):format(path), 0)
  end
  local found, make = pcall(require, "models." .. tostring(card.architecture))
  if not found then
    error(("%s is of the architecture '%s': %s"):format(path, tostring(card.architecture), tostring(make)), 0)
  end
  return make(card.options)
end

--- Reads a network that was saved with its card, ready to predict.
---@param path string  a .safetensors file, or a run folder that holds model.safetensors
---@param given {device?: string, net?: moonlark.Module}?  net: to be filled; needed for networks that are not of models/
---@return moonlark.Module
function network.load(path, given)
  local read = options.read("network.load", given, {device = "cpu", net = options.none})
  if files.kind(path) == "directory" then
    local inner = files.join(path, "model.safetensors")
    if not files.exists(inner) then
      local hint = ""
      for _, name in ipairs(files.list(path)) do
        if files.exists(files.join(path, name, "model.safetensors")) then hint = (", but %s/%s does"):format(path, name) end
      end
      error(("%s holds no model.safetensors%s"):format(path, hint), 0)
    end
    path = inner
  end
  if not files.exists(path) then error(("%s does not exist"):format(path), 0) end
  local tensors, card = sealed.read(path, "network")
  local net = read.net or build(path, card)
  local ok, why = pcall(net.load_state_dict, net, tensors)
  if not ok then error(("%s: %s"):format(path, why), 0) end
  net.card = card
  return net:to(read.device):eval()
end

--- True for modules.
---@param value any
---@return boolean
function network.is(value)
  return module.is_module(value)
end

return network
