--- Row: the figures of an analysis that fit into one line of a table.
local show = require "moonlark.base.show"

local row = {}

--- The columns, in order.
row.columns = {"path", "duration", "tempo", "meter", "key", "key_confidence", "chords_a_minute", "sections", "onsets_a_second",
  "loudness_lufs", "loudness_range_lu", "true_peak_dbtp", "dynamic_range_db", "energy", "valence", "danceability", "voice",
  "genre", "faults"}

local function of(t, name) return type(t) == "table" and t[name] or nil end

local function share_of_voice(voice)
  if type(voice) ~= "table" then return nil end
  local sum, all = 0, 0
  for _, one in ipairs(voice) do
    all = all + one["end"] - one.start
    if one.label ~= "instrumental" then sum = sum + one["end"] - one.start end
  end
  return all > 0 and sum / all or nil
end

local function likeliest(scores)
  local best
  for name, score in pairs(scores or {}) do
    if not best or score > scores[best] or score == scores[best] and name < best then best = name end
  end
  return best
end

--- One line of a table, of what Analysis:plain gives.
---     csv.write("songs.csv", row.columns, {row.of(about:plain())})
---@param plain table
---@return table<string, any>
function row.of(plain)
  local key, quality, mood = plain.key, plain.quality, plain.mood or {}
  local minutes = math.max((plain.duration or 0) / 60, 1e-9)
  local made = {
    path = plain.path, duration = plain.duration, tempo = (plain.tempo or 0) > 0 and plain.tempo or nil, meter = plain.meter,
    key = of(key, "tonic") and key.tonic .. " " .. key.mode, key_confidence = of(key, "confidence"),
    chords_a_minute = plain.chords and math.floor(#plain.chords / minutes * 10 + 0.5) / 10,
    sections = plain.sections and #plain.sections,
    onsets_a_second = plain.onsets and math.floor(#plain.onsets / minutes / 60 * 100 + 0.5) / 100,
    loudness_lufs = of(plain.loudness, "integrated"), loudness_range_lu = of(plain.loudness, "range"),
    true_peak_dbtp = of(plain.loudness, "true_peak"), dynamic_range_db = of(quality, "dynamic_range_db"),
    energy = of(mood.energy, "value"), valence = of(mood.valence, "value"), danceability = of(mood.danceability, "value"),
    voice = share_of_voice(plain.voice), genre = of(plain.prediction, "label") or likeliest(of(plain.genre_rules, "scores")),
    faults = quality and table.concat(quality.faults or {}, "; "),
  }
  for name, value in pairs(made) do made[name] = math.tointeger(value) or value end -- whether it comes from JSON or not
  return made
end

--- The same in a line of words: name, length, tempo, meter, key, loudness, faults.
---     print(row.words(about:plain()))
---@param plain table
---@return string
function row.words(plain)
  local one = row.of(plain)
  local words = {show.name(plain.path or "a waveform")}
  local function add(format, value) words[#words + 1] = value and format:format(value) or "-" end
  add("%.1f s", one.duration)
  add("%.1f BPM", one.tempo)
  add("%d/4", one.meter)
  add("%s", one.key)
  add("%.1f LUFS", one.loudness_lufs)
  if one.faults and one.faults ~= "" then words[#words + 1] = one.faults end
  return table.concat(words, "\t")
end

return row
