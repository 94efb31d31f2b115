--- Chapter: the page of a module, with all its functions, classes and methods.
local escape = require "moonlark.base.html".escape
local layout = require "moonlark.shell.help.layout"
local page = require "moonlark.manual.page"
local prose = require "moonlark.manual.prose"

local chapter = {}

local function code(text) return "<code>" .. escape(text) .. "</code>" end

-- How an item is called; types are links.
local function call(item, names)
  local text = layout.signature(item.entry, item.name, item.description)
  local before, after = text:match "^(.-)( → .*)$"
  return ('<p class="call"><code>%s%s</code></p>'):format(escape(before or text), after and prose.type(after, names) or "")
end

local function slots(caption, list, names, cell)
  local rows = {}
  for i, slot in ipairs(list) do
    rows[i] = {cell(slot), "<code>" .. prose.type(slot.type, names) .. "</code>", prose.inline(slot.text, names)}
  end
  return #rows > 0 and page.table(caption, {"name", "type", "what it is"}, rows) or nil
end

local function is_told(value) return value.text ~= "" end

-- What goes in and comes out, and what a class holds.
local function tables(item, names)
  local doc, parts, takes = item.entry.doc, {}, {}
  for _, param in ipairs(doc.params) do
    local options = param == item.given and {name = param.name, type = "table?", text = "options, below"}
    takes[#takes + 1] = options or param
  end
  if not (item.entry.kind == "class" and item.description) then
    parts[#parts + 1] = slots("Takes", takes, names, function(slot) return code(slot.name) end)
  end
  local returns = {}
  for _, value in ipairs(doc.returns) do if is_told(value) then returns[#returns + 1] = value end end
  parts[#parts + 1] = slots("Gives", returns, names, function() return "result" end)
  parts[#parts + 1] = slots("Has", doc.fields, names, function(slot) return code("." .. slot.name) end)
  return table.concat(parts, "\n")
end

local function options(item, names)
  local rows = {}
  for i, p in ipairs(item.description.list) do
    rows[i] = {code(p.name), code(layout.default(p)), escape((p.allowed:gsub("^an? ", ""))), escape(p.unit or ""),
      prose.inline(p.help or "", names)}
  end
  if #rows == 0 then return "" end
  local caption = item.entry.kind == "class" and "Takes, in this order or by name" or "Options"
  return page.table(caption, {"option", "default", "may be", "unit", "what it is"}, rows, "options")
end

local function told(item, names, example)
  local tag = "h" .. item.level
  local parts = {('<section id="%s" class="item">'):format(item.name),
    ('<%s><a href="#%s">%s</a></%s>'):format(tag, item.name, escape(item.name), tag)}
  local function add(html) if html and html ~= "" then parts[#parts + 1] = html end end
  if item.entry.kind ~= "value" then add(call(item, names)) end
  add(prose.html(item.entry.doc.text, names, example and function(text) return example(text, item) end))
  add(tables(item, names))
  add(item.description and options(item, names))
  local parent = item.entry.parent
  if parent then
    add(("<p>It has all that %s has.</p>"):format(prose.inline("`" .. parent .. "`", names)))
  end
  return table.concat(parts, "\n") .. "\n</section>"
end

-- What is on the page, with a sentence on each.
local function contents(about, names)
  local rows = {}
  for _, item in ipairs(about.items) do
    local called = item.name:gsub("^" .. about.name .. "%.", "")
    local link = ('<a href="%s"%s><code>%s</code></a>'):format(names.of_item(item),
      item.level == 3 and ' class="method"' or "", escape(called))
    rows[#rows + 1] = {link, prose.inline(layout.first_sentence(item.entry), names)}
  end
  if #rows == 0 then return "" end
  return '<nav aria-label="On this page" class="contents" tabindex="0">\n'
    .. page.table(nil, {"name", "what it does"}, rows) .. "\n</nav>"
end

local function others(about)
  if #about.others == 0 then return "" end
  return ('<section class="item" id="operators"><h2>Operators of libtorch</h2><p>All of them are functions of '
    .. "<code>torch</code>, and methods of tensors where they take one first; <code>torch.conv2d?</code> at the prompt shows how "
    .. 'one is called.</p><p class="quiet">%s</p></section>'):format(escape(table.concat(about.others, ", ")))
end

--- The page of a chapter.
---@param about moonlark.manual.Chapter
---@param names table  of moonlark.manual.names
---@param example? fun(code: string, item: moonlark.manual.Item): string  the HTML of an example of an item, or of the
---  chapter itself, {name = "feature"}
---@return string body
function chapter.body(about, names, example)
  local doc = about.entry and about.entry.doc or {text = {}}
  local itself = {name = about.name, entry = about.entry, chapter = about.name}
  local parts = {prose.html(doc.text, names, example and function(text) return example(text, itself) end),
    contents(about, names)}
  for _, item in ipairs(about.items) do parts[#parts + 1] = told(item, names, example) end
  parts[#parts + 1] = others(about)
  return table.concat(parts, "\n")
end

return chapter
