--- Random numbers that depend on their seed alone: SplitMix64, so that a clip is the same on every
--- machine, in any order and with any number of workers, and Lua's own generator is left alone.
local random = {}

local Random = {}
Random.__index = Random

--- A generator for any number of strings and integers; its first state is FNV-1a over their text.
function random.new(...)
  local state = 0xcbf29ce484222325
  for _, seed in ipairs {...} do
    for _, byte in ipairs {(tostring(seed) .. "\0"):byte(1, -1)} do
      state = (state ~ byte) * 0x100000001b3
    end
  end
  return setmetatable({state = state, origin = state}, Random)
end

--- Another generator, by a name: independent of what this one has given so far.
function Random:fork(name) return random.new(self.origin, name) end

--- 64 random bits.
function Random:bits()
  self.state = self.state + 0x9e3779b97f4a7c15
  local z = (self.state ~ (self.state >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return z ~ (z >> 31)
end

--- A number in [low, high), by default [0, 1).
function Random:uniform(low, high)
  low, high = low or 0, high or 1
  return low + (high - low) * ((self:bits() >> 11) * 0x1p-53)
end

--- An integer in low..high.
function Random:integer(low, high) return low + (self:bits() >> 1) % (high - low + 1) end

--- True with probability p.
function Random:chance(p) return self:uniform() < p end

--- One of a list.
function Random:pick(list) return list[self:integer(1, #list)] end

--- A number in a range {low, high}; a plain number stands for itself.
function Random:within(range)
  return type(range) == "number" and range or self:uniform(range[1], range[2])
end

--- Gaussian with mean 0 and deviation 1.
function Random:normal()
  return math.sqrt(-2 * math.log(1 - self:uniform())) * math.cos(2 * math.pi * self:uniform())
end

return random
