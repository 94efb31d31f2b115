--- Waveforms that belong to another one: what every effect makes.
local signal = require "moonlark.signal"

local waveform = {}

--- A waveform that begins where the song does.
---@param song moonlark.Signal
---@param data moonlark.Tensor  channels × samples
---@return moonlark.Signal
function waveform.beside(song, data)
  return signal.new {data = data, rate = song.rate, start = song.start, kind = "waveform", made = song.made}
end

--- Calls f with each channel's samples; makes a waveform of each tensor that it returns.
---@param song moonlark.Signal  waveform
---@param f fun(samples: moonlark.Tensor): ...
---@return moonlark.Signal ...
function waveform.each_channel(song, f)
  local made = table.pack(signal.each_channel(signal.channels(song), 1, f))
  for i = 1, made.n do made[i] = waveform.beside(song, made[i]) end
  return table.unpack(made)
end

return waveform
