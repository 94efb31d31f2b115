--- JSON: written by us with sorted keys, so that the same content is the same bytes; read by cjson.
local cjson = require "cjson"

local json = {}

--- What JSON calls null.
json.null = cjson.null

-- Marks a table as an array even when empty.
local Array = {}

--- Marks a table as a JSON array; needed only when it may be empty.
---@param t table
---@return table
function json.array(t)
  return setmetatable(t, Array)
end

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\127]', function(c)
    return escapes[c] or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- The shortest decimal text that reads back as the same number.
local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then
      return text:find "[%.eE]" and text or text .. ".0"
    end
  end
end

local write

local function container(open, close, items, indent, depth)
  if #items == 0 then return open .. close end
  if not indent then return open .. table.concat(items, ",") .. close end
  local line = "\n" .. indent:rep(depth + 1)
  return open .. line .. table.concat(items, "," .. line) .. "\n" .. indent:rep(depth) .. close
end

function write(value, indent, depth)
  local kind = type(value)
  if value == nil or value == cjson.null then return "null" end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return number(value) end
  if kind == "string" then return quoted(value) end
  if kind ~= "table" then error(("JSON cannot hold a %s"):format(kind), 0) end
  if depth > 100 then error("JSON nests deeper than 100: does the table contain itself?", 0) end

  local items = {}
  if #value > 0 or getmetatable(value) == Array then
    for i = 1, #value do items[i] = write(value[i], indent, depth + 1) end
    return container("[", "]", items, indent, depth)
  end
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then error(("a JSON object's key must be a string, got %s"):format(tostring(key)), 0) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    items[i] = quoted(key) .. (indent and ": " or ":") .. write(value[key], indent, depth + 1)
  end
  return container("{", "}", items, indent, depth)
end

--- JSON text of a value: keys sorted; NaN and infinities become null; an empty table is an object.
---@param value any
---@param indent string?  for instance "  "; default: one line
---@return string
function json.encode(value, indent)
  return write(value, indent, 0)
end

--- The value of a JSON text; errors say where it breaks.
---@param text string
---@return any
function json.decode(text)
  return cjson.decode(text)
end

return json
