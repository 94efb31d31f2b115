--- Analysis: what is heard in a song, as `moonlark analyze --json` prints it.
local music = require "moonlark.music"

---@param options table  those of music.analyze
---@param about moonlark.server.Work
---@return table
return function(options, about)
  local plain = music.analyze(about.sound, options, about.say):plain()
  plain.path = about.song.name
  return plain
end
