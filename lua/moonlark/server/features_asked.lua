--- Features asked: which features a request wants, and with which settings, by the engine's table of them.
---
---     {"features": {"mel": {"n_mels": 64}, "rms": {}}}             in JSON, as in a recipe
---     {"features": ["mel", "rms"]}
---     features=mel,rms                                             in a query, or a form
local feature = require "moonlark.feature"
local input = require "moonlark.server.input"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local schema = require "moonlark.server.schema"

local asked = {}

-- The schemas of features' settings, by name.
local function settings_schema()
  local properties = {}
  for _, name in ipairs(feature.names()) do
    properties[name] = schema.fields(options.outside(name, feature.parameters(name)))
  end
  return {type = "object", properties = properties, additionalProperties = false, minProperties = 1}
end

-- Names, or names with settings, as {name = settings}.
local function by_name(value)
  local found = {}
  for key, settings in pairs(value) do
    local name = math.type(key) == "integer" and settings or key
    if type(name) ~= "string" then error("each must be a feature's name", 0) end
    if found[name] then error(name .. " is asked for twice", 0) end
    found[name] = name == key and settings or {}
  end
  return found
end

-- Unknown names, settings and values are refused; so is what only Lua takes for a value.
local function check(name, settings)
  if type(settings) ~= "table" then error(("the settings of %s must be an object"):format(name), 0) end
  feature.settings(name, settings)
  local description = options.outside("feature." .. name, feature.parameters(name))
  for key, value in pairs(settings) do
    local p = description.by_name[key]
    if value == json.null or not input.is_strict(p, value) then
      error(("%s of %s must be %s"):format(key, name, p.allowed), 0)
    end
  end
end

local function accept(value)
  if type(value) == "string" then
    local list = {}
    for name in (value .. ","):gmatch "([^,]*)," do list[#list + 1] = name end
    value = list
  end
  if type(value) ~= "table" or next(value) == nil then return nil end
  local found = by_name(value)
  for name, settings in pairs(found) do check(name, settings) end
  return found
end

--- The parameter `features`; its value is {name = settings}.
---@return moonlark.Parameter
function asked.parameter()
  local names = table.concat(feature.names(), "|")
  local words = schema.text('names with commas between them: "mel,mfcc"', {pattern = ("^(%s)(,(%s))*$"):format(names,
    names)})
  local list = {type = "array", minItems = 1, uniqueItems = true, items = {enum = feature.names()}}
  return options.value("table", "features' names, or an object with settings by name", accept, options.required,
    "which features", {schema = {anyOf = {words, list, settings_schema()}}})
end

return asked
