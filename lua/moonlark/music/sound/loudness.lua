--- Loudness: how loud a piece is to people.
local core = require "moonlark_core".sound
local heard = require "moonlark.music.hearing.heard"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.Loudness
---@field integrated number  LUFS; -inf when nothing passes the gate of -70 LUFS
---@field range number  LU
---@field true_peak number  dBTP, of the loudest channel
---@field sample_peak number  dBFS, of the loudest channel
---@field momentary moonlark.Signal  LUFS of 400 ms, ten a second, each at the middle of what it was measured over
---@field short_term moonlark.Signal  the same of 3 s

---@class moonlark.music
local loudness = {}

local function as_waveform(song)
  if not signal.is(song) or song.kind ~= "waveform" then
    local got = signal.is(song) and "a " .. song.kind .. " Signal" or type(song)
    show.fail("song must be a path or a waveform Signal, got %s", got)
  end
  if math.tointeger(song.rate) == nil then show.fail("loudness needs a rate of whole Hz, got %g", song.rate) end
  return signal.channels(song)
end

-- The meter after it has heard a whole waveform, or a whole file, a few seconds at a time; and where the sound began.
local function hear(song)
  if type(song) ~= "string" then
    local data = as_waveform(song)
    local meter = core.meter(data:size(0), math.tointeger(song.rate))
    meter:add(data)
    return meter, song.start
  end
  local audio = require "moonlark.audio"
  local info = audio.info(song)
  local meter = core.meter(info.channels, info.rate)
  for block in audio.blocks(song, {rate = "native", mono = false, seconds = 10}) do meter:add(block.data) end
  return meter, 0
end

--- Loudness by EBU R 128 (ITU-R BS.1770-4; EBU Tech 3341 and 3342), through libebur128.
---
--- Prefer a path: a file is heard with all of its channels at its own rate, in bounded memory, and a mixdown is quieter
--- than its channels. One channel counts as one loudspeaker: 3 LU less than the same sound from two. Six channels are
--- taken as L R C LFE Ls Rs.
---
--- Errors: a build without libebur128; sound that is not finite; more than 64 channels.
---     print(music.loudness("song.mp3").integrated)
---@param song string|moonlark.Signal  a path, or a waveform
---@return moonlark.Loudness
function loudness.loudness(song)
  if heard.is(song) then
    return song:get("loudness", function() return loudness.loudness(song.source) end)
  end
  local meter, start = hear(song)
  local integrated, range, true_peak, sample_peak, rate, momentary, short_term = meter:result()
  local function curve(data, kind, window)
    return signal.new {data = data, rate = rate, start = start + window / 2 * 10 / rate, kind = kind, unit = "LUFS"}
  end
  return {
    integrated = integrated, range = range, true_peak = true_peak, sample_peak = sample_peak,
    momentary = curve(momentary, "momentary_loudness", 0.4), short_term = curve(short_term, "short_term_loudness", 3),
  }
end

return loudness
