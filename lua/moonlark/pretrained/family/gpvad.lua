--- gpvad: 527 kinds of sound of AudioSet every 20 ms, or speech and what is not speech.
---
--- `model:track(song)`: `classes`, probabilities over time, a row each; of one that knows Speech also `speech` and
--- its segments.
local family = require "moonlark.pretrained.family"
local segments = require "moonlark.pretrained.segments"

local rate, hop = 22050, 441

local function labels(found, o)
  return found:labels "labels.json" or found:labels "gpv_labels.json"
    or o.classes == 2 and {"non-Speech", "Speech"} or nil
end

local function row_of(names, wanted)
  for i, name in ipairs(names) do
    if name == wanted then return i - 1 end
  end
end

return family.define {
  name = "gpvad",
  about = "527 kinds of sound, or speech, every 20 ms",
  source = "Dinkel, Chen, Wu and Yu (2021), Datadriven-GPVAD",
  task = "tags",
  architecture = "gpvad",
  recognise = function(found)
    local last = found:shape "outputlayer.weight"
    if not (last and found:shape "features.6.block.1.weight" and found:shape "gru.weight_ih_l0_reverse") then
      return nil
    end
    return {classes = last[1]}
  end,
  labels = function(found, o)
    local names = labels(found, o)
    return names and #names == o.classes and names or o.classes == 2 and {"non-Speech", "Speech"} or nil
  end,
  front = function()
    return {
      rate = rate, most = 600, at_once = 1, least = 3 * hop, -- four frames
      feature = {"mel", {n_fft = 2048, win_length = 882, hop_length = hop, n_mels = 64}},
      compute = function(mel) return (mel + 2.220446049250313e-16):log():transpose(1, 2) end,
    }
  end,
  frames = rate / hop,
  summary = function(p) return p:square():sum {1} / p:sum {1} end, -- linear softmax
  track = function(scores, curve, names)
    local p = scores:sigmoid():transpose(0, 1)
    local heard = {classes = curve("classes", p, {name = "class", values = names})}
    local row = row_of(names, "Speech")
    if row then
      heard.speech = curve("speech", p:narrow(0, row, 1))
      heard.segments = segments.above(heard.speech, {threshold = 0.5, low = 0.1, label = "speech"})
    end
    return heard
  end,
}
