--- Frames: a feature as the functions of music take it.
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

--- The rows × frames of a Signal or a tensor; one axis is one row.
---@param name string  the argument's name
---@param value any
---@return moonlark.Tensor
return function(name, value)
  local torch = require "moonlark.torch"
  local data = signal.is(value) and value.data or value
  if not torch.is_tensor(data) then
    show.fail("%s must be a Signal or a tensor of rows × frames, got %s", name, type(value))
  end
  if data:dim() == 1 then data = data:unsqueeze(0) end
  if data:dim() ~= 2 then show.fail("%s must have rows × frames, got a tensor of %d axes", name, data:dim()) end
  return data
end
