--- Shape: what a value that was read from a file must look like, said once; and where it does not.
---
---     local Index = {tracks = shape.list {path = "string", label = shape.maybe "string"}}
---     shape.check(json.decode(text), "index.json", Index)
---     --> index.json: tracks[3].path must be a string, got number 7
---
--- A form is the name of a type ("string", "number", "integer", "boolean", "object", "any"), a table of forms by key
--- (other keys are let through), or what a function of this module gives. Strings hold no zero byte and numbers are
--- finite; items of lists are counted from 1, as in Lua.
local show = require "moonlark.base.show"
local shape = {}

---@alias moonlark.Form string|table|function

-- What came, in a few words.
local function got(value)
  local kind = type(value)
  if kind == "userdata" then return "null" end -- cjson's
  if kind == "table" then return #value > 0 and "a list" or "an object" end
  if kind == "string" then
    local text = show.name(#value > 40 and value:sub(1, 40) .. "…" or value)
    return ('string "%s"'):format(text)
  end
  return ("%s %s"):format(kind, kind == "number" and ("%.14g"):format(value) or tostring(value))
end

-- A form as a function: a value gives the value, cleaned, or nil and a failure {place, words}.
local function failed(value, allowed)
  return nil, {place = "", words = value == nil and "is missing" or ("must be %s, got %s"):format(allowed, got(value))}
end

local function simple(allowed, test)
  return function(value)
    if test(value) then return value end
    return failed(value, allowed)
  end
end

local function finite(value) return type(value) == "number" and value - value == 0 end

local forms = {
  string = simple("a string without zero bytes",
    function(value) return type(value) == "string" and not value:find("\0", 1, true) end),
  number = simple("a number", finite),
  boolean = simple("true or false", function(value) return type(value) == "boolean" end),
  object = simple("an object", function(value) return type(value) == "table" and #value == 0 end),
  any = function(value)
    if value == nil then return failed(value) end
    return value
  end,
  integer = function(value)
    local whole = finite(value) and math.tointeger(value) -- JSON knows one kind of number
    if whole then return whole end
    return failed(value, "a whole number")
  end,
}

local function key_place(key)
  return key:find "^[%a_][%w_]*$" and "." .. key or ('["%s"]'):format(show.name(key))
end

local compile

-- Puts the clean value in each key's place, in order; the first failure, with the key in its place.
local function clean_keys(value, keys, form_of)
  for _, key in ipairs(keys) do
    local clean, failure = form_of(key)(value[key])
    if failure then
      failure.place = key_place(key) .. failure.place
      return failure
    end
    value[key] = clean
  end
end

local function record(fields, closed)
  local keys, compiled = {}, {}
  for key, form in pairs(fields) do
    keys[#keys + 1] = key
    compiled[key] = compile(form)
  end
  table.sort(keys)
  return function(value)
    if type(value) ~= "table" or #value > 0 then return failed(value, "an object") end
    local failure = clean_keys(value, keys, function(key) return compiled[key] end)
    if failure then return nil, failure end
    for key in pairs(closed and value or {}) do
      if not compiled[key] then
        return nil, {place = key_place(key), words = "is not known here; known: " .. table.concat(keys, ", ")}
      end
    end
    return value
  end
end

function compile(form)
  if type(form) == "function" then return form end
  if type(form) == "table" then return record(form) end
  return forms[form] or show.fail("there is no form named %s", tostring(form))
end

--- An object with these keys, and any others: what a table of forms stands for.
---@param fields table<string, moonlark.Form>
---@return moonlark.Form
function shape.object(fields) return record(fields) end

--- An object with these keys and no others.
---@param fields table<string, moonlark.Form>
---@return moonlark.Form
function shape.closed(fields) return record(fields, true) end

--- What may be missing, or null, which then counts as missing.
---@param form moonlark.Form
---@return moonlark.Form
function shape.maybe(form)
  form = compile(form)
  return function(value)
    if value == nil or type(value) == "userdata" then return nil end
    return form(value)
  end
end

--- A list of any length whose items have a form.
---@param form moonlark.Form
---@return moonlark.Form
function shape.list(form)
  form = compile(form)
  return function(value)
    if type(value) ~= "table" or (next(value) ~= nil and #value == 0) then return failed(value, "a list") end
    for i = 1, #value do
      local clean, failure = form(value[i])
      if failure then
        failure.place = ("[%d]%s"):format(i, failure.place)
        return nil, failure
      end
      value[i] = clean
    end
    return value
  end
end

--- An object whose values, under any names, have a form.
---@param form moonlark.Form
---@return moonlark.Form
function shape.map(form)
  form = compile(form)
  return function(value)
    if type(value) ~= "table" or #value > 0 then return failed(value, "an object") end
    local keys = {}
    for key in pairs(value) do keys[#keys + 1] = key end
    table.sort(keys)
    local failure = clean_keys(value, keys, function() return form end)
    if failure then return nil, failure end
    return value
  end
end

--- One of the forms, tried in order.
---@param allowed string  in words: "a number or a string"
---@param ... moonlark.Form
---@return moonlark.Form
function shape.either(allowed, ...)
  local list = {}
  for i, form in ipairs {...} do list[i] = compile(form) end
  return function(value)
    for _, form in ipairs(list) do
      local clean, failure = form(value)
      if not failure then return clean end
      if failure.place ~= "" then return nil, failure end -- of this kind, but not well within
    end
    return failed(value, allowed)
  end
end

--- A form whose value must also pass a test.
---@param form moonlark.Form
---@param allowed string  in words: "a whole number from 1"
---@param test fun(value: any): boolean?
---@return moonlark.Form
function shape.where(form, allowed, test)
  form = compile(form)
  return function(value)
    local clean, failure = form(value)
    if failure and failure.place ~= "" then return nil, failure end
    if not failure and test(clean) then return clean end
    return failed(value, allowed)
  end
end

--- One of these words.
---@param words string[]
---@return moonlark.Form
function shape.word(words)
  local known = {}
  for _, word in ipairs(words) do known[word] = true end
  return shape.where("string", "one of " .. table.concat(words, ", "), function(value) return known[value] end)
end

--- A whole number in a range.
---@param low integer
---@param high integer?
---@return moonlark.Form
function shape.integer(low, high)
  return shape.where("integer", high and ("a whole number %d..%d"):format(low, high)
    or ("a whole number from %d"):format(low), function(n) return n >= low and (not high or n <= high) end)
end

--- The value, when it has the form: whole numbers become integers, null where something may be missing becomes nil.
--- Otherwise an error of one line with the file's name and the place in it.
---@param value any  changed in place
---@param name string  of the file
---@param form moonlark.Form
---@return any
function shape.check(value, name, form)
  local clean, failure = compile(form)(value)
  if not failure then return clean end
  local place = failure.place:gsub("^%.", "")
  show.fail("%s: %s%s", name, place ~= "" and place .. " " or "", failure.words)
end

return shape
