--- What is heard in a piece: its loudness, its repetitions, its alignment with another one; or all of it at once.
---
---     print(music.analyze "song.mp3")
---     local chroma = feature.chroma_cqt(song)
---     plot.map(music.recurrence_matrix(chroma, {mode = "affinity"})):show()
---@class moonlark.music
local music = {}

local parts = {"loudness", "similarity", "alignment", "onsets", "beats", "tempo", "key", "chords", "sections", "notes",
  "quality", "mood", "genre_rules", "analysis"}

for _, part in ipairs(parts) do
  for name, f in pairs(require("moonlark.music." .. part)) do music[name] = f end
end

music.voice = require("moonlark.music.voice").voice

return music
