--- A small generator of random numbers (xorshift64*): the same numbers for the same seed, everywhere.
local random = {}

local Random = {}
Random.__index = Random

--- A generator for a text, such as "wav_pcm16:17".
---@param seed string
---@return table
function random.new(seed)
  local state = 0xcbf29ce484222325 -- FNV-1a of the text
  for i = 1, #seed do state = (state ~ seed:byte(i)) * 0x100000001b3 end
  return setmetatable({state = state ~= 0 and state or 1}, Random)
end

--- A whole number 0..n-1.
function Random:below(n)
  local x = self.state
  x = x ~ (x >> 12)
  x = x ~ (x << 25)
  x = x ~ (x >> 27)
  self.state = x
  return ((x * 0x2545f4914f6cdd1d) >> 33) % n
end

--- A number 0 <= x < 1.
function Random:uniform()
  return self:below(1 << 24) / (1 << 24)
end

--- One of a list.
function Random:pick(list)
  return list[1 + self:below(#list)]
end

--- n random bytes.
function Random:bytes(n)
  local bytes = {}
  for i = 1, n do bytes[i] = string.char(self:below(256)) end
  return table.concat(bytes)
end

return random
