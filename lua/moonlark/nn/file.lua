--- File: a network on the disk: its state and its card, sealed in one .safetensors file.
---
--- The tensors are PyTorch's state dict; the metadata holds the card: which architecture, its options, the classes, and
--- the input that it was trained on (features, segments, the training data's mean and deviation). PATH.json beside it
--- is the card for people to read.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local sealed = require "moonlark.base.sealed"
local shape = require "moonlark.base.shape"

local file = {}

---@class moonlark.Card
---@field architecture string?  the file in models/; nil for a network of one's own
---@field options table?  what its constructor was given, defaults included
---@field classes string[]?  by class id, once trained
---@field input table?  options of dataset:batches, once trained
---@field statistics {mean: number[], std: number[]}?  of each row of the input, over the training data
---@field recipe table?  how it was trained

-- What the card of a file may hold. The input is what batches:options() gives and no more: nothing in a file names
-- folders to write to.
local channel = shape.maybe(shape.either("a word or a number", "string", "integer"))
local recipe_form = {
  features = shape.map "object", rate = shape.maybe "integer", start = shape.maybe "number",
  duration = shape.maybe "number", pool = shape.maybe(shape.list "string"), channel = channel,
  partial = shape.maybe "string",
}
local card_form = {
  architecture = shape.maybe "string", options = shape.maybe "object", recipe = shape.maybe "object",
  classes = shape.maybe(shape.list "string"),
  statistics = shape.maybe(shape.either("an object or false", {mean = shape.list "number", std = shape.list "number"},
    options.choice({false}, options.required))),
  input = shape.maybe(shape.closed {
    features = shape.maybe(shape.map "object"), rate = shape.maybe "integer", channel = channel,
    partial = shape.maybe "string", recipe = shape.maybe(shape.closed(recipe_form)),
    segment = shape.maybe "number", hop = shape.maybe "number",
    batch_size = shape.maybe(shape.integer(1)), normalize = shape.maybe "boolean",
    decibel = shape.maybe(shape.either("true, false or an object", "boolean",
      shape.closed {amin = shape.maybe "number", top_db = shape.maybe "number"})),
  }),
}

--- Writes a state, whatever the live network holds now, and its card. The path ends in .safetensors.
function file.write(path, state, card)
  sealed.write(path, state, "network", card)
  files.write((path:gsub("%.safetensors$", ".json")), json.encode(card, "  ") .. "\n")
end

--- Reads a file back. Errors: the file holds no network.
---@param path string
---@return table<string, moonlark.Tensor> state
---@return moonlark.Card card
function file.read(path) return sealed.read(path, "network", card_form) end

return file
