--- Labels: class or cluster ids, as the metrics take them.
local show = require "moonlark.base.show"

--- Labels as a tensor of class ids, from a tensor or a list.
---@param name string  the argument's name
---@param value any
---@return moonlark.Tensor
return function(name, value)
  local torch = require "moonlark.torch"
  if type(value) == "table" then value = torch.tensor(value, {dtype = "int64"}) end
  if not torch.is_tensor(value) then
    show.fail("%s must be a tensor of class ids, got %s", name, type(value))
  end
  return value
end
