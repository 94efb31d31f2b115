--- Help on any name or value, from the comments in Moonlark's own sources, which are read when someone asks.
---
---     print(help.text "audio.load")
---     print(help.text(feature.mfcc))
---
--- A module whose functions are made at run time explains them by a function `help(name)`, which gives a text or nil.
local complete = require "moonlark.shell.complete"
local index = require "moonlark.shell.help.index"
local layout = require "moonlark.shell.help.layout"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"

local help = {}

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

local function page(entry, width, called)
  local param, description = index.options(entry)
  return layout.entry(entry, called or index.shown(entry), index.members(entry), width, param, description)
end

-- Names that contain the word, when there is no such name.
local function search(word)
  local found, names = {}, {}
  for name, entry in pairs(index.tables().by_name) do
    names[#names + 1] = name
    if name:lower():find(word:lower(), 1, true) then found[#found + 1] = entry end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  for i, entry in ipairs(found) do found[i] = {entry = entry, name = index.shown(entry)} end
  return found, options.nearest(word, names)
end

local function overview(width)
  local list = {}
  for _, name in ipairs(moonlark.modules) do
    local entry = index.tables().by_name[name]
    if entry then list[#list + 1] = {entry = entry, name = name} end
  end
  return layout.overview(list, width)
end

--- The help on a name ("audio.load", "song:slice", "Signal") or on a value; "" is the overview.
---@param about any
---@param width? integer  columns to fit into, default 80
---@return string text, boolean found
function help.text(about, width)
  width = width or 80
  if about == "" then return overview(width), true end
  if type(about) ~= "string" then
    local entry = index.of_value(about)
    if entry then return page(entry, width), true end
    return ("no help on this %s"):format(type(about)), false
  end

  local name = about:gsub("^moonlark%.", ""):gsub(":", ".")
  if index.tables().by_name["moonlark." .. name] then name = "moonlark." .. name end
  local known, value = complete.lookup(name, true)
  local entry = known and index.of_value(value) or index.tables().by_name[name] or known and index.tables().by_part[name]
  if entry and entry.doc then
    local by_its_file = entry.kind == "local" or not moonlark.module(entry.module) and not entry.name:find ":"
    local called = known and type(value) == "function" and by_its_file and name
    return page(entry, width, called), true
  end
  local own = from_owner(about)
  if own then return own, true end
  local owner, method = about:match "^(.*):([%w_]+)$"
  local owned, model = complete.lookup(owner or "")
  local kind = known and owned and index.of_kind(model)
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
