--- Settings: what the JSON files beside a model's weights say, checked key by key; what they leave out, or where they
--- say null, is as the reference's class has it.
local options = require "moonlark.base.options"

local settings = {}

-- Those of the known keys that are there; the file's other keys are for other programs.
local function read(found, file, values, fields)
  local given = {}
  for name in pairs(fields) do
    if type(values[name]) ~= "userdata" then given[name] = values[name] end -- cjson's null
  end
  return options.read(("%s: %s"):format(found.path, file), given, fields)
end

--- Keys of config.json. Errors: a value is not what it may be.
---     local c = settings.config(found, {hidden_size = settings.size(768)})
---@param found moonlark.pretrained.Found
---@param fields table<string, moonlark.Parameter>
---@return table
function settings.config(found, fields) return read(found, "config.json", found.config or {}, fields) end

--- Keys of the front end: preprocessor_config.json, or feature_extractor of processor_config.json.
---     local f = settings.front(found, {sampling_rate = settings.exactly(16000)})
---@param found moonlark.pretrained.Found
---@param fields table<string, moonlark.Parameter>
---@return table
function settings.front(found, fields)
  return read(found, found.front_file or "preprocessor_config.json", found.front or {}, fields)
end

--- A width or a count in a network: 1..65536.
---@param default integer?
---@return moonlark.Parameter
function settings.size(default) return options.integer(default, {least = 1, most = 65536}) end

--- A count of layers: 1..200.
---@param default integer
---@return moonlark.Parameter
function settings.layers(default) return options.integer(default, {least = 1, most = 200}) end

--- What is added to a variance.
---@param default number
---@return moonlark.Parameter
function settings.eps(default) return options.number(default, {least = 0, most = 1}) end

--- A number that is handled with one value only.
---@param value integer
---@return moonlark.Parameter
function settings.exactly(value)
  return options.value("integer", tostring(value), function(given) return given == value and value or nil end, value)
end

--- How many layers the tensors have, by their names: one more than the largest number that the pattern finds.
---     local layers = settings.count(found, "encoder%.layers%.(%d+)%.")
---@param found moonlark.pretrained.Found
---@param pattern string
---@return integer
function settings.count(found, pattern)
  local most = -1
  for name in pairs(found.tensors) do most = math.max(most, math.tointeger(tonumber(name:match(pattern))) or -1) end
  return most + 1
end

--- Checks config.json's number of layers against the tensors, before a network of that size is made.
---@param found moonlark.pretrained.Found
---@param said integer
---@param pattern string  as of count
---@param key string?  of config.json, default "num_hidden_layers"
function settings.check_layers(found, said, pattern, key)
  local there = settings.count(found, pattern)
  if there ~= said then
    found:fail("config.json says %s %d, the weights have %d layers", key or "num_hidden_layers", said, there)
  end
end

return settings
