--- Separated sound beside the truth.
local bss = require "moonlark.metrics.bss"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local separation = {}

local parameters = options.describe("metrics.separation.bss_eval", {
  method = options.choice({"images", "sources"}, "images", "of channels as they are heard, or of one channel each"),
  permutation = options.boolean(false, "find which estimate is which source, by the best mean SIR"),
  window = options.integer(nil, {least = 512, unit = "samples", usual = "the whole sound"}, "figures of each so many"),
  hop = options.integer(nil, {least = 1, unit = "samples", usual = "half a window"}, "from one window to the next"),
})

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

-- Sources × channels × samples, of a list of waveforms or of a tensor.
local function sources(name, value)
  local torch = require "moonlark.torch"
  if torch.is_tensor(value) then
    local data = value:double()
    if data:dim() == 2 then data = data:unsqueeze(1) end
    if data:dim() ~= 3 then show.fail("%s must be sources × samples or sources × channels × samples", name) end
    return data
  end
  if type(value) ~= "table" or signal.is(value) then
    show.fail("%s must be a list of waveforms, one a source, or a tensor, got %s", name, type(value))
  end
  local list = {}
  for i, one in ipairs(value) do list[i] = samples(name, one) end
  if #list == 0 then show.fail("%s must have a source or more, got none", name) end
  for i, one in ipairs(list) do
    if one:size(0) ~= list[1]:size(0) or one:size(1) ~= list[1]:size(1) then
      show.fail("%s must have sources of the same shape, got %d × %d and, as number %d, %d × %d", name, list[1]:size(0),
        list[1]:size(1), i, one:size(0), one:size(1))
    end
  end
  return torch.stack(list)
end

--- BSS Eval of separated sources, in dB: distortion in all (SDR), what other sources are left (SIR), what was in none (SAR),
--- and of images how the place in space changed (ISR; Vincent et al., 2006, 2012), as mir_eval.separation (0.8) has it.
---
--- Gives lists by source, `sdr`, `sir`, `sar`, of images `isr`, and `permutation`: in which estimate each source was found;
--- with a window, lists by source of lists by window, NaN where a source is silent.
---
--- Errors: other shapes; a silent source; several channels with method "sources".
---     local made = metrics.separation.bss_eval({vocals, band}, {made_vocals, made_band})
---     print(made.sdr[1], made.sir[1])
---@param reference moonlark.Signal[]|moonlark.Tensor  the truth: a waveform a source
---@param estimate moonlark.Signal[]|moonlark.Tensor
---@param given moonlark.metrics.separation.bss_eval.Options?
---@return table<string, number[]>
function separation.bss_eval(reference, estimate, given)
  local o = parameters:read(given)
  local a, b = sources("reference", reference), sources("estimate", estimate)
  for axis, what in ipairs {"sources", "channels", "samples"} do
    if a:size(axis - 1) ~= b:size(axis - 1) then
      show.fail("estimate must have as many %s as reference, %d, got %d", what, a:size(axis - 1), b:size(axis - 1))
    end
  end
  local how = {images = o.method == "images", permutation = o.permutation}
  if not how.images and a:size(1) > 1 then show.fail("sources must have one channel for method sources, got %d", a:size(1)) end
  bss.check("reference", a)
  bss.check("estimate", b)
  if not o.window then return bss.evaluate(a, b, how) end
  return bss.framewise(a, b, o.window, o.hop or math.max(1, o.window // 2), how)
end

local function mean(list)
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x end
  return sum / #list
end

--- All figures of a song in dB, the means of its sources: SDR, ISR, SIR and SAR of their images, and SI-SDR.
---     print(metrics.separation.evaluate({vocals, band}, {made_vocals, made_band}).SDR)
---@param reference moonlark.Signal[]|moonlark.Tensor
---@param estimate moonlark.Signal[]|moonlark.Tensor
---@return table<string, number>
function separation.evaluate(reference, estimate)
  local made = separation.bss_eval(reference, estimate)
  local a, b, alike = sources("reference", reference), sources("estimate", estimate), {}
  for i = 1, a:size(0) do alike[i] = separation.si_sdr(a[i - 1], b[i - 1]) end
  return {SDR = mean(made.sdr), ISR = mean(made.isr), SIR = mean(made.sir), SAR = mean(made.sar), ["SI-SDR"] = mean(alike)}
end

return separation
