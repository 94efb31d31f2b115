--- TextGrid of Praat, long and short, in UTF-8 or UTF-16: each tier is an annotation.
local show = require "moonlark.base.show"

local textgrid = {}

-- UTF-16 with its mark as UTF-8.
local function utf8_of(text)
  local mark = text:sub(1, 2)
  if mark ~= "\xFF\xFE" and mark ~= "\xFE\xFF" then return (text:gsub("^\xEF\xBB\xBF", "")) end
  local form, parts, at = mark == "\xFF\xFE" and "<I2" or ">I2", {}, 3
  while at + 1 <= #text do
    local unit = form:unpack(text, at)
    at = at + 2
    if unit >= 0xD800 and unit < 0xDC00 and at + 1 <= #text then
      unit = 0x10000 + (unit - 0xD800) * 0x400 + (form:unpack(text, at) - 0xDC00)
      at = at + 2
    end
    parts[#parts + 1] = utf8.char(unit)
  end
  return table.concat(parts)
end

-- The values of a file in order: numbers, and texts in quotes, in which a quote is doubled. Names and brackets of the long
-- form are no values; <exists> is one.
local function values_of(text)
  local list, at = {}, 1
  while at <= #text do
    local sign = text:sub(at, at)
    if sign == '"' then
      local stop = at
      repeat
        stop = text:find('"', stop + 1, true)
        local doubled = stop and text:sub(stop + 1, stop + 1) == '"'
        if doubled then stop = stop + 1 end
      until not doubled
      if not stop then return list end
      list[#list + 1] = {text = text:sub(at + 1, stop - 1):gsub('""', '"')}
      at = stop + 1
    elseif sign == "[" then
      at = (text:find("]", at, true) or #text) + 1
    elseif text:find("^[%d%-]", at) and text:sub(at - 1, at - 1):find "^[%s=]?$" then
      local word = text:match("^%-?[%d.eE+-]+", at)
      list[#list + 1] = {number = tonumber(word)}
      at = at + #word
    else
      at = at + 1
    end
  end
  return list
end

--- The tiers of a file as tables of fields: intervals with labels, or points. Empty intervals are left out. Errors: no
--- TextGrid; one that ends too early.
---     local tiers = textgrid.read(files.read "talk.TextGrid", "talk.TextGrid")
---@param text string
---@param path string
---@return table[]
function textgrid.read(text, path)
  text = utf8_of(text)
  if not text:find '"ooTextFile"' or not text:find '"TextGrid"' then show.fail("%s is no TextGrid", path) end
  local values, at, tiers = values_of(text), 3, {}
  local function take(kind)
    local value = values[at] and values[at][kind]
    if value == nil then show.fail("%s is damaged: value %d is no %s", path, at, kind) end
    at = at + 1
    return value
  end
  take "number"
  local duration, count = take "number", take "number"
  for _ = 1, count do
    local class, name = take "text", take "text"
    take "number"
    take "number"
    local made = {kind = name ~= "" and name or "tier", duration = duration}
    for _ = 1, take "number" do
      local item = {start = take "number"}
      if class == "IntervalTier" then item.stop = take "number" end
      item.label = take "text"
      if not (item.stop and item.label == "") then made[#made + 1] = item end
    end
    tiers[#tiers + 1] = made
  end
  return tiers
end

local function quoted(s) return '"' .. s:gsub('"', '""') .. '"' end

--- An annotation as a TextGrid of one tier, in the short form. What lies between segments becomes empty intervals.
---     files.write("chords.TextGrid", textgrid.write(chords))
---@param a moonlark.Annotation
---@return string
function textgrid.write(a)
  local stops = a.stops
  local duration = math.max(rawget(a, "duration") or 0, stops[#stops] or 0)
  local interval = a[1] and a[1].stop ~= nil
  local items, at = {}, 0
  local function put(...) items[#items + 1] = table.concat({...}, "\n") end
  local function number(x) return ("%.6f"):format(x) end
  for _, item in ipairs(a) do
    if interval then
      local start = math.max(item.start, at)
      if start > at then put(number(at), number(start), '""') end
      at = math.max(item.stop, start)
      put(number(start), number(at), quoted(item.label or ""))
    else
      put(number(item.start), quoted(item.label or item.position and tostring(item.position) or ""))
    end
  end
  if interval and at < duration then put(number(at), number(duration), '""') end
  return table.concat({'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", number(duration), "<exists>", "1",
    interval and '"IntervalTier"' or '"TextTier"', quoted(a.kind), "0", number(duration), tostring(#items),
    table.concat(items, "\n")}, "\n") .. "\n"
end

return textgrid
