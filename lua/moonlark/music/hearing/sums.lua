--- Sums of the frames before each of some moments: the difference of two is what lies between them.
---     local rows = sums(chroma.data, {0, 40, 95})     -- nothing, the first 40 frames, the first 95
---@param data moonlark.Tensor  rows × frames
---@param at integer[]  frames
---@return moonlark.Tensor  rows × #at, float64
return function(data, at)
  local torch = require "moonlark.torch"
  return torch.scope(function()
    local all = torch.zeros({data:size(0), data:size(1) + 1}, {dtype = "float64"})
    all:narrow(1, 1, data:size(1)):copy_(data)
    return all:cumsum_(1):index_select(1, torch.tensor(at, {dtype = "int64"}))
  end)
end
