--- musicnn: tags of MagnaTagATune and the Million Song Dataset: genres, moods, instruments, voices.
local family = require "moonlark.pretrained.family"
local front = require "moonlark.pretrained.musicnn_front"

return family.define {
  name = "musicnn",
  about = "50 tags of music: genre, mood, instrument, voice; 200 numbers for each 3 s",
  source = "Pons and Serra (2019), musicnn 0.1.0",
  task = "tags",
  architecture = "musicnn",
  recognise = function(found)
    local last, first = found:shape "out.weight", found:shape "front0.conv.weight"
    if not (last and first and found:shape "pool_bn.weight") then return nil end
    return {classes = last[1], embedding = last[2]}
  end,
  labels = function(found) return found:labels "labels.json" end,
  front = front,
}
