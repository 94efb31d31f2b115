--- Effects: from a waveform to a waveform.
---
---     local tune, drums = effects.hpss(song)
---     audio.save("slow.wav", effects.time_stretch(song, 0.8))
---     local speech, from, to = effects.trim(song)               -- without the silence around it
---     local again = effects.griffin_lim(feature.spectrogram(song))   -- a sound for a picture of it
---
--- Each channel is worked on by itself; Rubber Band alone hears all of them together. Names and defaults are those of
--- librosa.effects.
---@class moonlark.effects
local effects = {}

for _, part in ipairs {"separate", "stretch", "invert", "emphasis", "silence", "remix"} do
  for name, f in pairs(require("moonlark.effects." .. part)) do effects[name] = f end
end

return effects
