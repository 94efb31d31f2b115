--- Score: annotations as MIDI: notes, or beats as quarter notes of a tempo that follows them.
local midi = require "moonlark.base.midi"
local show = require "moonlark.base.show"

local score = {}

local drums = 9 -- the channel of drums

-- The notes of some tracks in one list; the label is the track's name.
local function notes_of(tracks, kind, wanted)
  local made = {kind = kind}
  for _, track in ipairs(tracks) do
    for _, note in ipairs(track.notes) do
      if wanted(note) then
        made[#made + 1] = {start = note.start, stop = note.stop, pitch = note.pitch, velocity = note.velocity / 127,
          label = track.name ~= "" and track.name or nil}
      end
    end
  end
  return made
end

-- The tempi; a file that only has MIDI's usual tempo does not speak of tempo.
local function tempo_of(tempi)
  local made = {kind = "tempo"}
  if #tempi == 1 and tempi[1].bpm == 120 then return made end
  for i, one in ipairs(tempi) do made[i] = {start = one.start, value = one.bpm} end
  return made
end

--- What a MIDI file holds: notes, those of drums apart, beats by its tempi and time signatures, and its tempi.
---     local list = score.read(files.read "song.mid", "song.mid")
---@param bytes string
---@param path string  for errors
---@return table[]
function score.read(bytes, path)
  local tracks, tempi, beats = midi.read(bytes, path)
  beats.kind = "beats"
  local list = {}
  for _, made in ipairs {notes_of(tracks, "notes", function(note) return note.channel ~= drums end),
    notes_of(tracks, "drums", function(note) return note.channel == drums end), beats, tempo_of(tempi)} do
    if #made > 0 then list[#list + 1] = made end
  end
  return list
end

local function limited(x, least, most) return math.max(least, math.min(most, math.floor(x + 0.5))) end

local clap = 39 -- of General MIDI's drums

local function note_of(i, item, pitch)
  if not pitch then show.fail("item %d has no pitch: MIDI holds notes, beats and other events", i) end
  if item.start < 0 then show.fail("item %d begins at %g s, before MIDI's first tick", i, item.start) end
  return {start = item.start, stop = item.stop or item.start + 0.1, pitch = limited(pitch, 0, 127),
    velocity = limited((item.velocity or 0.7) * 127, 1, 127)}
end

--- The bytes of a MIDI file: beats for an annotation of beats, else its notes, on the nearest semitones; events without
--- a pitch, such as onsets, are claps. Errors: segments without a pitch; times before 0 s.
---     files.write("song.mid", score.write(notes))
---@param a moonlark.Annotation
---@return string
function score.write(a)
  if a.kind == "beats" then
    if a[1] and a[1].start < 0 then show.fail("item 1 begins at %g s, before MIDI's first tick", a[1].start) end
    return midi.write_beats(a)
  end
  local claps = a[1] and not a[1].pitch and not a[1].stop
  local channel, notes = (claps or a.kind == "drums") and drums or 0, {}
  for i, item in ipairs(a) do notes[i] = note_of(i, item, item.pitch or claps and clap) end
  return midi.write {{channel = channel, notes = notes, program = channel ~= drums and 0 or nil}}
end

return score
