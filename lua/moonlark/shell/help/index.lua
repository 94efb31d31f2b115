--- Index: which entry of the sources stands for a name or a value, what is inside it, and which options it takes.
local moonlark = require "moonlark"
local options = require "moonlark.base.options"
local sources = require "moonlark.shell.help.sources"

local index = {}

local tables

-- Module and name of what a file of its folder defines: "optim", "AdamW" of "optim.adam.AdamW", and of a class such as
-- "moonlark.nn.Linear".
local function offered(entry)
  if entry.kind == "class" then return entry.full:match "^moonlark%.([%w_]+)%.([%w_]+)$" end
  return entry.name:match "^([%w_]+)%.[%w_]+%.([%w_]+)$"
end

--- Entries by_name ("audio.load"), by_place ("path:line") and by_part ("optim.AdamW" of optim/adam.lua).
---     local entry = index.tables().by_name["audio.load"]
---@return {by_name: table<string, table>, by_place: table<string, table>, by_part: table<string, table>}
function index.tables()
  if tables then return tables end
  tables = {by_name = {}, by_place = {}, by_part = {}}
  for _, entry in ipairs(sources.library()) do
    tables.by_place[("%s:%d"):format(entry.path, entry.line)] = entry
    local name = entry.name:gsub(":", ".")
    local old = tables.by_name[name]
    if not old or (entry.doc and not old.doc) then tables.by_name[name] = entry end
    local owner, last = offered(entry)
    if owner and entry.doc then tables.by_part[owner .. "." .. last] = entry end
  end
  return tables
end

--- How a user writes an entry's name: as its module offers it, if it does.
---     print(index.shown(index.of_value(optim.AdamW)))
---@param entry table  see moonlark.shell.help.sources
---@return string
function index.shown(entry)
  local owner, name = offered(entry)
  local module = owner and package.loaded["moonlark." .. owner]
  return type(module) == "table" and rawget(module, name) ~= nil and owner .. "." .. name or entry.name
end

-- The name under which a value is loaded: "audio" for the module's table.
local function module_name(value)
  for name, loaded in pairs(package.loaded) do
    if rawequal(loaded, value) and name:find "^moonlark%." then return name:match "^moonlark%.(.*)$" end
  end
end

-- The entry of where the function is written. A function that another one made has that of where a module offers it.
local function of_function(f)
  local info = debug.getinfo(f, "S")
  local path = info.source:match "^@(.*)$"
  local entry = path and index.tables().by_place[("%s:%d"):format(path, info.linedefined)]
  if entry then return entry end
  for _, module in ipairs(moonlark.modules) do
    for name, value in pairs(package.loaded["moonlark." .. module] or {}) do
      local called = rawequal(value, f) and module .. "." .. tostring(name)
      if called then return index.tables().by_part[called] or index.tables().by_name[called] end
    end
  end
end

-- The entry of a class of networks. A user's own class has that of the class that it extends.
local function of_class(class)
  local nn = package.loaded["moonlark.nn"]
  while nn and type(class) == "table" do
    local name = rawget(class, "__name")
    if name and rawequal(nn[name], class) then return index.tables().by_part["nn." .. name] end
    local meta = getmetatable(class)
    class = meta and rawget(meta, "__index")
  end
end

--- The entry of the function that makes estimators of a kind: it tells their methods, too.
---     local entry = index.of_kind(classify.knn())
---@param model any
---@return table?
function index.of_kind(model)
  local kind = type(model) == "table" and model.kind
  return kind and (index.tables().by_part[kind] or index.tables().by_name[kind])
end

--- The entry of a value: a function, a module, a class, or an object of one.
---     local entry = index.of_value(feature.mfcc)
---@param value any
---@return table?
function index.of_value(value)
  if type(value) == "function" then return of_function(value) end
  local module = type(value) == "table" and module_name(value)
  if module then return index.tables().by_name[module] end
  local meta = debug.getmetatable(value)
  local found = of_class(type(meta) == "table" and rawget(meta, "__class") or value)
  if found then return found end
  local class = type(meta) == "table" and type(meta.__name) == "string" and meta.__name:match "[^.]*$"
  return class == "Estimator" and index.of_kind(value) or class and index.tables().by_name[class]
end

--- What is inside: a module's functions and classes, a class's methods, sorted by name.
---     for _, member in ipairs(index.members(entry)) do print(member.name) end
---@param entry table
---@return {entry: table, name: string}[]
function index.members(entry)
  local list, found = {}, index.tables()
  for _, other in ipairs(sources.library()) do
    local name = index.shown(other)
    local inside = name:match "^(.-)[.:][^.:]+$" == entry.name
    local part = found.by_part[name]
    local first = part == other or not part and found.by_name[other.name:gsub(":", ".")] == other
    local meant = other.kind ~= "module" and (entry.kind ~= "class" or other.doc)
    if inside and meant and first then list[#list + 1] = {entry = other, name = name} end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

--- The parameter that is a table of options ("moonlark.feature.mel.Options?"), and their description. For a class, the
--- description of what its constructor takes.
---     local param, description = index.options(index.of_value(feature.mel))
---@param entry table
---@return table? param
---@return moonlark.Description? description
function index.options(entry)
  for _, param in ipairs(entry.doc and entry.doc.params or {}) do
    local owner = param.type:match "^moonlark%.(.+)%.Options%??$"
    if owner then
      pcall(require, "moonlark." .. entry.module:match "^[%w_]+") -- which describes them
      return param, options.described(owner) or options.described((owner:gsub("%.([%w_]+)$", ":%1")))
    end
  end
  if entry.kind == "class" then return nil, options.described(index.shown(entry)) end
end

return index
