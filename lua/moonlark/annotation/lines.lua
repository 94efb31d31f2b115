--- Lines: annotations as text, one item a line: .lab and .beats of MIREX, labels of Audacity (.txt).
local show = require "moonlark.base.show"

local lines = {}

---@class moonlark.annotation.Line
---@field number integer
---@field text string

--- The lines that say something, with their numbers. Byte order mark, empty lines and comments (#) are left out.
---     for _, line in ipairs(lines.each(text)) do print(line.number, line.text) end
---@param text string
---@param comments boolean?  keep lines that begin with #
---@return moonlark.annotation.Line[]
function lines.each(text, comments)
  local list, number = {}, 0
  for line in (text:gsub("^\xEF\xBB\xBF", ""):gsub("\r\n?", "\n") .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    if line:find "%S" and (comments or not line:find "^%s*#") then list[#list + 1] = {number = number, text = line} end
  end
  return list
end

--- Refuses a line.
---     lines.fail("song.lab", line, "the stop must not lie before the start")
---@param path string
---@param line moonlark.annotation.Line
---@param words string
function lines.fail(path, line, words)
  show.fail("%s, line %d: %s, got '%s'", path, line.number, words, line.text:sub(1, 60))
end

--- A finite number of a line.
---     local start = lines.seconds("song.lab", line, "0.5", "the start")
---@param path string
---@param line moonlark.annotation.Line
---@param word string
---@param what string
---@return number
function lines.seconds(path, line, word, what)
  local value = tonumber(word)
  if not value or value ~= value or math.abs(value) == math.huge then
    lines.fail(path, line, what .. " must be a number of seconds")
  end
  return value
end

--- Segments as "start stop label", separated by tabs or blanks; without a label, or without a stop, as well.
---     local made = lines.segments("0 2.5 C:maj\n", "song.lab")
---@param text string
---@param path string  for errors
---@return table  fields of an annotation: its items
function lines.segments(text, path)
  local made = {kind = "segments"}
  for _, line in ipairs(lines.each(text)) do
    -- Audacity writes a second line with frequencies after a label that has them.
    if not line.text:find "^\\" then
      local start, stop, label = line.text:match "^%s*(%S+)%s+(%S+)%s*(.-)%s*$"
      if not start then start = line.text:match "^%s*(%S+)%s*$" end
      local item = {start = lines.seconds(path, line, start, "the start")}
      item.stop = stop and lines.seconds(path, line, stop, "the stop")
      if item.stop and item.stop < item.start then lines.fail(path, line, "the stop must not lie before the start") end
      if item.stop == item.start and not (label and label ~= "") then item.stop = nil end
      item.label = label ~= "" and label or nil
      made[#made + 1] = item
    end
  end
  return made
end

--- Beats as "time position"; the position in the bar may be missing.
---     local made = lines.beats("0.5\t1\n1.0\t2\n", "song.beats")
---@param text string
---@param path string
---@return table
function lines.beats(text, path)
  local made = {kind = "beats"}
  for _, line in ipairs(lines.each(text)) do
    local time, position = line.text:match "^%s*(%S+)%s*(%S*)"
    local item = {start = lines.seconds(path, line, time, "the time")}
    if position ~= "" then
      -- Some collections write bar.beat.
      item.position = math.tointeger(tonumber(position:match "^%d+%.(%d+)$" or position))
      if not item.position or item.position < 0 then lines.fail(path, line, "the position must be a whole number") end
    end
    made[#made + 1] = item
  end
  return made
end

local function number(x) return ("%.6f"):format(x) end

--- As lines of start, stop and label: .lab and Audacity's labels. Events stop where they start.
---     files.write("song.lab", lines.write_segments(chords))
---@param a moonlark.Annotation
---@return string
function lines.write_segments(a)
  local list = {}
  for i, item in ipairs(a) do
    local label = item.label or item.position and tostring(item.position) or ""
    list[i] = ("%s\t%s\t%s\n"):format(number(item.start), number(item.stop or item.start), (label:gsub("[\t\r\n]", " ")))
  end
  return table.concat(list)
end

--- As lines of time and position.
---     files.write("song.beats", lines.write_beats(beats))
---@param a moonlark.Annotation
---@return string
function lines.write_beats(a)
  local list = {}
  for i, item in ipairs(a) do
    list[i] = number(item.start) .. (item.position and "\t" .. item.position or "") .. "\n"
  end
  return table.concat(list)
end

return lines
