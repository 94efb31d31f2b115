--- Reads the documentation out of Lua sources: LuaCATS comments and what they stand before.
local lfs = require "lfs"

local sources = {}

-- The type at the beginning of a tag's text, and the rest. Blanks in brackets and after "fun(…):" belong to the type.
local function split_type(text)
  local depth, position = 0, 1
  while position <= #text do
    local c = text:sub(position, position)
    if c:find "[%(%{%[<]" then depth = depth + 1 end
    if c:find "[%)%}%]>]" then depth = depth - 1 end
    if c == '"' then position = text:find('"', position + 1, true) or #text end
    if c:find "%s" and depth <= 0 and not text:sub(1, position - 1):find "[:|,]$" then break end
    position = position + 1
  end
  return text:sub(1, position - 1), text:sub(position):match "^%s*(.-)%s*$"
end

-- The last part of a class's name: "moonlark.Signal" is written Signal.
local function short(class) return class:match "[^.]*$" end

local read_tag = {}

local function add_named(list, text, class)
  local name, rest = text:match "^(%S+)%s*(.*)$"
  if not name then return end
  local kind, about = split_type(rest)
  list[#list + 1] = {name = name, type = kind, text = about, class = class}
end

function read_tag.param(doc, text) add_named(doc.params, text) end

function read_tag.field(doc, text)
  if not text:find "^package " then add_named(doc.fields, text, doc.class) end -- those are the file's own
end

read_tag["return"] = function(doc, text)
  local kind, about = split_type(text)
  doc.returns[#doc.returns + 1] = {type = kind, text = about}
end

-- The type of a function that another one made: fun(song: moonlark.Signal, given: table?): moonlark.Signal.
function read_tag.type(doc, text)
  local arguments, result = text:match "^fun(%b())%s*:?%s*(.*)$"
  if not arguments then return end
  for name, rest in (arguments:sub(2, -2) .. ","):gmatch "%s*([%w_.]+%??)%s*:%s*([^,]+)," do
    doc.params[#doc.params + 1] = {name = name, type = rest, text = ""}
  end
  if result ~= "" then read_tag["return"](doc, result) end
end

function read_tag.class(doc, text)
  doc.class = text:match "^[%w_.]+"
  if short(doc.class):find "^%l" then -- a module's table in several files: the functions say what it holds
    doc.class = nil
    return
  end
  doc.parent = text:match "^[%w_.]+%s*:%s*moonlark%.([%w_.]+)"
  doc.classes[#doc.classes + 1] = doc.class
end

-- One block of "---" lines: its text and its tags. Indented lines after a tag continue the tag.
local function read_block(lines)
  local doc = {text = {}, params = {}, returns = {}, fields = {}, classes = {}}
  local tag, content
  local function finish()
    if tag and read_tag[tag] then read_tag[tag](doc, content) end
    tag = nil
  end
  for _, line in ipairs(lines) do
    local name, rest = line:match "^%-%-%-%s*@(%a+)%s*(.*)$"
    if name then
      finish()
      tag, content = name, rest
    elseif tag and line:find "^%-%-%-%s%s" then
      content = content .. " " .. line:match "^%-%-%-%s*(.*)$"
    else
      finish()
      doc.text[#doc.text + 1] = line:match "^%-%-%-%s?(.*)$"
    end
  end
  finish()
  while doc.text[#doc.text] == "" do doc.text[#doc.text] = nil end
  while doc.text[1] == "" do table.remove(doc.text, 1) end
  return doc
end

-- What the line of code after a block defines: the table's name, the rest of the name, the separator, arguments.
local function definition(line)
  local owner, separator, name, arguments = line:match "^function%s+([%w_%.]-)([.:])([%w_]+)%s*(%b())"
  if owner then return owner, name, separator, arguments end
  owner, name = line:match "^([%a_][%w_%.]*)%.([%w_]+)%s*=[^=]"
  if not owner then owner, name = line:match '^([%a_][%w_%.]*)%["([%w_]+)"%]%s*=[^=]' end
  return owner, name, ".", line:match "^[^=]*=%s*function%s*(%b())"
end

-- The local variable that the file returns.
local function returned_name(lines)
  for i = #lines, 1, -1 do
    local name = lines[i]:match "^return%s+setmetatable%(([%a_][%w_]*)" or lines[i]:match "^return%s+([%a_][%w_]*)%s*$"
    if name then return name end
    if lines[i]:find "^return" then return nil end
  end
end

-- A file that is being read: `names` says how a user calls its local variables, `declared` holds its classes.
local File = {}
File.__index = File

function File:add(entry)
  entry.module, entry.path = self.module, self.path
  self.entries[#self.entries + 1] = entry
end

-- Adds the classes of a comment, which stands before the line that makes them.
function File:add_classes(doc, variable, number)
  local is_module = variable == self.returned and variable and not variable:find "^%u"
  if variable and not is_module then self.names[variable] = short(doc.class) end
  if #doc.text + #doc.fields + #doc.params == 0 then return end -- says no more than which variable holds a class
  for _, class in ipairs(doc.classes) do
    self.declared[short(class)] = true
    local own = {text = doc.text, params = doc.params, returns = {}, fields = {}}
    for _, field in ipairs(doc.fields) do
      if field.class == class then own.fields[#own.fields + 1] = field end
    end
    self:add {name = short(class), full = class, kind = "class", line = number, doc = own, parent = doc.parent}
  end
end

local feature_type = "fun(song: moonlark.Signal, given: moonlark.feature.%s.Options?): moonlark.Signal"

-- Adds what the line defines, unless that is a class. A feature's type follows from its name: engine.feature "mel".
function File:add_definition(doc, line, number)
  local feature = doc and line:match '= engine%.feature "([%w_]+)"$'
  if feature then read_tag.type(doc, feature_type:format(feature)) end
  local owner, name, separator, arguments = definition(line)
  local root = owner and owner:match "^[^.]*"
  if owner and self.names[root] and not name:find "^_" and not owner:find "%._" then
    self:add {name = self.names[root] .. owner:sub(#root + 1) .. separator .. name, line = number, doc = doc,
      kind = (arguments or doc and (doc.params[1] or doc.returns[1])) and "function" or "value",
      arguments = arguments, code = line}
  elseif line:find "^return%s+function%f[^%w_]" then
    self:add {name = self.module, kind = "function", line = number, doc = doc, arguments = line:match "%b()"}
  elseif not self.returned and doc and line:find "^local%s+function" then
    self:add {name = line:match "^local%s+function%s+([%w_]+)", kind = "local", line = number, doc = doc,
      arguments = line:match "%b()"}
  end
end

-- A line of code, and the comment right before it.
function File:read_line(doc, line, number)
  local variable = line:match "^local%s+([%a_][%w_]*)%s*="
  local borrowed = line:match "^local%s+(%u%w*)%f[%W].-=%s*[%a_][%w_]*%.%1%f[%W]" -- local Dataset = class.Dataset
  if borrowed then self.names[borrowed] = borrowed end
  if doc and doc.class then return self:add_classes(doc, variable, number) end
  if variable and self.declared[variable] then self.names[variable] = variable end
  self:add_definition(doc, line, number)
end

--- The names that a source file defines, with their comments.
---
--- Each entry has name ("audio.load", "Signal:slice"; the module's own is "audio"), kind ("module", "class",
--- "function", "value"), line, arguments ("(path, given)"), and, where there is a comment, doc: text (lines),
--- params (of a class: what its constructor takes), returns, fields. Names that begin with "_" are private and left
--- out.
---@param path string
---@param module string  the name of what the file returns, "audio"
---@return table[] entries  in the file's order
function sources.read(path, module)
  local lines, block, first = {}, {}, true
  for line in io.lines(path) do lines[#lines + 1] = line end
  local file = setmetatable({path = path, module = module, entries = {}, names = {}, declared = {},
    returned = returned_name(lines)}, File)
  if file.returned then file.names[file.returned] = module end
  for number, line in ipairs(lines) do
    if line:find "^%-%-%-" and not line:find "^%-%-%-%-" then
      block[#block + 1] = line
    else
      local doc = #block > 0 and read_block(block) or nil
      if doc and first then file:add {name = module, kind = "module", line = 1, doc = doc} end
      first = first and not doc and not line:find "%S"
      file:read_line(doc, line, number)
      block = {}
    end
  end
  return file.entries
end

--- Every Lua file below a folder: path and module name ("plot.map"; init.lua is the folder's own name).
---@param folder string
---@return {path: string, module: string}[]  sorted by module
function sources.files(folder)
  local list = {}
  local function visit(place, prefix)
    for name in lfs.dir(place) do
      local path = place .. "/" .. name
      local stem = name:match "^([%w_]+)%.lua$"
      if stem then
        local module = stem == "init" and prefix:gsub("%.$", "") or prefix .. stem
        list[#list + 1] = {path = path, module = module == "" and "moonlark" or module}
      elseif not name:find "^%." and lfs.attributes(path, "mode") == "directory" then
        visit(path, prefix .. name .. ".")
      end
    end
  end
  visit(folder, "")
  table.sort(list, function(a, b) return a.module < b.module end)
  return list
end

local library -- its entries, once they are read

--- Every documented or public name of the library, read when first asked for: see sources.read.
function sources.library()
  if library then return library end
  library = {}
  for _, file in ipairs(sources.files(require("moonlark").folder)) do
    for _, entry in ipairs(sources.read(file.path, file.module)) do library[#library + 1] = entry end
  end
  return library
end

return sources
