--- Onsets: where notes and drums begin.
local core = require "moonlark_core".music
local feature = require "moonlark.feature"
local heard = require "moonlark.music.hearing.heard"
local options = require "moonlark.base.options"
require "moonlark.music.hearing.flux" -- defines the curve

---@class moonlark.music
local onsets = {}

local parameters = options.describe("music.onsets", {
  method = options.choice({"superflux", "librosa"}, "superflux", "how they are found"),
  delta = options.number(options.none, {least = 0, usual = "0.07, of librosa's 0.07"},
    "how far an onset stands out, of the largest"),
  backtrack = options.boolean(false, "where the sound begins to rise, in place of where it rises most"),
})

-- 0..1 of a whole song.
local function stretched(curve)
  local least = curve:min():item()
  local shifted = curve - least
  return shifted / math.max(shifted:max():item(), 1e-30)
end

-- What is new in all bands, and where in it the peaks are, by a window of 60 ms and a mean over 200 ms.
local function superflux(h)
  local flux = h:curve "flux"
  local groups = flux.data:narrow(0, 0, 4)
  local strength = groups / (groups:pow(2):mean({1}, true):sqrt() + 1e-3)
  return stretched(strength:sum({0})), flux.rate,
    {pre_max = 2, post_max = 3, pre_avg = 6, post_avg = 5, delta = 0.07, wait = 2}
end

local hop = 512

-- librosa.onset.onset_detect (0.11) at 22 050 Hz.
local function as_librosa(h)
  local curve = feature.onset_strength(h:waveform(), {hop_length = hop})
  local rate = h.rate
  return stretched(curve.data:flatten()), curve.rate, {
    pre_max = math.floor(0.03 * rate) // hop, post_max = 1, pre_avg = math.floor(0.1 * rate) // hop,
    post_avg = math.floor(0.1 * rate) // hop + 1, wait = math.floor(0.03 * rate) // hop, delta = 0.07,
  }
end

-- The frame at or before each onset where the curve begins to rise: librosa.onset.onset_backtrack.
local function backtracked(curve, frames)
  local values, list = curve:totable(), {}
  for i, frame in ipairs(frames) do
    local t = frame
    while t > 0 and not (t + 1 < #values and values[t + 1] <= values[t] and values[t + 1] < values[t + 2]) do t = t - 1 end
    list[i] = t
  end
  return list
end

--- Onsets: an Annotation of events.
---
--- method = "superflux" finds peaks of what is new in four groups of mel bands, each over its own strength (Böck and
--- Widmer, 2013), 50 frames a second; "librosa" gives what librosa.onset.onset_detect (0.11) gives at 22 050 Hz, with
--- its `backtrack`. Silence has none. Errors: as of audio.load.
---     print(#music.onsets "song.mp3")
---@param song string|moonlark.Signal  a path, or a waveform
---@param given moonlark.music.onsets.Options?
---@return moonlark.Annotation
function onsets.onsets(song, given)
  local o, h = parameters:read(given), heard.of(song)
  return h:get(("onsets %s %s %s"):format(o.method, o.delta, o.backtrack), function()
    local curve, rate, how = (o.method == "librosa" and as_librosa or superflux)(h)
    how.delta = o.delta or how.delta
    local items = {}
    if curve:max():item() > 0 then
      local frames = core.peaks(curve:contiguous(), how):totable()
      if o.backtrack then frames = backtracked(curve, frames) end
      for i, frame in ipairs(frames) do items[i] = {start = frame / rate} end
    end
    return h:annotation("onsets", items)
  end)
end

return onsets
