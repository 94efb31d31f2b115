--- Commands: a page on each command of the program, from its own parser.
local escape = require "moonlark.base.html".escape
local page = require "moonlark.manual.page"
local prose = require "moonlark.manual.prose"
local usage = require "moonlark.shell.usage"

local commands = {}

--- The file of a command's page.
---@param name string
---@return string
function commands.file(name) return ("command_%s.html"):format(name) end

local function code_of(words) return "<code>" .. escape(words) .. "</code>" end

-- "--out <folder>" and its other names.
local function names_of(item)
  local parts = {}
  for i, name in ipairs(item.names) do parts[i] = code_of(item.value and i == #item.names and name .. " " .. item.value or name) end
  return table.concat(parts, ", ")
end

local function sentence(words) return words:find "[.!?:]$" and words or words ~= "" and words .. "." or words end

local function help_of(item, names)
  local words = prose.inline(sentence(item.help), names)
  if item.offers then
    local offers = {}
    for i, word in ipairs(item.offers) do offers[i] = code_of(word) end
    words = words .. (" One%s of %s."):format(item.many and " or more" or "", table.concat(offers, ", "))
  end
  return words
end

local function table_of(title, items, names)
  if #items == 0 then return "" end
  local rows = {}
  for i, item in ipairs(items) do
    rows[i] = {names_of(item), help_of(item, names), item.default and code_of(item.default) or ""}
  end
  return ("<h2>%s</h2>\n%s\n"):format(title, page.table(nil, {"", "what it does", "default"}, rows))
end

local function call_of(one)
  local words = {"moonlark", one.name}
  if #one.options > 0 then words[#words + 1] = "[options]" end
  for _, argument in ipairs(one.arguments) do
    words[#words + 1] = "<" .. argument.names[1]:gsub("[<>]", "") .. ">" .. (argument.repeats and " …" or "")
  end
  return table.concat(words, " ")
end

-- The models of train, the experiments of experiment.
local function variants_of(one, names)
  local parts = {}
  for _, variant in ipairs(one.variants or {}) do
    local items = #variant.options > 0 and variant.options or variant.settings or {}
    parts[#parts + 1] = ("<h2>%s</h2>\n<p>%s</p>\n%s"):format(code_of(variant.name),
      prose.inline(sentence(variant.summary), names), (table_of("", items, names):gsub("^<h2></h2>\n", "")))
  end
  return table.concat(parts, "\n")
end

--- A command's page.
---@param one moonlark.Usage
---@param names table  of moonlark.manual.names
---@return string body
function commands.body(one, names)
  return ("<p>%s</p>\n<pre tabindex=\"0\">%s</pre>\n"):format(prose.inline(sentence(one.description), names), escape(call_of(one)))
    .. table_of("Arguments", one.arguments, names) .. table_of("Options", one.options, names)
    .. (one.epilog and ("<h2>More</h2>\n<pre tabindex=\"0\">%s</pre>\n"):format(escape(one.epilog)) or "")
    .. variants_of(one, names)
end

--- How all commands are called, and the page that lists them.
---@param names table
---@return moonlark.Usage[]
---@return string body
function commands.all(names)
  local list, rows = usage.all(), {}
  for i, one in ipairs(list) do
    rows[i] = {('<a href="%s">%s</a>'):format(commands.file(one.name), code_of("moonlark " .. one.name)),
      prose.inline(sentence(one.summary), names)}
  end
  return list, "<p>A file of Lua is run by <code>moonlark file.lua</code>; without words there is a prompt. Each command says "
    .. "what it takes with <code>--help</code>, and has a page of <code>man</code>.</p>\n"
    .. page.table(nil, {"command", "what it does"}, rows)
end

return commands
