--- M3U8: an extended playlist whose entries, with their lengths and titles, are the chapters of a sound.
local m3u8 = {}

--- Chapters from the lengths and titles of the entries, one behind the other.
---     local made = m3u8.read("#EXTM3U\n#EXTINF:12.5,Intro\na.mp3\n")
---@param text string
---@return table
function m3u8.read(text)
  local made, at = {kind = "chapters"}, 0
  for line in (text:gsub("^\xEF\xBB\xBF", "") .. "\n"):gmatch "([^\n]*)\n" do
    local seconds, title = line:match "^#EXTINF:%s*([%d.]+)[^,]*,%s*(.-)%s*$"
    if seconds and tonumber(seconds) then
      made[#made + 1] = {start = at, stop = at + tonumber(seconds), label = title ~= "" and title or nil}
      at = at + tonumber(seconds)
    end
  end
  made.duration = at
  return made
end

--- Segments as chapters: each an entry of the sound with its length and title, and where it begins.
---     files.write("song.m3u8", m3u8.write(sections, "song.mp3"))
---@param a moonlark.Annotation
---@param sound string  the file that is cut
---@return string
function m3u8.write(a, sound)
  local lines, stops = {"#EXTM3U"}, a.stops
  for i, item in ipairs(a) do
    lines[#lines + 1] = ("#EXTINF:%.3f,%s"):format(stops[i] - item.start, ((item.label or ""):gsub("[\r\n]", " ")))
    lines[#lines + 1] = ("#EXTVLCOPT:start-time=%.3f"):format(item.start)
    lines[#lines + 1] = ("#EXTVLCOPT:stop-time=%.3f"):format(stops[i])
    lines[#lines + 1] = sound
  end
  return table.concat(lines, "\n") .. "\n"
end

return m3u8
