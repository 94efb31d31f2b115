--- Finetune: models from elsewhere that learn what you have labelled.
---
---     local finetune = require "moonlark.finetune"
---     local net = finetune.open("models/whisper-small", {classes = parts.train.classes, unfreeze = 2})
---     local input = finetune.input(net)
---     local fit = train.fit(net, {
---       train = parts.train:batches(input), valid = parts.valid:batches(input),
---       optimizer = finetune.rates(net, optim.AdamW {lr = 3e-5}, {head = 1e-3, layer_decay = 0.9}),
---       schedule = optim.cosine {warmup = 0.1}, epochs = 10, patience = 3, run = "runs/whisper",
---     })
---     finetune.export(net, "models/mine")          -- transformers opens it
---
--- What is trained is an ordinary network of models/ (finetuned): a run folder, resuming, `moonlark predict` and
--- `evaluate` are as with any other.
local cached = require "moonlark.finetune.cached"
local core = require "moonlark_core"
local export = require "moonlark.finetune.export"
local files = require "moonlark.base.files"
local hearing = require "moonlark.pretrained.hearing"
local json = require "moonlark.base.json"
local network = require "moonlark.network"
local options = require "moonlark.base.options"
local pretrained = require "moonlark.pretrained"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local trained = require "moonlark.finetune.trained"

local finetune = {}

local integer, number, text = options.integer, options.number, options.text

local opening = options.describe("finetune.open", {
  classes = options.either(options.required, {integer(nil, {least = 1}), options.list(text())},
    "how many to tell apart, or their names"),
  unfreeze = options.either(0, {integer(nil, {least = 0, most = 200}), text()},
    'what is trained below the head: so many upper layers, parameters by a pattern of names, or "all"'),
  lora = options.record("lora", {
    rank = integer(8, {least = 1, most = 4096}, "of the product that is added to a weight"),
    alpha = number(16, {above = 0}, "alpha / rank scales it"),
    targets = text("[qv]_proj$", "pattern of the names of the linear layers that get adapters"),
  }, nil, "low-rank adapters are trained in place of weights", {usual = "none"}),
  weighted = options.boolean(false, "the head hears a learned mean of all layers"),
  dropout = number(0, {least = 0, below = 1}, "before the head"),
  checkpointing = options.boolean(false, "less memory and more time: layers are computed again for their gradients"),
})

-- The width of the customary embedding of a network without a head, heard in silence.
local function width_of(model)
  local front = model.front
  local samples = math.max(front.least or 1, math.floor((front.window or 1) * front.rate + 0.5))
  if not model.net.embedding then
    model:fail("this %s has no embedding that a head could stand on", model.family.name)
  end
  local x = hearing.prepared(front, torch.zeros {samples})
  x = hearing.input(model, front.feature and x:unsqueeze(0) or x)
  return torch.no_grad(function() return model.net:embedding(x) end):size(-1)
end

-- The head that the files have serves on where it tells the same classes.
local function same_classes(model, classes)
  if type(classes) ~= "table" or not model.names or #classes ~= #model.names then return false end
  for i, name in ipairs(classes) do
    if name ~= model.names[i] then return false end
  end
  return true
end

-- A decoder says nothing of classes.
local function without_decoder(o)
  local kept = options.join(o)
  kept.decoder = nil
  return kept
end

-- Takes what the model has below the head, and the head if that serves on: copies of what is trained; what is frozen
-- both share.
local function take(net, model, keep_head)
  local copied, shared, trains = {}, {}, {}
  for name, tensor in net.net:named_parameters() do trains[name] = tensor:requires_grad() end
  local own = net.net:state_dict()
  for name, tensor in pairs(model.net:state_dict()) do
    if own[name] and (keep_head or not trained.in_head(net.net, name)) then
      local into = trains[name] and copied or shared
      into[name] = tensor
    end
  end
  net.net:load_state_dict(copied, {strict = false}):load_state_dict(shared, {strict = false, assign = true})
end

--- A network to be trained: the model's, under a head for one's own classes. The head is new, unless the model tells
--- the same classes already. Errors: the model is none that is known; it has no such layers or names.
---     local net = finetune.open("models/whisper-small", {classes = 10, lora = {rank = 8}})
---@param what string|moonlark.Pretrained  as of pretrained.open
---@param given moonlark.finetune.open.Options
---@return moonlark.nn.Module
function finetune.open(what, given)
  local o = opening:read(given)
  local model = type(what) == "string" and pretrained.open(what) or what
  if model.found.members then model:fail "a folder of several models cannot be trained on: name one of its files" end
  local one, found, count = model.family, model.found, type(o.classes) == "table" and #o.classes or o.classes
  local width = not model.net.told and width_of(model) or nil
  local config = found:beside "config.json"
  local net = network.find "finetuned" {
    config = config and files.read(config), settings = found.front and json.encode(found.front),
    family = one.name, network = without_decoder(model.card.options), classes = count,
    width = width, weighted = o.weighted, dropout = o.dropout,
  }
  trained.choose(net, o)
  take(net, model, same_classes(model, o.classes))
  net.checkpointing, net.source = o.checkpointing, found
  net.card.finetuning = {from = found.path, hash = core.store.hash_file(found.file), unfreeze = o.unfreeze,
    lora = o.lora}
  return net
end

--- Options of dataset:batches for such a network: sound as it is, in segments as long as the model's windows.
---     local batches = songs:batches(finetune.input(net, {segment = 10, batch_size = 8}))
---@param net moonlark.nn.Module
---@param more table?  other options of dataset:batches
---@return moonlark.Dataset.batches.Options
function finetune.input(net, more)
  local front = net.front
  return options.join({features = {samples = {}}, rate = front.rate, segment = front.window or front.most or 10,
    normalize = false, decibel = false, batch_size = 16}, more)
end

local rates = options.describe("finetune.rates", {
  head = number(1e-3, {least = 0}, "learning rate of the head"),
  layer_decay = number(1, {above = 0, most = 1}, "a layer's learning rate as a share of that of the layer above it"),
})

--- An optimiser's recipe with learning rates by depth: the recipe's own is that of the uppermost layer.
---     local recipe = finetune.rates(net, optim.AdamW {lr = 3e-5}, {layer_decay = 0.9})
---@param net moonlark.nn.Module
---@param recipe moonlark.OptimizerRecipe
---@param given moonlark.finetune.rates.Options?
---@return moonlark.OptimizerRecipe
function finetune.rates(net, recipe, given)
  local o = rates:read(given)
  if type(recipe) ~= "table" or not recipe.bind then
    show.fail("recipe must be of moonlark.optim, such as optim.AdamW {lr = 3e-5}, got %s", options.got(recipe))
  end
  local lr = recipe.given.lr or options.described("optim." .. recipe.name).by_name.lr.default
  local by = {lr = lr, head_lr = o.head, decay = o.layer_decay}
  return {
    name = recipe.name, given = options.join(recipe.given, {head_lr = o.head, layer_decay = o.layer_decay}),
    bind = function() return recipe:bind(trained.groups(net, by)) end,
  }
end

--- Batches in which the frozen part of a network is computed already, once for each segment: for a network of which the
--- head alone is trained. Errors: more is trained; segments change from epoch to epoch (sound is augmented).
---     local known = finetune.cached(net, parts.train:batches(finetune.input(net)))
---@param net moonlark.nn.Module
---@param batches moonlark.Batches
---@return moonlark.AnyBatches
function finetune.cached(net, batches) return cached.new(net, batches) end

--- Whether only the head of a network is trained, so that `cached` serves it.
---     if finetune.is_head_only(net) then batches = finetune.cached(net, batches) end
---@param net moonlark.nn.Module
---@return boolean
function finetune.is_head_only(net) return trained.is_head_only(net) end

finetune.export = export

return finetune
