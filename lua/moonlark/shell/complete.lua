--- What Tab offers: names of variables, fields, methods, keywords, and files inside strings.
local options = require "moonlark.base.options"
local sources = require "moonlark.shell.help.sources"
local text = require "moonlark.base.text"

local complete = {}

local keywords = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
  "or", "repeat", "return", "then", "true", "until", "while",
}

-- The table that a value's metatable leads to: its __class (where __index is a function) or __index.
local function beyond(value)
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and (rawget(meta, "__class") or rawget(meta, "__index"))
end

-- Adds every string key of a table or an object, and of the tables beyond it.
local function add_fields(names, t, functions_only)
  local seen = {}
  if type(t) ~= "table" then t = beyond(t) end
  while type(t) == "table" and not seen[t] do
    seen[t] = true
    for key, value in next, t do
      if type(key) == "string" and key:find "^[%a_][%w_]*$" and (not functions_only or type(value) == "function") then
        names[key] = true
      end
    end
    t = beyond(t)
  end
end

-- Adds the operators of libtorch where it is loaded already: Tab must not load it.
local function add_operators(names)
  local torch = package.loaded["moonlark.torch"]
  if not package.loaded["moonlark_torch"] or type(torch) ~= "table" or not torch.operators then return end
  local ok, operators = pcall(torch.operators)
  for _, name in ipairs(ok and operators or {}) do
    if not name:find "^_" then names[name] = true end
  end
end

--- True for tensors; loads nothing.
function complete.is_tensor(value)
  local meta = debug.getmetatable(value)
  return type(value) == "userdata" and type(meta) == "table" and meta.__name == "moonlark.Tensor"
end

--- True for Signals, which have the methods of their tensors.
function complete.is_signal(value)
  local meta = debug.getmetatable(value)
  return type(value) == "table" and type(meta) == "table" and meta.__name == "moonlark.Signal"
end

-- A field, or a module of Moonlark among the globals.
local function field(value, name)
  local found = value[name]
  if found == nil and value == _G then found = require("moonlark").module(name) end
  return found
end

--- The value of "a.b.c". It may load modules of Moonlark, and runs nothing else.
---@param expression string
---@param patient? boolean  load torch, too, which takes most of a second
---@return boolean found, any value
function complete.lookup(expression, patient)
  local value = _G
  local of_torch = expression:find "^torch%f[^%w_]" and rawget(_G, "torch") == nil
  if of_torch and not patient and not package.loaded["moonlark.torch"] then return false end
  for name in expression:gmatch "[^.]+" do
    local ok, found = pcall(field, value, name)
    if not ok or found == nil then return false end
    value = found
  end
  return true, value
end

local function names_in(value, methods)
  local names, torch = {}, package.loaded["moonlark.torch"]
  add_fields(names, value, methods)
  local computes = complete.is_tensor(value) or methods and complete.is_signal(value)
  if torch and computes then add_fields(names, torch.Tensor, methods) end
  if computes or value == torch then add_operators(names) end
  return names
end

--- The names of what a value has, sorted.
---@param value any
---@return string[]
function complete.members(value) return text.keys(names_in(value)) end

-- The documented names of a module that is not loaded.
local function documented(module)
  local names = {}
  for _, entry in ipairs(sources.library()) do
    local name = entry.name:match("^" .. module .. "%.([%w_]+)$")
    if name then names[name] = true end
  end
  return names
end

local function globals()
  local names = {}
  add_fields(names, _G)
  for _, module in ipairs(require("moonlark").modules) do
    if package.searchpath("moonlark." .. module, package.path) then names[module] = true end
  end
  return names
end

--- The names of globals and modules, sorted.
---@return string[]
function complete.globals() return text.keys(globals()) end

-- What an expression or a statement may begin with.
local function starts()
  local names = globals()
  for _, keyword in ipairs(keywords) do names[keyword] = true end
  return names
end

local function matching(names, prefix)
  local list = {}
  for name in pairs(names) do
    if name:sub(1, #prefix) == prefix and (prefix ~= "" or name:sub(1, 1) ~= "_") then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

-- If the text ends inside a string: the string's first byte, and its quote.
local function open_string(text)
  local position, start, mark = 1, nil, nil
  while position <= #text do
    local c = text:sub(position, position)
    if mark and c == "\\" then
      position = position + 1
    elseif mark and c == "\n" then
      mark = nil -- it has no end
    elseif mark then
      if c == mark then mark = nil end
    elseif c == '"' or c == "'" then
      start, mark = position + 1, c
    elseif text:find("^%-%-", position) then
      position = text:find("\n", position, true) or #text
    end
    position = position + 1
  end
  if mark then return start, mark end
end

-- Files whose path begins like `path`. Folders end in "/"; the only file closes the string.
local function files(path, mark)
  local lfs = require "lfs"
  local folder, prefix = path:match "^(.*/)([^/]*)$"
  folder, prefix = folder or "", prefix or path
  local place = folder:gsub("^~/", (os.getenv "HOME" or "~") .. "/")
  local list = {}
  local ok, iterate, state = pcall(lfs.dir, place == "" and "." or place)
  if not ok then return list end
  for name in iterate, state do
    local hidden = name:sub(1, 1) == "." and prefix:sub(1, 1) ~= "."
    if name:sub(1, #prefix) == prefix and not hidden and name ~= "." and name ~= ".." then
      local is_folder = lfs.attributes(place .. name, "mode") == "directory"
      list[#list + 1] = name .. (is_folder and "/" or "")
    end
  end
  table.sort(list)
  if #list == 1 and list[1]:sub(-1) ~= "/" then list[1] = list[1] .. mark end
  return list, #prefix
end

-- The call whose table of options is open where the text ends: "feature.mel" of 'feature.mel(song, {n_'.
local function call_of(text)
  text = text:gsub("%b()", ""):gsub("%b{}", ""):gsub('%b""', '""'):gsub("%b''", "''")
  local before = text:match "^(.*){[^{}()]*$"
  if not before then return nil end
  return before:match "([%a_][%w_.:]*)%s*%([^()]*$" or before:match "([%a_][%w_.:]*)%s*$"
end

-- The names of the options of a function, or of an object's method.
local function options_of(called)
  local owner, method = called:match "^(.*):([%w_]+)$"
  if owner then
    local ok, value = complete.lookup(owner)
    local meta = ok and debug.getmetatable(value)
    local class = type(meta) == "table" and type(meta.__name) == "string" and meta.__name:match "[^.]*$"
    called = ("%s:%s"):format(class, method)
  else
    complete.lookup(called) -- loads the module, which describes them
  end
  local description, names = options.described(called), {}
  for _, name in ipairs(description and description.names or {}) do names[name] = true end
  return names
end

--- What could follow the text before the cursor.
---@param text string  the input up to the cursor
---@return string[] candidates  sorted; each replaces the text from `start` on
---@return integer start  1-based byte
function complete.candidates(text)
  local start, mark = open_string(text)
  if start then
    local list, kept = files(text:sub(start), mark)
    return list, #text + 1 - (kept or 0)
  end
  local owner, separator, word = text:match "([%a_][%w_.]*)([.:])([%w_]*)$"
  if owner then
    local ok, value = complete.lookup(owner)
    local names = ok and names_in(value, separator == ":") or owner == "torch" and documented "torch" or {}
    return matching(names, word), #text + 1 - #word
  end
  word = text:match "[%a_][%w_]*$" or ""
  local called = text:find "[{,]%s*[%w_]*$" and call_of(text)
  local named = called and matching(options_of(called), word) or {}
  if #named > 0 then return named, #text + 1 - #word end
  if word == "" or text:find "[%w%])\"'}]%s*[.:]%s*[%w_]*$" then return {}, #text + 1 end
  return matching(starts(), word), #text + 1 - #word
end

return complete
