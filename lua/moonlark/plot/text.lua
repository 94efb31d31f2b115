--- Words on a picture: made harmless, measured, shortened and wrapped.
local show = require "moonlark.base.show"

local text = {}

--- The text as one printable line: white space becomes a space, other control characters and bytes that are not UTF-8
--- escapes (show.name).
function text.clean(value)
  return show.name((tostring(value):gsub("[\t\n\v\f\r]", " "):gsub("\u{2028}", " "):gsub("\u{2029}", " ")))
end

-- Widths of DejaVu Sans in parts of its size, by groups of letters: close enough for margins.
local widths = {}
for group, width in pairs {
  ["ijl'|"] = 0.29, ["ftr.,:;!()[]/\\ -I"] = 0.37, ["csz\"*_"] = 0.53, ["mwMW@%"] = 0.92,
  ["ABCDGHNOQRUVXY&"] = 0.70, ["−×"] = 0.84, ["0123456789+=<>#$abdeghknopquvxyEFJKLPSTZ?^~{}"] = 0.63,
} do
  for _, code in utf8.codes(group) do widths[code] = width end
end

--- "1 point", "3 points".
function text.count(n, noun) return ("%d %s%s"):format(n, noun, n == 1 and "" or "s") end

--- The width in pixels of a text in a size, about.
function text.width(s, size)
  local sum = 0
  for _, code in utf8.codes(s) do
    sum = sum + (widths[code] or (code >= 0x1100 and code < 0x2000 or code > 0x2E7F) and 1.0 or 0.65)
  end
  return sum * size
end

-- Characters that take two columns of a terminal (Unicode Standard Annex 11: wide), and those that take none.
local wide = {
  {0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
  {0xFE30, 0xFE6F}, {0xFF01, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
}
local none = {{0x300, 0x36F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}}

local function within(code, ranges)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

--- How many columns of a terminal a character takes.
function text.columns_of(code)
  if code < 0x300 then return 1 end
  return within(code, wide) and 2 or within(code, none) and 0 or 1
end

--- How many columns of a terminal a text takes.
function text.columns(s)
  local sum = 0
  for _, code in utf8.codes(s) do sum = sum + text.columns_of(code) end
  return sum
end

--- The text in at most so many columns, with an ellipsis where it was cut.
function text.cut(s, columns)
  if text.columns(s) <= columns then return s end
  local kept, used = {}, 1
  for _, code in utf8.codes(s) do
    used = used + text.columns_of(code)
    if used > columns then break end
    kept[#kept + 1] = utf8.char(code)
  end
  return table.concat(kept) .. "…"
end

--- The text, cut with an ellipsis where it would be wider than `limit` pixels.
function text.shorten(s, size, limit)
  if text.width(s, size) <= limit then return s end
  local codes = {utf8.codepoint(s, 1, -1)}
  while #codes > 0 and text.width(utf8.char(table.unpack(codes)) .. "…", size) > limit do codes[#codes] = nil end
  return utf8.char(table.unpack(codes)) .. "…"
end

--- The text in at most `lines` lines of `limit` pixels; what does not fit is cut with an ellipsis.
function text.wrap(s, size, limit, lines)
  local wrapped, line = {}, ""
  local function put(rest) wrapped[#wrapped + 1] = text.shorten(rest, size, limit) end
  local words = {}
  for word in s:gmatch "%S+" do words[#words + 1] = word end
  for i, word in ipairs(words) do
    local longer = line == "" and word or line .. " " .. word
    if line == "" or text.width(longer, size) <= limit then
      line = longer
    elseif #wrapped + 1 == lines then
      put(line .. " " .. table.concat(words, " ", i))
      return wrapped
    else
      put(line)
      line = word
    end
  end
  if line ~= "" then put(line) end
  return wrapped
end

return text
