--- Texts, whatever the language settings of the process.
local text = {}

--- Sorts strings by their bytes.
---@param list string[]
---@return string[]  the same list
function text.sort(list)
  local language = os.setlocale(nil, "collate")
  os.setlocale("C", "collate")
  table.sort(list)
  os.setlocale(language, "collate")
  return list
end

--- The keys of a table whose keys are strings, sorted by their bytes.
---@param t table<string, any>?
---@return string[]
function text.keys(t)
  local list = {}
  for key in pairs(t or {}) do list[#list + 1] = key end
  return text.sort(list)
end

--- Text of a file as UTF-8: a byte order mark says UTF-8 or UTF-16, and is taken away; without one the bytes stay. What
--- is no character of UTF-16 becomes U+FFFD.
---     local words = text.utf8(files.read "song.TextGrid")
---@param bytes string
---@return string
function text.utf8(bytes)
  if bytes:sub(1, 3) == "\xEF\xBB\xBF" then return bytes:sub(4) end
  local order = bytes:sub(1, 2) == "\xFE\xFF" and ">" or bytes:sub(1, 2) == "\xFF\xFE" and "<"
  if not order then return bytes end
  local parts, high = {}, nil
  local function put(code) parts[#parts + 1] = utf8.char(code) end
  for at = 3, #bytes - 1, 2 do
    local unit = (order .. "I2"):unpack(bytes, at)
    local low = unit >= 0xDC00 and unit < 0xE000
    if high and low then
      put(0x10000 + (high - 0xD800 << 10) + unit - 0xDC00)
    else
      if high then put(0xFFFD) end
      if low then put(0xFFFD) end
    end
    high = unit >= 0xD800 and unit < 0xDC00 and unit or nil
    if not (high or low) then put(unit) end
  end
  if high then put(0xFFFD) end
  return table.concat(parts)
end

return text
