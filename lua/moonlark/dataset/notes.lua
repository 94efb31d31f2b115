--- Notes: what is to be said of the sounds that a job over many files read.
local warning = require "moonlark.base.warning"

local notes = {}

local said = {} -- folds, and the parts of a split, read the same files again

local function say_once(path, words)
  local line = path .. "\0" .. words
  if said[line] then return end
  said[line] = true
  warning.of_file(path, words)
end

local function add(list, track, reason, words)
  say_once(track.path, words)
  local last = list[#list]
  if last and last.path == track.path then return end -- another piece of the same file
  list[#list + 1] = {path = track.path, reason = reason, place = track.place}
end

--- Says them on standard error, each once, and gives them as lists. To be called when the job's progress bar has ended.
---@param found table  of each track {partial, warning} or false: the engine's notes
---@param tracks moonlark.Track[]
---@return {path: string, reason: string, place: integer?}[] partial  files that were kept in part
---@return {path: string, reason: string, place: integer?}[] warnings
function notes.take(found, tracks)
  local partial, warnings = {}, {}
  for i, note in ipairs(found) do
    if note and note.partial then add(partial, tracks[i], note.partial, "kept in part: " .. note.partial) end
    if note and note.warning then add(warnings, tracks[i], note.warning, note.warning) end
  end
  return partial, warnings
end

return notes
