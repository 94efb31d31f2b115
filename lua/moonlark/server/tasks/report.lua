--- Report: the page of an analysis, one file that opens anywhere; it is left in the song's folder.
local files = require "moonlark.base.files"
local music = require "moonlark.music"

---@param options table  those of music.analyze
---@param about moonlark.server.Work
---@return {file: string}
return function(options, about)
  local name = ("report-%s.html"):format(options.parts and table.concat(options.parts, "-") or "all")
  if files.exists(files.join(about.folder, name)) then return {file = name} end
  local analysis = music.analyze(about.sound, options, about.say)
  analysis.path = about.song.name
  analysis:save(files.join(about.folder, name))
  return {file = name}
end
