--- Beats: where a listener taps, and how fast.
local as_librosa = require "moonlark.music.rhythm.as_librosa"
local bars = require "moonlark.music.rhythm.bars"
local core = require "moonlark_core".music
local heard = require "moonlark.music.hearing.heard"
local onsets = require "moonlark.music.rhythm.onsets"
local options = require "moonlark.base.options"
require "moonlark.music.hearing.beat_odds" -- defines a curve, as the next
require "moonlark.music.hearing.flux"

---@class moonlark.music
local beats = {}

local of_beats = options.describe("music.beats", core.parameters.bar_pointer, {
  method = options.choice({"bar pointer", "librosa", "plp"}, "bar pointer", "how they are found"),
  network = options.boolean(true, "ask the network of models/weights/beats, too; false: the onset curve alone"),
})

-- How much more likely a beat is to the network than it is in music: each weighed 12 in its training.
local inflated = math.log(12)

-- How likely a beat begins in each frame, by the onset curve.
local function of_flux(h)
  return h:get("beat activation", function()
    local flux = h:curve "flux"
    return flux:with {data = core.flux_activation(flux.data), kind = "beat_activation"}
  end)
end

-- The mean of what the onset curve and the network say. The network finds beats better, the curve the tempo.
local function of_both(h)
  return h:get("beat activation of both", function()
    local flux, network = of_flux(h), h:curve "beat network"
    local sure = (network.data:select(0, 0) - inflated):sigmoid()
    return flux:with {data = (flux.data + sure) / 2}
  end)
end

-- Beats at these frames, which may lie between two, as items, with how likely each is.
local function items_of(found, activation)
  local items, nearest = {}, {}
  if #found == 0 then return items end
  for i, at in ipairs(found) do nearest[i] = math.max(0, math.min(activation:frames() - 1, math.floor(at + 0.5))) end
  local values = activation.data:index_select(0, require "moonlark.torch".tensor(nearest, {dtype = "int64"})):totable()
  for i, at in ipairs(found) do items[i] = {start = at / activation.rate, confidence = values[i]} end
  return items
end

-- By the mean of the intervals within a tenth of their median. Beats lie near whole frames, so intervals come in two
-- sizes and the median is one or the other; intervals twice as long are another tempo.
local function tempo_of(items)
  local intervals, sum, n = {}, 0, 0
  for i = 2, #items do intervals[i - 1] = items[i].start - items[i - 1].start end
  if #intervals == 0 then return 0 end
  table.sort(intervals)
  local middle = intervals[(#intervals + 1) // 2]
  for _, interval in ipairs(intervals) do
    if math.abs(interval - middle) <= 0.1 * middle then sum, n = sum + interval, n + 1 end
  end
  return sum > 0 and 60 * n / sum or 0
end

-- How much more is new at the beats than elsewhere, 0..1.
local function confidence_of(items, activation)
  if #items == 0 then return 0 end
  local sum = 0
  for _, item in ipairs(items) do sum = sum + item.confidence end
  return math.max(0, sum / #items - activation.data:mean():item())
end

local least_confidence, least_onsets = 0.15, 0.5 -- onsets a beat

-- Whether anything speaks for these beats. The model walks on through hiss and long tones, where hardly more is new at its
-- beats than elsewhere, and hardly anything begins.
local function are_heard(items, h)
  local begun = #items < 2 and 0 or #onsets.onsets(h)
  return begun >= 2 and (items.confidence >= least_confidence or begun >= least_onsets * #items)
end

-- Gives each beat its place in the bar.
local function number(items, h, network)
  local times = {}
  for i, item in ipairs(items) do times[i] = item.start end
  local positions, meter, confidence = bars.of(h, times, network)
  items.meter, items.meter_confidence, items.downbeats = meter, confidence, {}
  for i, item in ipairs(items) do
    item.position = positions[i]
    if positions[i] == 1 then table.insert(items.downbeats, item.start) end
  end
end

--- Beats: an Annotation of events. `beats.times` are seconds, `beats.tempo` is in beats a minute (60 over the mean of
--- the intervals within a tenth of their median; 0 where there are fewer than two beats), `beats.confidence` (0..1) says
--- how much more is new at the beats than elsewhere, and each beat has a `confidence` of its own. `beats.positions` are
--- places in the bar (1 on the downbeat), `beats.downbeats` the times of the downbeats, `beats.meter` is 3 or 4 beats a
--- bar (nil where there are fewer than four beats), `beats.meter_confidence` 0..1.
---
--- Source: the mean of an onset curve of several bands (SuperFlux; Böck and Widmer, 2013) and of what a temporal
--- convolutional network says (Davies and Böck, 2019; models/weights/beats.json says what it learnt from), and the
--- likeliest path through the states of Krebs, Böck and Widmer (2015), whose tempo has a prior. network = false takes
--- the onset curve alone. Silence, single clicks and long tones have no beats: there are none where fewer than two beats or
--- onsets are found, or where confidence is under 0.15 and there are fewer onsets than one for each two beats.
---
--- method = "librosa" gives the beats and the tempo of librosa.beat.beat_track (0.11) at 22 050 Hz, "plp" the heights
--- of its predominant local pulse (feature.plp); neither takes the other options. Errors: as of audio.load.
---     print(music.beats("song.mp3").tempo)
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.beats.Options?
---@return moonlark.Annotation
function beats.beats(song, given)
  local o, h = of_beats:read(given), heard.of(song)
  local decoder = {}
  for _, row in ipairs(core.parameters.bar_pointer) do decoder[row.name] = o[row.name] end
  local function point()
    local activation, frames = (o.network and of_both or of_flux)(h), {}
    local found = core.bar_pointer(activation.data, activation.rate, decoder)
    for i, beat in ipairs(found:totable()) do frames[i] = beat[1] end
    return frames, activation
  end
  local ways = {
    ["bar pointer"] = point,
    librosa = function() return as_librosa.beat_track(h:waveform()) end,
    plp = function() return as_librosa.plp(h:waveform()) end,
  }
  local function find()
    local frames, activation, tempo = ways[o.method]()
    local items = items_of(frames, activation)
    items.confidence = confidence_of(items, activation)
    if o.method == "bar pointer" and not are_heard(items, h) then items = {confidence = 0} end
    items.tempo = tempo or tempo_of(items)
    number(items, h, o.network)
    return h:annotation("beats", items)
  end
  if given and next(given) then return find() end
  return h:get("beats", find)
end

return beats
