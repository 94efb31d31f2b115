--- The truth about a clip as JAMS 0.3 (https://jams.readthedocs.io): one JSON file of annotations.
local json = require "moonlark.base.json"

local jams = {}

-- Spans {time, duration, value}, or beats {time, position}, as observations.
local function annotation(namespace, whole, spans)
  local data = json.array {}
  for i, span in ipairs(spans) do
    data[i] = {time = span.time, duration = span.duration or 0, value = span.value or span.position, confidence = 1}
  end
  return {
    namespace = namespace, time = 0, duration = whole, data = data, sandbox = {},
    annotation_metadata = {
      curator = {name = "", email = ""}, annotator = {}, version = "1", corpus = "Moonlark synthetic corpus",
      annotation_tools = "moonlark corpus", annotation_rules = "the score that the clip was played from",
      validation = "", data_source = "program",
    },
  }
end

--- JAMS text of a piece that compose.piece wrote: beat (value: position in the bar, 1 on downbeats), tempo, key_mode,
--- chord (Harte), segment_open, tag_open (the style). `made`, how the clip was made, goes into the sandbox.
function jams.encode(piece, title, style, made)
  local duration = piece.duration
  local function whole(value) return {{time = 0, duration = duration, value = value}} end
  return json.encode({
    annotations = {
      annotation("beat", duration, piece.beats),
      annotation("tempo", duration, whole(piece.tempo)),
      annotation("key_mode", duration, whole(piece.key)),
      annotation("chord", duration, piece.chords),
      annotation("segment_open", duration, piece.sections),
      annotation("tag_open", duration, whole(style)),
    },
    file_metadata = {
      title = title, artist = "Moonlark", release = "synthetic corpus", duration = duration, identifiers = {},
      jams_version = "0.3.4",
    },
    sandbox = {moonlark = made},
  }, " ") .. "\n"
end

return jams
