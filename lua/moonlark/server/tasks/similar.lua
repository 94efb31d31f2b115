--- Similar: songs of a library that sound like one of them.
local library = require "moonlark.library"

local opened = {} -- path -> library, whose vectors stay in memory for the next question

---@param options {library: string, song: string, limit: integer}
---@return {songs: table[]}
return function(options)
  local path = options.library
  opened[path] = opened[path] or library.open(path)
  return {songs = opened[path]:similar(options.song, {limit = math.tointeger(options.limit)})}
end
