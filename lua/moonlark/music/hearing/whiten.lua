--- Whitening: what stands out of its surroundings in a spectrum of bands that lie evenly on log frequency.
local octave = 36 -- bands

--- log(1 + 1000 S) minus its moving average over one octave, where positive; the ends are reflected.
---     local x = whiten(frontend.harmony(piece).data)
---@param spectrum moonlark.Tensor  bands × frames
---@return moonlark.Tensor  frames × bands
return function(spectrum)
  local torch = require "moonlark.torch"
  return torch.scope(function()
    local x, half = spectrum:mul(1000):log1p_():t():contiguous(), octave // 2
    local rows = x:size(1)
    local low, high = x:narrow(1, 0, half):flip {1}, x:narrow(1, rows - half, half):flip {1}
    local around = torch.cat({low, x, high}, 1):unsqueeze(1):avg_pool1d({2 * half + 1}, {1}):squeeze(1)
    return x:sub_(around):clamp_min_(0)
  end)
end
