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
--- whose default is nil, or that may be switched off, takes `false` for nil: top_db = false. A window of win_length
--- samples lies in the middle of a frame of n_fft.
---
--- feature.stft and feature.cqt are complex: feature.magnitude makes them real; a recipe pools their magnitude.
local engine = require "moonlark.feature.engine"

---@class moonlark.feature
local feature = {
  names = engine.names, parameters = engine.parameters, settings = engine.settings, signal = engine.signal,
  compute = engine.compute, recipe = require "moonlark.feature.recipe".new,
}

for _, part in ipairs {"mel", "spectral", "tonal", "onset", "pulse", "pitch", "embedding", "after", "sync", "vamp",
  "stream"} do
  for name, f in pairs(require("moonlark.feature." .. part)) do feature[name] = f end
end

return feature
