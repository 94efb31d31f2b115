--- Input: what a request says beside its sound, checked by the parameter tables of its route.
---
---     local said = input.read(route, request)      -- {wait = 5, parts = {"tempo"}, …}; what is refused is a problem
---
--- A query and the fields of a form are texts: "tempo,key" is a list, "true" a boolean. A body of JSON has the types
--- that the document at /openapi.json says, and no others: what Lua takes beside them (false for nil, 2 for "2") is
--- refused.
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local input = {}

-- --- texts as values ---------------------------------------------------------------------

local read_text -- (p, written) -> value, or the text itself, which the check then refuses

local function read_number(_, written)
  return written:find "^%-?%d+%.?%d*[eE]?[%+%-]?%d*$" and tonumber(written) or written
end

local function read_list(p, written)
  local list = {}
  for item in (written .. ","):gmatch "([^,]*)," do list[#list + 1] = read_text(p.item, item) end
  return written == "" and {} or list
end

local function read_either(p, written)
  for _, kind in ipairs(p.kinds) do
    local value = read_text(kind, written)
    if kind.accept(value) ~= nil then return value end
  end
  return written
end

local function read_choice(p, written)
  for _, word in ipairs(p.choices) do
    if tostring(word) == written then return word end
  end
  return written
end

local readers = {number = read_number, integer = read_number, list = read_list, either = read_either,
  choice = read_choice,
  boolean = function(_, written) return ({["true"] = true, ["false"] = false})[written] end}

function read_text(p, written)
  local value
  if readers[p.kind] then value = readers[p.kind](p, written) end
  if value == nil then return written end
  return value
end

-- --- checks ------------------------------------------------------------------------------

--- Whether a value has a type of JSON's that the parameter means, not one that stands for it in Lua.
---     if not input.is_strict(p, false) then print "nil was meant" end
---@param p moonlark.Parameter
---@param value any  one that it takes
---@return boolean
function input.is_strict(p, value)
  if p.kind == "choice" then
    for _, word in ipairs(p.choices) do
      if word == value then return true end
    end
    return false
  end
  if p.kind == "either" then
    for _, kind in ipairs(p.kinds) do
      if kind.accept(value) ~= nil and input.is_strict(kind, value) then return true end
    end
    return false
  end
  if p.kind == "list" and type(value) == "table" then
    for _, item in ipairs(value) do
      if not input.is_strict(p.item, item) then return false end
    end
  end
  if p.kind == "string" and value:find("\0", 1, true) then return false end -- as schema.lua has it
  return value ~= false or p.keeps_false == true
end

local function got(value) return value == json.null and "null" or options.got(value) end

-- The value, cleaned; or nil and a sentence with the name, what is allowed and what came.
local function checked(p, value)
  local ran, clean = true, nil
  if value ~= json.null then ran, clean = pcall(p.accept, value) end
  if not ran then return nil, ("%s: %s"):format(p.name, clean) end -- a table of options of its own
  if clean ~= nil and input.is_strict(p, value) then return clean end
  if clean ~= nil or value == json.null or value == false then
    return nil, ("%s must be %s, got %s"):format(p.name, p.allowed, got(value))
  end
  local _, why = pcall(p.check, p, "", p.name, value)
  return nil, (tostring(why):gsub("^: ", ""))
end

-- A problem of one argument, for problem+json.
local function refusal(status, argument, detail) return {status = status, argument = argument, detail = detail} end

local function unknown(name, names)
  local near = options.nearest(name, names)
  local hint = near and ("did you mean '%s'?"):format(near)
    or #names > 0 and "known: " .. table.concat(names, ", ") or "none is known here"
  return refusal(422, name, ("there is no argument '%s' here (%s)"):format(show.name(name), hint))
end

-- Reads one source of values (name -> value) into `said`; `convert`: they are texts. A refusal, or nil.
local function read_into(said, values, by_name, convert)
  for _, name in ipairs(text.keys(values)) do
    local p = by_name[name]
    if not p then return unknown(name, text.keys(by_name)) end
    local value = values[name]
    if convert then value = read_text(p, value) end
    local clean, why = checked(p, value)
    if clean == nil then return refusal(422, name, why) end
    said[name] = clean
  end
end

local function merged(...)
  local all = {}
  for _, description in ipairs {...} do
    for name, p in pairs(description.by_name) do all[name] = p end
  end
  return all
end

local function is_object(value)
  return type(value) == "table" and (#value == 0) and getmetatable(value) == nil
end

local none = options.outside("nothing", {})

--- What the query of any upload may say beside its options.
input.of_upload = options.outside("upload", {
  name = options.text(options.none, "what the file is called, where it comes as it is and not in a form"),
})

-- The fields of a body of JSON, or a refusal.
local function read_body(route, request, said)
  if not request.json or request.json == "" then
    if route.needs_body then return refusal(400, nil, "the request needs a body of JSON") end
    return nil
  end
  local ok, value = pcall(json.decode, request.json, "the body")
  if not ok then return refusal(400, nil, tostring(value)) end
  if not is_object(value) then return refusal(422, nil, "the body must be a JSON object, got " .. got(value)) end
  return read_into(said, value, (route.options or none).by_name, false)
end

-- Where a value was not said: its default, or a refusal.
local function complete(said, descriptions)
  for _, description in ipairs(descriptions) do
    for _, p in ipairs(description.list) do
      if said[p.name] == nil then
        if p.required then return refusal(422, p.name, ("%s is needed: %s"):format(p.name, p.allowed)) end
        said[p.name] = p.default
      end
    end
  end
end

--- What a request says: the values of the route's query and options by name, defaults filled in.
---
--- Where a body may be sound, options may stand in the query, too; what the form or the JSON says counts more.
---     local said, refusal = input.check(route, request)
---@param route moonlark.server.About
---@param request table
---@return table? said
---@return {status: integer, argument: string?, detail: string}? refusal
function input.check(route, request)
  local said, query, given = {}, route.query or none, route.options or none
  local in_query = route.body == "sound" and merged(input.of_upload, query, given) or query.by_name
  local refused = read_into(said, request.query or {}, in_query, true)
    or read_into(said, request.fields or {}, given.by_name, true)
    or route.body and not request.upload and read_body(route, request, said)
    or complete(said, {query, given})
  if refused then return nil, refused end
  return said
end

--- The same; what is refused is a problem, which is raised.
---     local said = input.read(route, request)
---@param route moonlark.server.About
---@param request table
---@return table
function input.read(route, request)
  local said, refused = input.check(route, request)
  if said then return said end
  problem.fail(refused.status, refused.detail, refused.argument and {argument = refused.argument} or nil)
end

return input
