--- Flux: how much of each band of the spectrum is new, a curve of five rows: four groups of mel bands from low to high, and
--- the lowest ten bands once more, compared with themselves (core/music/flux.h).
local core = require "moonlark_core".music
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"

heard.curve("flux", function(piece)
  local mel = frontend.rhythm(piece)
  return mel:with {data = core.flux(mel.data), kind = "flux", unit = false}
end)
