--- Harmony: the key of the last seconds, and the chord that sounds now.
local heard = require "moonlark.music.hearing.heard"
local music = require "moonlark.music"

local LEAST = 3 -- s
local windows = {key = {every = 2, last = 20}, chord = {every = 0.5, last = 5}}

local Harmony = {rate = heard.rate}
Harmony.__index = Harmony

local ears = {}

function ears.key(_, piece, say)
  local key = music.key(piece:past(windows.key.last))
  if not key.tonic then return end
  say {kind = "key", time = piece.time, tonic = key.tonic, mode = key.mode, confidence = key.confidence}
end

-- Said when it changes.
function ears.chord(self, piece, say)
  local chords = music.chords(piece:past(windows.chord.last))
  local last = chords[#chords]
  local label = last and last.label or "N"
  if label == self.label then return end
  self.label = label
  say {kind = "chord", time = piece.time, label = label}
end

--- Hears a piece, mono.
function Harmony:hear(piece, say)
  if piece.time < self.next then return end
  self.next = piece.time + windows[self.name].every
  ears[self.name](self, piece, say)
end

--- What tells one of both: events {kind = "key", time, tonic, mode, confidence}, and, where it changes, {kind = "chord",
--- time, label} ("N": none).
---@param name "key"|"chord"
return function(name)
  return function()
    return setmetatable({name = name, next = LEAST, remembers = windows[name].last}, Harmony)
  end
end
