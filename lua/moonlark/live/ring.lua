--- Ring: the last seconds of a sound that goes on.
local torch = require "moonlark.torch"

---@class moonlark.live.Ring
---@field length integer  samples that are kept
---@field package buffer moonlark.Tensor  twice as many, so that it is seldom moved
---@field package filled integer
local Ring = {}
Ring.__index = Ring

--- Takes further samples.
---     ring:add(samples)
---@param x moonlark.Tensor  [n]
function Ring:add(x)
  local n = x:size(0)
  if n > self.length then
    x, n = x:narrow(0, n - self.length, self.length), self.length
  end
  if self.filled + n > 2 * self.length then
    local kept = self:last(self.length - n):clone()
    self.buffer:narrow(0, 0, kept:size(0)):copy_(kept)
    self.filled = kept:size(0)
  end
  self.buffer:narrow(0, self.filled, n):copy_(x)
  self.filled = self.filled + n
end

--- The last n samples, or as many as there are; a view, until more are added.
---     local second = ring:last(22050)
---@param n integer
---@return moonlark.Tensor
function Ring:last(n)
  n = math.min(n, self.filled)
  return self.buffer:narrow(0, self.filled - n, n)
end

--- A ring for so many samples.
---@param length integer
---@return moonlark.live.Ring
return function(length)
  return setmetatable({length = length, buffer = torch.zeros {2 * length}, filled = 0}, Ring)
end
