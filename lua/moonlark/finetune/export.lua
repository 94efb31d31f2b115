--- Export: a fine-tuned network in the layout that its model came in, for transformers and for moonlark.pretrained.
local config = require "moonlark.finetune.config"
local family = require "moonlark.pretrained.family"
local files = require "moonlark.base.files"
local found = require "moonlark.pretrained.found"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

-- The family, if its layout has a place for a head.
local function family_of(net)
  local name = net.card and net.card.architecture == "finetuned" and net.card.options.family
  if not name then show.fail("export: the network is none that moonlark.finetune made of a model from elsewhere") end
  local one = family.named(name)
  if not one.export or net.head then
    show.fail("export: files of a %s have no place for a head of one's own; the run folder holds the model", name)
  end
  return one
end

-- The files that the network came from; nil when they are gone.
local function source_of(net)
  local from = net.source or net.card.finetuning and net.card.finetuning.from
  if type(from) == "string" then return files.exists(from) and found.at(from) or nil end
  return from
end

-- What lies in the model's files beside what the network took of them, and belongs to a classifier.
local function beside(one, seen, state)
  local rest = {}
  for name, tensor in pairs(seen and seen.tensors or {}) do
    local inner = name
    if one.rename then inner = one.rename(name, seen) end
    local kept = one.export.beside and one.export.beside(name)
    if kept and (not inner or state[inner] == nil) then rest[name] = tensor end
  end
  return rest
end

-- The network's tensors under the names of the layout, and those that stay as they were.
local function tensors_of(net, one, seen)
  local state, tensors = {}, nil
  for name, tensor in pairs(net:whole(net:changing())) do
    local inner = name:match "^net%.(.*)$"
    if inner then state[inner] = tensor:cpu() end
  end
  tensors = beside(one, seen, state)
  local config = net.card.options.config
  local named = seen or found.described(one.name, config and json.decode(config))
  for name, tensor in pairs(state) do tensors[(one.export.name or one.unname)(name, named)] = tensor:contiguous() end
  return tensors
end

local problems = {classes = "single_label_classification", tags = "multi_label_classification", values = "regression"}

-- What config.json says otherwise than before.
local function changes_of(net, one)
  local card, by_id, by_label = net.card, {}, {}
  local names = card.classes or card.targets or {}
  for i = 1, card.options.classes do
    local name = names[i] or ("LABEL_%d"):format(i - 1)
    by_id[tostring(i - 1)], by_label[name] = name, i - 1
  end
  local config = card.options.config and json.decode(card.options.config) or {}
  local changes = one.export.config(net.net.card.options, config)
  for _, key in ipairs {"dtype", "torch_dtype"} do changes[key] = config[key] and "float32" end
  changes.id2label, changes.label2id, changes.problem_type = by_id, by_label, problems[card.task or "classes"]
  return changes
end

-- Settings of the front end, as they lay beside the model, or as the card keeps them.
local function write_settings(net, seen, folder)
  for _, name in ipairs {"preprocessor_config.json", "processor_config.json"} do
    local path = seen and seen:beside(name)
    if path then return files.write(files.join(folder, name), files.read(path)) end
  end
  local settings = net.card.options.settings
  if settings then files.write(files.join(folder, "preprocessor_config.json"), settings) end
end

--- Writes a fine-tuned network as a folder in the layout that its model came in: model.safetensors, config.json with
--- the new labels, the front end's settings. transformers and moonlark.pretrained open it; adapters are part of the
--- weights. Errors: the folder holds a model already; the layout has no head.
---     finetune.export(network.load "runs/whisper", "models/mine")
---@param net moonlark.nn.Module  of finetune.open, or loaded from its run folder
---@param folder string
return function(net, folder)
  local one, seen = family_of(net), source_of(net)
  for _, name in ipairs {"config.json", "model.safetensors"} do
    local there = files.exists(files.join(folder, name))
    if there then show.fail("%s holds a model already: name another folder", folder) end
  end
  files.mkdirs(files.check_folder(folder, "folder of the model"))
  torch.save(files.join(folder, "model.safetensors"), tensors_of(net, one, seen))
  write_settings(net, seen, folder)
  files.write(files.join(folder, "config.json"), config.with(net.card.options.config, changes_of(net, one)))
end
