--- Help on any name or value, from the comments in Moonlark's own sources, which are read when someone asks.
---
---     print(help.text "audio.load")
---     print(help.text(feature.mfcc))
---
--- A module whose functions are made at run time explains them by a function `help(name)`, which gives a text or nil.
local complete = require "moonlark.shell.complete"
local layout = require "moonlark.shell.help.layout"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"
local sources = require "moonlark.shell.help.sources"

local help = {}

local index -- by_name, by_place ("path:line"), by_part ("optim.AdamW" of optim/adam.lua)

-- Module and name of what a file of its folder defines: "optim", "AdamW" of "optim.adam.AdamW", and of a class such as
-- "moonlark.nn.Linear".
local function offered(entry)
  if entry.kind == "class" then return entry.full:match "^moonlark%.([%w_]+)%.([%w_]+)$" end
  return entry.name:match "^([%w_]+)%.[%w_]+%.([%w_]+)$"
end

-- How a user writes an entry's name: as its module offers it, if it does.
local function shown(entry)
  local owner, name = offered(entry)
  local module = owner and package.loaded["moonlark." .. owner]
  return type(module) == "table" and rawget(module, name) ~= nil and owner .. "." .. name or entry.name
end

local function build()
  index = {by_name = {}, by_place = {}, by_part = {}}
  for _, entry in ipairs(sources.library()) do
    index.by_place[("%s:%d"):format(entry.path, entry.line)] = entry
    local name = entry.name:gsub(":", ".")
    local old = index.by_name[name]
    if not old or (entry.doc and not old.doc) then index.by_name[name] = entry end
    local owner, last = offered(entry)
    if owner and entry.doc then index.by_part[owner .. "." .. last] = entry end
  end
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
  local entry = path and index.by_place[("%s:%d"):format(path, info.linedefined)]
  if entry then return entry end
  for _, module in ipairs(moonlark.modules) do
    for name, value in pairs(package.loaded["moonlark." .. module] or {}) do
      local called = rawequal(value, f) and module .. "." .. tostring(name)
      if called then return index.by_part[called] or index.by_name[called] end
    end
  end
end

-- The entry of a class of networks. A user's own class has that of the class that it extends.
local function of_class(class)
  local nn = package.loaded["moonlark.nn"]
  while nn and type(class) == "table" do
    local name = rawget(class, "__name")
    if name and rawequal(nn[name], class) then return index.by_part["nn." .. name] end
    local meta = getmetatable(class)
    class = meta and rawget(meta, "__index")
  end
end

-- The entry of the function that makes estimators of a kind: it tells their methods, too.
local function of_kind(model)
  local kind = type(model) == "table" and model.kind
  return kind and (index.by_part[kind] or index.by_name[kind])
end

local function of_value(value)
  if type(value) == "function" then return of_function(value) end
  local module = type(value) == "table" and module_name(value)
  if module then return index.by_name[module] end
  local meta = debug.getmetatable(value)
  local found = of_class(type(meta) == "table" and rawget(meta, "__class") or value)
  if found then return found end
  local class = type(meta) == "table" and type(meta.__name) == "string" and meta.__name:match "[^.]*$"
  return class == "Estimator" and of_kind(value) or class and index.by_name[class]
end

-- What the module that owns the name says by its own `help`. Methods of tensors are torch's functions.
local function from_owner(name)
  local owner, last = name:match "^(.*)[.:]([^.:]+)$"
  if not owner then return nil end
  local ok, value = complete.lookup((owner:gsub(":", ".")), true)
  if not ok then return nil end
  if complete.is_tensor(value) or complete.is_signal(value) then value = package.loaded["moonlark.torch"] end
  local explain = type(value) == "table" and rawget(value, "help")
  if type(explain) ~= "function" then return nil end
  local fine, text = pcall(explain, last)
  return fine and type(text) == "string" and ("%s\n\n%s"):format(name, text) or nil
end

-- What is inside, as {entry, name}: a module's functions and classes, a class's methods.
local function members_of(entry)
  local list = {}
  for _, other in ipairs(sources.library()) do
    local name = shown(other)
    local inside = name:match "^(.-)[.:][^.:]+$" == entry.name
    local part = index.by_part[name]
    local first = part == other or not part and index.by_name[other.name:gsub(":", ".")] == other
    local meant = other.kind ~= "module" and (entry.kind ~= "class" or other.doc)
    if inside and meant and first then list[#list + 1] = {entry = other, name = name} end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- The parameter that is a table of options ("moonlark.feature.mel.Options?"), and their description. For a class, the
-- description of what its constructor takes.
local function options_of(entry)
  for _, param in ipairs(entry.doc and entry.doc.params or {}) do
    local owner = param.type:match "^moonlark%.(.+)%.Options%??$"
    if owner then
      pcall(require, "moonlark." .. entry.module:match "^[%w_]+") -- which describes them
      return param, options.described(owner) or options.described((owner:gsub("%.([%w_]+)$", ":%1")))
    end
  end
  if entry.kind == "class" then return nil, options.described(shown(entry)) end
end

local function page(entry, width, called)
  local param, description = options_of(entry)
  return layout.entry(entry, called or shown(entry), members_of(entry), width, param, description)
end

-- Names that contain the word, when there is no such name.
local function search(word)
  local found, names = {}, {}
  for name, entry in pairs(index.by_name) do
    names[#names + 1] = name
    if name:lower():find(word:lower(), 1, true) then found[#found + 1] = entry end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  for i, entry in ipairs(found) do found[i] = {entry = entry, name = shown(entry)} end
  return found, options.nearest(word, names)
end

local function overview(width)
  local list = {}
  for _, name in ipairs(moonlark.modules) do
    local entry = index.by_name[name]
    if entry then list[#list + 1] = {entry = entry, name = name} end
  end
  return layout.overview(list, width)
end

--- The help on a name ("audio.load", "song:slice", "Signal") or on a value; "" is the overview.
---@param about any
---@param width? integer  columns to fit into, default 80
---@return string text, boolean found
function help.text(about, width)
  if not index then build() end
  width = width or 80
  if about == "" then return overview(width), true end
  if type(about) ~= "string" then
    local entry = of_value(about)
    if entry then return page(entry, width), true end
    return ("no help on this %s"):format(type(about)), false
  end

  local name = about:gsub("^moonlark%.", ""):gsub(":", ".")
  if index.by_name["moonlark." .. name] then name = "moonlark." .. name end
  local known, value = complete.lookup(name, true)
  local entry = known and of_value(value) or index.by_name[name] or known and index.by_part[name]
  if entry and entry.doc then
    local by_its_file = entry.kind == "local" or not moonlark.module(entry.module) and not entry.name:find ":"
    local called = known and type(value) == "function" and by_its_file and name
    return page(entry, width, called), true
  end
  local own = from_owner(about)
  if own then return own, true end
  local owner, method = about:match "^(.*):([%w_]+)$"
  local owned, model = complete.lookup(owner or "")
  local kind = known and owned and of_kind(model)
  if kind and kind.doc then
    return ("%s is a method of:\n\n%s"):format(method, page(kind, width)), true
  end
  if known then return ("%s: a %s without help"):format(about, type(value)), false end
  local found, near = search(name)
  if #found > 0 then return layout.list(("no '%s'; names like it:"):format(about), found, width), false end
  return ("no help on '%s'%s"):format(about, near and (" (did you mean '%s'?)"):format(near) or ""), false
end

--- Prints the help on a name or a value, as wide as the terminal.
function help.print(about)
  local ok, core = pcall(require, "moonlark_core")
  local columns = ok and core.system.terminal_columns(1)
  local text = help.text(about, columns and math.min(columns, 100) or 80)
  if columns and not os.getenv "NO_COLOR" then text = text:gsub("^[^\n]+", "\27[1m%0\27[0m") end
  io.stdout:write(text, "\n")
end

return help
