--- beatnet: beats and first beats of bars, every 20 ms, as a stream could hear them.
---
--- `model:track(song)`: `beat` and `downbeat`, how likely each is, and `neither`.
local family = require "moonlark.pretrained.family"
local spectrum = require "moonlark.pretrained.spectrum"
local torch = require "moonlark.torch"

local rate, hop, length, bins = 22050, 441, 1411, 705

-- Bins of the frequencies of 24 bands an octave around 440 Hz, from 30 to 17000 Hz; each bin once. A bin counts as
-- rate / 1410 Hz, as in the reference, though the transform has 1411 points.
local function edges()
  local list = {}
  for i = math.ceil(24 * math.log(30 / 440, 2)), math.floor(24 * math.log(17000 / 440, 2)) do
    local bin = math.min(math.floor(440 * 2 ^ (i / 24) * (2 * bins) / rate + 0.5), bins - 1)
    if bin ~= list[#list] then list[#list + 1] = bin end
  end
  return list
end

-- Triangles between every other edge, each with the sum 1: [bins, bands].
local function filters()
  local at, bank = edges(), {}
  for k = 1, #at - 2 do
    local from, centre, to = at[k], at[k + 1], at[k + 2]
    local row, sum = {}, 0
    for bin = 1, bins do row[bin] = 0 end
    for bin = from, to - 1 do
      row[bin + 1] = bin < centre and (bin - from) / (centre - from) or (to - bin) / (to - centre)
      sum = sum + row[bin + 1]
    end
    for bin = from + 1, to do row[bin] = row[bin] / sum end
    bank[k] = row
  end
  return torch.tensor(bank):transpose(0, 1):contiguous()
end

-- Bands of the magnitudes, log10(1 + x), and how much each has risen since the frame before: [1, frames, 272].
local function features(bank, window)
  return function(waves)
    local n, parts, block = (waves:size(1) - length) // hop + 1, {}, 1000
    for first = 0, n - 1, block do
      local count = math.min(block, n - first)
      local wave = waves:narrow(1, first * hop, (count - 1) * hop + length)
      local magnitude = spectrum.magnitude(wave, window, hop, length):narrow(-1, 0, bins)
      parts[#parts + 1] = (magnitude:matmul(bank) + 1):log10()
    end
    local x = torch.cat(parts, 1)
    local rise = (x - torch.cat({x:narrow(1, 0, 1), x:narrow(1, 0, n - 1)}, 1)):clamp_min(0)
    return torch.cat({x, rise}, 2)
  end
end

-- Frame i begins at sample hop i - 705, and there is one for each hop that has begun.
local function around(samples)
  local frames = (samples:size(0) + hop - 1) // hop
  return samples:constant_pad_nd({bins, (frames - 1) * hop + length - bins - samples:size(0)}, 0)
end

return family.define {
  name = "beatnet",
  about = "beats and first beats of bars, every 20 ms",
  source = "Heydari, Cwitkowitz and Duan (2021), BeatNet",
  architecture = "beatnet",
  recognise = function(found)
    local first, last = found:shape "linear0.weight", found:shape "linear.weight"
    return first and last and first[2] == 262 and last[1] == 3 and found:shape "lstm.weight_ih_l1" and {} or nil
  end,
  front = function()
    local window = torch.hann_window(length, false)
    local frames = 30000 -- of one window: ten minutes
    return {
      rate = rate, window = ((frames - 1) * hop + length) / rate, hop = frames * hop / rate, least = length,
      at_once = 1, whole = around, compute = features(filters(), window),
    }
  end,
  frames = rate / hop,
  track = function(scores, curve)
    local p, heard = scores:softmax(-1):transpose(0, 1), {}
    for i, name in ipairs {"beat", "downbeat", "neither"} do heard[name] = curve(name, p:narrow(0, i - 1, 1)) end
    return heard
  end,
}
