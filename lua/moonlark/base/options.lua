--- Options: what a function can be told, described once as data.
---
---     local options = require "moonlark.base.options"
---     local number, choice = options.number, options.choice
---
---     local parameters = options.describe("music.tempo", {
---       start_bpm = number(120, {above = 0, unit = "BPM"}, "where to look first"),
---       agg = choice({"mean", "median"}, "mean", "how frames become one"),
---     })
---     local o = parameters:read(given)        -- or: music.tempo: start_bpm must be above 0, got -3
---
--- One description serves the check, the defaults, the nearest name of a misspelt option, `name?` at the prompt, the
--- classes that editors read (lua/meta/), the options of commands and the test that hands every function bad values.
--- What holds between options, or between an option and the data, is checked by the function itself.
---
--- A default of nil means that the option may be left out; `usual` then says in words what happens.
--- options.required means that it must be given. `false` stands for nil where nil is allowed.
--- Library errors carry no position: the prompt and the program add the user's own line.
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local options = {}

--- A default for options that may stay nil.
options.none = setmetatable({}, {__tostring = function() return "nil" end})

--- A default for options that must be given.
options.required = setmetatable({}, {__tostring = function() return "required" end})

-- --- words ------------------------------------------------------------------------

-- Levenshtein distance, for "did you mean".
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#b]
end

--- The candidate nearest to a misspelt word, or nil when none is near.
---@param word string
---@param candidates string[]
---@return string?
function options.nearest(word, candidates)
  local best, best_distance, best_difference = nil, math.max(2, #word // 2), math.huge
  for _, word_or_number in ipairs(candidates) do
    local candidate = tostring(word_or_number)
    local d, difference = distance(word:lower(), candidate:lower()), math.abs(#word - #candidate)
    if d < best_distance or (d == best_distance and difference < best_difference) then
      best, best_distance, best_difference = candidate, d, difference
    end
  end
  return best
end

--- The error for a word that is none of the known ones: names the nearest, or lists them all.
---@param what string  for instance "option of kmeans"
---@param word any
---@param known string[]
function options.unknown(what, word, known)
  local near = type(word) == "string" and options.nearest(word, known)
  local hint = near and ("did you mean '%s'?"):format(near) or ("known: %s"):format(table.concat(known, ", "))
  show.fail("unknown %s: '%s' (%s)", what, tostring(word), hint)
end

--- What came, in a few words, as errors quote it: 'string "abc"', "number 3", "table", "tensor".
---@param value any
---@return string
function options.got(value)
  local kind = math.type(value) and "number" or type(value)
  if kind == "nil" then return "nil" end
  if value ~= value then return "nan" end
  if kind == "number" then return math.type(value) == "integer" and tostring(value) or ("%.14g"):format(value) end
  if kind == "string" then return ('string "%s"'):format(show.name(#value > 40 and value:sub(1, 40) .. "…" or value)) end
  if kind == "boolean" then return tostring(value) end
  local meta = debug.getmetatable(value)
  local class = type(meta) == "table" and rawget(meta, "__name")
  return type(class) == "string" and class:match "[^.]*$" or kind
end

local function quoted_list(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = type(word) == "string" and ('"%s"'):format(word) or tostring(word) end
  if #list < 2 then return list[1] end
  return table.concat(list, ", ", 1, #list - 1) .. " or " .. list[#list]
end

-- --- parameters -------------------------------------------------------------------

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
---@field unit string?
---@field usual string?  in words: what nil means
---@field help string?
---@field type string  as LuaCATS writes it
---@field allowed string  in words
---@field many string?  the same of several: "whole numbers 0 or more"
---@field accept fun(value: any): any?  the value, cleaned, or nil
local Parameter = {}
Parameter.__index = Parameter
Parameter.__name = "moonlark.Parameter"

local make -- a description, defined below

local serial = 0 -- options are listed in the order in which they are written

local function parameter(kind, default, facts, help)
  serial = serial + 1
  local self = setmetatable({kind = kind, help = help, serial = serial}, Parameter)
  for key, value in pairs(facts or {}) do self[key] = value end
  self.required = default == options.required
  self.optional = self.optional or default == nil or default == options.none
  if not self.required and default ~= options.none then self.default = default end
  return self
end

local function range_words(p, noun)
  local low = p.least and (p.most and "%s%.14g..%.14g" or "%s%.14g or more") or p.above and "%sabove %.14g"
  local words
  if p.least and p.most then
    words = low:format(noun, p.least, p.most)
  elseif p.least and p.below then
    words = ("%s%.14g or more and below %.14g"):format(noun, p.least, p.below)
  elseif p.above and (p.below or p.most) then
    words = ("%sabove %.14g and %s %.14g"):format(noun, p.above, p.below and "below" or "at most", p.below or p.most)
  elseif low then
    words = low:format(noun, p.least or p.above)
  elseif p.most or p.below then
    words = ("%s%s %.14g"):format(noun, p.most and "at most" or "below", p.most or p.below)
  end
  return words
end

local function in_range(p, x)
  return not (p.least and x < p.least or p.most and x > p.most or p.above and x <= p.above or p.below and x >= p.below)
end

--- A number. `facts`: least, most (inclusive), above, below (exclusive), infinite (true: math.huge, too), unit, usual.
---@param default number|table|nil
---@param facts {least?: number, most?: number, above?: number, below?: number, infinite?: boolean, unit?: string, usual?: string}?
---@param help string?
---@return moonlark.Parameter
function options.number(default, facts, help)
  local p = parameter("number", default, facts, help)
  p.type = "number"
  p.allowed, p.many = range_words(p, "a number ") or "a number", range_words(p, "numbers ") or "numbers"
  if p.infinite and p.most then p.allowed = p.allowed .. " or math.huge" end
  function p.accept(value)
    if p.infinite and value == math.huge then return value end
    if type(value) ~= "number" or value ~= value or not in_range(p, value) then return nil end
    if math.abs(value) == math.huge and not p.infinite then return nil end
    return value
  end
  return p
end

--- A whole number; 3.0 counts, and becomes 3. `facts` as of options.number.
---@param default integer|table|nil
---@param facts {least?: integer, most?: integer, above?: integer, below?: integer, unit?: string, usual?: string}?
---@param help string?
---@return moonlark.Parameter
function options.integer(default, facts, help)
  local p = parameter("integer", default, facts, help)
  p.type = "integer"
  p.allowed = range_words(p, "a whole number ") or "a whole number"
  p.many = range_words(p, "whole numbers ") or "whole numbers"
  function p.accept(value)
    local whole = type(value) == "number" and math.tointeger(value)
    return whole and in_range(p, whole) and whole or nil
  end
  return p
end

--- true or false.
---@param default boolean|table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function options.boolean(default, help, facts)
  local p = parameter("boolean", default, facts, help)
  p.type, p.allowed = "boolean", "true or false"
  p.keeps_false = true
  function p.accept(value)
    if type(value) == "boolean" then return value end
  end
  return p
end

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
function options.choice(words, default, help, facts)
  if default == nil then default = words[1] end
  local p = parameter("choice", default, facts, help)
  p.choices, p.allowed = words, quoted_list(words)
  local types = {}
  for i, word in ipairs(words) do
    types[i] = type(word) == "string" and ('"%s"'):format(word) or tostring(word)
    p.keeps_false = p.keeps_false or word == false
  end
  p.type = table.concat(types, "|")
  function p.accept(value)
    for _, word in ipairs(words) do
      if value == word or spelt(value) == word then return word end
    end
  end
  return p
end

--- A string.
---@param default string|table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function options.text(default, help, facts)
  local p = parameter("string", default, facts, help)
  p.type, p.allowed, p.many = "string", "a string", "strings"
  function p.accept(value)
    if type(value) == "string" then return value end
  end
  return p
end

--- A list whose items are all of one kind. `facts`: length (exactly), least, most (how many), single (true: one item
--- may stand for a list of it), usual.
---@param item moonlark.Parameter
---@param default any[]|table|nil
---@param facts {length?: integer, least?: integer, most?: integer, single?: boolean, usual?: string}?
---@param help string?
---@return moonlark.Parameter
function options.list(item, default, facts, help)
  facts = facts or {}
  local p = parameter("list", default, {item = item, single = facts.single, usual = facts.usual}, help)
  local plain = item.type:find "|" and ("(%s)[]"):format(item.type) or item.type .. "[]"
  p.type = facts.single and item.type .. "|" .. plain or plain
  local count = facts.length and ("%d "):format(facts.length)
    or facts.least and ("%d or more "):format(facts.least) or ""
  p.allowed = (facts.single and item.allowed .. " or " or "") .. ("a list of %s%s"):format(count,
    item.many or item.allowed)
  local least, most = facts.length or facts.least or 0, facts.length or facts.most or math.huge
  function p.accept(value)
    if facts.single and item.accept(value) ~= nil then return {item.accept(value)} end
    if type(value) ~= "table" or getmetatable(value) or #value < least or #value > most then return nil end
    if #value == 0 and next(value) ~= nil then return nil end
    local list = {}
    for i = 1, #value do
      list[i] = item.accept(value[i])
      if list[i] == nil then return nil end
    end
    return list
  end
  return p
end

--- One of several kinds, tried in order: options.either(30, {number(), choice {"max"}}, "the reference").
---@param default any
---@param kinds moonlark.Parameter[]
---@param help string?
---@param facts {unit?: string, usual?: string}?
---@return moonlark.Parameter
function options.either(default, kinds, help, facts)
  local p = parameter("either", default, facts, help)
  local types, allowed = {}, {}
  for i, kind in ipairs(kinds) do
    types[i], allowed[i] = kind.type, kind.allowed
    p.keeps_false = p.keeps_false or kind.keeps_false
  end
  p.kinds, p.type, p.allowed = kinds, table.concat(types, "|"), table.concat(allowed, " or ")
  function p.accept(value)
    for _, kind in ipairs(kinds) do
      local clean = kind.accept(value)
      if clean ~= nil then return clean end
    end
  end
  return p
end

--- A table of options of its own, such as {amin = 1e-10, top_db = 80}. `name` is what its errors say: "decibel".
---@param name string
---@param fields table  as of options.describe
---@param default table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function options.record(name, fields, default, help, facts)
  local described = make(name, fields)
  local words, types = {}, {}
  for i, p in ipairs(described.list) do
    words[i], types[i] = p.name, ("%s%s: %s"):format(p.name, p.required and "" or "?", p.type)
  end
  local function accept(value)
    return type(value) == "table" and not getmetatable(value) and described:read(value) or nil
  end
  return options.value(("{%s}"):format(table.concat(types, ", ")), ("a table {%s}"):format(table.concat(words, ", ")),
    accept, default, help, facts)
end

--- Anything that a test lets through: tensors, functions, objects, tables of a form of their own.
---@param type_name string  as LuaCATS writes it: "moonlark.Tensor", "fun(x: number): number"
---@param allowed string  in words: "a tensor"
---@param accept fun(value: any): any?  the value, cleaned, or nil
---@param default any
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function options.value(type_name, allowed, accept, default, help, facts)
  local p = parameter("value", default, facts, help)
  p.type, p.allowed = type_name, allowed
  p.accept = accept
  return p
end

--- A tensor.
---@param default table|nil
---@param help string?
---@param facts {usual?: string}?
---@return moonlark.Parameter
function options.tensor(default, help, facts)
  return options.value("moonlark.Tensor", "a tensor", function(value)
    local meta = type(value) == "userdata" and debug.getmetatable(value)
    return meta and meta.__name == "moonlark.Tensor" and value or nil
  end, default, help, facts)
end

--- A function, or an object that can be called: a module of moonlark.nn, for instance.
---@param default function|table|nil
---@param help string?
---@param type_name string?  as LuaCATS writes it
---@return moonlark.Parameter
function options.callable(default, help, type_name)
  return options.value(type_name or "function", "a function",
    function(value)
      local meta = type(value) == "table" and getmetatable(value)
      return (type(value) == "function" or type(meta) == "table" and meta.__call) and value or nil
    end, default, help)
end

--- Anything at all.
---@param default any
---@param help string?
---@return moonlark.Parameter
function options.any(default, help)
  local p = options.value("any", "a value", function(value) return value end, default, help)
  p.keeps_false = true
  return p
end

local function nearest_choice(p, value)
  return type(value) == "string" and p.choices and options.nearest(value, p.choices)
end

-- The first item that a list may not hold, in words, and the word that it may stand for; nil where the list as a whole
-- is at fault.
local function wrong_item(p, value)
  for _, kind in ipairs(type(value) == "table" and not getmetatable(value) and (p.kinds or {p}) or {}) do
    for i, item in ipairs(kind.kind == "list" and value or {}) do
      if kind.item.accept(item) == nil then
        return ("%s as item %d"):format(options.got(item), i), nearest_choice(kind.item, item)
      end
    end
  end
end

--- The value, cleaned; the error names the parameter, what is allowed and what came.
---@param owner string  the function that it belongs to, for messages
---@param name string
---@param value any
---@return any
function Parameter:check(owner, name, value)
  if value == nil or value == false and self.optional and not self.keeps_false then
    if self.optional then return nil end
    if value == nil then show.fail("%s needs %s", owner, name) end
  end
  local clean = self.accept(value)
  if clean ~= nil then return clean end
  local got, near = wrong_item(self, value)
  near = near or nearest_choice(self, value)
  error(("%s: %s must be %s, got %s%s"):format(owner, name, self.allowed, got or options.got(value),
    near and (' (did you mean "%s"?)'):format(near) or ""), 0)
end

--- The same with other words: help, usual.
---@param facts {help: string?, usual: string?}
---@return moonlark.Parameter
function Parameter:but(facts)
  local copy = setmetatable({}, Parameter)
  for key, fact in pairs(self) do copy[key] = fact end
  for key, fact in pairs(facts) do copy[key] = fact end
  return copy
end

--- Default, range and unit in words, for help: "default 120, above 0, BPM".
---@return string
function Parameter:facts()
  local words = {}
  if self.required then
    words[1] = "required"
  elseif self.default ~= nil then
    words[1] = "default " .. show.text(self.default, {depth = 2, count = 8, width = 1000, string = 60})
  else
    words[1] = "default " .. (self.usual or "nil")
  end
  if self.kind == "number" or self.kind == "integer" then words[#words + 1] = range_words(self, "") end
  words[#words + 1] = self.unit
  return table.concat(words, ", ")
end

-- --- descriptions -----------------------------------------------------------------

--- The options of one function.
---@class moonlark.Description
---@field owner string  the function: "music.tempo"
---@field list moonlark.Parameter[]  in the order in which they were written
---@field by_name table<string, moonlark.Parameter>
---@field names string[]  sorted
local Description = {}
Description.__index = Description
Description.__name = "moonlark.Description"

local described = {} -- owner -> Description

-- A row of the engine's tables (core/parameters.h), which has the same facts but says nothing of Lua.
local function of_engine(row)
  local default = row.default
  if default == nil and not row.optional then default = options.required end
  local facts = {least = row.least, above = row.above, most = row.most, unit = row.unit, optional = row.optional,
    usual = row.usual, infinite = row.infinite}
  if row.kind == "boolean" then return options.boolean(default, row.help, facts) end
  if row.kind == "choice" then
    return options.choice(row.choices, default == nil and options.none or default, row.help, facts)
  end
  return options[row.kind](default, facts, row.help)
end

local function as_parameter(value)
  if getmetatable(value) == Parameter then return value end
  if value == options.none or value == options.required then return options.any(value) end
  if type(value) == "number" then
    return options.value("number", "a number", function(x) return type(x) == "number" and x or nil end, value)
  end
  if type(value) == "string" then return options.text(value) end
  if type(value) == "boolean" then return options.boolean(value) end
  return options.any(value)
end

--- The same parameter where it may be left out; `usual` says in words what happens then.
---@param p moonlark.Parameter
---@param usual string
---@return moonlark.Parameter
function options.optional(p, usual)
  local copy = setmetatable({}, Parameter)
  for key, fact in pairs(p) do copy[key] = fact end
  copy.default, copy.required, copy.optional, copy.usual = nil, false, true, usual
  return copy
end

-- A parameter with its name: a copy, for one may stand in several descriptions.
local function named(name, value) return as_parameter(value):but {name = name} end

function make(owner, fields)
  local self = setmetatable({owner = owner, list = {}, by_name = {}, names = {}}, Description)
  for name, value in pairs(fields) do
    if math.type(name) == "integer" then name, value = value.name, of_engine(value) end
    self.by_name[name] = named(name, value)
    self.names[#self.names + 1] = name
  end
  table.sort(self.names)
  for i, name in ipairs(self.names) do self.list[i] = self.by_name[name] end
  table.sort(self.list, function(a, b)
    if a.serial ~= b.serial then return a.serial < b.serial end
    return a.name < b.name
  end)
  return self
end

--- Describes the options of a function. Fields are parameters by name, plain defaults (which fix the type and no
--- more), or rows of the engine's tables. Several tables are one description: shared ones are written once.
---@param owner string  the function, as a user writes it
---@param fields table
---@param ... table  more of them; later ones win
---@return moonlark.Description
function options.describe(owner, fields, ...)
  local all = options.join(fields, ...)
  described[owner] = make(owner, all)
  return described[owner]
end

--- Several tables of fields as one; later ones win. The engine's rows count by their name.
---@param ... table
---@return table
function options.join(...)
  local all = {}
  for _, fields in ipairs {...} do
    for name, value in pairs(fields) do
      if math.type(name) == "integer" then name, value = value.name, of_engine(value) end
      all[name] = value
    end
  end
  return all
end

--- The same for options that the engine checks: a description that is made when someone asks for it.
---@param owner string
---@param rows table[]  the engine's
function options.announce(owner, rows)
  described[owner] = rows
end

--- The description of a function's options; nil where it has none, or its module is not loaded.
---@param owner string
---@return moonlark.Description?
function options.described(owner)
  local found = described[owner]
  if found and getmetatable(found) ~= Description then
    found = make(owner, found)
    described[owner] = found
  end
  return found
end

--- The functions that are described, as far as their modules are loaded, sorted.
---@return string[]
function options.owners()
  return text.keys(described)
end

--- A copy of what was given, checked, with defaults filled in.
---@param given table?
---@return table
function Description:read(given)
  if given ~= nil and type(given) ~= "table" then
    show.fail("options of %s must be a table, got %s", self.owner, options.got(given))
  end
  for key in pairs(given or {}) do
    if not self.by_name[key] then options.unknown("option of " .. self.owner, key, self.names) end
  end
  local read = {}
  for _, p in ipairs(self.list) do
    local value = given and given[p.name]
    if value == nil then
      if p.required then show.fail("%s needs the option '%s'", self.owner, p.name) end
      value = p.default
      if type(value) == "table" and not getmetatable(value) then value = table.move(value, 1, #value, 1, {}) end
      read[p.name] = value
    else
      read[p.name] = p:check(self.owner, p.name, value)
    end
  end
  return read
end

--- Some of its parameters, for the description of a function that passes them on.
---@param names string[]
---@return table<string, moonlark.Parameter>
function Description:pick(names)
  local picked = {}
  for _, name in ipairs(names) do picked[name] = self.by_name[name] end
  return picked
end

--- The defaults alone, as a table; what may be left out is not in it.
---@return table
function Description:defaults()
  local defaults = {}
  for _, p in ipairs(self.list) do defaults[p.name] = p.default end
  return defaults
end

--- A copy of `given` with defaults filled in, checked against fields that are described here and now; see
--- options.describe, which is for functions of the library.
---@param owner string
---@param given table?
---@param fields table<string, any>
---@return table
function options.read(owner, given, fields)
  return make(owner, fields):read(given)
end

return options
