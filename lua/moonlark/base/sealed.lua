--- Sealed files: tensors and a table of plain values in one .safetensors file, with a checksum over both.
---
--- The file appears whole or not at all; a file that was cut, or in which a bit was changed, is refused. Any reader of
--- .safetensors finds the tensors; the table is JSON in the metadata.
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"

local sealed = {}

-- The hash of the names, types, shapes and bytes of all tensors, and of the text.
local function checksum(tensors, text)
  local lines = {}
  for name, tensor in pairs(tensors) do
    lines[#lines + 1] = ("%s %s %s %s"):format(name, tensor:dtype(), table.concat(tensor:shape(), ","),
      core.store.hash_tensor(tensor))
  end
  table.sort(lines)
  lines[#lines + 1] = text
  return core.store.hash(table.concat(lines, "\n"))
end

local function check_path(path)
  if type(path) ~= "string" or not path:find "%.safetensors$" then
    show.fail("path must end in .safetensors, got %s", tostring(path))
  end
end

--- Writes tensors (copied to the CPU) and a table of strings, numbers, booleans and tables of them.
---@param path string  ends in .safetensors
---@param tensors table<string, moonlark.Tensor>
---@param kind string  what the file is: "network"
---@param plain table
function sealed.write(path, tensors, kind, plain)
  check_path(path)
  local held = {}
  for name, tensor in pairs(tensors) do held[name] = tensor:detach():to "cpu":contiguous() end
  local text = json.encode(plain)
  core.store.save(path, held, {format = "moonlark." .. kind, moonlark = text, checksum = checksum(held, text)})
end

--- Reads a file back, or says why it cannot be what was written.
---@param path string
---@param kind string
---@param form moonlark.Form  of the table
---@return table<string, moonlark.Tensor> tensors
---@return table plain
function sealed.read(path, kind, form)
  check_path(path)
  local found = core.store.metadata(path)
  if found.format ~= "moonlark." .. kind then
    local other = found.format and ", but a " .. found.format:gsub("^moonlark%.", "") or ""
    show.fail("%s holds no %s that Moonlark saved%s", path, kind, other)
  end
  local tensors = core.store.load(path)
  if not found.moonlark or found.checksum ~= checksum(tensors, found.moonlark) then
    show.fail("%s was changed or damaged after it was written: its checksum does not fit", path)
  end
  return tensors, shape.check(json.decode(found.moonlark, path), path, form)
end

return sealed
