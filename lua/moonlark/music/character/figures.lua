--- Figures: a few numbers that say how a song sounds and moves: what moods and rules of genre rest on.
local beats = require "moonlark.music.rhythm.beats"
local chords = require "moonlark.music.harmony.chords"
local core = require "moonlark_core".music
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local keys = require "moonlark.music.harmony.key"
local loudness = require "moonlark.music.sound.loudness"
local onsets = require "moonlark.music.rhythm.onsets"
require "moonlark.music.hearing.flux" -- defines a curve

-- Magnitude in four groups of mel bands: below 0.28, 0.96, 3.1 kHz, and above; ten frames a second.
heard.curve("balance", function(piece)
  local torch = require "moonlark.torch"
  local mel = frontend.rhythm(piece)
  local data, parts = mel.data:expm1(), {}
  if data:size(1) < 5 then data = data:constant_pad_nd({0, 5 - data:size(1)}, 0) end
  for i, group in ipairs {{0, 8}, {8, 16}, {24, 24}, {48, 32}} do
    parts[i] = data:narrow(0, group[1], group[2]):sum({0}, true):unsqueeze(0):avg_pool1d({5}, {5}):squeeze(0)
  end
  return mel:with {data = torch.cat(parts, 0), rate = 10, kind = "balance", unit = false}
end)

local level_samples = heard.rate // 100 -- 10 ms

-- How much the samples deviate in each 10 ms.
heard.curve("level", function(piece)
  local samples = piece.waveform.data:select(0, 0)
  local frames = samples:size(0) // level_samples
  local data = samples:narrow(0, 0, frames * level_samples):reshape({frames, level_samples}):std({1})
  return piece.waveform:with {data = data:reshape {1, frames}, rate = heard.rate / level_samples, kind = "level"}
end)

-- How regular the level is over seconds: 1 over the mean exponent of its detrended fluctuation; 0 where it does not move.
local function steadiness_of(level)
  local exponents = core.fluctuation(level.data:select(0, 0):contiguous(), 100)
  local n = exponents:size(0)
  local sum = n > 0 and exponents:sum():item() or 0
  return sum > 0 and n / sum or 0
end

-- Mean and relative deviation of the intervals between beats.
local function intervals_of(times)
  local n, mean, square = #times - 1, 0, 0
  if n < 1 then return 0, 0 end
  for i = 1, n do mean = mean + (times[i + 1] - times[i]) / n end
  for i = 1, n do square = square + (times[i + 1] - times[i] - mean) ^ 2 / n end
  return mean, math.sqrt(square) / mean
end

-- Where between two beats the strongest onset lies that is not on them: 0.5 is even, 0.67 swings.
local function swing_of(flux, times)
  local sum, weight = 0, 0
  for i = 1, #times - 1 do
    local from, to = times[i] * flux.rate, times[i + 1] * flux.rate
    local first, last = math.ceil(from + 0.4 * (to - from)), math.floor(from + 0.8 * (to - from))
    if last > first and last < #flux.values then
      local best = first
      for t = first, last do if flux.values[t + 1] > flux.values[best + 1] then best = t end end
      sum = sum + flux.values[best + 1] * (best - from) / (to - from)
      weight = weight + flux.values[best + 1]
    end
  end
  return weight > 0 and sum / weight or 0.5
end

-- How much stronger the second and fourth beats are than the first and third, above the bass.
local function backbeat_of(flux, found)
  local even, odd = {0, 0}, {0, 0}
  for _, beat in ipairs(found) do
    local frame = math.floor(beat.start * flux.rate + 0.5) + 1
    local value = math.max(flux.values[frame] or 0, flux.values[frame - 1] or 0, flux.values[frame + 1] or 0)
    local sums = beat.position and beat.position % 2 == 0 and even or odd
    sums[1], sums[2] = sums[1] + value, sums[2] + 1
  end
  if found.meter ~= 4 or even[2] == 0 or odd[2] == 0 or odd[1] == 0 then return 0 end
  return math.log((even[1] / even[2]) / (odd[1] / odd[2]), 2)
end

local function chord_changes(h)
  local count = 0
  for i, chord in ipairs(chords.chords(h)) do if i > 1 and chord.label ~= "N" then count = count + 1 end end
  return 60 * count / math.max(h:seconds(), 1e-9)
end

---@class moonlark.music.Figures
---@field tempo number  BPM
---@field meter integer?
---@field beat_strength number  0..1, how much more is new at the beats
---@field irregularity number  deviation of the beats' intervals over their mean
---@field swing number  0.5 even, 0.67 triplets
---@field backbeat number  octaves by which beats 2 and 4 are stronger than 1 and 3
---@field steadiness number  0 to about 3, how little the level strays over 0.3 to 9 s (Streich and Herrera, 2005)
---@field onset_rate number  a second
---@field flux number  mean rise of the log-mel in 40 ms
---@field loudness number  LUFS
---@field range number  LU
---@field mode number  -1 surely minor .. 1 surely major
---@field chord_changes number  a minute
---@field bass number  share of the magnitude below 0.28 kHz
---@field treble number  share above 3.1 kHz

--- The figures of a song.
---     print(figures.of(h).swing)
---@param h moonlark.music.Heard
---@return moonlark.music.Figures
local function of(h)
  return h:get("figures", function()
    h:prepare {"flux", "balance", "level", "chroma", "bass chroma", "beat network", "chord network", "key network"}
    local found, key, flux = beats.beats(h), keys.key(h), h:curve "flux"
    local groups = flux.data:narrow(0, 0, 4)
    local high = {rate = flux.rate, values = groups:narrow(0, 1, 3):sum({0}):totable()}
    local times = found.times
    local balance = h:curve "balance".data:mean {1}
    local total = math.max(balance:sum():item(), 1e-9)
    local _, irregularity = intervals_of(times)
    local measured, said = pcall(loudness.loudness, h)
    return {
      tempo = found.tempo, meter = found.meter, beat_strength = found.confidence, irregularity = irregularity,
      swing = swing_of(high, times), backbeat = backbeat_of(high, found), steadiness = steadiness_of(h:curve "level"),
      onset_rate = #onsets.onsets(h) / math.max(h:seconds(), 1e-9), flux = groups:mean():item(),
      loudness = measured and said.integrated or -70, range = measured and said.range or 0,
      mode = key.tonic and (key.mode == "major" and key.confidence or -key.confidence) or 0,
      chord_changes = chord_changes(h), bass = balance[0]:item() / total, treble = balance[3]:item() / total,
    }
  end)
end

return {of = of}
