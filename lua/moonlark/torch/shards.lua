--- Shards: tensors in several files, with an index that says which is where, as hubs keep large models.
---
--- The index is NAME.index.json: {"weight_map": {"tensor's name": "model-00001-of-00002.safetensors"}}, beside its shards.
--- Source: huggingface_hub's split_torch_state_dict_into_shards.
local json = require "moonlark.base.json"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local store = require "moonlark_core".store

local shards = {}

local form = {weight_map = shape.map "string"}

--- True of the name of an index.
---@param path any
---@return boolean
function shards.is_index(path) return type(path) == "string" and path:find "%.index%.json$" ~= nil end

-- The tensors of one shard, which is a file of that name beside the index.
local function open(index, folder, name)
  if name:find "[/\\]" or name == ".." or shards.is_index(name) then
    show.fail("%s: a shard must be a file beside it, got '%s'", index, name)
  end
  local handle <close> = io.open(folder .. name, "rb")
  if not handle then show.fail("%s: shard %s is not there", index, name) end
  local loaded = store.load(folder .. name)
  if type(loaded) ~= "table" then show.fail("%s: shard %s holds no tensors by name", index, name) end
  return loaded
end

--- All tensors that an index names. Errors: a shard is not there, or lacks a tensor.
---@param path string
---@return table<string, moonlark.Tensor>
function shards.load(path)
  local map = json.read(path, form).weight_map
  local folder, opened, tensors, names = path:match "^(.*/)" or "", {}, {}, {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local shard = map[name]
    opened[shard] = opened[shard] or open(path, folder, shard)
    tensors[name] = opened[shard][name]
    if type(tensors[name]) ~= "userdata" then show.fail("%s: tensor '%s' is not in %s", path, name, shard) end
  end
  return tensors
end

return shards
