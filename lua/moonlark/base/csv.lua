--- Comma-separated text as RFC 4180 describes it: quoted fields may hold commas, line breaks and doubled quotes; lines
--- end in LF or CRLF; a byte-order mark and empty lines are skipped.
---
--- Texts keep their bytes, with one exception: a spreadsheet would calculate a name such as "=1+1.wav". A text that
--- begins with = + - @ or white space, after any apostrophes, gets one more apostrophe when it is written, and loses it
--- when it is read. core/extract/table.c does the same.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

local csv = {}

-- The field that starts at `from`: its text, and the position after it.
local function field(text, from, delimiter, line, name)
  if text:byte(from) ~= 34 then -- not a quote
    local stop = text:find("[%" .. delimiter .. "\r\n]", from) or #text + 1
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

--- The rows of a text; each is a list of strings with the field `line`, the number of its first line.
---@param text string
---@param name string  of the file, for messages
---@param delimiter string?  one character; default ","
---@return table[]
function csv.parse(text, name, delimiter)
  delimiter = delimiter or ","
  if #delimiter ~= 1 or delimiter:find "[%w\"\r\n]" then
    show.fail('delimiter must be one character, no letter, digit or quote, got "%s"', delimiter)
  end
  text = text:gsub("^\239\187\191", "")
  local zero = text:find("\0", 1, true)
  if zero then
    show.fail("%s, line %d: a zero byte: this is no text, or not of UTF-8", name,
      select(2, text:sub(1, zero):gsub("\n", "")) + 1)
  end
  local rows, at, line = {}, 1, 1
  while at <= #text do
    local row = {line = line}
    while true do
      local value, stop = field(text, at, delimiter, line, name)
      row[#row + 1] = value
      line = line + select(2, value:gsub("\n", ""))
      at = stop + 1
      if text:sub(stop, stop) ~= delimiter then
        if text:sub(stop, stop + 1) == "\r\n" then at = stop + 2 end
        break
      end
    end
    line = line + 1
    if #row > 1 or row[1] ~= "" then rows[#rows + 1] = row end
  end
  return rows
end

--- The rows of a file whose first line names the columns: each row is a table by column name; under the number 0 it
--- has its line. Errors: a row of another width, a column that is there twice.
---@param path string
---@param delimiter string?
---@return table[] rows
---@return string[] columns
function csv.read(path, delimiter)
  local lines = csv.parse(files.read(path), path, delimiter)
  local columns = table.remove(lines, 1)
  if not columns then show.fail("%s is empty: its first line must name the columns", path) end
  local seen = {}
  for _, column in ipairs(columns) do
    if seen[column] then show.fail("%s, line %d: the column '%s' is there twice", path, columns.line, column) end
    seen[column] = true
  end
  local rows = {}
  for i, values in ipairs(lines) do
    if #values ~= #columns then
      show.fail("%s, line %d: %d fields, but the first line names %d columns", path, values.line, #values, #columns)
    end
    local row = {[0] = values.line}
    for j, column in ipairs(columns) do row[column] = values[j]:gsub("^'('*[=+@\t\r\n-])", "%1") end
    rows[i] = row
  end
  columns.line = nil
  return rows, columns
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
