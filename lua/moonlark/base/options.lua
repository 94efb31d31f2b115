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
--- The kinds of options (number, choice, list ...) are those of moonlark.base.parameter.
--- What holds between options, or between an option and the data, is checked by the function itself.
--- Library errors carry no position: the prompt and the program add the user's own line.
local parameter = require "moonlark.base.parameter"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local options = {}

for name, kind in pairs(parameter) do options[name] = kind end

--- The error for a word that is none of the known ones: names the nearest, or lists them all.
---@param what string  for instance "option of kmeans"
---@param word any
---@param known string[]
function options.unknown(what, word, known)
  local near = type(word) == "string" and options.nearest(word, known)
  local hint = near and ("did you mean '%s'?"):format(near) or ("known: %s"):format(table.concat(known, ", "))
  show.fail("unknown %s: '%s' (%s)", what, tostring(word), hint)
end

--- The options of one function.
---@class moonlark.Description
---@field owner string  the function: "music.tempo"
---@field list moonlark.Parameter[]  by the order of the tables, then as written
---@field by_name table<string, moonlark.Parameter>
---@field names string[]  sorted
local Description = {}
Description.__index = Description
Description.__name = "moonlark.Description"

local described = {} -- owner -> Description

-- A row of the engine's tables (core/parameters.h), which has the same facts but says nothing of Lua.
local function of_engine(row)
  local default = row.default
  if default == nil then default = row.optional and options.none or options.required end
  if row.kind == "boolean" then return options.boolean(default, row.help, row) end
  if row.kind == "choice" then return options.choice(row.choices, default, row.help, row) end
  return options[row.kind](default, row, row.help)
end

local function as_parameter(value)
  if parameter.is(value) then return value end
  if type(value) == "number" then
    return options.value("number", "a number", function(x) return type(x) == "number" and x or nil end, value)
  end
  if type(value) == "string" then return options.text(value) end
  if type(value) == "boolean" then return options.boolean(value) end
  return options.any(value)
end

-- The names of a table's fields, in the order in which these were written.
local function names_of(fields)
  local names, serials = {}, {}
  for name, value in pairs(fields) do
    local row = math.type(name) == "integer" and math.mininteger + name
    names[#names + 1], serials[name] = name, row or parameter.is(value) and value.serial or math.huge
  end
  table.sort(names, function(a, b)
    if serials[a] ~= serials[b] then return serials[a] < serials[b] end
    return a < b
  end)
  return names
end

--- Several tables of fields as one: those of the first come first, of the same name later ones win. The engine's rows
--- count by their name.
---@param ... table
---@return table
function options.join(...)
  local all = {}
  for _, fields in ipairs {...} do
    for _, name in ipairs(names_of(fields)) do
      local value = fields[name]
      if math.type(name) == "integer" then name, value = value.name, of_engine(value) end
      local before = all[name]
      if parameter.is(value) then value = value:but {serial = parameter.is(before) and before.serial or nil} end
      all[name] = value
    end
  end
  return all
end

local function make(owner, ...)
  local self = setmetatable({owner = owner, list = {}, by_name = {}}, Description)
  local fields = options.join(...)
  self.names = text.keys(fields)
  for i, name in ipairs(self.names) do
    local p = as_parameter(fields[name])
    self.list[i] = p:but {name = name, serial = p.serial}
    self.by_name[name] = self.list[i]
  end
  table.sort(self.list, function(a, b) return a.serial < b.serial end)
  return self
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
    accept, default, help, {record = described, usual = facts and facts.usual})
end

--- Describes the options of a function. Fields are parameters by name, plain defaults (which fix the type and no
--- more), or rows of the engine's tables. Several tables are one description: shared ones are written once.
---@param owner string  the function, as a user writes it
---@param fields table
---@param ... table  more of them; later ones win
---@return moonlark.Description
function options.describe(owner, fields, ...)
  described[owner] = make(owner, fields, ...)
  return described[owner]
end

--- The same for what no function of the library is told: questions that come from outside, over the network.
---@param owner string  what errors call it
---@param fields table
---@param ... table
---@return moonlark.Description
function options.outside(owner, fields, ...) return make(owner, fields, ...) end

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
  if found and getmetatable(found) ~= Description then options.describe(owner, found) end
  return described[owner]
end

--- The functions that are described, as far as their modules are loaded, sorted.
---@return string[]
function options.owners() return text.keys(described) end

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
  for _, name in ipairs(names) do picked[name] = self.by_name[name]:but {} end
  return picked
end

--- A copy of `given` with defaults filled in, checked against fields that are described here and now; see
--- options.describe, which is for functions of the library.
---@param owner string
---@param given table?
---@param fields table<string, any>
---@return table
function options.read(owner, given, fields) return make(owner, fields):read(given) end

return options
