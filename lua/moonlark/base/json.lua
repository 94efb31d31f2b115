--- JSON: written by us with sorted keys, so that the same content is the same bytes; read by cjson.
---
--- Names of files may hold any bytes, JSON only Unicode. Therefore a byte 80 .. FF that is no UTF-8 is written as the
--- code point U+10DC00 + byte of the private plane 16, in JSON "\udbf7\udc80" .. "\udbf7\udcff", which every parser
--- reads. Where a name holds one of those code points itself, each of its four bytes is written so. Reading turns them
--- back: any string comes back to the byte. Without the "\udbf7" it is what Python calls surrogateescape.
--- core/text.h has the same rule.
local cjson = require "cjson"
local show = require "moonlark.base.show"

local json = {}

--- What JSON calls null.
json.null = cjson.null

-- Marks a table as an array even when empty.
local Array = {}

--- Marks a table as a JSON array; needed only when it may be empty.
---@param t table
---@return table
function json.array(t) return setmetatable(t, Array) end

-- JSON that was written before: its text, and its value once somebody has looked into it.
local Written, text_of, value_of = {}, {}, {}

local function read_of(self)
  if rawget(self, value_of) == nil then rawset(self, value_of, json.decode(rawget(self, text_of), "what was written")) end
  return rawget(self, value_of)
end
function Written.__index(self, key) return read_of(self)[key] end
function Written.__len(self) return #read_of(self) end
function Written.__pairs(self) return pairs(read_of(self)) end

--- An object or array that is JSON already, as a value: json.encode writes it as it is, and it is read only where somebody
--- looks into it.
---     print(json.encode {result = json.written '{"tempo":120}'})         --> {"result":{"tempo":120}}
---@param written string  JSON in one line
---@return table
function json.written(written) return setmetatable({[text_of] = written}, Written) end

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}

-- Bytes 80 .. FF as the code points that stand for them.
local function keep_bytes(bytes)
  return (bytes:gsub(".", function(c) return ("\\udbf7\\udc%02x"):format(c:byte()) end))
end

-- Characters above ASCII that move, hide or turn other text, as in core/text.h: they are escaped, so that JSON is
-- harmless on a terminal, too.
local controls = {"\xC2[\x80-\x9F]", "\xD8\x9C", "\xE2\x80[\x8E\x8F\xA8-\xAE]", "\xE2\x81[\xA6-\xA9]",
  "\xEF\xBB\xBF", "\xEF\xBF[\xB9-\xBB]"}

-- A text without control characters of ASCII, as UTF-8 alone.
local function as_utf8(text)
  text = text:gsub("\xF4\x8D[\xB2\xB3][\x80-\xBF]", keep_bytes)
  local parts, from = {}, 1
  while from <= #text do
    local length, bad = utf8.len(text, from)
    if length then break end
    parts[#parts + 1] = text:sub(from, bad - 1) .. keep_bytes(text:sub(bad, bad))
    from = bad + 1
  end
  parts[#parts + 1] = text:sub(from)
  text = table.concat(parts)
  for _, pattern in ipairs(controls) do
    text = text:gsub(pattern, function(c) return ("\\u%04x"):format(utf8.codepoint(c)) end)
  end
  return text
end

-- The bytes that as_utf8 kept in a text that was read.
local function to_bytes(text)
  return (text:gsub("\xF4\x8D([\xB2\xB3])([\x80-\xBF])", function(half, low)
    return string.char((half == "\xB3" and 0xC0 or 0x80) | (low:byte() & 0x3F))
  end))
end

local function quoted(text)
  text = text:gsub('[%c"\\\127]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end)
  return '"' .. (text:find "[\x80-\xFF]" and as_utf8(text) or text) .. '"'
end

-- The shortest decimal text that reads back as the same number.
local function number(value)
  if value ~= value or value == math.huge or value == -math.huge then return "null" end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then
      return text:find "[%.eE]" and text or text .. ".0"
    end
  end
end

local write

local function container(open, close, items, indent, depth)
  if #items == 0 then return open .. close end
  if not indent then return open .. table.concat(items, ",") .. close end
  local line = "\n" .. indent:rep(depth + 1)
  return open .. line .. table.concat(items, "," .. line) .. "\n" .. indent:rep(depth) .. close
end

function write(value, indent, depth)
  local kind = type(value)
  if value == nil or value == cjson.null then return "null" end
  if kind == "boolean" then return tostring(value) end
  if kind == "number" then return number(value) end
  if kind == "string" then return quoted(value) end
  if kind ~= "table" then show.fail("JSON cannot hold a %s", kind) end
  if getmetatable(value) == Written then return rawget(value, text_of) end
  if depth > 100 then error("JSON nests deeper than 100: does the table contain itself?", 0) end

  local items = {}
  if #value > 0 or getmetatable(value) == Array then
    for i = 1, #value do items[i] = write(value[i], indent, depth + 1) end
    return container("[", "]", items, indent, depth)
  end
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then show.fail("a JSON object's key must be a string, got %s", tostring(key)) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    items[i] = quoted(key) .. (indent and ": " or ":") .. write(value[key], indent, depth + 1)
  end
  return container("{", "}", items, indent, depth)
end

--- JSON text of a value: keys are sorted, NaN and infinities become null, an empty table is an object.
---@param value any
---@param indent string?  for instance "  "; default: one line
---@return string
function json.encode(value, indent) return write(value, indent, 0) end

-- A value that was read, its strings as they were before they were written.
local function restored(value)
  if type(value) == "string" then return to_bytes(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[restored(key)] = restored(item) end
  return setmetatable(copy, getmetatable(value))
end

-- Of our own settings: NaN and Infinity are no JSON.
local decoder = cjson.new()
decoder.decode_invalid_numbers(false)

-- What the decoder calls things, as a person would.
local tokens = {
  T_OBJ_BEGIN = "{", T_OBJ_END = "}", T_ARR_BEGIN = "[", T_ARR_END = "]", T_STRING = "a string", T_NUMBER = "a number",
  T_BOOLEAN = "true or false", T_NULL = "null", T_COLON = ":", T_COMMA = ",", T_END = "the end",
}

-- "line 3, column 5" of a position in a text whose first line has a number.
local function place_of(text, at, first)
  local before = text:sub(1, at - 1)
  local line = select(2, before:gsub("\n", "")) + first
  local start = before:match "^.*\n()" or 1
  return ("line %d, column %d"):format(line, utf8.len(text, start, at - 1) and utf8.len(before:sub(start)) + 1
    or at - start + 1)
end

-- `first`: the number of the text's first line in its file.
local function parse(text, name, first)
  local body = text:gsub("^\xEF\xBB\xBF", "")
  if not body:find "[^%s\0]" then show.fail("%s is empty: it holds no JSON", name) end
  local zero = body:find("\0", 1, true)
  if zero then show.fail("%s, %s: not JSON: a zero byte", name, place_of(body, zero, first)) end
  local ok, value = pcall(decoder.decode, body)
  if ok then
    local kept = body:find "\\[uU][dD][bB][fF]7" or body:find "\xF4\x8D[\xB2\xB3]"
    return kept and restored(value) or value
  end
  local why, at = tostring(value):match "^(.*) at character (%d+)$"
  if not at then show.fail("%s: not JSON: %s", name, value) end
  why = why:gsub("T_[A-Z_]+", tokens):gsub("^Expected (.*) but found (.*)$", "expected %1, found %2")
    :gsub("^Found too many nested data structures.*", "it nests too deep")
  show.fail("%s, %s: not JSON: %s", name, place_of(body, tonumber(at), first), why)
end

--- The value of a JSON text; an error says in one line where it breaks. Where a key is there twice, the last counts.
---@param text string
---@param name string?  what to call the text in errors: its file
---@return any
function json.decode(text, name) return parse(text, name or "the text", 1) end

--- The value of a JSON file; an error names the file with the line and column, or the place whose form is another.
---@param path string
---@param form moonlark.Form?  see moonlark.base.shape
---@return any
function json.read(path, form)
  local value = json.decode(require "moonlark.base.files".read(path), path)
  return form and require "moonlark.base.shape".check(value, path, form) or value
end

--- The values of a file with one JSON text a line. A last line without its end, as a killed writer leaves it, is
--- ignored.
---@param path string
---@param form moonlark.Form?
---@return any[]
function json.read_lines(path, form)
  local list, number = {}, 0
  for line in require "moonlark.base.files".read(path):gmatch "([^\n]*)\n" do
    number = number + 1
    if line:find "%S" then
      local name = ("%s, line %d"):format(path, number)
      local value = parse(line, path, number)
      list[#list + 1] = form and require "moonlark.base.shape".check(value, name, form) or value
    end
  end
  return list
end

return json
