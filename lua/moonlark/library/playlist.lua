--- Playlist: songs as a file that players read (M3U in UTF-8).
local files = require "moonlark.base.files"
local warning = require "moonlark.base.warning"

local playlist = {}

-- What a player shows: a line of it would be another line.
local function title_of(song)
  local name = song.title or files.stem(song.path)
  if song.artist then name = song.artist .. " - " .. name end
  return (name:gsub("[%c]", " "))
end

--- Writes the songs that have a file. Those whose path holds a line break are left out with a warning.
---     playlist.write("songs.m3u8", l:search {mood = "calm"})
---@param path string
---@param songs moonlark.library.Song[]
---@return integer written
function playlist.write(path, songs)
  local lines, written = {"#EXTM3U"}, 0
  for _, song in ipairs(songs) do
    if song.path and song.path:find "[\r\n]" then
      warning.of_file("not-in-playlist", song.path, "a playlist cannot name it: it has a line break")
    elseif song.path then
      lines[#lines + 1] = ("#EXTINF:%d,%s"):format(math.floor((song.duration or -1) + 0.5), title_of(song))
      lines[#lines + 1] = song.path
      written = written + 1
    end
  end
  files.write(path, table.concat(lines, "\n") .. "\n")
  return written
end

return playlist
