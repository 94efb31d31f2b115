--- Prose: the text of comments as HTML. Names that the manual tells of become links.
---
---     local html = prose.html(entry.doc.text, names, example)
local code = require "moonlark.manual.code"
local escape = require "moonlark.base.html".escape

local prose = {}

-- A word with a dot or a colon in it: a name, if the manual knows it. What ends a sentence is none of it.
local function linked(text, names)
  return (text:gsub("[%a_][%w_]*[.:][%w_.:]+", function(word)
    local name, rest = word:match "^(.-)([.:]*)$"
    local address = names:href(name)
    return address and ('<a href="%s"><code>%s</code></a>%s'):format(address, name, rest) or nil
  end))
end

--- A line of text: words in backticks are code.
---@param text string
---@param names table  of moonlark.manual.names
---@return string
function prose.inline(text, names)
  local parts, at = {}, 1
  for before, inside, after in text:gmatch "([^`]*)`([^`]+)`()" do
    local address = names:href(inside)
    local shown = "<code>" .. escape(inside) .. "</code>"
    parts[#parts + 1] = linked(escape(before), names)
    parts[#parts + 1], at = address and ('<a href="%s">%s</a>'):format(address, shown) or shown, after
  end
  parts[#parts + 1] = linked(escape(text:sub(at)), names)
  return table.concat(parts)
end

--- A type of LuaCATS, whose classes are links: "moonlark.Signal|string".
---@param text string
---@param names table
---@return string
function prose.type(text, names)
  return (escape(text):gsub("moonlark%.[%w_.]+", function(class)
    local address, short = names:href(class), class:gsub("^moonlark%.", "")
    return address and ('<a href="%s">%s</a>'):format(address, short) or short
  end):gsub("|", " | "))
end

local function kind_of(line)
  if line:find "^%s*$" then return "blank" end
  if line:find "^    " then return "example" end
  if line:find "^[-*] " then return "item" end
  if line:find "^%s%s" then return "set" end
  return "text"
end

-- Lines in blocks: {kind, lines}. Lines of text after an item go on with it.
local function blocks_of(lines)
  local blocks = {}
  for _, line in ipairs(lines) do
    local kind, last = kind_of(line), blocks[#blocks]
    local before = last and last.kind
    local goes_on = before == "item" and (kind == "text" or kind == "set")
    if kind == before and kind ~= "item" or goes_on then
      last[#last + 1] = line
    elseif kind == "blank" and before == "example" then
      last.ended = true
    else
      blocks[#blocks + 1] = {kind = kind, line}
    end
    if goes_on then last[#last] = line:gsub("^%s+", "") end
  end
  return blocks
end

local makers = {}

function makers.blank() return nil end

function makers.text(block, names) return "<p>" .. prose.inline(table.concat(block, " "), names) .. "</p>" end

function makers.item(block, names)
  return "<li>" .. prose.inline(table.concat(block, " "):gsub("^[-*] ", ""), names) .. "</li>"
end

function makers.set(block) return '<pre tabindex="0">' .. escape(table.concat(block, "\n")) .. "</pre>" end

function makers.example(block, _, example)
  for i, line in ipairs(block) do block[i] = line:gsub("^    ", "") end
  local text = table.concat(block, "\n")
  return example and example(text) or code.block(text)
end

--- A comment's text. `example` gives the HTML of a block of code; default: the code alone.
---@param lines string[]
---@param names table  of moonlark.manual.names
---@param example? fun(code: string): string
---@return string
function prose.html(lines, names, example)
  local parts, inside = {}, false
  for _, block in ipairs(blocks_of(lines)) do
    local is_item = block.kind == "item"
    if is_item ~= inside and (is_item or block.kind ~= "blank") then
      parts[#parts + 1] = is_item and "<ul>" or "</ul>"
      inside = is_item
    end
    parts[#parts + 1] = makers[block.kind](block, names, example)
  end
  if inside then parts[#parts + 1] = "</ul>" end
  return table.concat(parts, "\n")
end

return prose
