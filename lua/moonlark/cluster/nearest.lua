--- New rows for clusterers that know only the rows they were fitted to: each takes the cluster of the nearest of these.
local core = require "moonlark_core"

--- The labels of the nearest fitted rows. `state` holds rows (n × d float32) and labels (n).
---@param state {rows: moonlark.Tensor, labels: moonlark.Tensor}
---@param x moonlark.Tensor
---@return moonlark.Tensor labels
---@return moonlark.Tensor distances  float64
return function(state, x)
  local indices, distances = core.cluster.nearest(state.rows, x, 1)
  return state.labels:index_select(0, indices:select(1, 0)), distances:select(1, 0)
end
