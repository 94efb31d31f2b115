--- Analysis: all that is heard in a song, together: to print, to save, to look at.
local annotation = require "moonlark.annotation"
local files = require "moonlark.base.files"
local heard = require "moonlark.music.hearing.heard"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local page = require "moonlark.music.analysis.page"
local parts = require "moonlark.music.analysis.parts"
local show = require "moonlark.base.show"
local summary = require "moonlark.music.analysis.summary"

---@class moonlark.music
local analysis = {}

---@class moonlark.Analysis
---@field path string?
---@field duration number  seconds
---@field tempo moonlark.music.Tempo?
---@field beats moonlark.Annotation?
---@field key moonlark.Annotation?
---@field chords moonlark.Annotation?
---@field sections moonlark.Annotation?
---@field onsets moonlark.Annotation?
---@field loudness moonlark.Loudness?
---@field quality moonlark.Quality?
---@field mood moonlark.Mood?
---@field voice moonlark.Annotation?
---@field genre_rules moonlark.GenreRules?
---@field prediction moonlark.Prediction?  with `model`
local Analysis = {}
Analysis.__index = Analysis
Analysis.__name = "moonlark.Analysis"

local parameters = options.describe("music.analyze", {
  parts = options.list(options.choice(parts.names), options.none, {least = 1, usual = "everything"}, "what to hear"),
  model = options.text(options.none, "a trained model that is asked too: what predict.file takes",
    {usual = "none is asked"}),
})

local heard_share = 0.7 -- of the time goes to what is heard in pieces

-- Tells how far the song is heard.
local function of_curves(h, say)
  local length = h:expected()
  return function(seconds, curve)
    say(heard_share * (length and length > 0 and math.min(1, seconds / length) or 0), curve)
  end
end

--- Hears all of a song at once: what the functions of music give one by one, from sound that is decoded once and
--- transforms that they share.
---
--- `about.tempo`, `about.beats`, `about.key` … are what `music.tempo(song)`, `music.beats(song)`, `music.key(song)` …
--- return; with `model`, `about.prediction` is what predict.file says. `print(about)` says it in words.
--- `about:save "song.json"`, `".jams"`, or `".html"`: a page that shows and plays it. Errors: as of audio.load.
---     music.analyze("song.mp3"):save "song.html"
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.analyze.Options?
---@param say fun(done: number, stage: string)?  is told how far it is: 0 .. 1, and what is heard now
---@return moonlark.Analysis
function analysis.analyze(song, given, say)
  local o = parameters:read(given)
  local h, names = heard.of(song), o.parts or parts.names
  h:prepare(parts.curves(names), say and of_curves(h, say))
  local self = {path = h.path, duration = h:seconds()}
  for i, name in ipairs(names) do
    if say then say(heard_share + (1 - heard_share) * (i - 1) / #names, name) end
    self[name] = parts.hear(name, h)
    h:tidy()
  end
  if o.model then self.prediction = require "moonlark.predict".file(o.model, song) end
  self.heard = h
  return setmetatable(self, Analysis)
end

--- As plain numbers, texts and lists, with the names that `moonlark analyze --json` prints.
---     print(about:plain().key.tonic)
---@return table
function Analysis:plain() return summary.plain(self) end

-- The tempo as an annotation of its candidates, as JAMS has it.
local function tempo_of(self)
  local made = {kind = "tempo", duration = self.duration}
  for i, one in ipairs(self.tempo.candidates or {}) do
    made[i] = {start = 0, stop = self.duration, value = one.bpm, confidence = one.weight}
  end
  return annotation.new(made)
end

-- The annotations, in one order.
local function annotations(self)
  local list = {self.tempo and tempo_of(self)}
  for _, name in ipairs(parts.names) do
    if annotation.is(self[name]) then list[#list + 1] = self[name] end
  end
  return list
end

local writers = {
  [".json"] = function(self, path) files.write(path, json.encode(self:plain(), "  ") .. "\n") end,
  [".jams"] = function(self, path)
    annotation.save_all(path, annotations(self), {title = files.stem(self.path or ""), duration = self.duration})
  end,
  [".html"] = function(self, path) files.write(path, page.of(self)) end,
}

--- Writes it: .json (as plain), .jams (its annotations), .html (one page with pictures and sound that opens anywhere).
--- The file appears when it is whole. Errors: another ending.
---     about:save "song.html"
---@param path string
function Analysis:save(path)
  local _, ending = files.stem(path)
  local writer = writers[ending]
  if not writer then show.fail("%s must end in .json, .jams or .html", path) end
  writer(self, path)
end

function Analysis:__tostring() return summary.words(self) end

return analysis
