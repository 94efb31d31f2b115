--- Front ends: the spectrograms that the functions of music share, computed once for each piece of a song.
local core = require "moonlark_core".music
local feature = require "moonlark.feature"
local signal = require "moonlark.signal"
local whiten = require "moonlark.music.hearing.whiten"

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
    return mel:with {data = data:mul_(1000 / window_sum):log1p_(), kind = "log_mel", unit = false}
  end)
end

local harmony_hop = 2205 -- samples: 10 frames a second
local bands_a_semitone = 3

-- How far the notes lie above the semitones of 440 Hz, in semitones -0.5..0.5: where the strongest of the three bands of
-- a semitone lies, over the whole spectrum.
local function tuning_of(spectrum)
  local torch = require "moonlark.torch"
  local mean = spectrum:mean {1}
  local angle = torch.arange(mean:size(0), {dtype = "float32"}) * (2 * math.pi / bands_a_semitone)
  local real, imaginary = (mean * angle:cos()):sum():item(), (mean * angle:sin()):sum():item()
  if real == 0 and imaginary == 0 then return 0 end
  return math.atan(imaginary, real) / (2 * math.pi)
end

-- The spectrum with its bands moved to where the notes lie.
local function tuned(spectrum, tuning)
  local torch = require "moonlark.torch"
  local shift = bands_a_semitone * tuning
  local whole = math.floor(shift)
  local rows = spectrum:size(0)
  local function moved(by)
    return spectrum:index_select(0, (torch.arange(rows, {dtype = "int64"}) + by):clamp(0, rows - 1))
  end
  return torch.scope(function()
    return moved(whole):mul_(1 - (shift - whole)):add_(moved(whole + 1):mul_(shift - whole))
  end)
end

--- What harmony is heard in: magnitudes of 216 bands, three a semitone and six octaves from A1 (55 Hz) up, 10 frames a
--- second, moved to the tuning of the piece. Its field `tuning` says how far in semitones the notes lie above 440 Hz.
---@param piece moonlark.music.Piece
---@return moonlark.Signal  216 × frames
function frontend.harmony(piece)
  return piece:get("harmony", function()
    local sound = piece.waveform
    local spectrum = core.log_spectrum(sound.data:select(0, 0):contiguous(), sound.rate, harmony_hop)
    local tuning = tuning_of(spectrum)
    return signal.new {data = tuned(spectrum, tuning), rate = sound.rate / harmony_hop, start = sound.start,
      kind = "log_spectrum", tuning = tuning}
  end)
end

--- What stands out of the spectrum of harmony (whiten).
---@param piece moonlark.music.Piece
---@return moonlark.Tensor  frames × 216
function frontend.whitened(piece)
  return piece:get("whitened", function() return whiten(frontend.harmony(piece).data) end)
end

return frontend
