--- Weights: the tensors of a file or a folder that was made elsewhere, by name.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"
local store = require "moonlark_core".store
local torch = require "moonlark.torch"

local weights = {}

-- Files of weights in a folder, the usual names first.
local usual = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
  "pytorch_model.bin.index.json"}
local endings = {safetensors = true, tar = true, sdict = true}
for _, ending in ipairs(store.formats "weights") do endings[ending] = true end

-- Under these keys training programs put the state dict beside other things.
local wrappers = {"model_state_dict", "state_dict", "model_state", "model", "net"}

--- The files of weights in a folder: the one with a usual name, or all that there are. Errors: there is none.
---     local paths = weights.files_in "models/whisper-tiny"
---@param folder string
---@return string[] paths
function weights.files_in(folder)
  for _, name in ipairs(usual) do
    local path = files.join(folder, name)
    if files.exists(path) then return {path} end
  end
  local paths = {}
  for _, name in ipairs(files.list(folder)) do
    local other = name:lower():find "pca" -- what lies beside VGGish
    if endings[(name:match "%.(%w+)$" or ""):lower()] and not other then paths[#paths + 1] = files.join(folder, name) end
  end
  if #paths == 0 then show.fail("%s holds no weights: no %s", folder, table.concat(usual, ", no ")) end
  table.sort(paths)
  return paths
end

--- Refuses a folder of several files that are no one model.
---@param folder string
---@param paths string[]
function weights.several(folder, paths)
  local names = {}
  for i, path in ipairs(paths) do names[i] = select(2, files.split(path)) end
  show.fail("%s holds several files of weights: name one of them:%s", folder, names)
end

--- The one file of weights that a folder stands for. Errors: there is none, or several without one of the usual names.
---@param folder string
---@return string path
function weights.file_in(folder)
  local paths = weights.files_in(folder)
  return #paths == 1 and paths[1] or weights.several(folder, paths)
end

-- Splits what a file holds into tensors by name and the rest.
local function divide(loaded)
  local tensors, extra = {}, {}
  for name, value in pairs(loaded) do
    local named = type(name) == "string" and torch.is_tensor(value)
    if named then tensors[name] = value else extra[name] = value end
  end
  return tensors, extra
end

-- The state dict within what training programs wrap it in.
local function unwrap(loaded)
  for _, key in ipairs(wrappers) do
    if type(loaded[key]) == "table" and not torch.is_tensor(loaded[key]) then
      local tensors = divide(loaded[key])
      local _, extra = divide(loaded)
      extra[key] = nil
      if next(tensors) then return tensors, extra end
    end
  end
  return divide(loaded)
end

--- Reads weights. Errors: the path is none, holds no tensors, is damaged.
---     local state = weights.read("models/whisper-tiny").tensors
---@param path string  a file, or a folder with one
---@return {tensors: table<string, moonlark.Tensor>, extra: table, file: string}
function weights.read(path)
  local file = files.kind(path) == "directory" and weights.file_in(path) or path
  local loaded = torch.load(file)
  if type(loaded) ~= "table" then show.fail("%s holds one value without a name, not a model's weights", file) end
  local tensors, extra = unwrap(loaded)
  if not next(tensors) then show.fail("%s holds no tensors by name", file) end
  return {tensors = tensors, extra = extra, file = file}
end

return weights
