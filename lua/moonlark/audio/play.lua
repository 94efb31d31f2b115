--- Playing sound through whichever of the usual programs there is.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

-- PipeWire's, PulseAudio's, ALSA's; the first that is there plays.
local players = {
  {"pw-play"}, {"paplay"}, {"aplay", "-q"},
}

-- Runs a player on a file; nil where it is not installed.
local function try(player, path)
  local argv = table.move(player, 1, #player, 1, {})
  argv[#argv + 1] = path
  local ran = core.process.run(argv)
  if not ran then return nil end
  if ran.code ~= 0 then
    local why = ran.err:match "[^\n]+"
    show.fail("%s could not play: %s", player[1], why or ("exit code %d"):format(ran.code))
  end
  return true
end

--- Plays a sound file to its end, or until Ctrl-C. Errors: none of the programs is there; the one that is cannot play.
---@param path string
return function(path)
  for _, player in ipairs(players) do
    if try(player, path) then return end
  end
  show.fail("audio.play needs pw-play (package pipewire-bin), paplay (pulseaudio-utils) or aplay (alsa-utils): none "
    .. "of them is installed")
end
