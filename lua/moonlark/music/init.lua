--- What is heard in a piece: its loudness, its repetitions, its alignment with another one; or all of it at once.
---
---     print(music.analyze "song.mp3")
---     local chroma = feature.chroma_cqt(song)
---     plot.map(music.recurrence_matrix(chroma, {mode = "affinity"})):show()
---@class moonlark.music
local music = {}

local parts = {"rhythm.onsets", "rhythm.beats", "rhythm.tempo", "harmony.key", "harmony.chords", "form.sections",
  "form.similarity", "form.alignment", "notes.notes", "sound.loudness", "sound.quality", "sound.fingerprint",
  "sound.vector", "character.mood", "character.genre_rules", "analysis.analysis"}

for _, part in ipairs(parts) do
  for name, f in pairs(require("moonlark.music." .. part)) do music[name] = f end
end

music.voice = require("moonlark.music.character.voice").voice

return music
