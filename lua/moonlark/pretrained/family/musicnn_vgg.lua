--- musicnn_vgg: the baseline that comes with musicnn: the same tags by small convolutions.
local family = require "moonlark.pretrained.family"
local front = require "moonlark.pretrained.musicnn_front"

return family.define {
  name = "musicnn_vgg",
  about = "50 tags of music: genre, mood, instrument, voice",
  source = "Choi, Fazekas and Sandler (2016); musicnn 0.1.0",
  task = "tags",
  architecture = "musicnn_vgg",
  recognise = function(found)
    local last = found:shape "out.weight"
    if not (last and found:shape "cnn5.conv.weight") then return nil end
    return {classes = last[1]}
  end,
  labels = function(found) return found:labels "labels.json" end,
  front = front,
}
