--- silero: where somebody speaks, every 32 ms.
---
--- `model:track(song)`: `speech`, how likely it is, and segments of speech.
local family = require "moonlark.pretrained.family"
local segments = require "moonlark.pretrained.segments"

local rate, chunk, context, chunks = 16000, 512, 64, 18750 -- chunks of one window: ten minutes

-- Each chunk is heard with the last samples before it; the last chunk is filled with silence.
local function around(samples)
  return samples:constant_pad_nd({context, -samples:size(0) % chunk}, 0)
end

return family.define {
  name = "silero",
  about = "speech activity, every 32 ms",
  source = "Silero Team (2024), Silero VAD 5",
  task = "tags",
  architecture = "silero",
  recognise = function(found)
    local first, last = found:shape "stft_conv.weight", found:shape "final_conv.weight"
    return first and last and found:shape "lstm_cell.weight_ih" and {classes = last[1]} or nil
  end,
  rename = function(name) return (name:gsub("^lstm_cell%.(.*)$", "lstm.%1_l0")) end,
  unname = function(name) return (name:gsub("^lstm%.(.*)_l0$", "lstm_cell.%1")) end,
  labels = function() return {"speech"} end,
  front = function()
    return {
      rate = rate, window = (chunks * chunk + context) / rate, hop = chunks * chunk / rate, least = chunk + context,
      at_once = 1, whole = around,
      compute = function(waves) return waves:unfold(-1, chunk + context, chunk) end,
    }
  end,
  frames = rate / chunk,
  summary = function(p) return p:mean {1} end,
  track = function(scores, curve)
    local speech = curve("speech", scores:sigmoid():transpose(0, 1))
    return {speech = speech,
      segments = segments.above(speech, {threshold = 0.5, low = 0.35, gap = 0.1, least = 0.25, label = "speech"})}
  end,
}
