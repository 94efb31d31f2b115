--- Walk: a network step by step, so that its lower part needs no gradients, and its upper part little memory.
---
--- With checkpointing (Chen et al., 2016) a step's inner numbers are forgotten and computed again when its gradients
--- are due: the memory is that of one step and of what passes between steps.
local torch = require "moonlark.torch"

local walk = {}

---@class moonlark.finetune.Steps
---@field list (fun(x: moonlark.Tensor): moonlark.Tensor)[]  the first is given the input
---@field pooled fun(state: moonlark.Tensor): moonlark.Tensor  what the head is given of a step's result: [n, width]

--- The steps of a network: its own, or its embedding as the only one.
---@param net moonlark.nn.Module
---@return moonlark.finetune.Steps
function walk.steps(net)
  if net.steps then return net:steps() end
  return {list = {function(x) return net:embedding(x) end}, pooled = function(x) return x end}
end

-- A tensor that gathers gradients of its own.
local function leaf(x) return x:detach():requires_grad_(true) end

--- Walks the steps: what the head is given of the last result or, with `all`, of each; and the way back for
--- `backward`, where there is checkpointing.
---@param steps moonlark.finetune.Steps
---@param x moonlark.Tensor
---@param o {frozen: integer, all: boolean, checkpointing: boolean}  frozen: first steps that are not trained
---@return moonlark.Tensor[] pooled
---@return table? way
function walk.forward(steps, x, o)
  local pooled, way = {}, o.checkpointing and {list = steps.list, first = o.frozen + 1, states = {}} or nil
  for i, step in ipairs(steps.list) do
    if i <= o.frozen then
      x = torch.no_grad(step, x)
    elseif way then
      way.states[i - 1] = x
      x = leaf(torch.no_grad(step, x))
      way.states[i] = x
    else
      x = step(x)
    end
    if o.all or i == #steps.list then pooled[#pooled + 1] = steps.pooled(x) end
  end
  return pooled, way
end

--- Takes the gradients that have come to the steps' results down through the steps.
---@param way table  of forward
function walk.backward(way)
  for i = #way.list, way.first, -1 do
    local gradient = way.states[i]:grad()
    way.list[i](way.states[i - 1]):backward(gradient)
    way.states[i] = nil
  end
end

return walk
