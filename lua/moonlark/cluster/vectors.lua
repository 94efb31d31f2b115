--- Vectors: many of them, in memory or in a file, among which the most similar are found, exactly.
local core = require "moonlark_core".flat_search
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

---@class moonlark.cluster
local vectors = {}

--- Vectors that are kept with length 1; their rows count from 0.
---@class moonlark.Vectors
---@field columns integer
---@field path string?  nil: in memory
---@field compared integer  pairs of rows that the last search had to compare number by number
local Vectors = {__name = "moonlark.Vectors"}
Vectors.__index = Vectors

local opening = options.describe("cluster.vectors", {
  columns = options.integer(nil, {least = 1, most = 32767, usual = "as many as the file has"}, "numbers of a vector"),
})

--- Opens vectors: a file, which is made where there is none, or with path nil some in memory.
---
--- A file may be read by many and grows at its end alone: rows that were added stay, and a process that is killed while
--- it adds leaves no part of a row. What others add is seen by the next search. Rows are float32 and mapped, not read.
--- Errors: no file of vectors; one of another number of columns; a file that is not there, where columns is not given.
---     local index = cluster.vectors("embeddings.vectors", {columns = 128})
---@param path string?
---@param given moonlark.cluster.vectors.Options?
---@return moonlark.Vectors
function vectors.vectors(path, given)
  local settings = opening:read(given)
  if path ~= nil and type(path) ~= "string" then show.fail("path must be a string or nil, got %s", type(path)) end
  if not path and not settings.columns then show.fail("cluster.vectors: vectors in memory need the option 'columns'") end
  local self = setmetatable({path = path, engine = core.open(path, settings.columns or 0), compared = 0}, Vectors)
  self.columns = select(2, self.engine:size())
  return self
end

-- One vector is a table of one row.
local function table_of(x)
  local torch = require "moonlark.torch"
  if not torch.is_tensor(x) then show.fail("x must be a tensor of vectors, got %s", type(x)) end
  return x:dim() == 1 and x:reshape {1, -1} or x
end

--- Adds vectors of any length at the end. A vector of zeros is like other zeros alone.
--- Errors: numbers that are not finite; another number of columns; a disk that is full, and then none is added.
---     local first = index:add(torch.randn {10, 128})
---@param x moonlark.Tensor  rows × columns, or one vector
---@return integer first  the row that the first of them became, from 0
function Vectors:add(x) return self.engine:add(table_of(x)) end

local searching = options.describe("Vectors:search", {
  k = options.integer(10, {least = 1}, "vectors to find for each; fewer where there are fewer"),
  among = options.any(nil, "a bool tensor: of each row, whether it may be found"),
})

--- The k vectors that are most like each of x by their cosine, of all that there are; the earlier row of equals first.
---
--- The result is that of comparing all rows in float32, to the bit, and the distances (1 − cosine) are those of
--- cluster.neighbors. Few queries read an 8-bit copy (made at the second search) and compare what its error bound cannot
--- exclude; from 33 queries on products of matrices do the same. 1 000 000 × 128: some 15 ms a query on two cores.
--- Errors: numbers that are not finite; another number of columns; no row that may be found.
---     local rows, cosines = index:search(torch.randn {128}, {k = 3})
---     print(rows[0][0]:item(), cosines[0][0]:item())
---@param x moonlark.Tensor  queries × columns, or one vector
---@param given moonlark.Vectors.search.Options?
---@return moonlark.Tensor rows  queries × k, int64, from 0
---@return moonlark.Tensor cosines  queries × k, float32
function Vectors:search(x, given)
  local o = searching:read(given)
  local n, among = #self, o.among
  if among then
    local torch = require "moonlark.torch"
    if not torch.is_tensor(among) or among:dtype() ~= "bool" then
      show.fail("Vectors:search: among must be a bool tensor, one a row, got %s", options.got(among))
    end
    n = math.min(n, among:sum():item())
  end
  if n == 0 then show.fail "there is no vector that may be found" end
  local rows, cosines
  rows, cosines, self.compared = self.engine:find(table_of(x), math.min(o.k, math.tointeger(n)), among)
  return rows, cosines
end

--- Some of the rows, of length 1.
---     print(index:rows(0, 2):size(0))
---@param first integer  from 0
---@param count integer?  default: all that follow
---@return moonlark.Tensor  count × columns, float32
function Vectors:rows(first, count) return self.engine:rows(first, count or #self - first) end

--- How many rows there are, those that others added included.
function Vectors:__len() return (self.engine:size()) end

--- Lets go of the file, which stays.
---     index:close()
function Vectors:close() self.engine:close() end

Vectors.__close = Vectors.close

function Vectors:__tostring()
  return ("%d vectors of %d numbers%s"):format(#self, self.columns, self.path and " in " .. show.name(self.path) or "")
end

return vectors
