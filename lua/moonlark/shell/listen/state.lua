--- State: what was heard last, of the events of a session, for who shows it.
local prediction = require "moonlark.prediction"

local state = {}

---@class moonlark.listen.State
---@field time number  seconds heard
---@field level table?  the last event of each kind
---@field beat table?
---@field key table?
---@field prediction table?
---@field chords string[]  the last few
---@field column string?  the newest column of the spectrum: a byte for each band

local MOST_CHORDS = 8

local State = {}
State.__index = State

local takes = {}

function takes.chord(self, event)
  table.insert(self.chords, event.label)
  if #self.chords > MOST_CHORDS then table.remove(self.chords, 1) end
end

function takes.columns(self, event) self.column = event.data:sub(-event.rows) end

takes["end"] = function() end

--- Takes an event.
---     state:take(event)
---@param event table
function State:take(event)
  self.time = math.max(self.time, event.time)
  if takes[event.kind] then takes[event.kind](self, event) else self[event.kind] = event end
end

--- What a prediction says first, as {label, number}, at most `top` of them.
---@param event table
---@param top integer
---@return {label: string, number: number?}[]
function state.ranked(event, top)
  local list = {}
  for i, one in ipairs(prediction.new(event):ranked()) do
    if i > top then break end
    list[i] = {label = one.label, number = one.probability or one.value}
  end
  return list
end

--- Hours, minutes and seconds: "0:03:07.5".
---@param seconds number
---@return string
function state.clock(seconds)
  local tenths = math.floor(seconds * 10)
  return ("%d:%02d:%02d.%d"):format(tenths // 36000, tenths // 600 % 60, tenths // 10 % 60, tenths % 10)
end

--- Nothing was heard yet.
---@return moonlark.listen.State
function state.new() return setmetatable({time = 0, chords = {}}, State) end

return state
