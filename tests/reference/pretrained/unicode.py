"""Writes lua/moonlark/pretrained/whisper/unicode.lua: which characters are letters and numbers, as unicodedata says.

    python3 tests/reference/pretrained/unicode.py > lua/moonlark/pretrained/whisper/unicode.lua
"""
import unicodedata

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

HEAD = """--- Unicode: which characters are letters, numbers and spaces (categories L and N, property White_Space).
---
--- Written by tests/reference/pretrained/unicode.py from Unicode %s.
local unicode = {}

-- Ranges from U+0080 on, in base 36: how far behind the last range's end one begins, and how far it goes.
local letters = [[
%s
]]
local numbers = [[
%s
]]
"""

BODY = """
-- First and last code points of the ranges, ascending.
local function ranges(text)
  local first, last, at = {}, {}, 0
  for gap, length in text:gmatch "(%w+)%s+(%w+)" do
    at = at + tonumber(gap, 36)
    first[#first + 1] = at
    at = at + tonumber(length, 36)
    last[#last + 1] = at
  end
  return {first = first, last = last}
end

local function within(set, code)
  local low, high = 1, #set.first
  while low < high do
    local middle = (low + high + 1) // 2
    if set.first[middle] <= code then low = middle else high = middle - 1 end
  end
  return set.first[low] <= code and code <= set.last[low]
end

local spaces = {[0x85] = true, [0xA0] = true, [0x1680] = true, [0x2028] = true, [0x2029] = true, [0x202F] = true,
  [0x205F] = true, [0x3000] = true}
for code = 0x2000, 0x200A do spaces[code] = true end

local sets -- made when the first character beyond ASCII comes

local function kind_of_ascii(char)
  return char:find "%a" and "letter" or char:find "%d" and "number" or char:find "%s" and "space" or "other"
end

--- What a character is.
---     print(unicode.kind(utf8.codepoint "é"))      --> letter
---@param code integer  code point
---@return "letter"|"number"|"space"|"other"
function unicode.kind(code)
  if code < 128 then return kind_of_ascii(string.char(code)) end
  if spaces[code] then return "space" end
  sets = sets or {letters = ranges(letters), numbers = ranges(numbers)}
  return within(sets.letters, code) and "letter" or within(sets.numbers, code) and "number" or "other"
end

return unicode
"""


def base36(n):
    return (base36(n // 36) if n >= 36 else "") + DIGITS[n % 36]


def ranges(category):
    found, start = [], None
    for code in range(0x80, 0x110001):
        inside = code < 0x110000 and unicodedata.category(chr(code))[0] == category
        if inside and start is None:
            start = code
        if not inside and start is not None:
            found.append((start, code - 1))
            start = None
    return found


def text(category):
    lines, line, last = [], "", 0
    for first, end in ranges(category):
        word = f"{base36(first - last)} {base36(end - first)}"
        if len(line) + len(word) > 116:
            lines.append(line)
            line = ""
        line, last = f"{line} {word}".strip(), end
    return "\n".join(lines + [line])


print(HEAD % (unicodedata.unidata_version, text("L"), text("N")) + BODY, end="")
