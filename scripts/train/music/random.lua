--- Random numbers of augmentation, of a seed: the same on all machines, whatever libtorch is there.
local random = {}

--- Begins anew: the same seed gives the same numbers.
function random.seed(seed)
  math.randomseed(seed)
  require "moonlark.torch".manual_seed(seed)
end

--- A number in low..high.
function random.uniform(low, high) return low + (high - low) * math.random() end

--- A whole number in low..high.
function random.integer(low, high) return math.random(low, math.max(low, high)) end

--- Whether something of this probability happens.
function random.chance(probability) return math.random() < probability end

--- A number of a normal distribution (Box and Muller).
function random.normal(deviation)
  return deviation * math.sqrt(-2 * math.log(1 - math.random())) * math.cos(2 * math.pi * math.random())
end

--- A curve of `count` gains through `points` random ones, in dB of this deviation, as factors of amplitude.
---@return moonlark.Tensor
function random.equaliser(count, points, deviation)
  local knots, gains = {}, {}
  for i = 1, points do knots[i] = random.normal(deviation) end
  for i = 1, count do
    local at = (i - 1) / (count - 1) * (points - 1)
    local k = math.min(math.floor(at), points - 2)
    gains[i] = 10 ^ ((knots[k + 1] + (knots[k + 2] - knots[k + 1]) * (at - k)) / 20)
  end
  return require "moonlark.torch".tensor(gains)
end

return random
