--- Chroma for harmony: how strong each pitch class is, of a spectrum from which what is no note is taken away.
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"

local chroma = {}

--- The pitch classes in order, as the rows of the curves.
chroma.names = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"}

-- One value for each semitone, of its middle band and half of those beside: frames × 72.
local function semitones(x)
  local torch = require "moonlark.torch"
  local frames, bands = x:size(0), x:size(1)
  return torch.scope(function()
    local beside = torch.cat({torch.zeros {frames, 1}, x, torch.zeros {frames, 1}}, 1)
    local sum = x + (beside:narrow(1, 0, bands) + beside:narrow(1, 2, bands)):mul_(0.5)
    return sum:reshape({frames, bands // 3, 3}):select(2, 0):contiguous()
  end)
end

-- Octaves from..to (from 0) added up: 12 × frames, from C.
local function fold(notes, from, to)
  local classes = notes:narrow(1, 12 * from, 12 * (to - from + 1)):reshape({notes:size(0), to - from + 1, 12}):sum {1}
  return classes:roll({9}, {1}):t():contiguous() -- the lowest semitone is an A
end

local function notes_of(piece)
  return piece:get("notes of the spectrum", function() return semitones(frontend.whitened(piece)) end)
end

local function define(name, from, to)
  heard.curve(name, function(piece)
    local harmony = frontend.harmony(piece)
    return harmony:with {data = fold(notes_of(piece), from, to), kind = "chroma",
      axis = {name = "pitch class", values = chroma.names}}
  end)
end

define("chroma", 1, 5)      -- 110 Hz to 3.5 kHz
define("bass chroma", 0, 1) -- 55 to 220 Hz

return chroma
