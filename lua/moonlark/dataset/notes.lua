--- Notes of the engine on the sound files that a job has read.
local warning = require "moonlark.base.warning"

local notes = {}

local said = {} -- folds, and the parts of a split, read the same files again

local function add(list, track, reason, kind, words)
  local line = track.path .. "\0" .. words
  if not said[line] then warning.of_file(kind, track.path, words) end
  said[line] = true
  local last = list[#list]
  if last and last.path == track.path then return end -- another piece of the same file
  list[#list + 1] = {path = track.path, reason = reason, place = track.place}
end

--- Says the engine's notes on tracks, {partial, warning} or false for each, on standard error, each once; gives two
--- lists of {path, reason, place}: files that were kept in part, and warnings. To be called when the job's progress bar
--- has ended.
function notes.take(found, tracks)
  local partial, warnings = {}, {}
  for i, note in ipairs(found) do
    if note and note.partial then
      add(partial, tracks[i], note.partial, "partial-file", "kept in part: " .. note.partial)
    end
    if note and note.warning then add(warnings, tracks[i], note.warning, "cancelled-stereo", note.warning) end
  end
  return partial, warnings
end

return notes
