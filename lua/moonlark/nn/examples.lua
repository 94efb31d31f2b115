--- Examples: a batch that is computed a few examples at a time, where that costs nothing but saves memory.
local torch = require "moonlark.torch"

local examples = {}

--- f(x), computed for `count` examples (rows of x) at a time on the CPU while no gradients are recorded: a processor is
--- as fast with one long clip as with eight, and needs an eighth of the memory. Elsewhere it is f(x).
---     local y = examples.few(1, x, function(part) return net(part) end)
---@param count integer
---@param x moonlark.Tensor  [n, …]
---@param f fun(x: moonlark.Tensor): moonlark.Tensor  of each example for itself
---@return moonlark.Tensor
function examples.few(count, x, f)
  local n = x:size(0)
  if n <= count or torch.is_grad_enabled() or x:device() ~= "cpu" then return f(x) end
  local parts = {}
  for first = 0, n - 1, count do
    parts[#parts + 1] = torch.scope(function() return f(x:narrow(0, first, math.min(count, n - first))) end)
  end
  return torch.cat(parts)
end

return examples
