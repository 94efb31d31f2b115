--- Score: annotations as MIDI: notes as notes, beats as a tempo that the notes of a click follow.
local midi = require "moonlark.base.midi"

local score = {}

--- The notes of all tracks of a file, and its tempi, as tables of fields.
---     local list = score.read(files.read "song.mid", "song.mid")
---@param text string
---@param path string
---@return table[]
function score.read(text, path)
  local tracks, tempi = midi.read(text, path)
  local notes, tempo = {kind = "notes"}, {kind = "tempo"}
  for _, track in ipairs(tracks) do
    for _, note in ipairs(track.notes) do
      notes[#notes + 1] = {start = note.start, stop = note.stop, pitch = note.pitch, velocity = note.velocity / 127,
        label = track.name}
    end
  end
  for i, one in ipairs(tempi) do tempo[i] = {start = one.start, value = one.bpm} end
  return #tempo > 0 and {notes, tempo} or {notes}
end

local function clamp(x, low, high) return math.max(low, math.min(high, math.floor(x + 0.5))) end

--- Notes by their pitch; any other events as clicks of a drum, downbeats higher.
---     files.write("notes.mid", score.write(notes))
---@param a moonlark.Annotation
---@return string
function score.write(a)
  local track = {channel = 9, notes = {}}
  local has_pitch = a[1] and a[1].pitch
  if has_pitch then track.channel, track.program = 0, 0 end
  for i, item in ipairs(a) do
    track.notes[i] = {
      start = item.start, stop = item.stop or item.start + 0.1, velocity = clamp((item.velocity or 0.75) * 127, 1, 127),
      pitch = has_pitch and clamp(item.pitch or 60, 0, 127) or item.position == 1 and 76 or 77,
    }
  end
  return midi.write {track}
end

return score
