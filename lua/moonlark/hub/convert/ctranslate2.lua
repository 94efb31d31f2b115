--- CTranslate2's model.bin: names, shapes and numbers one after another, then other names for some of them.
---
--- Source: CTranslate2, python/ctranslate2/specs/model_spec.py (version 6). Numbers are little endian; texts have their
--- length, with a zero byte at the end, before them.
local raw = require "moonlark.hub.convert.raw"
local reader = require "moonlark.hub.convert.reader"

local ctranslate2 = {}

local types = {[0] = "F32", [1] = "I8", [2] = "I16", [3] = "I32", [4] = "F16"}

local function text(file)
  local bytes = file:text(file:take "<I2")
  if bytes:sub(-1) ~= "\0" then file:fail("a text has no end at byte %d", file.at) end
  return bytes:sub(1, -2)
end

--- All that a model holds, by name, and what kind of model it is ("WhisperSpec").
---@param path string
---@return table<string, moonlark.hub.Raw>
---@return string
function ctranslate2.read(path)
  local file = reader.open(path)
  local version = file:take "<I4"
  if version ~= 6 then file:fail("its version is %d, and 6 is read here", version) end
  local kind, tensors = text(file), {}
  file:take "<I4" -- the kind's own version
  for _ = 1, file:take "<I4" do
    local name, shape = text(file), {}
    for axis = 1, file:take "B" do shape[axis] = file:take "<I4" end
    local dtype = file:take "B"
    tensors[name] = raw.new(types[dtype] or ("number " .. dtype), shape, file:text(file:take "<I4"), name)
  end
  return tensors, kind
end

return ctranslate2
