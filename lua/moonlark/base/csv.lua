--- Comma-separated text as RFC 4180 describes it: quoted fields may hold commas, line breaks and doubled quotes; lines
--- end in LF or CRLF; a byte-order mark and empty lines are skipped. Semicolons, tabs and bars do as commas.
---
--- Texts keep their bytes, with one exception: a spreadsheet would calculate a name such as "=1+1.wav". A text that
--- begins with = + - @ or white space, after any apostrophes, gets one more apostrophe when it is written, and loses it
--- when it is read. core/store/csv.c does the same.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

local csv = {}

-- The field that starts at `from`: its text, and the position after it. `stops` is the pattern of what ends a field.
local function field(text, from, delimiter, stops, line, name)
  if text:byte(from) ~= 34 then -- not a quote
    local stop = text:find(stops, from) or #text + 1
    return text:sub(from, stop - 1), stop
  end
  local parts, at = {}, from + 1
  while true do
    local quote = text:find('"', at, true)
    if not quote then show.fail("%s, line %d: a quoted field is never closed", name, line) end
    parts[#parts + 1] = text:sub(at, quote - 1)
    if text:byte(quote + 1) ~= 34 then
      local following = text:sub(quote + 1, quote + 1)
      if following ~= "" and following ~= delimiter and following ~= "\r" and following ~= "\n" then
        show.fail("%s, line %d: text follows a closing quote: %s", name, line, following)
      end
      return table.concat(parts, '"'), quote + 1
    end
    at = quote + 2
  end
end

-- The delimiter, checked.
local function one_character(delimiter)
  if #delimiter ~= 1 or delimiter:find "[%w\"\r\n]" then
    show.fail('delimiter must be one character, no letter, digit or quote, got "%s"', delimiter)
  end
  return delimiter
end

--- The rows of a text, one after the other; each is a list of strings with the field `line`, the number of its first
--- line.
---@param text string
---@param name string  of the file, for messages
---@param delimiter string?  one character; default ","
---@return fun(): table?
function csv.rows(text, name, delimiter)
  delimiter = one_character(delimiter or ",")
  if text:sub(1, 3) == "\239\187\191" then text = text:sub(4) end
  local zero = text:find("\0", 1, true)
  if zero then
    show.fail("%s, line %d: a zero byte: this is no text, or not of UTF-8", name,
      select(2, text:sub(1, zero):gsub("\n", "")) + 1)
  end
  local at, line, stops, code = 1, 1, "[%" .. delimiter .. "\r\n]", delimiter:byte()
  local function next_row()
    local row, n = {line = line}, 0
    while true do
      local value, stop = field(text, at, delimiter, stops, line, name)
      n = n + 1
      row[n] = value
      if text:byte(at) == 34 then line = line + select(2, value:gsub("\n", "")) end
      at = stop + 1
      if text:byte(stop) ~= code then
        if text:sub(stop, stop + 1) == "\r\n" then at = stop + 2 end
        break
      end
    end
    line = line + 1
    return row
  end
  return function()
    while at <= #text do
      local row = next_row()
      if #row > 1 or row[1] ~= "" then return row end
    end
  end
end

--- All rows of a text, as csv.rows gives them.
---@param text string
---@param name string
---@param delimiter string?
---@return table[]
function csv.parse(text, name, delimiter)
  local rows = {}
  for row in csv.rows(text, name, delimiter) do rows[#rows + 1] = row end
  return rows
end

-- How many fields a delimiter cuts the first lines of a text into, and whether into as many each.
local function fields_by(text, delimiter)
  local fields, alike, n = 1, true, 0
  pcall(function() -- what cannot be read so counts as far as it goes
    for row in csv.rows(text, "", delimiter) do
      n = n + 1
      if n == 1 then fields = #row end
      alike = alike and #row == fields
      if n == 20 then break end
    end
  end)
  return fields, alike
end

--- The delimiter of a text: that of , ; tab | which cuts its first twenty lines into the most fields, into as many
--- each if any does; a comma where none cuts.
---     csv.guess "path;label\na, b.wav;x\n"   --> ";"
---@param text string
---@return string
function csv.guess(text)
  local best, most, regular = ",", 1, false
  text = text:sub(1, 65536)
  for _, delimiter in ipairs {",", ";", "\t", "|"} do
    local fields, alike = fields_by(text, delimiter)
    alike = alike and fields > 1
    if alike and not regular or alike == regular and fields > most then
      best, most, regular = delimiter, fields, alike
    end
  end
  return best
end

--- A file's text, and its delimiter: the one given, else that of a first line sep=; (which spreadsheets write, and
--- which is taken off), else the guessed one.
---@param path string
---@param delimiter string?
---@return string text
---@return string delimiter
function csv.open(path, delimiter)
  local text = files.read(path)
  local named, rest = text:match "^\239?\187?\191?sep=([^%w\r\n])\r?\n(.*)$"
  if named then text = "\n" .. rest end -- lines keep their numbers
  return text, delimiter or named or csv.guess(text)
end

--- A text without the apostrophe that csv.write put before it.
---@param value string
---@return string
function csv.plain(value) return (value:gsub("^'('*[=+@\t\r\n-])", "%1")) end

-- Raises where a column stands twice.
local function check_columns(columns, path)
  local seen = {}
  for _, column in ipairs(columns) do
    if seen[column] then show.fail("%s, line %d: the column '%s' is there twice", path, columns.line, column) end
    seen[column] = true
  end
end

--- The rows of a file whose first line names the columns: each row is a table by column name; under the number 0 it
--- has its line. Errors: a row of another width, a column that is there twice.
---@param path string
---@param delimiter string?  default: guessed
---@param most integer?  read no more rows than this
---@return table[] rows
---@return string[] columns
---@return string delimiter
function csv.read(path, delimiter, most)
  local text, used = csv.open(path, delimiter)
  local next_row = csv.rows(text, path, used)
  local columns = next_row()
  if not columns then show.fail("%s is empty: its first line must name the columns", path) end
  check_columns(columns, path)
  local rows = {}
  for values in next_row do
    if #values ~= #columns then
      show.fail("%s, line %d: %d fields, but the first line names %d columns", path, values.line, #values, #columns)
    end
    local row = {[0] = values.line}
    for j, column in ipairs(columns) do row[column] = csv.plain(values[j]) end
    rows[#rows + 1] = row
    if #rows == most then break end
  end
  columns.line = nil
  return rows, columns, used
end

local function quoted(value)
  if type(value) == "string" then value = value:gsub("^'*[=+@\t\r\n-]", "'%0") end
  value = tostring(value)
  return value:find '[,"\r\n]' and '"' .. value:gsub('"', '""') .. '"' or value
end

--- Writes a file whose first line names the columns; each row is a table by column name.
---@param path string
---@param columns string[]
---@param rows table[]
function csv.write(path, columns, rows)
  local lines = {table.concat(columns, ",")}
  for i, row in ipairs(rows) do
    local fields = {}
    for j, column in ipairs(columns) do fields[j] = row[column] == nil and "" or quoted(row[column]) end
    lines[i + 1] = table.concat(fields, ",")
  end
  files.write(path, table.concat(lines, "\n") .. "\n")
end

return csv
