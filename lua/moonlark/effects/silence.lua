--- Silence: where a song has it, and the song without it.
local engine = require "moonlark.feature.engine"
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"

---@class moonlark.effects
local silence = {}

local what_is_silent = {
  top_db = options.number(60, {infinite = true, unit = "dB"}, "how far below ref silence begins"),
  ref = options.either("max", {options.choice {"max"}, options.number(nil, {above = 0, infinite = true})},
    "an amplitude, or max: that of the loudest frame"),
}
local frames = options.described("feature.rms"):pick {"frame_length", "hop_length"}
local trim = options.describe("effects.trim", what_is_silent, frames)
local split = options.describe("effects.split", what_is_silent, frames)

-- The seconds from which and to which a song is louder than top_db below ref: {{from, to} …}.
local function loud_parts(song, o)
  signal.check("song", song, "waveform")
  if song:frames() == 0 then return {} end
  local rms = engine.compute("rms", song, {frame_length = o.frame_length, hop_length = o.hop_length}).data
  local level = rms:reshape {-1, rms:size(-1)}:amax(0):to "float64":clamp(1e-5)
  local ref = o.ref == "max" and level:max():item() or o.ref
  local db = (level:log10() - math.log(math.max(ref, 1e-5), 10)) * 20
  local loud = db:gt(-o.top_db):totable()
  local parts, from = {}, nil
  for t = 1, #loud + 1 do
    if loud[t] and not from then from = t - 1 end
    if from and not loud[t] then
      local first, last = from * o.hop_length, math.min((t - 1) * o.hop_length, song:frames())
      parts[#parts + 1] = {song.start + first / song.rate, song.start + last / song.rate}
      from = nil
    end
  end
  return parts
end

--- A song without the silence before and after it.
---
--- Gives a view of the song, and the seconds at which it begins and ends, counted from the same zero as song.start;
--- both are the same when nothing is loud enough. Every hop_length samples a frame of frame_length samples is measured.
--- It is silent when its root mean square, in its loudest channel, lies top_db decibels or more below ref. A song that
--- is zero throughout is kept whole where ref is "max". Source: librosa.effects.trim.
---     local speech, from, to = effects.trim(song, {top_db = 40})
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.trim.Options?
---@return moonlark.Signal trimmed
---@return number from  seconds
---@return number to  seconds
function silence.trim(song, given)
  local parts = loud_parts(song, trim:read(given))
  local from = #parts > 0 and parts[1][1] or song.start
  local to = #parts > 0 and parts[#parts][2] or song.start
  return song:slice(from, to), from, to
end

--- The parts of a song between silences, first to last: views of the song, each with the second that it begins at in
--- `start`. effects.trim says what silence is. Source: librosa.effects.split.
---     for _, part in ipairs(effects.split(song, {top_db = 40})) do print(part.start, part:duration()) end
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.split.Options?
---@return moonlark.Signal[]
function silence.split(song, given)
  local parts = loud_parts(song, split:read(given))
  for i, part in ipairs(parts) do parts[i] = song:slice(part[1], part[2]) end
  return parts
end

return silence
