--- Effects: from a waveform to a waveform.
---
---     local tune, drums = effects.hpss(song)
---     audio.save("slow.wav", effects.time_stretch(song, 0.8))
---     audio.save("high.wav", effects.pitch_shift(song, 3, {method = "rubberband"}))   -- where quality matters
---     local speech, from, to = effects.trim(song)               -- without the silence around it
---     for _, part in ipairs(effects.split(song)) do print(part.start, part:duration()) end
---     local again = effects.griffin_lim(feature.spectrogram(song))   -- a sound without its phases
---     local mel_again = effects.mel_to_audio(feature.mel(song))      -- nor its fine frequencies
---
--- Channels are worked on one by one, but by Rubber Band. Names and defaults are librosa.effects'.
---@class moonlark.effects
local effects = {}

for _, part in ipairs {"separate", "stretch", "invert", "emphasis", "silence", "remix"} do
  for name, f in pairs(require("moonlark.effects." .. part)) do effects[name] = f end
end

return effects
