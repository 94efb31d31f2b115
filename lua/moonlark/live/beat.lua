--- Beat: where a listener would tap. What was heard of the last seconds tells tempo and phase; the beats to come are
--- told from there, so that an event is as late as the sound is.
local heard = require "moonlark.music.hearing.heard"
local music = require "moonlark.music"

local EVERY, LEAST, WINDOW = 0.5, 3, 10 -- s: from one look back to the next; what it needs; how far it reaches
local LATE = 0.5 -- s after which a beat is not told any more
local SURE = 3 -- looks that agree
local APART = 0.6 -- of an interval: beats nearer than this are one

local Beat = {rate = heard.rate, remembers = WINDOW}
Beat.__index = Beat

-- How often looks in a row found nearly one tempo. Then it is the usual one, so that it does not double for a moment.
local function agreed(self, tempo)
  local near = self.tempo and math.abs(tempo / self.tempo - 1) < 0.08
  return near and self.agreed + 1 or 0
end

-- The beats of the last seconds, and the last of them; nil where there are none.
local function heard_of(self, piece)
  local usual = self.agreed >= SURE and {usual_bpm = self.tempo} or nil
  local beats = music.beats(piece:past(WINDOW), usual)
  local last = beats[#beats]
  if last and beats.tempo > 0 then return beats, last end
end

-- Sets the next beat by what the last seconds say.
local function look_back(self, piece)
  local beats, last = heard_of(self, piece)
  if not beats then
    self.following, self.agreed = nil, 0
    return
  end
  self.agreed = agreed(self, beats.tempo)
  local interval = 60 / beats.tempo
  local from = math.max(self.told and self.told + APART * interval or 0, piece.time - LATE)
  local past = piece.time - math.min(WINDOW, piece.time)
  local steps = math.max(0, math.ceil((from - past - last.start) / interval))
  self.interval, self.tempo, self.meter = interval, beats.tempo, beats.meter
  self.following = past + last.start + steps * interval
  self.position = last.position and beats.meter and (last.position - 1 + steps) % beats.meter + 1
end

local function tell(self, say)
  say {kind = "beat", time = self.following, tempo = self.tempo, position = self.position, meter = self.meter}
  self.told = self.following
  self.following = self.following + self.interval
  self.position = self.position and self.position % self.meter + 1
end

--- Hears a piece, mono.
function Beat:hear(piece, say)
  if piece.time >= self.next_look then
    self.next_look = piece.time + EVERY
    look_back(self, piece)
  end
  while self.following and self.following <= piece.time do tell(self, say) end
end

--- What tells beats: events {kind = "beat", time, tempo (BPM), position (1: the first of a bar) and meter (beats a bar),
--- where they are known}.
return function() return setmetatable({next_look = LEAST, agreed = 0}, Beat) end
