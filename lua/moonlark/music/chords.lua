--- Chords: which chord sounds when.
local chroma = require "moonlark.music.chroma"
local heard = require "moonlark.music.heard"
local options = require "moonlark.base.options"
local path = require "moonlark.music.path"
require "moonlark.music.harmony" -- defines a curve

local chords = {}

local parameters = options.describe("music.chords", {
  steadiness = options.number(12, {least = 0}, "how much better a new chord must fit, as a logarithm, before it changes"),
  network = options.boolean(true, "ask the network of models/weights/harmony; false: compare the chroma with chords"),
  bass = options.number(0.12, {least = 0}, "what the bass weighs beside the chord's notes, without the network"),
})

-- Semitones over the root.
local triads = {{name = "maj", 0, 4, 7}, {name = "min", 0, 3, 7}}

-- Names of the chords, and the notes of each as a row of length 1.
local function all_chords()
  local torch = require "moonlark.torch"
  local names, rows = {}, {}
  for _, triad in ipairs(triads) do
    for root = 0, 11 do
      names[#names + 1] = chroma.names[root + 1] .. ":" .. triad.name
      local row = {}
      for class = 1, 12 do row[class] = 0 end
      for _, over in ipairs(triad) do row[(root + over) % 12 + 1] = 1 / math.sqrt(3) end
      rows[#rows + 1] = row
    end
  end
  return names, torch.tensor(rows)
end

local certainty = 12  -- how much a cosine that is larger by 1 tells, as a logarithm
local no_chord = 0.55 -- the cosine that a chord must reach
local silence = 0.01  -- of the loudest frame

-- How well each chord fits each frame, no chord last, by the network: frames × 25. Where nothing sounds there is none.
local function of_network(h)
  local logits, chroma = h:curve "chord network".data, h:curve "chroma".data
  local lengths = chroma:norm(2, {0}, {keepdim = true})
  local quiet = lengths:lt(silence * lengths:max():item()):float()
  local odds = logits:log_softmax(0)
  odds:narrow(0, 24, 1):add_(quiet * 20)
  return odds:t():totable()
end

-- The same by cosines of the chroma with the notes of each chord.
local function fits(classes, bass, weight, templates)
  local torch = require "moonlark.torch"
  local lengths = classes:norm(2, {0}, {keepdim = true})
  local cosines = templates:matmul(classes / (lengths + 1e-9))
  local deep = bass / (bass:amax({0}, true) + 1e-9)
  local fit = cosines + weight * torch.cat({deep, deep}, 0)
  local quiet = lengths:lt(silence * lengths:max():item()):float()
  local none = torch.full({1, classes:size(1)}, no_chord + weight * 0.5) + 10 * quiet
  return (torch.cat({fit, none}, 0) * certainty):t():totable()
end

-- Frames with one chord in a row; a frame is the middle of what it stands for.
local function segments_of(walked, names, rate, seconds)
  local items = {}
  for t, k in ipairs(walked) do
    local last, label = items[#items], names[k] or "N"
    local at = last and math.min((t - 1.5) / rate, seconds) or 0
    if not last or last.label ~= label then
      if last then last.stop = at end
      items[#items + 1] = {start = at, label = label}
    end
  end
  if #items > 0 then items[#items].stop = math.max(seconds, items[#items].start) end
  return items
end

--- Chords: an Annotation of segments that covers the song, with labels in Harte's notation: "C:maj", "A:min", "N" where no
--- chord sounds.
---
--- A small convolutional network tells major and minor triads apart (models/weights/harmony.json says what it learnt from);
--- with network = false the cosine of the chroma with their notes does, and the bass is a second witness. The likeliest
--- sequence is taken in which a change costs something. Errors: as of audio.load.
---     for _, chord in ipairs(music.chords "song.mp3") do print(chord.start, chord.label) end
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.chords.Options?
---@return moonlark.Annotation
function chords.chords(song, given)
  local o, h = parameters:read(given), heard.of(song)
  return h:get(("chords %g %g %s"):format(o.steadiness, o.bass, o.network), function()
    h:prepare {"chroma", "bass chroma", o.network and "chord network" or nil}
    local curve, bass = h:curve "chroma", h:curve "bass chroma"
    local seconds = h:seconds()
    if curve.data:max():item() <= 0 then
      return h:annotation("chords", {{start = 0, stop = seconds, label = "N"}})
    end
    local names, templates = all_chords()
    local rows = o.network and of_network(h) or fits(curve.data, bass.data, o.bass, templates)
    local walked = path(rows, o.steadiness)
    return h:annotation("chords", segments_of(walked, names, curve.rate, seconds))
  end)
end

return chords
