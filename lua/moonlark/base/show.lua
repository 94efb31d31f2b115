--- Values as a person reads them: what the prompt prints, bounded in depth and length; and names in messages.
---
--- A value with its own __tostring (a tensor, a Signal, a figure) is printed by it.
local show = {}

local identifier = "^[%a_][%w_]*$"

local function printable(value, lines) return require "moonlark_core".terminal.printable(tostring(value), lines) end

--- A name that anybody may have chosen (a path, a label, a title), made harmless to look at, on one line: line breaks,
--- escape sequences, bytes that are no UTF-8 and marks that turn text round become escapes such as \n, \x1b, \u{202e}.
--- All that prints names prints them so. A name that went through twice looks the same.
---@param name any
---@return string
function show.name(name) return printable(name, false) end

--- The same for a message of several lines: its line breaks and tabs stay.
---@param message any
---@return string
function show.lines(message) return printable(message, true) end

-- A line for each of a list, indented.
local function indented(list)
  local lines = {}
  for i, item in ipairs(list) do lines[i] = "\n  " .. show.name(item) end
  return table.concat(lines)
end

--- string.format for people: strings among the values are shown as names (show.name), a list of strings as indented
--- lines, one each.
---
---     io.stderr:write(show.format("rejected %s: %s\n", bad.path, bad.reason))
---@param format string
---@param ... any
---@return string
function show.format(format, ...)
  local values = table.pack(...)
  for i = 1, values.n do
    local value = values[i]
    if type(value) == "string" then
      values[i] = show.name(value)
    elseif type(value) == "table" and not getmetatable(value) then
      values[i] = indented(value)
    end
  end
  return format:format(table.unpack(values, 1, values.n))
end

--- error() for people: the words of show.format, without a place in the code. What a message takes from a disk or from
--- a person (paths, names, labels, another error's words) stays within its line.
---
---     if not files.exists(path) then show.fail("%s does not exist", path) end
---@param format string
---@param ... any
function show.fail(format, ...)
  error(show.format(format, ...), 0)
end

local function quoted(text, limit)
  local cut = #text > limit and utf8.offset(text, 0, limit + 1) or nil
  local shown = cut and text:sub(1, cut - 1) or text
  shown = show.name((shown:gsub('["\\]', "\\%0")))
  return '"' .. shown .. '"' .. (cut and (" … %d bytes"):format(#text) or "")
end

-- Utf-8 characters, as columns of a terminal: near enough for wrapping.
local function width(text) return utf8.len(text) or #text end

local function function_text(f)
  local info = debug.getinfo(f, "S")
  if info.what == "C" then return "function (C)" end
  return ("function (%s:%d)"):format(info.short_src:match "[^/]*$", info.linedefined)
end

local rank = {number = 1, string = 2, boolean = 3}

local function sorted_keys(t, length)
  local keys = {}
  for key in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= length) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b)
    local kind_a, kind_b = type(a), type(b)
    if kind_a ~= kind_b then return (rank[kind_a] or 4) < (rank[kind_b] or 4) end
    if kind_a == "number" or kind_a == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local text_of

local function key_text(key, state)
  if type(key) == "string" and key:find(identifier) then return key end
  return "[" .. text_of(key, state, state.depth) .. "]"
end

local function table_text(t, state, depth)
  if state.open[t] then return "<cycle>" end
  local length = rawlen(t)
  if depth >= state.depth and next(t) ~= nil then
    return length > 0 and ("{… %d items}"):format(length) or "{…}"
  end
  state.open[t] = true
  local keys = sorted_keys(t, length)
  local items, left = {}, length + #keys
  for i = 1, math.min(length, state.count) do items[#items + 1] = text_of(rawget(t, i), state, depth + 1) end
  for i = 1, math.min(#keys, state.count - #items) do
    items[#items + 1] = key_text(keys[i], state) .. " = " .. text_of(rawget(t, keys[i]), state, depth + 1)
  end
  left = left - #items
  if left > 0 then items[#items + 1] = ("… %d more"):format(left) end
  state.open[t] = nil

  local line = "{" .. table.concat(items, ", ") .. "}"
  if not line:find("\n", 1, true) and width(line) <= state.width - 2 * depth then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(items, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

function text_of(value, state, depth)
  local kind = type(value)
  if kind == "string" then return quoted(value, state.string) end
  local meta = debug.getmetatable(value)
  if type(meta) == "table" and rawget(meta, "__tostring") then
    -- Inside a table a long text (a tensor with its values) is its first line.
    local text = tostring(value)
    return depth > 0 and text:match "^[^\n]*" or text
  end
  if kind == "table" then return table_text(value, state, depth) end
  if kind == "function" then return function_text(value) end
  return tostring(value)
end

--- The text of a value: strings quoted, tables as Lua writes them with sorted keys.
---@param value any
---@param limits? {depth: integer, count: integer, width: integer, string: integer}
---  tables open to `depth` (3) with at most `count` (40) items each; lines up to `width` (100) columns;
---  strings up to `string` (2000) bytes
---@return string
function show.text(value, limits)
  limits = limits or {}
  return text_of(value, {depth = limits.depth or 3, count = limits.count or 40, width = limits.width or 100,
    string = limits.string or 2000, open = {}}, 0)
end

--- Prints each value on standard output, as the prompt prints results.
---@param ... any
function show.print(...)
  for i = 1, select("#", ...) do
    io.stdout:write(show.text((select(i, ...))), "\n")
  end
end

return show
