--- Parameter: what one option, or one value in a file, may be: a number in a range, one of a few words, a list of them.
---
---     local rate = parameter.number(120, {above = 0, unit = "BPM"}, "where to look first")
---     local clean = rate:check("music.tempo", "start_bpm", given)
---     --> music.tempo: start_bpm must be a number above 0, got -3
---
--- moonlark.base.options offers these kinds to descriptions of functions, moonlark.base.shape to forms of files.
--- A default of nil means that the option may be left out; `usual` then says in words what happens.
--- options.required means that it must be given. `false` stands for nil where nil is allowed.
local show = require "moonlark.base.show"

local parameter = {}

--- A default for options that may stay nil.
parameter.none = setmetatable({}, {__tostring = function() return "nil" end})

--- A default for options that must be given.
parameter.required = setmetatable({}, {__tostring = function() return "required" end})

-- How many letters were added, lost, changed or swapped with their neighbour (Damerau 1964), for "did you mean".
local function distance(a, b)
  local before, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local next_row = {[0] = i}
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      next_row[j] = math.min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + cost)
      local swapped = i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j)
      if swapped then next_row[j] = math.min(next_row[j], before[j - 2] + 1) end
    end
    before, row = row, next_row
  end
  return row[#b]
end

-- How far a word may be from what was meant: a third of its letters; of short words one.
local function reach(word) return #word < 6 and 1 or #word // 3 end

--- The candidate nearest to a misspelt word, or nil when none is near.
---@param word string
---@param candidates string[]
---@return string?
function parameter.nearest(word, candidates)
  local best, best_distance, best_difference = nil, reach(word), math.huge
  for _, word_or_number in ipairs(candidates) do
    local candidate = tostring(word_or_number)
    local d, difference = distance(word:lower(), candidate:lower()), math.abs(#word - #candidate)
    if d < best_distance or (d == best_distance and difference < best_difference) then
      best, best_distance, best_difference = candidate, d, difference
    end
  end
  return best
end

--- What came, in a few words, as errors quote it: 'string "abc"', "3", "table", "tensor".
---@param value any
---@return string
function parameter.got(value)
  local kind = type(value)
  if value ~= value then return "nan" end
  if kind == "number" then return math.type(value) == "integer" and tostring(value) or ("%.14g"):format(value) end
  if kind == "string" then
    return ('string "%s"'):format(show.name(#value > 40 and value:sub(1, 40) .. "…" or value))
  end
  if kind == "boolean" then return tostring(value) end
  local meta = debug.getmetatable(value)
  local class = type(meta) == "table" and rawget(meta, "__name")
  return type(class) == "string" and class:match "[^.]*$" or kind
end

--- What one option may be. Made by the functions below; a description gives it its name.
---@class moonlark.Parameter
---@field name string
---@field kind "number"|"integer"|"boolean"|"choice"|"string"|"list"|"either"|"value"
---@field default any  nil: may be left out
---@field required boolean  must be given
---@field optional boolean  nil and false are allowed
---@field least number?  inclusive
---@field most number?  inclusive
---@field above number?  exclusive
---@field below number?  exclusive
---@field choices any[]?
---@field kinds moonlark.Parameter[]?  of "either": any of them
---@field item moonlark.Parameter?  of "list": what each is
---@field fewest integer?  of "list": how many there are at least
---@field greatest integer?  of "list": how many there are at most
---@field record moonlark.Description?  of options.record: its fields
---@field schema table?  its JSON Schema, where `accept` knows more than the kind says
---@field serial integer  the place in the order in which all were written
---@field keeps_false boolean?  false is a value, and does not stand for nil
---@field unit string?
---@field usual string?  in words: what nil means
---@field help string?
---@field type string  as LuaCATS writes it
---@field allowed string  in words
---@field many string?  the same of several: "whole numbers 0 or more"
---@field accept fun(value: any): any?, moonlark.Fault?  the value, cleaned; or nil, and which of its items is at fault
local Parameter = {}
Parameter.__index = Parameter
Parameter.__name = "moonlark.Parameter"

--- The item of a value that may not be there: its key, what it is and what it may be.
---@class moonlark.Fault
---@field key any
---@field value any
---@field kind moonlark.Parameter
---@field inner moonlark.Fault?  where in the item

local serial = 0 -- options are listed in the order in which they are written

local function new(kind, type_name, allowed, accept, default, help, facts)
  serial = serial + 1
  local self = setmetatable({}, Parameter)
  for key, value in pairs(facts or {}) do self[key] = value end
  self.kind, self.type, self.allowed, self.accept = kind, type_name, allowed, accept
  self.help, self.serial = help, serial
  self.required = default == parameter.required
  self.optional = self.optional or default == nil or default == parameter.none
  if not self.required and default ~= parameter.none then self.default = default end
  return self
end

local function range_of(p)
  if p.least and p.most then return ("%.14g..%.14g"):format(p.least, p.most) end
  local low = p.least and ("%.14g or more"):format(p.least) or p.above and ("above %.14g"):format(p.above)
  local high = p.most and ("at most %.14g"):format(p.most) or p.below and ("below %.14g"):format(p.below)
  return low and high and low .. " and " .. high or low or high
end

local function ranged(noun, p)
  local range = range_of(p)
  return range and noun .. " " .. range or noun
end

local function in_range(p, x)
  return not (p.least and x < p.least or p.most and x > p.most or p.above and x <= p.above or p.below and x >= p.below)
end

--- A number. `facts`: least, most (inclusive), above, below (exclusive), infinite (true: math.huge, too), unit, usual.
---@param default number|table|nil
---@param facts {least?: number, most?: number, above?: number, below?: number, infinite?: boolean, unit?: string,
---  usual?: string}?
---@param help string?
---@return moonlark.Parameter
function parameter.number(default, facts, help)
  facts = facts or {}
  local allowed = ranged("a number", facts) .. (facts.infinite and facts.most and " or math.huge" or "")
  local p = new("number", "number", allowed, function(value)
    if facts.infinite and value == math.huge then return value end
    if type(value) ~= "number" or value ~= value or not in_range(facts, value) then return nil end
    if math.abs(value) == math.huge and not facts.infinite then return nil end
    return value
  end, default, help, facts)
  p.many = ranged("numbers", facts)
  return p
end

--- A whole number; 3.0 counts, and becomes 3. `facts` as of parameter.number.
---@param default integer|table|nil
---@param facts {least?: integer, most?: integer, above?: integer, below?: integer, unit?: string, usual?: string}?
---@param help string?
---@return moonlark.Parameter
function parameter.integer(default, facts, help)
  facts = facts or {}
  local p = new("integer", "integer", ranged("a whole number", facts), function(value)
    local whole = type(value) == "number" and math.tointeger(value)
    return whole and in_range(facts, whole) and whole or nil
  end, default, help, facts)
  p.many = ranged("whole numbers", facts)
  return p
end

--- true or false.
---@param default boolean|table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function parameter.boolean(default, help, facts)
  local p = new("boolean", "boolean", "true or false", function(value)
    if type(value) == "boolean" then return value end
  end, default, help, facts)
  p.keeps_false = true
  return p
end

-- A word as messages and LuaCATS quote it.
local function quoted(word) return type(word) == "string" and ('"%s"'):format(word) or tostring(word) end

-- Numbers may stand for words, and false for "none": norm = 2 is norm = "2", norm = math.huge is "inf".
local function spelt(value)
  if value == false then return "none" end
  return type(value) == "number" and ("%g"):format(value) or nil
end

--- One of these words (or numbers); the first is the default where none is given.
---@param words any[]
---@param default any
---@param help string?
---@param facts {unit?: string, usual?: string}?
---@return moonlark.Parameter
function parameter.choice(words, default, help, facts)
  if default == nil then default = words[1] end
  local list = {}
  for i, word in ipairs(words) do list[i] = quoted(word) end
  local allowed = table.concat(list, ", ", 1, #list - 1) .. (#list > 1 and " or " or "") .. list[#list]
  local p = new("choice", table.concat(list, "|"), allowed, function(value)
    for _, word in ipairs(words) do
      if value == word or spelt(value) == word then return word end
    end
  end, default, help, facts)
  p.choices = words
  for _, word in ipairs(words) do p.keeps_false = p.keeps_false or word == false end
  return p
end

--- A string.
---@param default string|table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function parameter.text(default, help, facts)
  local p = new("string", "string", "a string", function(value)
    if type(value) == "string" then return value end
  end, default, help, facts)
  p.many = "strings"
  return p
end

--- A list whose items are all of one kind. `facts`: length (exactly), least, most (how many), single (true: one item
--- may stand for a list of it), usual.
---@param item moonlark.Parameter
---@param default any[]|table|nil
---@param facts {length?: integer, least?: integer, most?: integer, single?: boolean, usual?: string}?
---@param help string?
---@return moonlark.Parameter
function parameter.list(item, default, facts, help)
  facts = facts or {}
  local type_name = (item.type:find "|" and "(%s)[]" or "%s[]"):format(item.type)
  local count = facts.length and ("%d "):format(facts.length)
    or facts.least and ("%d or more "):format(facts.least) or ""
  local allowed = ("a list of %s%s"):format(count, item.many or item.allowed)
  if facts.single then
    type_name, allowed = item.type .. "|" .. type_name, item.allowed .. " or " .. allowed
  end
  local least, most = facts.length or facts.least or 0, facts.length or facts.most or math.huge
  return new("list", type_name, allowed, function(value)
    local one = facts.single and item.accept(value)
    if facts.single and one ~= nil then return {one} end
    if type(value) ~= "table" or getmetatable(value) or #value == 0 and next(value) ~= nil then return nil end
    local list = {}
    for i, given in ipairs(value) do
      local clean, inner = item.accept(given)
      if clean == nil then return nil, {key = i, value = given, kind = item, inner = inner} end
      list[i] = clean
    end
    return #list == #value and #list >= least and #list <= most and list or nil
  end, default, help, {item = item, single = facts.single, usual = facts.usual, fewest = facts.length or facts.least,
    greatest = facts.length or facts.most})
end

--- One of several kinds, tried in order: parameter.either(30, {number(), choice {"max"}}, "the reference").
---@param default any
---@param kinds moonlark.Parameter[]
---@param help string?
---@param facts {unit?: string, usual?: string}?
---@return moonlark.Parameter
function parameter.either(default, kinds, help, facts)
  local types, allowed, keeps_false = {}, {}, nil
  for i, kind in ipairs(kinds) do
    types[i], allowed[i] = kind.type, kind.allowed
    keeps_false = keeps_false or kind.keeps_false
  end
  local p = new("either", table.concat(types, "|"), table.concat(allowed, " or "), function(value)
    local first
    for _, kind in ipairs(kinds) do
      local clean, fault = kind.accept(value)
      if clean ~= nil then return clean end
      first = first or fault
    end
    return nil, first
  end, default, help, facts)
  p.kinds, p.keeps_false = kinds, keeps_false
  return p
end

--- Anything that a test lets through: tensors, functions, objects, tables of a form of their own.
---@param type_name string  as LuaCATS writes it: "moonlark.Tensor", "fun(x: number): number"
---@param allowed string  in words: "a tensor"
---@param accept fun(value: any): any?, moonlark.Fault?  the value, cleaned, or nil
---@param default any
---@param help string?
---@param facts {usual?: string, record?: moonlark.Description, schema?: table}?
---@return moonlark.Parameter
function parameter.value(type_name, allowed, accept, default, help, facts)
  return new("value", type_name, allowed, accept, default, help, facts)
end

--- A tensor.
---@param default table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function parameter.tensor(default, help, facts)
  return parameter.value("moonlark.Tensor", "a tensor", function(value)
    local meta = type(value) == "userdata" and debug.getmetatable(value)
    return meta and meta.__name == "moonlark.Tensor" and value or nil
  end, default, help, facts)
end

--- A function, or an object that can be called: a module of moonlark.nn, for instance.
---@param default function|table|nil
---@param help string?
---@param type_name string?  as LuaCATS writes it
---@return moonlark.Parameter
function parameter.callable(default, help, type_name)
  return parameter.value(type_name or "function", "a function", function(value)
    local meta = type(value) == "table" and getmetatable(value)
    return (type(value) == "function" or type(meta) == "table" and meta.__call) and value or nil
  end, default, help)
end

--- Anything at all.
---@param default any
---@param help string?
---@return moonlark.Parameter
function parameter.any(default, help)
  local p = parameter.value("any", "a value", function(value) return value end, default, help)
  p.keeps_false = true
  return p
end

local function nearest_choice(p, value)
  return type(value) == "string" and p.choices and parameter.nearest(value, p.choices)
end

-- What is allowed, in words that say why infinity is refused.
local function allowed_for(p, value)
  if value ~= math.huge and value ~= -math.huge then return p.allowed end
  if p.kind == "number" and not p.infinite then return (p.allowed:gsub("^a number", "a finite number")) end
  if p.kind ~= "either" then return p.allowed end
  local allowed = {}
  for i, kind in ipairs(p.kinds) do allowed[i] = allowed_for(kind, value) end
  return table.concat(allowed, " or ")
end

--- The value, cleaned; the error names the parameter, what is allowed and what came.
---@param owner string  the function that it belongs to, for messages
---@param name string
---@param value any
---@return any
function Parameter:check(owner, name, value)
  if self.optional and (value == nil or value == false and not self.keeps_false) then return nil end
  if value == nil then show.fail("%s needs %s", owner, name) end
  local clean, fault = self.accept(value)
  if clean ~= nil then return clean end
  local got = fault and ("%s as item %d"):format(parameter.got(fault.value), fault.key) or parameter.got(value)
  local near = fault and nearest_choice(fault.kind, fault.value) or nearest_choice(self, value)
  error(("%s: %s must be %s, got %s%s"):format(owner, name, allowed_for(self, value), got,
    near and (' (did you mean "%s"?)'):format(near) or ""), 0)
end

--- The same with other facts: name, help, usual. It counts as written here.
---@param facts table<string, any>
---@return moonlark.Parameter
function Parameter:but(facts)
  local copy = setmetatable({}, Parameter)
  for key, fact in pairs(self) do copy[key] = fact end
  serial = serial + 1
  copy.serial = serial
  for key, fact in pairs(facts) do copy[key] = fact end
  return copy
end

--- The same where it may be left out; `usual` says in words what happens then.
---@param p moonlark.Parameter
---@param usual string?
---@return moonlark.Parameter
function parameter.optional(p, usual)
  local copy = p:but {required = false, optional = true, usual = usual, serial = p.serial}
  copy.default = nil
  return copy
end

--- Whether a value is a parameter.
---@param value any
---@return boolean
function parameter.is(value) return getmetatable(value) == Parameter end

--- Default, range and unit in words, for help: "default 120, above 0, BPM".
---@return string
function Parameter:facts()
  local words = {"required"}
  if self.default ~= nil then
    words[1] = "default " .. show.text(self.default, {depth = 2, count = 8, width = 1000, string = 60})
  elseif not self.required then
    words[1] = "default " .. (self.usual or "nil")
  end
  words[#words + 1] = range_of(self)
  words[#words + 1] = self.unit
  return table.concat(words, ", ")
end

return parameter
