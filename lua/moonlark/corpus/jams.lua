--- The truth about a clip as JAMS 0.3 (https://jams.readthedocs.io): one JSON file of annotations.
local json = require "moonlark.base.json"

local jams = {}

local function annotation(namespace, duration, observations)
  return {
    namespace = namespace, time = 0, duration = duration, data = json.array(observations), sandbox = {},
    annotation_metadata = {
      curator = {name = "", email = ""}, annotator = {}, version = "1", corpus = "Moonlark synthetic corpus",
      annotation_tools = "moonlark corpus", annotation_rules = "the score that the clip was played from",
      validation = "", data_source = "program",
    },
  }
end

local function observation(time, duration, value)
  return {time = time, duration = duration, value = value, confidence = 1}
end

-- One value for the whole clip.
local function whole(namespace, duration, value)
  return annotation(namespace, duration, {observation(0, duration, value)})
end

local function spans(namespace, duration, list)
  local data = {}
  for i, span in ipairs(list) do data[i] = observation(span.time, span.duration, span.value) end
  return annotation(namespace, duration, data)
end

--- JAMS text of a piece that compose.piece wrote: beat (value: position in the bar, 1 on downbeats), tempo, key_mode,
--- chord (Harte), segment_open, tag_open (the style). `made`, how the clip was made, goes into the sandbox.
function jams.encode(piece, title, style, made)
  local duration, beats = piece.duration, {}
  for i, beat in ipairs(piece.beats) do beats[i] = observation(beat.time, 0, beat.position) end
  return json.encode({
    annotations = {
      annotation("beat", duration, beats),
      whole("tempo", duration, piece.tempo),
      whole("key_mode", duration, piece.key),
      spans("chord", duration, piece.chords),
      spans("segment_open", duration, piece.sections),
      whole("tag_open", duration, style),
    },
    file_metadata = {
      title = title, artist = "Moonlark", release = "synthetic corpus", duration = duration, identifiers = {},
      jams_version = "0.3.4",
    },
    sandbox = {moonlark = made},
  }, " ") .. "\n"
end

return jams
