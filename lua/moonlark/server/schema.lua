--- Schema: JSON Schema (2020-12) of what options may be, made from their descriptions.
---
---     schema.of(options.number(120, {above = 0, unit = "BPM"}, "where to look first"))
---     --> {type = "number", exclusiveMinimum = 0, default = 120, description = "where to look first, in BPM"}
---
--- A schema is a table that base/json.lua writes as it is. What a parameter takes beside JSON's own types for the
--- comfort of Lua (false for nil, 2 for "2") is no part of it; input.lua refuses it, too.
local text = require "moonlark.base.text"

local schema = {}

-- A value that JSON can hold as a default; nil: it is left out.
local function default_of(p)
  local value = p.default
  if type(value) == "table" then return not getmetatable(value) and #value > 0 and value or nil end
  if type(value) == "number" and (value ~= value or math.abs(value) == math.huge) then return nil end
  if type(value) ~= "function" and type(value) ~= "userdata" then return value end
end

local of_kind = {}

local function ranged(kind)
  return function(p)
    return {type = kind, minimum = p.least, maximum = p.most, exclusiveMinimum = p.above, exclusiveMaximum = p.below}
  end
end
of_kind.number, of_kind.integer = ranged "number", ranged "integer"

function of_kind.boolean() return {type = "boolean"} end
function of_kind.string() return {type = "string",
  pattern = "^[^\\u0000]*$"} end -- no address and no form can hold a zero
function of_kind.choice(p) return {enum = p.choices} end

function of_kind.list(p)
  local item = schema.of(p.item)
  local list = {type = "array", items = item, minItems = p.fewest, maxItems = p.greatest}
  return p.single and {anyOf = {item, list}} or list
end

function of_kind.either(p)
  local any = {}
  for i, kind in ipairs(p.kinds) do any[i] = schema.of(kind) end
  return {anyOf = any}
end

function of_kind.value(p) return p.record and schema.fields(p.record) or {} end

--- The schema of a parameter. One that knows better than its kind says has the field `schema`.
---@param p moonlark.Parameter
---@return table
function schema.of(p)
  local made = {}
  for key, fact in pairs(p.schema or of_kind[p.kind](p)) do made[key] = fact end
  if made.default == nil then made.default = default_of(p) end
  local words = {(p.help or "") ~= "" and p.help or nil}
  if p.unit then words[1] = (words[1] and words[1] .. ", " or "") .. "in " .. p.unit end
  if p.usual then words[#words + 1] = "default: " .. p.usual end
  made.description = #words > 0 and table.concat(words, "; ") or nil
  return made
end

--- The schema of an object with the fields of a description; others are refused.
---@param description moonlark.Description
---@return table
function schema.fields(description)
  local properties, required = {}, {}
  for _, p in ipairs(description.list) do
    properties[p.name] = schema.of(p)
    if p.required then required[#required + 1] = p.name end
  end
  return {type = "object", properties = properties, required = #required > 0 and required or nil,
    additionalProperties = false}
end

-- --- what answers hold ------------------------------------------------------------------

--- An object whose fields have these schemas; those whose name ends in "?" may be missing. More may be there.
---     schema.object {id = schema.text "its name here", ["tempo?"] = schema.number "in BPM"}
---@param fields table<string, table>
---@param words string?
---@return table
function schema.object(fields, words)
  local properties, required = {}, {}
  for _, name in ipairs(text.keys(fields)) do
    local plain = name:gsub("%?$", "")
    properties[plain] = fields[name]
    if plain == name then required[#required + 1] = name end
  end
  return {type = "object", properties = properties, required = #required > 0 and required or nil, description = words}
end

--- A list of values of one schema.
---@param item table
---@param words string?
---@return table
function schema.list(item, words) return {type = "array", items = item, description = words} end

--- One of these words.
---@param words string[]
---@param description string?
---@return table
function schema.one_of(words, description) return {type = "string", enum = words, description = description} end

--- The same, or null.
---@param one table
---@return table
function schema.maybe(one)
  if type(one.type) ~= "string" or one.enum then return {anyOf = {one, {type = "null"}}} end
  local copy = {}
  for key, fact in pairs(one) do copy[key] = fact end
  copy.type = {one.type, "null"}
  return copy
end

--- A schema that stands among the document's components: its name is enough.
---@param name string
---@return table
function schema.named(name) return {["$ref"] = "#/components/schemas/" .. name} end

local function simple(kind)
  return function(words, facts)
    local made = {type = kind, description = words}
    for key, fact in pairs(facts or {}) do made[key] = fact end
    return made
  end
end

--- A number, a whole number, a text, true or false, an object of any fields; `facts`: more of the schema.
schema.number, schema.integer = simple "number", simple "integer"
schema.text, schema.boolean, schema.any_object = simple "string", simple "boolean", simple "object"

--- An event of a stream.
schema.event = schema.object {["event?"] = schema.text "what it is", data = schema.text "JSON"}

return schema
