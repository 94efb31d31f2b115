--- Nearest rows: what is most like each row of a table.
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.cluster
local neighbors = {}

local parameters = options.describe("cluster.neighbors", {
  n_neighbors = options.integer(10, {least = 1}, "other rows to find for each"),
  metric = options.choice(core.embedding.metrics, "euclidean", "distance between rows"),
  seed = options.integer(0, {least = 0}, "of the search in large tables"),
})

--- The nearest other rows of each row, nearest first: which songs are most alike, by their features.
---
--- All distances are looked at up to 20000 rows. Beyond, the search is approximate (random projection trees, Dasgupta
--- and Freund 2008, and neighbours' neighbours, Dong, Moses and Li 2011), with a recall of 0.95 or more, measured on a
--- sample.
--- Errors: numbers that are not finite; as many neighbours as rows, or more.
---     local like, distances = cluster.neighbors(X, {n_neighbors = 3, metric = "cosine"})
---     print(X.paths[1], X.paths[like[0][0]:item() + 1])
---@param points moonlark.Tensor|table  rows × columns, or what dataset:extract gives
---@param given moonlark.cluster.neighbors.Options?
---@return moonlark.Tensor indices  rows × n_neighbors, int64, from 0
---@return moonlark.Tensor distances  rows × n_neighbors, float32
function neighbors.neighbors(points, given)
  local torch = require "moonlark.torch"
  local settings = parameters:read(given)
  if type(points) == "table" and points.x then points = points.x end
  if not torch.is_tensor(points) then
    show.fail("points must be a tensor, rows × columns, or what dataset:extract gives, got %s", type(points))
  end
  local found, distances = core.embedding.neighbors(points, settings.n_neighbors, settings.metric, settings.seed)
  return found:long(), distances
end

return neighbors
