--- What the networks of musicnn hear: 187 frames of log10(1 + 10000 mel), 3 s.
---
--- The reference computes the song's spectrogram, then cuts it. So the song gets the silence that centred frames see
--- beyond its ends, and windows hold the samples of 187 frames; what is left behind the last whole one is dropped.

local frames, hop, n_fft = 187, 256, 512

---@return moonlark.pretrained.Front
return function()
  return {
    rate = 16000, window = ((frames - 1) * hop + n_fft) / 16000, hop = frames * hop / 16000, fixed = true, drop = true,
    feature = {"mel", {n_fft = n_fft, hop_length = hop, n_mels = 96, center = false}},
    whole = function(samples) return samples:constant_pad_nd({n_fft // 2, n_fft // 2}, 0) end,
    compute = function(mel) return (mel * 10000 + 1):log10():transpose(1, 2) end,
  }
end
