--- Waveform: what every effect makes of a song.
local signal = require "moonlark.signal"

--- Calls f with each channel's samples; makes a waveform, beside the song, of each tensor that it returns.
---@param song moonlark.Signal  waveform
---@param f fun(samples: moonlark.Tensor): ...
---@return moonlark.Signal ...
return function(song, f)
  local made = table.pack(signal.each_channel(signal.channels(song), 1, f))
  for i = 1, made.n do made[i] = song:with {data = made[i]} end
  return table.unpack(made)
end
