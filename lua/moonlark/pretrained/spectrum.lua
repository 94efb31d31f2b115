--- Spectrum: magnitudes of a batch of windows, on the device where the network is: for front ends whose window and mel
--- filters come with the weights.
local spectrum = {}

--- The magnitude spectrum of frames that lie wholly within the samples (not centred).
---     local x = spectrum.magnitude(waves, hann, 160, 512)
---@param waves moonlark.Tensor  [n, samples]
---@param window moonlark.Tensor  [frame length]
---@param hop integer  samples from frame to frame
---@param n_fft integer  frames are padded at their end to so many
---@return moonlark.Tensor  [n, frames, n_fft / 2 + 1]
function spectrum.magnitude(waves, window, hop, n_fft)
  return (waves:unfold(-1, window:size(0), hop) * window):fft_rfft(n_fft):abs()
end

return spectrum
