--- Gradients, between backward and the optimiser's step.
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

---@class moonlark.optim
local gradient = {}

local limit_above_0 = options.number(options.required, {above = 0, infinite = true})

local function gradients_of(params)
  local list = {}
  for _, parameter in ipairs(params) do list[#list + 1] = parameter:grad() end
  return list
end

--- Scales the gradients so that their norm, over all parameters together, is at most `max_norm`. Call it between
--- backward and step. PyTorch: clip_grad_norm_.
---     local norm = optim.clip_grad_norm(net:parameters(), 1)
---@param params moonlark.Tensor[]  those without a gradient are left out
---@param max_norm number  above 0
---@return number norm  before; not finite when a gradient is not: then nothing is scaled
function gradient.clip_grad_norm(params, max_norm)
  max_norm = limit_above_0:check("optim.clip_grad_norm", "max_norm", max_norm)
  return torch.no_grad(function()
    local list, norms = gradients_of(params), {}
    if #list == 0 then return 0.0 end
    for i, each in ipairs(list) do norms[i] = each:norm():convert("float64", list[1]:device()) end
    local norm = torch.stack(norms):norm():item() -- one answer to wait for, should they be on a GPU
    local scale = max_norm / (norm + 1e-6)
    if scale > 0 and scale < 1 then
      for _, each in ipairs(list) do each:mul_(scale) end
    end
    return norm
  end)
end

--- Clips every number of the gradients between -limit and limit. PyTorch: clip_grad_value_.
---     optim.clip_grad_value(net:parameters(), 0.5)
---@param params moonlark.Tensor[]  those without a gradient are left out
---@param limit number  above 0
function gradient.clip_grad_value(params, limit)
  limit = limit_above_0:check("optim.clip_grad_value", "limit", limit)
  torch.no_grad(function()
    for _, each in ipairs(gradients_of(params)) do each:clamp_(-limit, limit) end
  end)
end

return gradient
