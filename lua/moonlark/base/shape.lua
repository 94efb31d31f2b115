--- Shape: what a value that was read from a file must look like, said once; and where it does not.
---
---     local Index = {tracks = shape.list {path = "string", label = shape.maybe "string"}}
---     shape.check(json.decode(text), "index.json", Index)
---     --> index.json: tracks[3].path must be a string, got number 7
---
--- A form is a parameter, which the functions of this module make; the name of a type ("string", "number", "integer",
--- "boolean", "object", "any"); or a table of forms by key, where other keys are let through. Strings hold no zero byte
--- and numbers are finite; items of lists are counted from 1, as in Lua.
local parameter = require "moonlark.base.parameter"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local shape = {}

---@alias moonlark.Form string|table|moonlark.Parameter

local required = parameter.required

-- An object; `kinds` says what may stand under each of `keys`, or where these are nil under each key that is there.
local function object(kinds, keys, closed)
  local function first_fault(value)
    for _, key in ipairs(keys or text.keys(value)) do
      local kind, item = kinds[key], value[key]
      local clean, inner
      if not (kind.optional and (item == nil or type(item) == "userdata")) then -- cjson's null
        clean, inner = kind.accept(item)
        if clean == nil then return {key = key, value = item, kind = kind, inner = inner} end
      end
      value[key] = clean
    end
    for key in pairs(closed and value or {}) do
      if not kinds[key] then return {key = key, words = "is not known here; known: " .. table.concat(keys, ", ")} end
    end
  end
  return parameter.value("table", "an object", function(value)
    if type(value) ~= "table" or #value > 0 then return nil end
    local fault = first_fault(value)
    return not fault and value or nil, fault
  end, required)
end

local types = {
  string = parameter.value("string", "a string without zero bytes", function(value)
    return type(value) == "string" and not value:find("\0", 1, true) and value or nil
  end, required),
  number = parameter.number(required), integer = parameter.integer(required), boolean = parameter.boolean(required),
  object = object({}, {}), any = parameter.any(required),
}

local function as_parameter(form)
  if parameter.is(form) then return form end
  if type(form) == "table" then return shape.object(form) end
  return types[form] or show.fail("there is no form named %s", tostring(form))
end

--- An object with these keys: what a table of forms stands for.
---@param fields table<string, moonlark.Form>
---@param closed boolean?  with no others
---@return moonlark.Parameter
function shape.object(fields, closed)
  local kinds = {}
  for key, form in pairs(fields) do kinds[key] = as_parameter(form) end
  return object(kinds, text.keys(fields), closed)
end

--- An object with these keys and no others.
---@param fields table<string, moonlark.Form>
---@return moonlark.Parameter
function shape.closed(fields) return shape.object(fields, true) end

--- What may be missing, or null, which then counts as missing.
---@param form moonlark.Form
---@return moonlark.Parameter
function shape.maybe(form) return parameter.optional(as_parameter(form)) end

--- A list of any length whose items have a form.
---@param form moonlark.Form
---@return moonlark.Parameter
function shape.list(form) return parameter.list(as_parameter(form), required):but {allowed = "a list"} end

--- An object whose values, under any names, have a form.
---@param form moonlark.Form
---@return moonlark.Parameter
function shape.map(form)
  local kind = as_parameter(form)
  return object(setmetatable({}, {__index = function() return kind end}))
end

--- One of the forms, tried in order.
---@param allowed string  in words: "a number or a string"
---@param ... moonlark.Form
---@return moonlark.Parameter
function shape.either(allowed, ...)
  local kinds = {}
  for i, form in ipairs {...} do kinds[i] = as_parameter(form) end
  return parameter.either(required, kinds):but {allowed = allowed}
end

--- One of these words.
---@param words string[]
---@return moonlark.Parameter
function shape.word(words)
  return parameter.choice(words, required):but {allowed = "one of " .. table.concat(words, ", ")}
end

--- A whole number in a range.
---@param least integer
---@param most integer?
---@return moonlark.Parameter
function shape.integer(least, most) return parameter.integer(required, {least = least, most = most}) end

-- What came, in a few words.
local function got(value)
  if type(value) == "userdata" then return "null" end
  if type(value) == "table" then return #value > 0 and "a list" or "an object" end
  return (type(value) == "number" and "number " or "") .. parameter.got(value)
end

local function key_place(key)
  if type(key) == "number" then return ("[%d]"):format(key) end
  return key:find "^[%a_][%w_]*$" and "." .. key or ('["%s"]'):format(show.name(key))
end

--- The value, when it has the form: whole numbers become integers, null where something may be missing becomes nil.
--- Otherwise an error of one line with the file's name and the place in it.
---@param value any  changed in place
---@param name string  of the file
---@param form moonlark.Form
---@return any
function shape.check(value, name, form)
  local kind, place = as_parameter(form), ""
  local clean, inner = kind.accept(value)
  if clean ~= nil then return clean end
  local fault = {value = value, kind = kind, inner = inner}
  while fault.inner do
    fault = fault.inner
    place = place .. key_place(fault.key)
  end
  show.fail("%s: %s%s", name, place ~= "" and place:gsub("^%.", "") .. " " or "", fault.words
    or fault.value == nil and "is missing" or ("must be %s, got %s"):format(fault.kind.allowed, got(fault.value)))
end

return shape
