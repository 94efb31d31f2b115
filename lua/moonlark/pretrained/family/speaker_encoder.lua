--- speaker_encoder: Resemblyzer: 256 numbers of a voice; the cosine of two says whether they are the same.
---
--- The song's level is raised to -30 dB of full scale, as by the reference; long silences are kept. The mean over a
--- song's windows is not scaled to length 1 again.
local family = require "moonlark.pretrained.family"

local rate, hop, n_fft, frames, step = 16000, 160, 400, 160, 77 -- of a window of 1.6 s, and from one to the next
local level = 10 ^ (-30 / 20)

-- Quiet sound at the level that the network knows; silence before and behind it, and at the end up to a last window
-- that holds three quarters of sound, as the reference does.
local function prepared(samples)
  local loudness = samples:square():mean():sqrt():item()
  if loudness > 0 and loudness < level then samples = samples * (level / loudness) end
  local n = samples:size(0)
  local count = math.max(1, -(-(n + 1) // hop) - frames + step + 1)
  local last = (count - 1) // step * step
  if last > 0 and (n - last * hop) / (frames * hop) < 0.75 then last = last - step end
  local missing = (last + frames) * hop - n
  return samples:constant_pad_nd({n_fft // 2, missing + n_fft // 2 - hop}, 0)
end

return family.define {
  name = "speaker_encoder",
  about = "256 numbers of a voice: who speaks",
  source = "Wan, Wang, Papir and Moreno (2018), Resemblyzer 0.1.4",
  architecture = "speaker_encoder",
  recognise = function(found)
    local first, last = found:shape "lstm.weight_ih_l0", found:shape "linear.weight"
    if not (first and last and last[1] == last[2] and first[1] == 4 * last[1] and found:shape "lstm.weight_ih_l2") then
      return nil
    end
    return {n_mels = first[2], width = last[1]}
  end,
  rename = function(name) return not name:find "^similarity_" and name or nil end,
  front = function(_, o)
    return {
      rate = rate, window = ((frames - 1) * hop + n_fft) / rate, hop = step * hop / rate, fixed = true, drop = true,
      whole = prepared,
      feature = {"mel", {n_fft = n_fft, hop_length = hop, n_mels = o.n_mels, center = false}},
      compute = function(x) return x:transpose(1, 2) end,
    }
  end,
}
