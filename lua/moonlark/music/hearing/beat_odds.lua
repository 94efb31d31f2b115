--- Beat odds: what the network of beats says of each frame, a curve of two rows: logits of a beat and of a downbeat.
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local networks = require "moonlark.music.hearing.networks"

local silence, never = 0.01, -20 -- of the log-mel: 100 dB under full scale; a logit

-- Where nothing sounds for a second there are none.
heard.curve("beat network", function(piece)
  local mel = frontend.rhythm(piece)
  local sounding = mel.data:amax({0}, true):max_pool1d({51}, {1}, {25}):gt(silence):float()
  local logits = networks.ask("beats", mel.data) * sounding + never * (1 - sounding)
  return mel:with {data = logits:contiguous(), kind = "beat_logits", unit = false}
end)
