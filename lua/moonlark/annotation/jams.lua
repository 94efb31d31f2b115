--- JAMS 0.3 (Humphrey et al., 2014; https://jams.readthedocs.io): annotations of one sound as JSON, several in one file.
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local jams = {}

-- Namespaces that are read, by the kind that becomes of them; and the field of an item that holds their value.
local namespaces = {
  beat = {"beats", "position"}, beat_position = {"beats", "position"}, onset = {"onsets"}, tempo = {"tempo", "value"},
  chord = {"chords", "label"}, chord_harte = {"chords", "label"}, key_mode = {"key", "label"},
  segment_open = {"sections", "label"}, segment_salami_upper = {"sections", "label"},
  segment_salami_lower = {"sections", "label"}, segment_salami_function = {"sections", "label"},
  multi_segment = {"sections", "label"}, note_midi = {"notes", "pitch"}, note_hz = {"notes", "hz"},
  tag_open = {"tags", "label"}, lyrics = {"lyrics", "label"}, vector = false,
}

-- What each kind is written as.
local written = {beats = "beat", onsets = "onset", tempo = "tempo", chords = "chord", key = "key_mode",
  sections = "segment_open", notes = "note_midi", tags = "tag_open", voice = "tag_open", lyrics = "lyrics"}

-- "A minor" is "A:minor" in JAMS.
local function key_of_jams(label) return (label:gsub("^(%u[b#]*):", "%1 ")) end
local function key_to_jams(label) return (label:gsub("^(%u[b#]*) ", "%1:")) end

local function item_of(observation, kind, field, path)
  local start, duration, value = observation.time, observation.duration, observation.value
  if type(start) ~= "number" then show.fail("%s: an observation of %s has no time", path, kind) end
  local item = {start = start, confidence = type(observation.confidence) == "number" and observation.confidence or nil}
  if type(duration) == "number" and duration > 0 then item.stop = start + duration end
  if type(value) == "table" then value = value.label or value.position or value.pitch end
  if field == "label" then
    item.label = (type(value) == "string" or type(value) == "number") and tostring(value) or nil
    if kind == "key" and item.label then item.label = key_of_jams(item.label) end
  elseif field == "hz" then
    item.pitch = type(value) == "number" and value > 0 and 69 + 12 * math.log(value / 440, 2) or nil
  elseif field == "position" then
    item.position = type(value) == "number" and math.tointeger(value) or nil
  elseif field then
    item[field] = type(value) == "number" and value or nil
  end
  return item
end

-- Observations as a list; older files have a table of columns.
local function observations(data)
  if #data > 0 or type(data.time) ~= "table" then return data end
  local list = {}
  for i, time in ipairs(data.time) do
    list[i] = {time = time, duration = data.duration and data.duration[i], value = data.value and data.value[i],
      confidence = data.confidence and data.confidence[i]}
  end
  return list
end

--- The annotations of a JAMS file that are of a kind known here, as tables of fields.
---     local list = jams.read(files.read "song.jams", "song.jams")
---@param text string
---@param path string  for errors
---@return table[]
function jams.read(text, path)
  local file, list = json.decode(text, path), {}
  if type(file) ~= "table" or type(file.annotations) ~= "table" then
    show.fail("%s is no JAMS file: it has no annotations", path)
  end
  local whole = type(file.file_metadata) == "table" and file.file_metadata.duration
  for _, one in ipairs(file.annotations) do
    local known = type(one) == "table" and namespaces[one.namespace]
    if known and type(one.data) == "table" then
      local made = {kind = known[1], duration = type(whole) == "number" and whole or nil}
      for i, observation in ipairs(observations(one.data)) do
        made[i] = item_of(observation, known[1], known[2], path)
      end
      list[#list + 1] = made
    end
  end
  return list
end

local function value_of(kind, item)
  if kind == "key" then return key_to_jams(item.label or "") end
  if kind == "beats" then return item.position or json.null end
  if kind == "onsets" then return json.null end
  if kind == "notes" then return item.pitch end
  if kind == "tempo" then return item.value end
  return item.label or ""
end

local function annotation_of(a)
  local data = json.array {}
  for i, item in ipairs(a) do
    data[i] = {time = item.start, duration = item.stop and item.stop - item.start or 0, value = value_of(a.kind, item),
      confidence = item.confidence or json.null}
  end
  return {
    namespace = written[a.kind] or "tag_open", time = 0, duration = a.duration or json.null, data = data, sandbox = {},
    annotation_metadata = {
      curator = {name = "", email = ""}, annotator = {}, version = "", corpus = "", annotation_tools = "Moonlark",
      annotation_rules = "", validation = "", data_source = "program",
    },
  }
end

--- JAMS text of several annotations of one sound.
---     files.write("song.jams", jams.write({beats, chords}, {title = "song", duration = 30}))
---@param annotations moonlark.Annotation[]
---@param about {title: string?, duration: number?}?
---@return string
function jams.write(annotations, about)
  about = about or {}
  local list, duration = json.array {}, about.duration
  for i, a in ipairs(annotations) do
    list[i] = annotation_of(a)
    duration = duration or a.duration
  end
  return json.encode({
    annotations = list, sandbox = {},
    file_metadata = {title = about.title or "", artist = "", release = "", duration = duration or 0, identifiers = {},
      jams_version = "0.3.4"},
  }, " ") .. "\n"
end

return jams
