--- M3U8: an extended playlist in UTF-8 whose entries are the chapters of a sound. VLC and others play each from its
--- start-time to its stop-time (#EXTVLCOPT).
local lines = require "moonlark.annotation.lines"
local show = require "moonlark.base.show"
local words = require "moonlark.annotation.words"

local m3u8 = {}

-- An entry as an item: where it does not say when it begins, it begins where the one before ends.
local function item_of(entry, at, line, path)
  local start = entry.start or at
  local stop = entry.stop or entry.length and start + entry.length or nil
  if not stop then lines.fail(path, line, "an entry needs a length: #EXTINF:seconds,title before it") end
  if stop < start then lines.fail(path, line, "an entry ends before it begins") end
  return {start = start, stop = stop, label = entry.title}
end

--- The entries of an M3U8 one after the other: chapters of one sound, or pieces of a stream.
---     local made = m3u8.read(files.read "song.m3u8", "song.m3u8")
---@param text string
---@param path string  for errors
---@return table  fields of an annotation of kind "segments"
function m3u8.read(text, path)
  local made, entry, at = {kind = "segments"}, {}, 0
  for _, line in ipairs(lines.each(text, true)) do
    local length, title = line.text:match "^#EXTINF:%s*([^%s,]*)[^,]*,?%s*(.-)%s*$"
    local option, value = line.text:match "^#EXTVLCOPT:%s*(%a+%-time)%s*=%s*(.-)%s*$"
    if length then
      entry.length = lines.seconds(path, line, length, "the length")
      if entry.length < 0 then entry.length = nil end -- of unknown length
      entry.title = title ~= "" and title or nil
    elseif option == "start-time" or option == "stop-time" then
      entry[option:match "%a+"] = lines.seconds(path, line, value, "the " .. option)
    elseif line.text:sub(1, 1) ~= "#" then
      local item = item_of(entry, at, line, path)
      made[#made + 1], at, entry = item, item.stop, {}
      made.sound = made.sound or line.text:match "^%s*(.-)%s*$"
    end
  end
  return made
end

local function seconds(x) return (("%.6f"):format(x):gsub("%.?0+$", "")) end

--- The text of an M3U8 whose chapters play `a.sound`, a path or an address. Events last to the next one.
---     files.write("song.m3u8", m3u8.write(sections:with {sound = "song.mp3"}))
---@param a moonlark.Annotation
---@return string
function m3u8.write(a)
  if type(a.sound) ~= "string" or a.sound:find "[\r\n]" then
    show.fail "a playlist plays a sound: name it, as in sections:with {sound = \"song.mp3\"}"
  end
  local list, stops = {"#EXTM3U"}, a.stops
  for i, item in ipairs(a) do
    local title = words.of(item):gsub("[\r\n]", " ")
    list[#list + 1] = ("#EXTINF:%s,%s"):format(seconds(stops[i] - item.start), title)
    list[#list + 1] = "#EXTVLCOPT:start-time=" .. seconds(item.start)
    list[#list + 1] = "#EXTVLCOPT:stop-time=" .. seconds(stops[i])
    list[#list + 1] = a.sound
  end
  return table.concat(list, "\n") .. "\n"
end

return m3u8
