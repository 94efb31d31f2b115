--- Level: how loud it is now, ten times a second.
local core = require "moonlark_core".sound

local SILENCE = -120 -- what stands for minus infinity, which JSON does not know

local Level = {}
Level.__index = Level

local function finite(decibels) return math.max(decibels, SILENCE) end

--- Hears a piece: all channels, at their own rate.
function Level:hear(piece, say)
  self.peak = math.max(self.peak, piece.peak)
  self.meter:add(piece.sound)
  local momentary, short_term, steps = self.meter:now()
  if steps == self.steps then return end
  self.steps = steps
  say {kind = "level", time = steps * self.step, loudness = momentary and finite(momentary),
    short_term = short_term and finite(short_term),
    peak = self.peak > 0 and finite(20 * math.log(self.peak, 10)) or SILENCE}
  self.peak = 0
end

--- What says of a sound how loud it is: events {kind = "level", time, loudness (LUFS of 400 ms), short_term (LUFS of 3 s),
--- peak (dBFS of the loudest sample since the event before)}; -120 stands for silence, and nothing for what has not been
--- heard long enough.
return function(session)
  local step = (session.rate + 5) // 10 / session.rate
  return setmetatable({meter = core.meter(session.channels, session.rate), step = step, steps = 0, peak = 0}, Level)
end
