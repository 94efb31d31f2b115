--- Documentation as text in columns of a terminal.
local show = require "moonlark.base.show"

local layout = {}

local function columns(text) return utf8.len(text) or #text end

-- Breaks one paragraph into lines. The first stands after `first`, the others after `indent`.
local function wrap(out, text, width, first, indent)
  local line, empty = first, true
  for word in text:gmatch "%S+" do
    if not empty and columns(line) + 1 + columns(word) > width then
      out[#out + 1] = line
      line, empty = indent, true
    end
    line = line .. (empty and "" or " ") .. word
    empty = false
  end
  if not empty or line ~= indent then out[#out + 1] = (line:gsub("%s+$", "")) end
end

-- Joins and wraps paragraphs. Indented lines stay as they are, items of lists begin a line.
local function add_text(out, lines, width, indent)
  local paragraph = {}
  local function flush()
    if #paragraph > 0 then wrap(out, table.concat(paragraph, " "), width, indent, indent) end
    paragraph = {}
  end
  for _, line in ipairs(lines) do
    if line == "" then
      flush()
      out[#out + 1] = ""
    elseif line:find "^%s%s" then
      flush()
      out[#out + 1] = indent .. line
    else
      if line:find "^[-*] " then flush() end
      paragraph[#paragraph + 1] = line
    end
  end
  flush()
end

local function widest(rows, column, most)
  local longest = 0
  for _, row in ipairs(rows) do longest = math.max(longest, columns(row[column])) end
  return math.min(longest, most)
end

-- Rows of a name and a text, the texts below each other.
local function add_rows(out, rows, width)
  local longest = widest(rows, 1, 28)
  for _, row in ipairs(rows) do
    local name = "  " .. row[1] .. (" "):rep(longest - columns(row[1])) .. "  "
    wrap(out, row[2], width, name, (" "):rep(longest + 4))
  end
end

-- The lines of a cell: words that do not fit are broken.
local function cell(text, width)
  local lines, broken = {}, {}
  for word in text:gmatch "%S+" do
    while columns(word) > width do
      local cut = utf8.offset(word, width + 1)
      broken[#broken + 1], word = word:sub(1, cut - 1), word:sub(cut)
    end
    broken[#broken + 1] = word
  end
  wrap(lines, table.concat(broken, " "), width, "", "")
  return lines
end

-- A table whose last column takes what is left of the width.
local function add_table(out, rows, widths, width)
  local used = 2
  for _, column in ipairs(widths) do used = used + column + 2 end
  widths[#widths + 1] = math.max(8, width - used)
  for _, row in ipairs(rows) do
    local cells, height = {}, 0
    for i, text in ipairs(row) do
      cells[i] = cell(text, widths[i])
      height = math.max(height, #cells[i])
    end
    for at = 1, height do
      local line = ""
      for i, lines in ipairs(cells) do
        local text = lines[at] or ""
        line = line .. "  " .. text .. (" "):rep(widths[i] - columns(text))
      end
      out[#out + 1] = line:gsub("%s+$", "")
    end
  end
end

--- A default in words: "required", "nil", what happens without, or the value.
---@param p moonlark.Parameter
---@return string
function layout.default(p)
  if p.required then return "required" end
  if p.default == nil then return p.usual or "nil" end
  if type(p.default) == "number" then return ("%.12g"):format(p.default) end
  return show.text(p.default, {depth = 2, count = 8, width = 1000, string = 60})
end

-- A row for each option: its name, its default, what it may be, what it is.
local function add_options(out, description, width)
  local rows = {{"option", "default", "may be", ""}}
  for _, p in ipairs(description.list) do
    local allowed = p.allowed:gsub("^an? ", "") .. (p.unit and " " .. p.unit or "")
    rows[#rows + 1] = {p.name, layout.default(p), allowed, p.help or ""}
  end
  local name = widest(rows, 1, 28)
  local default = widest(rows, 2, math.min(16, width // 5))
  add_table(out, rows, {name, default, widest(rows, 3, math.max(10, (width - name - default - 8) // 2))}, width)
end

--- The first sentence of a comment; "" where there is none.
---@param entry table  see moonlark.shell.help.sources
---@return string
function layout.first_sentence(entry)
  local text = entry.doc and table.concat(entry.doc.text, "\n") or ""
  text = text:match "^(.-)\n%s*\n" or text
  text = text:gsub("%s+", " ")
  return text:match "^(.-%.)%s" or text
end

-- What a call looks like: "(path, given)". For a class, what its constructor takes, by its description if it has one.
local function arguments_of(entry, description)
  if entry.arguments then return entry.arguments end
  local names = {}
  for i, param in ipairs(description and description.list or entry.doc and entry.doc.params or {}) do
    names[i] = param.name
    if param.default ~= nil then -- \1: a blank, but no break
      names[i] = ("%s\1=\1%s"):format(param.name, layout.default(param):gsub(" ", "\1"))
    end
  end
  return "(" .. table.concat(names, ", ") .. ")"
end

-- A call with what comes back; \1 stands for blanks where no line is broken.
local function signature(entry, name, description)
  local text = name
  local is_class = entry.kind == "class"
  local takes = is_class and (description and description.list or entry.doc.params)[1]
  if entry.kind == "function" or entry.kind == "local" or takes then
    text = text .. arguments_of(entry, is_class and description)
  end
  local returns = {}
  for _, value in ipairs(entry.doc and entry.doc.returns or {}) do returns[#returns + 1] = value.type end
  return #returns > 0 and text .. " → " .. table.concat(returns, ", ") or text
end

--- How something is called, and what comes back: "audio.load(path, given) → moonlark.Signal".
---@param entry table
---@param name string
---@param description moonlark.Description?  of what a class's constructor takes
---@return string
function layout.signature(entry, name, description) return (signature(entry, name, description):gsub("\1", " ")) end

local function add_signature(out, entry, name, width, description)
  wrap(out, signature(entry, name, description), width, "", "    ")
  for i, line in ipairs(out) do out[i] = line:gsub("\1", " ") end
end

local function described(kind, text) return text == "" and kind or kind .. ", " .. text end

-- What goes in and comes out, and what a class holds.
local function add_slots(out, doc, width, options_in)
  local rows = {}
  for _, param in ipairs(doc.params) do
    rows[#rows + 1] = {param.name, described(param == options_in and "options, see below" or param.type, param.text)}
  end
  for _, value in ipairs(doc.returns) do
    if value.text ~= "" then rows[#rows + 1] = {"returns", described(value.type, value.text)} end
  end
  for _, field in ipairs(doc.fields) do rows[#rows + 1] = {"." .. field.name, described(field.type, field.text)} end
  if #rows > 0 and out[#out] ~= "" then out[#out + 1] = "" end
  add_rows(out, rows, width)
end

local function add_members(out, entry, members, width)
  local rows = {}
  for i, member in ipairs(members) do
    local within, called = member.entry, member.name:sub(#entry.name + 1)
    if within.kind == "function" then called = called .. arguments_of(within) end
    rows[i] = {called, layout.first_sentence(within)}
  end
  if #rows > 0 then out[#out + 1] = "" end
  add_rows(out, rows, width)
end

--- The page on one name.
---@param entry table  see moonlark.shell.help.sources
---@param name string  how a user writes it
---@param members {entry: table, name: string}[]  what is inside it
---@param width integer
---@param given? table  the parameter that is a table of options
---@param description? moonlark.Description  of these, or of what a class's constructor takes
---@return string
function layout.entry(entry, name, members, width, given, description)
  local out = {}
  add_signature(out, entry, name, width, description)
  out[#out + 1] = ""
  local doc = entry.doc or {text = {}, params = {}, returns = {}, fields = {}}
  add_text(out, doc.text, width, "")
  add_slots(out, doc, width, description and given)
  if description then
    out[#out + 1] = ""
    add_options(out, description, width)
  end
  add_members(out, entry, members, width)
  if entry.parent then
    out[#out + 1] = ""
    add_text(out, {("It has all that `%s` has: `%s?`."):format(entry.parent, entry.parent)}, width, "")
  end
  return table.concat(out, "\n")
end

local function add_entries(out, entries, width, most)
  local rows = {}
  for i = 1, math.min(#entries, most) do rows[i] = {entries[i].name, layout.first_sentence(entries[i].entry)} end
  add_rows(out, rows, width)
end

--- Names with the first sentence of each.
---@param title string
---@param entries {entry: table, name: string}[]
---@param width integer
---@return string
function layout.list(title, entries, width)
  local out = {title}
  add_entries(out, entries, width, 40)
  if #entries > 40 then out[#out + 1] = ("  … %d more"):format(#entries - 40) end
  return table.concat(out, "\n")
end

--- The page for `?` alone.
---@param modules {entry: table, name: string}[]
---@param width integer
---@return string
function layout.overview(modules, width)
  local out = {"Moonlark's modules; each is a global here and loads when first used.", ""}
  add_entries(out, modules, width, #modules)
  out[#out + 1] = ""
  add_text(out, {
    "`audio?` explains a module, `audio.load?` a function, `song?` what a variable is. Tab completes names, " ..
    "methods after `:` and files inside strings. An expression prints its value; `local` variables stay.",
  }, width, "")
  return table.concat(out, "\n")
end

return layout
