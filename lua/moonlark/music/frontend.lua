--- Front ends: the spectrograms that the functions of music share, computed once for each piece of a song.
local feature = require "moonlark.feature"

local frontend = {}

-- Unit height on magnitude; the engine's mel takes the plain magnitude, so its numbers are divided by the window's sum.
local rhythm = {n_fft = 2048, win_length = 1024, hop_length = 441, n_mels = 80, fmin = 30, fmax = 10000, htk = true,
  norm = "none", power = 1, pad_mode = "constant"}
local window_sum = 512 -- of a periodic Hann window of 1024 samples

--- What rhythm is heard in: log(1 + 1000 m) of 80 mel bands (HTK, 30 Hz to 10 kHz) 50 times a second, of the magnitude
--- under a window of 46 ms.
---@param piece moonlark.music.Piece
---@return moonlark.Signal  80 × frames
function frontend.rhythm(piece)
  return piece:get("rhythm", function()
    local mel = feature.mel(piece.waveform, rhythm)
    local data = mel.data:dim() == 3 and mel.data:select(0, 0) or mel.data
    return mel:with {data = data:mul(1000 / window_sum):log1p(), kind = "log_mel", unit = false}
  end)
end

return frontend
