--- Schemas of libtorch's operators as editors write types: lua/meta/ is generated from them.
---
---     for _, operator in ipairs(schema.operators()) do
---       for _, overload in ipairs(operator.overloads) do print(table.unpack(schema.signatures(overload))) end
---     end
local engine = require "moonlark.torch.engine"
local torch = require "moonlark.torch"

local schema = {}

-- Types of libtorch that Lua has a value for.
local types = {
  Tensor = "moonlark.Tensor", Scalar = "number|boolean", int = "integer", SymInt = "integer", float = "number",
  SymFloat = "number", complex = "number|number[]", bool = "boolean", str = "string", ScalarType = "string",
  Layout = "string", MemoryFormat = "string", Device = "string",
}
local keywords = {["end"] = true, ["repeat"] = true, ["function"] = true, ["in"] = true, ["not"] = true}

--- What an operator takes, or gives.
---@class moonlark.torch.Slot
---@field name string  "" of results without a name
---@field type string  as LuaCATS writes it, without nil
---@field optional boolean  may be left out, or be nil

--- One way to call an operator.
---@class moonlark.torch.Overload
---@field name string  "add.Tensor"
---@field text string  libtorch's schema
---@field params moonlark.torch.Slot[]  in order
---@field named moonlark.torch.Slot[]  what a last table with names may hold
---@field self integer?  which of params the tensor of t:NAME(...) is; nil: no method
---@field spread boolean  the one list of integers may also be given as integers: view(2, 3)
---@field returns moonlark.torch.Slot[]

--- An operator of libtorch: everything of one name.
---@class moonlark.torch.Operator
---@field name string
---@field method boolean  t:NAME(...) is the operator, not a method that is written here
---@field global boolean  torch.NAME(...) is the operator, not a function that is written here
---@field overloads moonlark.torch.Overload[]

-- The parts of a list between commas that stand in no brackets and no quotes.
local function parts_of(text)
  local parts, depth, quoted, from = {}, 0, false, 1
  for at, c in (text .. ","):gmatch '()([%(%[%)%],"])' do
    if c == '"' then
      quoted = not quoted
    elseif not quoted and c ~= "," then
      depth = depth + (c:find "[%(%[]" and 1 or -1)
    elseif not quoted and depth == 0 then
      local part = text:sub(from, at - 1):match "^%s*(.*)$"
      if part ~= "" then parts[#parts + 1] = part end
      from = at + 1
    end
  end
  return parts
end

-- "SymInt[2]?" in LuaCATS, and whether nil is allowed; nil: Lua has no value of that type.
local function type_of(text)
  text = text:gsub("%b()", "") -- Tensor(a!): written to
  local optional = text:sub(-1) == "?"
  if optional then text = text:sub(1, -2) end
  local item, size = text:match "^(.-)%??%[(%d*)%]$"
  local kind = types[item or text]
  if not kind or not item then return kind, optional end
  local list = kind:find "|" and ("(%s)[]"):format(kind) or kind .. "[]"
  return size ~= "" and kind .. "|" .. list or list, optional -- int[2]: one number stands for both
end

-- "int[2] stride=1" as a slot; nil where Lua has no value of that type.
local function slot_of(text)
  local equals = text:find("=", 1, true)
  local head = equals and text:sub(1, equals - 1) or text
  local kind, name = head:match "^(.+) ([%w_]+)$"
  local type_name, optional = type_of(kind or head)
  return type_name and {name = name or "", type = type_name, optional = optional or equals ~= nil}
end

-- Which parameter a method's tensor is: `self`, or the first where none has that name (conv2d calls it `input`).
local function self_of(params)
  for i, slot in ipairs(params) do
    if slot.name == "self" then return slot.type == types.Tensor and i or nil end
  end
  return params[1] and params[1].type == types.Tensor and 1 or nil
end

local function read(overload)
  local list, result = overload.schema:match "^[^%(]*%((.*)%) %-> (.*)$"
  local it = {name = overload.name, text = overload.schema, params = {}, named = {}, returns = {}, spread = false}
  local keyword_only = false
  for _, part in ipairs(parts_of(list)) do
    keyword_only = keyword_only or part == "*"
    local slot = part ~= "*" and slot_of(part)
    if slot and not keyword_only then
      it.params[#it.params + 1] = slot
      it.spread = part:find "^%a*[iI]nt%[%]" ~= nil
    end
    if slot and (keyword_only or slot.optional) then it.named[#it.named + 1] = slot end
  end
  if overload.schema:find "ScalarType%? dtype=None, .*Device%? device=None" then -- a factory, see operators.cpp
    it.named[#it.named + 1] = {name = "requires_grad", type = "boolean", optional = true}
  end
  it.self = self_of(it.params)
  it.spread = it.spread and #it.params == (it.self and 2 or 1)
  for i, part in ipairs(parts_of(result:match "^%((.*)%)$" or result)) do it.returns[i] = slot_of(part) end
  return it
end

-- Operators are closures of the engine over what they call (core/lua/torch/operator.c); its other functions have one
-- upvalue.
local function is_operator(value)
  if type(value) ~= "function" then return value == nil end
  return debug.getinfo(value, "S").what == "C" and debug.getupvalue(value, 3) ~= nil
end

--- The operators that Lua can call, sorted by name; those for libtorch's own use (_NAME) are left out.
---@return moonlark.torch.Operator[]
function schema.operators()
  local list = {}
  for _, name in ipairs(engine.operators()) do
    local it = {name = name, method = false, overloads = {}}
    for _, overload in ipairs(name:sub(1, 1) ~= "_" and engine.overloads(name) or {}) do
      if not overload.unusable then
        it.overloads[#it.overloads + 1] = read(overload)
        it.method = it.method or it.overloads[#it.overloads].self ~= nil
      end
    end
    it.method = it.method and is_operator(rawget(torch.Tensor, name))
    it.global = is_operator(rawget(torch, name))
    if #it.overloads > 0 and (it.method or it.global) then list[#list + 1] = it end
  end
  return list
end

local function slot_text(slot, name)
  return ("%s%s: %s"):format(name, slot.optional and "?" or "", slot.type)
end

local function table_text(slots)
  local list = {}
  for i, slot in ipairs(slots) do
    list[i] = slot_text(slot, keywords[slot.name] and ('["%s"]'):format(slot.name) or slot.name)
  end
  return "{" .. table.concat(list, ", ") .. "}"
end

-- "fun(…): …" of the parameters that `wanted` lets through, and what comes last.
local function signature(overload, method, wanted, last)
  local list, results = {method and "self: " .. types.Tensor or nil}, {}
  for i, slot in ipairs(overload.params) do
    if wanted(slot) and not (method and i == overload.self) then
      list[#list + 1] = slot_text(slot, keywords[slot.name] and slot.name .. "_" or slot.name)
    end
  end
  list[#list + 1] = last
  for i, slot in ipairs(overload.returns) do results[i] = slot.type end
  return ("fun(%s)%s"):format(table.concat(list, ", "), #results > 0 and ": " .. table.concat(results, ", ") or "")
end

--- The ways to write a call of an overload, as LuaCATS writes a function's type: with all its arguments in order,
--- with those that need not be given in a last table, and with integers in place of a list of them.
---@param overload moonlark.torch.Overload
---@param method boolean?  as t:NAME(...), whose tensor comes first
---@return string[]
function schema.signatures(overload, method)
  local list = {signature(overload, method, function() return true end)}
  if #overload.named > 0 then
    list[2] = signature(overload, method, function(slot) return not slot.optional end,
      "named?: " .. table_text(overload.named))
  end
  if overload.spread then
    local sizes = overload.params[#overload.params]
    list[#list + 1] = signature(overload, method, function(slot) return slot ~= sizes end, "...: integer")
  end
  return list
end

return schema
