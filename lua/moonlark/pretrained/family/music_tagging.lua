--- music_tagging: tags of MTG-Jamendo and MagnaTagATune by three networks of PyTorch: musicnn, fcn, crnn.
local family = require "moonlark.pretrained.family"
local spectrum = require "moonlark.pretrained.spectrum"

local inner = {["spec.spectrogram.window"] = "window", ["spec.mel_scale.fb"] = "fb"}
local outer = {window = "spec.spectrogram.window", fb = "spec.mel_scale.fb"}

local samples = {musicnn = 48000, fcn = 464000, crnn = 464000} -- of 16 kHz

local function layout(found)
  if found:shape "dense2.weight" then return "musicnn", found:shape "dense2.weight" end
  return found:shape "layer5.weight_ih_l1" and "crnn" or "fcn", found:shape "dense.weight"
end

return family.define {
  name = "music_tagging",
  about = "50 tags of music: genre, instrument, mood, voice",
  source = "Won, Ferraro, Bogdanov and Serra (2020), sota-music-tagging-models",
  task = "tags",
  architecture = "music_tagging",
  recognise = function(found)
    if not (found:shape "spec.mel_scale.fb" and found:shape "spec_bn.weight") then return nil end
    local which, last = layout(found)
    return last and {layout = which, classes = last[1]} or nil
  end,
  rename = function(name) return inner[name] or name end,
  unname = function(name) return outer[name] or name end,
  labels = function(found) return found:labels "labels.json" end,
  front = function(_, o)
    return {
      rate = 16000, window = samples[o.layout] / 16000, fixed = true, drop = true,
      -- torchaudio's MelSpectrogram and AmplitudeToDB, with the file's window and filters
      compute = function(waves, net)
        local x = waves:unsqueeze(1):reflection_pad1d({256, 256}):squeeze(1)
        local power = spectrum.magnitude(x, net.window, 256, 512):square()
        return (power:matmul(net.fb):clamp(1e-10):log10() * 10):transpose(1, 2)
      end,
    }
  end,
}
