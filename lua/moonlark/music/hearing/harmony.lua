--- Harmony: what the network of models/harmony.lua says of each frame, as curves: which chord, and which key.
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local networks = require "moonlark.music.hearing.networks"

-- The network counts pitch classes from A, everybody else from C.
local function from_c(rows)
  local torch = require "moonlark.torch"
  return torch.cat({rows:narrow(0, 0, 12):roll({9}, {0}), rows:narrow(0, 12, 12):roll({9}, {0}),
    rows:narrow(0, 24, rows:size(0) - 24)}, 0)
end

local function said_of(piece)
  return piece:get("harmony network", function()
    local chords, keys = networks.ask("harmony", frontend.whitened(piece):t())
    return {chords = from_c(chords):contiguous(), keys = from_c(keys):contiguous()}
  end)
end

-- Logits of 12 major and 12 minor chords, counted from C, and of none: 25 × frames.
heard.curve("chord network", function(piece)
  return frontend.harmony(piece):with {data = said_of(piece).chords, kind = "chord_logits"}
end)

-- Logits of 12 major and 12 minor keys, counted from C: 24 × frames.
heard.curve("key network", function(piece)
  return frontend.harmony(piece):with {data = said_of(piece).keys, kind = "key_logits"}
end)
