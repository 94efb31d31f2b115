--- Features: from a waveform to what a person or a model can compare.
---
---     local mel = feature.mel(song, {n_mels = 64})
---     local db = feature.power_to_db(mel, {ref = "max"})
---     print(mel)                      --> mel  64 × 1292  43.07 Hz  30.000 s
---
--- Each function takes a waveform Signal and a table of options, with librosa's names and defaults, and gives a
--- Signal: rows × frames, rate = sample rate / hop_length, what the rows are in `axis`, every setting in `made`.
--- The numbers are those of librosa 0.11.0; transforms run in double precision, results are float32.
---
--- A waveform of several channels gives channels × rows × frames, each channel analysed by itself; mix down first
--- (audio.load's default) for one. NaN or infinity in the samples is an error that names the first. An option
--- whose default is nil, or that may be switched off, takes `false` for nil: top_db = false.
---
--- feature.stft and feature.cqt are complex: feature.magnitude makes them real; a recipe pools their magnitude.
---
--- The options of the short-time Fourier transform, which most features share: n_fft samples a frame, every
--- hop_length samples one; win_length ≤ n_fft samples of window ("hann", "hamming", "blackman", "bartlett",
--- "ones"), centred in the frame; with center, frame t lies around sample t·hop_length, and beyond the clip's ends
--- there is what pad_mode says: "constant" zeros, "reflect" or "edge".
local engine = require "moonlark.feature.engine"

---@class moonlark.feature
local feature = {
  names = engine.names, parameters = engine.parameters, settings = engine.settings, signal = engine.signal,
  compute = engine.compute, recipe = require "moonlark.feature.recipe".new,
}

for _, part in ipairs {"mel", "spectral", "tonal", "onset", "pitch", "after"} do
  for name, f in pairs(require("moonlark.feature." .. part)) do feature[name] = f end
end

return feature
