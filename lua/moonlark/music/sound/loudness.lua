--- Loudness: how loud a piece is to people.
local core = require "moonlark_core".sound
local heard = require "moonlark.music.hearing.heard"
local signal = require "moonlark.signal"

---@class moonlark.Loudness
---@field integrated number  LUFS; -inf when nothing passes the gate of -70 LUFS
---@field range number  LU
---@field true_peak number  dBTP, of the loudest channel
---@field sample_peak number  dBFS, of the loudest channel
---@field momentary moonlark.Signal  LUFS of 400 ms, ten a second, each at the middle of what it was measured over
---@field short_term moonlark.Signal  the same of 3 s

local Loudness = {__name = "moonlark.Loudness"}

function Loudness:__tostring()
  if self.integrated == -math.huge then
    if self.true_peak == -math.huge then return "silence" end
    return ("too short or too quiet to tell, true peak %.1f dBTP"):format(self.true_peak)
  end
  return ("%.1f LUFS, range %.1f LU, true peak %.1f dBTP"):format(self.integrated, self.range, self.true_peak)
end

---@class moonlark.music
local loudness = {}

heard.meter("loudness", core.meter)

-- What the meter says after it has heard all.
local function said_of(h)
  local start = signal.is(h.source) and h.source.start or 0
  local integrated, range, true_peak, sample_peak, rate, momentary, short_term = h:meter("loudness"):result()
  local function curve(data, kind, window)
    return signal.new {data = data, rate = rate, start = start + window / 2 * 10 / rate, kind = kind, unit = "LUFS"}
  end
  return setmetatable({
    integrated = integrated, range = range, true_peak = true_peak, sample_peak = sample_peak,
    momentary = curve(momentary, "momentary_loudness", 0.4), short_term = curve(short_term, "short_term_loudness", 3),
  }, Loudness)
end

--- Loudness by EBU R 128 (ITU-R BS.1770-4; EBU Tech 3341 and 3342), with the figures of libebur128.
---
--- Prefer a path: a file is heard with all of its channels at its own rate, in bounded memory, and a mixdown is quieter
--- than its channels. One channel counts as one loudspeaker: 3 LU less than the same sound from two. Six channels are
--- taken as L R C LFE Ls Rs.
---
--- Errors: sound that is not finite; more than 64 channels.
---     print(music.loudness("song.mp3").integrated)
---@param song string|moonlark.Signal  a path, or a waveform
---@return moonlark.Loudness
function loudness.loudness(song)
  local h = heard.of(song)
  return h:get("loudness", function() return said_of(h) end)
end

return loudness
