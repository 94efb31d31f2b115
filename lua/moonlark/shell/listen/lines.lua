--- Lines: what is heard, line by line, for an output that is no terminal.
local show = require "moonlark.base.show"
local state = require "moonlark.shell.listen.state"

local EVERY = 10 -- levels come ten times a second: one of so many has a line

local words = {}

function words.level(self, event)
  self.levels = self.levels + 1
  if self.levels % EVERY ~= 0 then return nil end
  return ("%6.1f LUFS  peak %6.1f dBFS"):format(event.loudness or -120, event.peak)
end

function words.beat(_, event)
  return ("%.1f BPM%s"):format(event.tempo, event.position and ("  %d of %d"):format(event.position, event.meter) or "")
end

function words.key(self, event)
  local name = event.tonic .. " " .. event.mode
  if name == self.key then return nil end
  self.key = name
  return ("%s  %.2f"):format(name, event.confidence)
end

function words.chord(_, event) return event.label end

function words.prediction(self, event)
  local parts = {}
  for i, one in ipairs(state.ranked(event, self.top)) do
    parts[i] = show.name(one.label) .. (one.number and (" %.3f"):format(one.number) or "")
  end
  return table.concat(parts, "  ")
end

local Lines = {}
Lines.__index = Lines

--- Shows an event, if it is worth a line.
function Lines:take(event)
  local word = words[event.kind]
  local said = word and word(self, event)
  if said then
    io.stdout:write(("%s  %-10s  %s\n"):format(state.clock(event.time), event.kind, said))
    io.stdout:flush()
  end
end

function Lines:draw() end

function Lines:close() end

--- @param top integer  classes of a prediction that are named
return function(top) return setmetatable({top = top, levels = 0}, Lines) end
