--- Path: the sequence of states that fits best in sum, when every change of state costs the same.
---     local states = path(torch.tensor {{0.9, 0.1}, {0.4, 0.6}, {0.9, 0.1}}, 0.5)     -- 1, 1, 1
local core = require "moonlark_core".music

---@param fits moonlark.Tensor  frames × states: how well each state fits, such as a logarithm of its probability
---@param cost number  of a change
---@return integer[]  a state for each frame, from 1
return function(fits, cost) return (core.steady_path(fits:float():contiguous(), cost) + 1):totable() end
