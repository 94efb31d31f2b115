--- Beats: where a listener taps, and how fast.
local bars = require "moonlark.music.bars"
local core = require "moonlark_core".music
local heard = require "moonlark.music.heard"
local options = require "moonlark.base.options"
require "moonlark.music.flux" -- defines the curve

local beats = {}

local of_decoder = options.describe("music.beats", core.parameters.bar_pointer)

-- How likely a beat begins in each frame.
local function activation_of(h)
  return h:get("beat activation", function()
    local flux = h:curve "flux"
    return flux:with {data = core.flux_activation(flux.data), kind = "beat_activation"}
  end)
end

local function median(list)
  if #list == 0 then return 0 end
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local half = #sorted // 2
  return #sorted % 2 == 1 and sorted[half + 1] or (sorted[half] + sorted[half + 1]) / 2
end

-- The beats as items, with how likely each is.
local function items_of(found, activation)
  local items, values = {}, activation.data
  local frames = activation:frames()
  for i, beat in ipairs(found:totable()) do
    local frame = math.max(0, math.min(frames - 1, math.floor(beat[1] + 0.5)))
    items[i] = {start = beat[1] / activation.rate, confidence = values[frame]:item()}
  end
  return items
end

local function tempo_of(items)
  local intervals = {}
  for i = 2, #items do intervals[i - 1] = items[i].start - items[i - 1].start end
  local middle = median(intervals)
  return middle > 0 and 60 / middle or 0
end

-- How much more is new at the beats than elsewhere, 0..1.
local function confidence_of(items, activation)
  if #items == 0 then return 0 end
  local sum = 0
  for _, item in ipairs(items) do sum = sum + item.confidence end
  return math.max(0, sum / #items - activation.data:mean():item())
end

-- Gives each beat its place in the bar.
local function number(items, h)
  local times = {}
  for i, item in ipairs(items) do times[i] = item.start end
  local positions, meter, confidence = bars.of(h, times)
  items.meter, items.meter_confidence, items.downbeats = meter, confidence, {}
  for i, item in ipairs(items) do
    item.position = positions[i]
    if positions[i] == 1 then table.insert(items.downbeats, item.start) end
  end
end

--- Beats: an Annotation of events. `beats.times` are seconds, `beats.tempo` is in beats a minute (60 over the median
--- interval; 0 where there are fewer than two beats), `beats.confidence` (0..1) says how much more is new at the beats
--- than elsewhere, and each beat has a `confidence` of its own. `beats.positions` are places in the bar (1 on the
--- downbeat), `beats.downbeats` the times of the downbeats, `beats.meter` is 3 or 4 beats a bar (nil where there are fewer
--- than four beats), `beats.meter_confidence` 0..1.
---
--- Source: an onset curve of several bands (SuperFlux; Böck and Widmer, 2013), and the likeliest path through the states
--- of Krebs, Böck and Widmer (2015), whose tempo has a prior. Silence and single clicks have no beats. Errors: as of
--- audio.load.
---     print(music.beats("song.mp3").tempo)
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.beats.Options?
---@return moonlark.Annotation
function beats.beats(song, given)
  local o, h = of_decoder:read(given), heard.of(song)
  local function find()
    local activation = activation_of(h)
    local items = items_of(core.bar_pointer(activation.data, activation.rate, o), activation)
    items.tempo, items.confidence = tempo_of(items), confidence_of(items, activation)
    number(items, h)
    return h:annotation("beats", items)
  end
  if given and next(given) then return find() end
  return h:get("beats", find)
end

return beats
