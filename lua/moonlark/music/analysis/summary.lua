--- Summary: an analysis as plain data, and in a musician's words.
local annotation = require "moonlark.annotation"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local summary = {}

-- Thousandths are enough for seconds, and a file of them can be read.
local function rounded(x)
  if x ~= x or math.abs(x) == math.huge then return nil end
  return math.type(x) == "integer" and x or math.floor(x * 1e4 + 0.5) / 1e4
end

local function numbers(list)
  local made = json.array {}
  for i, x in ipairs(list) do made[i] = rounded(x) end
  return made
end

-- Segments as JSON names them.
local function segments(a)
  local made, stops = json.array {}, a.stops
  for i, item in ipairs(a) do
    made[i] = {start = rounded(item.start), ["end"] = rounded(stops[i]), label = item.label,
      confidence = item.confidence and rounded(item.confidence)}
  end
  return made
end

-- Numbers, texts and lists of a table; Signals, tensors and functions are left out. What is empty is a list of nothing.
local function data(value)
  local kind = type(value)
  if kind == "number" then return rounded(value) end
  if kind == "string" or kind == "boolean" then return value end
  if annotation.is(value) then return segments(value) end
  if kind ~= "table" or signal.is(value) then return nil end
  local made = (#value > 0 or next(value) == nil) and json.array {} or {}
  for key, inner in pairs(value) do made[key] = data(inner) end
  return made
end

local plain = {
  tempo = function(tempo, out)
    out.tempo = rounded(tempo.bpm)
    out.tempo_candidates = data(tempo.candidates)
  end,
  beats = function(beats, out)
    out.beats = numbers(beats.times)
    if beats.meter then out.downbeats, out.meter = numbers(beats.downbeats), beats.meter end
    out.tempo = out.tempo or rounded(beats.tempo)
    out.beats_confidence = beats.confidence and rounded(beats.confidence)
  end,
  key = function(key, out)
    out.key = {tonic = key.tonic, mode = key.mode, confidence = rounded(key.confidence or 0), second = data(key.second),
      segments = segments(key)}
  end,
  onsets = function(onsets, out) out.onsets = numbers(onsets.times) end,
  prediction = function(prediction, out)
    out.prediction = {label = prediction.label, probabilities = data(prediction.probabilities)}
  end,
}

local names = {"loudness", "tempo", "beats", "key", "chords", "sections", "onsets", "quality", "mood", "voice",
  "genre_rules", "prediction"}

--- Plain numbers, texts and lists, ready for JSON.
---     print(summary.plain(about).tempo)
---@param about moonlark.Analysis
---@return table
function summary.plain(about)
  local out = {path = about.path, duration = rounded(about.duration)}
  for _, name in ipairs(names) do
    local value = about[name]
    if value ~= nil then
      if plain[name] then plain[name](value, out) else out[name] = data(value) end
    end
  end
  return out
end

-- words ----------------------------------------------------------------------------------

local function clock(seconds)
  local whole = math.floor(seconds + 0.5)
  return ("%d:%02d"):format(whole // 60, whole % 60)
end

-- Label and share of the time of the most frequent labels.
local function most_heard(a, most)
  local shares, labels, total = {}, {}, 0
  for i, item in ipairs(a) do
    local seconds = a.stops[i] - item.start
    if not shares[item.label] then labels[#labels + 1] = item.label end
    shares[item.label], total = (shares[item.label] or 0) + seconds, total + seconds
  end
  table.sort(labels, function(x, y)
    if shares[x] ~= shares[y] then return shares[x] > shares[y] end
    return x < y
  end)
  local words = {}
  for i = 1, math.min(most, #labels) do
    words[i] = ("%s %.0f %%"):format(show.name(labels[i]), 100 * shares[labels[i]] / math.max(total, 1e-9))
  end
  return table.concat(words, ", ")
end

local said = {
  loudness = tostring,
  tempo = tostring,
  beats = function(beats)
    if #beats == 0 then return "none" end
    local words = ("%d, the first at %.2f s"):format(#beats, beats[1].start)
    if beats.tempo > 0 then words = ("%s, %.1f BPM"):format(words, beats.tempo) end
    return beats.meter and ("%s, %d in a bar"):format(words, beats.meter) or words
  end,
  key = function(key)
    if not key.tonic then return "none" end
    return ("%s %s (confidence %.2f)"):format(key.tonic, key.mode, key.confidence or 0)
  end,
  chords = function(chords) return most_heard(chords, 6) end,
  sections = function(sections)
    local words = {}
    for i, section in ipairs(sections) do words[i] = ("%s %s"):format(show.name(section.label), clock(section.start)) end
    return table.concat(words, ", ")
  end,
  onsets = function(onsets)
    return ("%d, %.1f a second"):format(#onsets, #onsets / math.max(onsets.duration or 1, 1e-9))
  end,
  voice = function(voice) return ("%s (confidence %.2f)"):format(most_heard(voice, 3), voice.confidence or 0) end,
  quality = function(quality)
    return #quality.faults > 0 and table.concat(quality.faults, "; ") or "no fault found"
  end,
  mood = function(mood)
    local words = {}
    for _, name in ipairs {"energy", "danceability", "arousal", "valence"} do
      if mood[name] and mood[name].value then words[#words + 1] = ("%s %.2f"):format(name, mood[name].value) end
    end
    return table.concat(words, ", ")
  end,
  genre_rules = function(rules)
    local list = {}
    for name, score in pairs(rules.scores) do list[#list + 1] = {name = name, score = score} end
    table.sort(list, function(a, b)
      if a.score ~= b.score then return a.score > b.score end
      return a.name < b.name
    end)
    local words = {}
    for i = 1, math.min(3, #list) do words[i] = ("%s %.0f %%"):format(list[i].name, 100 * list[i].score) end
    return table.concat(words, ", ")
  end,
  prediction = function(prediction)
    local words, share = show.name(tostring(prediction.label)), (prediction.probabilities or {})[prediction.label]
    return share and ("%s %.0f %%"):format(words, 100 * share) or words
  end,
}

local called = {genre_rules = "genre (rules)"}

--- What a musician would be told: name and words of each part.
---     for _, line in ipairs(summary.lines(about)) do print(line[1], line[2]) end
---@param about moonlark.Analysis
---@return string[][]
function summary.lines(about)
  local lines = {{"length", clock(about.duration)}}
  for _, name in ipairs(names) do
    local words = about[name] ~= nil and said[name](about[name])
    if words and words ~= "" then lines[#lines + 1] = {called[name] or name, words} end
  end
  return lines
end

--- The same as one text.
---     print(summary.words(about))
---@param about moonlark.Analysis
---@return string
function summary.words(about)
  local lines = {about.path and show.name(about.path) or "a waveform"}
  for _, line in ipairs(summary.lines(about)) do lines[#lines + 1] = ("  %-14s %s"):format(line[1], line[2]) end
  return table.concat(lines, "\n")
end

return summary
