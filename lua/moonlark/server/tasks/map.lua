--- Map: a picture over the whole song, in a file of its folder that tiles are read from.
local files = require "moonlark.base.files"
local maps = require "moonlark.server.maps"

---@param options {kind: string}
---@param about table
---@return {columns: integer}
return function(options, about)
  local place = files.join(about.folder, maps.file(options.kind))
  local columns = maps.make(about.sound, options.kind, place, function(seconds)
    about.say(math.min(seconds / about.song.duration, 1), "map")
  end)
  return {columns = columns}
end
