--- Raw: tensors as the readers of foreign formats find them: a type, a shape and bytes, little endian, in C order.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local raw = {}

---@class moonlark.hub.Raw
---@field dtype string  as safetensors writes it: "F32"
---@field shape integer[]
---@field bytes string

local sizes = {F32 = 4, F16 = 2, I8 = 1, U8 = 1, I16 = 2, I32 = 4, I64 = 8}

--- One tensor's bytes, which must be as many as its type and shape take.
---@param dtype string
---@param shape integer[]
---@param bytes string
---@param name string  for errors
---@return moonlark.hub.Raw
function raw.new(dtype, shape, bytes, name)
  local count = sizes[dtype] or show.fail("tensor '%s' has the type %s, which is not read here", name, dtype)
  for _, size in ipairs(shape) do
    if size < 0 or (size > 0 and count > (1 << 40) // size) then show.fail("tensor '%s' has an odd shape", name) end
    count = count * size
  end
  if count ~= #bytes then
    show.fail("tensor '%s' must have %d bytes for its shape %s, and has %d", name, count, table.concat(shape, "x"),
      #bytes)
  end
  return {dtype = dtype, shape = shape, bytes = bytes}
end

-- The parts of a safetensors file.
local function safetensors(all)
  local header, parts, at = {}, {}, 0
  for name, tensor in pairs(all) do
    header[name] = {dtype = tensor.dtype, shape = json.array(tensor.shape), data_offsets = {at, at + #tensor.bytes}}
    parts[#parts + 1] = tensor.bytes
    at = at + #tensor.bytes
  end
  local head = json.encode(header)
  head = head .. (" "):rep(-#head % 8)
  return string.pack("<I8", #head) .. head .. table.concat(parts)
end

--- The same as libtorch's tensors.
---@param all table<string, moonlark.hub.Raw>
---@return table<string, moonlark.Tensor>
function raw.tensors(all)
  local folder = files.temporary_folder()
  local path = files.join(folder, "raw.safetensors")
  local fine, loaded = pcall(function()
    local file <close> = assert(io.open(path, "wb")) -- no need to reach the disk
    assert(file:write(safetensors(all)))
    file:close()
    return torch.load(path)
  end)
  files.remove(folder)
  return fine and loaded or error(loaded, 0)
end

return raw
