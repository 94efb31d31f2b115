--- Separated sound beside the truth.
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local separation = {}

local function samples(name, value)
  local data = signal.is(value) and signal.channels(value) or value
  if not require("moonlark.torch").is_tensor(data) then
    show.fail("%s must be a waveform or a tensor of samples, got %s", name, type(value))
  end
  if data:dim() == 1 then data = data:unsqueeze(0) end
  return data:double()
end

--- Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., 2019): how much of an estimate is the truth, whatever its
--- level. The mean over channels; infinite for the truth itself, -inf where nothing of it is left.
---
--- Errors: other lengths or channels; a truth that is silent.
---     print(metrics.separation.si_sdr(vocals, made))
---@param reference moonlark.Signal|moonlark.Tensor  channels × samples
---@param estimate moonlark.Signal|moonlark.Tensor
---@return number dB
function separation.si_sdr(reference, estimate)
  local a, b = samples("reference", reference), samples("estimate", estimate)
  if a:size(0) ~= b:size(0) or a:size(1) ~= b:size(1) then
    show.fail("estimate must have the shape of reference, %d × %d, got %d × %d", a:size(0), a:size(1), b:size(0), b:size(1))
  end
  local power = (a * a):sum {1}
  if not (power:min():item() > 0) then show.fail "reference must not be silent" end
  local target = a * ((a * b):sum({1}) / power):unsqueeze(1)
  local rest = b - target
  local ratio = (target * target):sum({1}) / (rest * rest):sum {1}
  return (ratio:log10() * 10):mean():item()
end

return separation
