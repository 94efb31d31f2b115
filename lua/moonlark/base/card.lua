--- Card: what the file of a model says of it: what it tells, what it needs to be given, where it comes from.
---
--- Networks and models of tables have the same card. A model of pooled features knows its recipe, so that it hears
--- songs; one that learnt from a table knows the names of the columns.
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local versions = require "moonlark.base.versions"

local card = {}

---@class moonlark.Card
---@field task "classes"|"tags"|"values"|"clusters"|nil  what it tells; nil stands for "classes"
---@field classes string[]?  by class id, once trained; of "tags" the tags
---@field targets string[]?  of "values": what they measure
---@field thresholds number[]?  of a network of tags: the probability from which on each is said; nil: half
---@field scale {mean: number[], std: number[]}?  of a network of values: of each target over the training tracks
---@field columns string[]?  names of the columns that a model of tables was fitted to
---@field recipe {settings: table, text: string}?  how the columns are computed from a song: what feature.recipe makes
--- the recipe of, and its text then
---@field architecture string?  of a network: the file in models/; nil for a network of one's own
---@field options table?  of a network: what its constructor was given, defaults included
---@field finetuning table?  of a network from elsewhere: which files it came from, and what of it was trained
---@field input table?  of a network: options of dataset:batches, once trained
---@field statistics {mean: number[], std: number[]}?  of each row of a network's input, over the training data
---@field versions {moonlark: string, lua: string, libtorch: string?}?  that wrote it
---@field data {hash: string, tracks: integer?, classes: integer?}?  what it learnt from
---@field warnings {kind: string, count: integer, texts: string[]}[]?  what was said of that and of the fit

-- What the card of a file may hold. The input is what batches:options() gives and no more: nothing in a file names
-- folders to write to.
local maybe, list, closed = shape.maybe, shape.list, shape.closed
local channel = maybe(shape.either("a word or a number", "string", "integer"))
local recipe_form = closed {
  features = shape.map "object", rate = maybe "integer", start = maybe "number", duration = maybe "number",
  pad = maybe "boolean", pool = maybe(list "string"), channel = channel, partial = maybe "string",
}

--- The form of a card in a file.
card.form = shape.object {
  task = maybe(shape.word {"classes", "tags", "values", "clusters"}),
  classes = maybe(list "string"), targets = maybe(list "string"), columns = maybe(list "string"),
  recipe = maybe(closed {settings = recipe_form, text = "string"}),
  thresholds = maybe(list "number"), scale = maybe {mean = list "number", std = list "number"},
  architecture = maybe "string", options = maybe "object",
  statistics = maybe(shape.either("an object or false", {mean = list "number", std = list "number"},
    options.choice({false}, options.required))),
  input = maybe(closed {
    features = maybe(shape.map "object"), rate = maybe "integer", channel = channel,
    partial = maybe "string", recipe = maybe(recipe_form),
    segment = maybe "number", hop = maybe "number",
    batch_size = maybe(shape.integer(1)), normalize = maybe "boolean",
    decibel = maybe(shape.either("true, false or an object", "boolean",
      closed {amin = maybe "number", top_db = maybe "number"})),
  }),
  versions = maybe "object", data = maybe "object", finetuning = maybe "object",
  warnings = maybe(list {kind = "string", count = "integer", texts = list "string"}),
}

--- The card of a model that learns from features: what dataset:extract computes, or a table that was read.
---@param X moonlark.Features|table  its names, classes and recipe are optional
---@param task string?
---@return moonlark.Card
function card.of(X, task)
  local recipe = X.recipe
  local named = (task == "classes" or task == "tags") and X.classes and #X.classes > 0
  return {
    task = task, columns = X.names, classes = named and X.classes or nil,
    targets = task == "values" and X.targets or nil,
    recipe = recipe and recipe.pool and {settings = recipe:settings(), text = recipe.text} or nil,
  }
end

--- A card as a file holds it: with the versions that write it, and what else is known by then.
---@param given moonlark.Card?
---@param more table?  data, warnings
---@return moonlark.Card
function card.stamped(given, more) return options.join({versions = versions()}, given or {}, more) end

--- The file of the model that a path stands for: itself, or that of a run folder. Errors: there is none.
---@param path string
---@return string
function card.file_at(path)
  local kind = files.kind(path)
  if not kind then show.fail("%s does not exist", path) end
  if kind ~= "directory" then return path end
  local inner = files.join(path, "model.safetensors")
  if files.exists(inner) then return inner end
  local hint = ""
  for _, name in ipairs(files.list(path)) do
    if files.exists(files.join(path, name, "model.safetensors")) then hint = (", but %s/%s does"):format(path, name) end
  end
  show.fail("%s holds no model.safetensors%s", path, hint)
end

return card
