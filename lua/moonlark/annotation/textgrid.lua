--- TextGrid: annotations of Praat (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html), a tier each.
---
--- Praat reads its texts by free-standing numbers, texts in quotes and flags such as <exists>, and skips all other
--- words; so the long form ("xmin = 0") and the short one ("0") are one language.
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"
local words = require "moonlark.annotation.words"

local textgrid = {}

-- reading ----------------------------------------------------------------------------------

local Scanner = {}
Scanner.__index = Scanner

function Scanner:fail(what)
  local _, breaks = self.text:sub(1, self.at - 1):gsub("\n", "")
  show.fail("%s, line %d: %s", self.path, breaks + 1, what)
end

-- A text in quotes; a quote within it is written twice.
function Scanner:quoted()
  local parts, at = {}, self.at + 1
  while true do
    local stop = self.text:find('"', at, true)
    if not stop then self:fail "a text without its closing quote" end
    parts[#parts + 1] = self.text:sub(at, stop - 1)
    at = stop + 1
    if self.text:sub(at, at) ~= '"' then break end
    parts[#parts + 1], at = '"', at + 1
  end
  self.at = at
  return table.concat(parts)
end

-- The next text, number or flag; nil at the end. `where` it begins is kept for errors.
function Scanner:following()
  while true do
    self.at = self.text:find("%S", self.at) or #self.text + 1
    if self.at > #self.text then return nil end
    local first = self.text:sub(self.at, self.at)
    if first == '"' then return self:quoted(), "text" end
    if first == "!" then
      self.at = self.text:find("\n", self.at, true) or #self.text + 1
    else
      local word = self.text:match("^%S+", self.at)
      local number = word:find "^[-+]?%.?%d" and tonumber(word)
      if number then
        self.at = self.at + #word
        return number, "number"
      end
      if word:find "^<%a+>$" then
        self.at = self.at + #word
        return word, "flag"
      end
      self.at = self.at + #word
    end
  end
end

function Scanner:want(kind, what)
  local value, got = self:following()
  if got ~= kind then
    local came = value == nil and "the end of the file" or show.name(tostring(value))
    self:fail(("%s must be a %s, got %s"):format(what, kind, came))
  end
  return value
end

function Scanner:count(what)
  local value = math.tointeger(self:want("number", what))
  if not value or value < 0 then self:fail(what .. " must be a whole number") end
  return value
end

-- Praat fills the gaps between segments with segments of no text.
local function read_interval(scanner, kind)
  local start, stop = scanner:want("number", "the start"), scanner:want("number", "the stop")
  if stop < start then scanner:fail "the stop must not lie before the start" end
  local word = scanner:want("text", "the label")
  return word:find "%S" and words.put({start = start, stop = stop}, kind, word) or nil
end

local function read_point(scanner, kind)
  local start = scanner:want("number", "the time")
  return words.put({start = start}, kind, scanner:want("text", "the mark"))
end

local readers = {IntervalTier = read_interval, TextTier = read_point}

local function read_tier(scanner)
  local class = scanner:want("text", "the class of a tier")
  local read = readers[class] or scanner:fail("a tier is an IntervalTier or a TextTier, got " .. show.name(class))
  local kind = scanner:want("text", "the name of a tier")
  local first = scanner:want("number", "the tier's start")
  local made = {kind = kind ~= "" and kind or "segments", duration = scanner:want("number", "the tier's end")}
  if made.duration < math.max(first, 0) then scanner:fail "a tier ends before it starts" end
  for _ = 1, scanner:count "the number of items" do made[#made + 1] = read(scanner, kind) end
  return made
end

--- The tiers of a TextGrid, in UTF-8 or UTF-16, as tables of fields; their names are the kinds. Segments without a text
--- are gaps, and left out.
---     local list = textgrid.read(files.read "song.TextGrid", "song.TextGrid")
---@param bytes string
---@param path string  for errors
---@return table[]
function textgrid.read(bytes, path)
  local scanner = setmetatable({text = text.utf8(bytes), at = 1, path = path}, Scanner)
  local first, class = scanner:following(), scanner:following()
  if first ~= "ooTextFile" or class ~= "TextGrid" then show.fail("%s is no TextGrid in text", path) end
  scanner:want("number", "the start")
  scanner:want("number", "the end")
  local list = {}
  if scanner:want("flag", "whether there are tiers") ~= "<exists>" then return list end
  for i = 1, scanner:count "the number of tiers" do list[i] = read_tier(scanner) end
  return list
end

-- writing ----------------------------------------------------------------------------------

local function quote(word) return '"' .. word:gsub('"', '""') .. '"' end

local function number(x) return ("%.15g"):format(x) end

-- The segments with those between them, so that they cover the tier.
local function filled(a, duration)
  local list, at = {}, 0
  for i, item in ipairs(a) do
    if item.start < at then
      show.fail("item %d begins at %g s, before the one before it ends (%g s): a tier of Praat's has no overlaps", i,
        item.start, at)
    end
    if item.start > at then list[#list + 1] = {start = at, stop = item.start, word = ""} end
    list[#list + 1] = {start = item.start, stop = item.stop, word = words.of(item)}
    at = item.stop
  end
  if at < duration then list[#list + 1] = {start = at, stop = duration, word = ""} end
  return list
end

-- Whether it holds segments, not events.
local function has_length(a)
  local stops = 0
  for _, item in ipairs(a) do stops = stops + (item.stop and 1 or 0) end
  if stops > 0 and stops < #a then
    show.fail("a tier of Praat's holds segments or events: %d of the %d items have a stop", stops, #a)
  end
  return stops > 0
end

local function tier(a, duration)
  local lines, segments = {}, has_length(a)
  local function line(indent, ...) lines[#lines + 1] = (" "):rep(indent) .. string.format(...) end
  local items = segments and filled(a, duration) or a
  local one, mark = segments and "intervals" or "points", segments and "text" or "mark"
  line(8, "class = %s", quote(segments and "IntervalTier" or "TextTier"))
  line(8, "name = %s", quote(a.kind))
  line(8, "xmin = 0")
  line(8, "xmax = %s", number(duration))
  line(8, "%s: size = %d", one, #items)
  for i, item in ipairs(items) do
    line(8, "%s [%d]:", one, i)
    line(12, "%s = %s", segments and "xmin" or "number", number(item.start))
    if segments then line(12, "xmax = %s", number(item.stop)) end
    line(12, "%s = %s", mark, quote(item.word or words.of(item)))
  end
  return table.concat(lines, "\n")
end

-- The end of the sound, or of the last item where that is not known.
local function end_of(a)
  local last = a.duration or 0
  for _, item in ipairs(a) do last = math.max(last, item.stop or item.start) end
  return last
end

--- The text of a TextGrid with one tier, in the long form and UTF-8. Errors: segments that overlap or begin before 0 s;
--- segments and events together.
---     files.write("song.TextGrid", textgrid.write(chords))
---@param a moonlark.Annotation
---@return string
function textgrid.write(a)
  if a[1] and a[1].start < 0 then show.fail("item 1 begins at %g s, before the sound", a[1].start) end
  local duration = end_of(a)
  return table.concat({'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0",
    "xmax = " .. number(duration), "tiers? <exists>", "size = 1", "item []:", "    item [1]:", tier(a, duration), ""},
    "\n")
end

return textgrid
