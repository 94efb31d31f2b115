--- Reading: what a manual tells, as the sources say it: chapters, one a module, with its functions, classes and methods.
local index = require "moonlark.shell.help.index"
local moonlark = require "moonlark"
local sources = require "moonlark.shell.help.sources"
local text = require "moonlark.base.text"

local reading = {}

--- A module with what is told of it.
---@class moonlark.manual.Chapter
---@field name string  "feature": its page is feature.html
---@field entry table  of the module, see moonlark.shell.help.sources
---@field items moonlark.manual.Item[]
---@field others string[]  names that the manual only lists: operators of libtorch

--- A function, a class or a method.
---@class moonlark.manual.Item
---@field name string  as a user writes it: "feature.mel", "Signal:slice"; unique in a manual
---@field entry table
---@field chapter string
---@field given table?  the parameter that is a table of options
---@field description moonlark.Description?  of these options, or of what a class's constructor takes
---@field level integer  2: a function or a class, 3: a class's method

-- Modules that are required by their names, and no globals at the prompt.
local also = {"network", "model"}

local function item_of(name, entry, level)
  local given, description = index.options(entry)
  return {name = name, entry = entry, given = given, description = description, level = level}
end

local function has_text(entry) return entry and entry.doc and table.concat(entry.doc.text):find "%a" ~= nil end

local function is_class(value, key) return type(value) == "table" and rawget(value, "__name") == key end

-- The entry of what a module offers by a name. Tables that can be called have that of their function.
local function entry_of(value, name)
  if type(value) == "function" then return index.of_value(value) end
  local tables = index.tables()
  local meta = getmetatable(value)
  local found = tables.by_part[name] or tables.by_name[name]
  if has_text(found) then return found end
  return meta and meta.__call and index.of_value(meta.__call) or found
end

-- Classes that only the library itself holds, though types of what users hold name them.
local within = {}
for name in ("Definition Export Family Found Front Heard Piece Task"):gmatch "%S+" do within[name] = true end

-- Tables within modules that hold functions: metrics.beat, nn.init; not nn.functional, which is torch, nor a class.
local function is_part(value, key)
  if type(value) ~= "table" or next(value) == nil or rawget(value, "__name") or key:find "^%u" then return false end
  return not rawequal(value, package.loaded["moonlark.torch"])
end

-- The functions and classes of a module's table, and of the tables in it.
local function add_items(chapter, values, prefix)
  for _, key in ipairs(text.keys(values)) do
    local value, name = values[key], prefix .. "." .. key
    local public = type(key) == "string" and not key:find "^_"
    local callable = type(value) == "function" or type(value) == "table" and (getmetatable(value) or {}).__call
    if public and (callable or is_class(value, key)) then
      local entry = entry_of(value, name)
      if has_text(entry) then chapter.items[#chapter.items + 1] = item_of(name, entry, 2) end
    end
    if public and prefix == chapter.name and is_part(value, key) then add_items(chapter, value, name) end
  end
end

-- Operators of libtorch have its own words: the manual only lists them.
local function add_operators(chapter, torch)
  local told = {}
  for _, item in ipairs(chapter.items) do told[item.name] = true end
  for _, name in ipairs(text.sort(torch.operators())) do
    local public = name:find "^%a" and not name:find "_$" and not told["torch." .. name]
    if public then chapter.others[#chapter.others + 1] = name end
  end
end

local function chapter_of(name)
  local chapter = {name = name, entry = index.tables().by_name[name], items = {}, others = {}}
  local ok, values = pcall(require, name == "moonlark" and name or "moonlark." .. name)
  if ok and type(values) == "table" then add_items(chapter, values, name) end
  if name == "torch" then add_operators(chapter, values) end
  return chapter
end

-- What a session has beside the modules.
local function prompt()
  local chapter = {name = "prompt", entry = index.tables().by_name["shell.session"], items = {}, others = {}}
  for _, name in ipairs(text.keys(require "moonlark.shell.session")) do
    chapter.items[#chapter.items + 1] = item_of(name, index.tables().by_name["shell.session." .. name], 2)
  end
  return chapter
end

-- The classes that the types of an entry name.
local function classes_in(entry, found)
  for _, list in ipairs {"params", "returns", "fields"} do
    for _, slot in ipairs(entry.doc and entry.doc[list] or {}) do
      for class in slot.type:gmatch "moonlark%.[%w_.]+" do found[class] = true end
    end
  end
  if entry.parent then found["moonlark." .. entry.parent] = true end
end

-- Entries of classes by their full names. A class that has no comment, but methods, has an entry without text.
local function classes_by_name()
  local by_full = {}
  for _, entry in ipairs(sources.library()) do
    if entry.kind == "class" and not within[entry.name] then by_full[entry.full] = entry end
  end
  local tensor = {name = "Tensor", full = "moonlark.Tensor", kind = "class", module = "torch", line = 0,
    doc = {text = {}, params = {}, returns = {}, fields = {}}}
  by_full[tensor.full] = by_full[tensor.full] or tensor
  return by_full
end

-- A class and its methods, in the chapter of its module, which begins here if need be.
local function add_class(chapters, entry, known)
  local home = entry.module:match "^[%w_]+"
  if home == "base" then home = "model" end -- a Card is what models say of themselves
  if not chapters[home] then
    chapters[home] = {name = home, entry = index.tables().by_name[home], items = {}, others = {}}
    chapters[#chapters + 1] = chapters[home]
  end
  local added, items = {}, chapters[home].items
  if not known[entry] then added[1] = item_of(index.shown(entry), entry, 2) end
  for _, member in ipairs(index.members(entry)) do
    local method = has_text(member.entry) and member.entry.kind ~= "class" and member.entry.module:find("^" .. home .. "%f[^%w_]")
    if method then added[#added + 1] = item_of(member.name, member.entry, 3) end
  end
  for _, item in ipairs(added) do items[#items + 1], known[item.entry] = item, item end
  return added
end

-- Adds the classes that users hold: those that what is told already takes, gives or has.
local function add_classes(chapters)
  local classes, known, waiting, seen = classes_by_name(), {}, {}, {}
  for _, chapter in ipairs(chapters) do
    for _, item in ipairs(chapter.items) do waiting[#waiting + 1], known[item.entry] = item, item end
  end
  while #waiting > 0 do
    local named = {}
    local entry = table.remove(waiting, 1).entry
    classes_in(entry, named)
    if entry.kind == "class" then named[entry.full] = true end
    for _, full in ipairs(text.keys(named)) do
      if classes[full] and not seen[full] then
        seen[full] = true
        for _, item in ipairs(add_class(chapters, classes[full], known)) do waiting[#waiting + 1] = item end
      end
    end
  end
end

-- Functions first, then each class with its methods.
local function arrange(chapter)
  local function key(item)
    if item.level == 3 then return ("1%s\0%s"):format(item.name:match "^(.-)[.:][^.:]+$", item.name) end
    return (item.entry.kind == "class" and "1" or "0") .. item.name:match(item.entry.kind == "class" and "[^.]*$" or "^.*$")
  end
  table.sort(chapter.items, function(a, b) return key(a) < key(b) end)
  for _, item in ipairs(chapter.items) do item.chapter = chapter.name end
end

--- All chapters, sorted by name.
---     for _, chapter in ipairs(reading.chapters()) do print(chapter.name, #chapter.items) end
---@return moonlark.manual.Chapter[]
function reading.chapters()
  local chapters = {}
  local function add(chapter) chapters[#chapters + 1], chapters[chapter.name] = chapter, chapter end
  for _, name in ipairs(moonlark.modules) do add(chapter_of(name)) end
  for _, name in ipairs(also) do add(chapter_of(name)) end
  add(chapter_of "moonlark")
  add(prompt())
  add_classes(chapters)
  for _, chapter in ipairs(chapters) do arrange(chapter) end
  table.sort(chapters, function(a, b) return a.name < b.name end)
  return chapters
end

return reading
