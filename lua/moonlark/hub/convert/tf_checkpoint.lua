--- TensorFlow's checkpoints of version 2: PREFIX.index, a table of LevelDB's whose values are protocol buffers
--- (BundleEntryProto), and PREFIX.data-00000-of-00001, the numbers.
---
--- Sources: tensorflow/core/util/tensor_bundle, and LevelDB's doc/table_format.md. Blocks must not be compressed, which
--- is how TensorFlow writes them.
local raw = require "moonlark.hub.convert.raw"
local reader = require "moonlark.hub.convert.reader"

local tf_checkpoint = {}

local FOOTER, MAGIC = 48, "\x57\xfb\x80\x8b\x24\x75\x47\xdb"
local types = {[1] = "F32", [3] = "I32", [4] = "U8", [6] = "I8", [9] = "I64", [19] = "F16"} -- DataType

-- Where a block lies: offset and length, then a byte that says how it is compressed.
local function handle(index) return {at = index:varint(), length = index:varint()} end

-- The entries of a block, key -> value. Keys share their beginnings with the key before.
local function entries(index, block)
  index:check(block.at, block.length + 5)
  if index:number("B", block.at + block.length) ~= 0 then index:fail("it is compressed, which is not read here") end
  local restarts = index:number("<I4", block.at + block.length - 4)
  local stop = block.at + block.length - 4 - 4 * restarts
  if stop < block.at then index:fail("a block has %d restarts", restarts) end
  local list, key = {}, ""
  index.at = block.at
  while index.at < stop do
    local shared, own, length = index:varint(), index:varint(), index:varint()
    if shared > #key then index:fail("a key begins with %d bytes of one of %d", shared, #key) end
    key = key:sub(1, shared) .. index:text(own)
    list[#list + 1] = {key = key, value = index:text(length)}
  end
  return list
end

-- The fields of a protocol buffer: number -> list of integers and texts.
local function fields(path, bytes)
  local message, found = reader.open(path, bytes), {}
  while message.at < #bytes do
    local tag = message:varint()
    local kind, number, value = tag & 7, tag >> 3, nil
    if kind == 0 then value = message:varint()
    elseif kind == 1 then value = message:take "<i8"
    elseif kind == 2 then value = message:text(message:varint())
    elseif kind == 5 then value = message:take "<I4"
    else message:fail("a field is of the kind %d", kind) end
    found[number] = found[number] or {}
    table.insert(found[number], value)
  end
  return found
end

-- The first value of a field, if it is of the kind of the default; else the default.
local function first(message, number, default)
  local value = (message[number] or {})[1]
  return math.type(value) == math.type(default) and type(value) == type(default) and value or default
end

-- TensorShapeProto: dimensions, each with its size.
local function shape_of(path, bytes)
  local shape = {}
  for _, dimension in ipairs(fields(path, bytes)[2] or {}) do
    shape[#shape + 1] = type(dimension) == "string" and first(fields(path, dimension), 1, 0) or 0
  end
  return shape
end

local function tensor_of(path, name, value, data)
  local entry = fields(path, value)
  local kind, bytes = first(entry, 1, 0), data:slice(first(entry, 4, 0), first(entry, 5, 0))
  return raw.new(types[kind] or ("number " .. kind), shape_of(path, first(entry, 2, "")), bytes, name)
end

--- The tensors of a checkpoint whose names `wanted` accepts.
---@param prefix string  the files' names before ".index" and ".data-00000-of-00001"
---@param wanted fun(name: string): boolean
---@return table<string, moonlark.hub.Raw>
function tf_checkpoint.read(prefix, wanted)
  local index = reader.open(prefix .. ".index")
  local data = reader.open(prefix .. ".data-00000-of-00001")
  local size = #index.bytes
  if index:slice(size - FOOTER, FOOTER):sub(-8) ~= MAGIC then index:fail("it is no table of LevelDB's") end
  index.at = size - FOOTER
  handle(index) -- of what describes the table
  local tensors = {}
  for _, block in ipairs(entries(index, handle(index))) do
    for _, entry in ipairs(entries(index, handle(reader.open(index.path, block.value)))) do
      if entry.key ~= "" and wanted(entry.key) then -- "" describes the whole
        tensors[entry.key] = tensor_of(index.path, entry.key, entry.value, data)
      end
    end
  end
  return tensors
end

return tf_checkpoint
