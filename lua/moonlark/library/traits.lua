--- Traits: what of an analysis a library is searched by, as columns.
local row = require "moonlark.music.analysis.row"

local traits = {}

--- The columns, in order.
traits.columns = {"tempo", "meter", "key", "key_confidence", "mood", "energy", "valence", "arousal", "danceability", "voice",
  "style", "loudness_lufs", "loudness_range_lu", "true_peak_dbtp", "dynamic_range_db", "chords_a_minute", "onsets_a_second",
  "sections", "faults"}

--- The four quarters of Russell's circle ("A circumplex model of affect", 1980): pleasant or not, excited or not.
traits.moods = {"happy", "tense", "sad", "calm"}

local function mood_of(valence, arousal)
  if not valence or not arousal then return nil end
  if arousal >= 0.5 then return valence >= 0.5 and "happy" or "tense" end
  return valence >= 0.5 and "calm" or "sad"
end

--- The columns of what Analysis:plain gives. `style` is the likeliest genre by the rules of music.genre_rules; a genre
--- that a model or a tag names is another thing.
---     print(traits.of(music.analyze("song.mp3"):plain()).mood)
---@param plain table
---@return table<string, any>
function traits.of(plain)
  local figures, made = row.of(plain), {}
  for _, name in ipairs(traits.columns) do made[name] = figures[name] end
  made.style = figures.genre
  made.arousal = plain.mood and plain.mood.arousal and plain.mood.arousal.value
  made.mood = mood_of(made.valence, made.arousal)
  if made.faults == "" then made.faults = nil end
  for _, name in ipairs {"meter", "sections"} do made[name] = math.tointeger(made[name]) end
  return made
end

return traits
