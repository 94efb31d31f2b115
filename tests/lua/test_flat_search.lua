-- Vectors and the most similar of them, beside plain loops and beside cluster.neighbors.
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local cluster = require "moonlark.cluster"

TestVectors = {}
lib.in_folder {TestVectors}

-- Rows by descending cosine in double, the earlier of equals first.
local function plainly(x, q)
  local a, b, all = x:double():tolist(), q:double():tolist(), {}
  local function dot(u, v)
    local sum = 0
    for j = 1, #u do sum = sum + u[j] * v[j] end
    return sum
  end
  for i, row in ipairs(a) do all[i] = {i - 1, dot(row, b) / math.sqrt(dot(row, row) * dot(b, b))} end
  table.sort(all, function(u, v) return u[2] > v[2] end)
  return all
end

function TestVectors:test_a_search_finds_what_plain_loops_find()
  torch.manual_seed(3)
  local x, q = torch.randn {2000, 20}, torch.randn {40, 20}
  local index = cluster.vectors(nil, {columns = 20})
  lu.assertEquals(index:add(x:narrow(0, 0, 1500)), 0)
  lu.assertEquals(index:add(x:narrow(0, 1500, 500) * 7), 1500)
  lu.assertEquals(#index, 2000)
  lu.assertEquals(tostring(index), "2000 vectors of 20 numbers")
  local rows, cosines = index:search(q, {k = 5}) -- by products
  local few, few_cosines = index:search(q[3], {k = 5}) -- by codes
  lu.assertEquals(few:tolist(), rows:narrow(0, 3, 1):tolist())
  lu.assertEquals(few_cosines:tolist(), cosines:narrow(0, 3, 1):tolist())
  for i = 0, 39 do
    local truth = plainly(x, q[i])
    for j = 0, 4 do
      lu.assertEquals(rows[i][j]:item(), truth[j + 1][1])
      lu.assertAlmostEquals(cosines[i][j]:item(), truth[j + 1][2], 1e-6)
    end
  end
end

function TestVectors:test_distances_are_those_of_neighbors()
  local x = torch.randn {300, 33}
  local index = cluster.vectors(nil, {columns = 33})
  index:add(x)
  local others, distances = cluster.neighbors(x, {n_neighbors = 4, metric = "cosine"})
  local rows, cosines = index:search(x, {k = 5}) -- the first is the row itself
  lu.assertEquals(rows:narrow(1, 1, 4):tolist(), others:tolist())
  lu.assertTrue((1 - cosines:narrow(1, 1, 4) - distances):abs():max():item() < 2e-7)
end

function TestVectors:test_only_rows_that_are_allowed_are_found()
  local x = torch.randn {100, 8}
  local index = cluster.vectors(nil, {columns = 8})
  index:add(x)
  local among = torch.arange(100):remainder(10):eq(0)
  local rows = index:search(x[55], {among = among, k = 50})
  lu.assertEquals(rows:size(1), 10)
  for j = 0, 9 do lu.assertEquals(rows[0][j]:item() % 10, 0) end
  lu.assertErrorMsgContains("among must be a bool tensor, one a row, got Tensor", index.search, index, x, {among = x})
  lu.assertErrorMsgContains("among must have 100 numbers, one a row, got 3", index.search, index, x,
    {among = torch.ones({3}):gt(0)})
  lu.assertErrorMsgContains("no vector that may be found", index.search, index, x, {among = among:logical_and(among:logical_not())})
end

function TestVectors:test_a_file_is_there_afterwards()
  local path, x = self.folder .. "/songs.vectors", torch.randn {50, 6}
  local index = cluster.vectors(path, {columns = 6})
  index:add(x)
  local other <close> = cluster.vectors(path)
  lu.assertEquals({#other, other.columns}, {50, 6})
  index:add(x[7] * 2)
  lu.assertEquals(other:search(x[7], {k = 2}):tolist(), {{7, 50}}) -- equals: the earlier first
  lu.assertTrue((other:rows(3, 2) - x:narrow(0, 3, 2) / x:narrow(0, 3, 2):norm(2, {1}, true)):abs():max():item() < 1e-6)
  index:close()
  lu.assertErrorMsgContains("the vectors are closed", index.add, index, x)
  lu.assertErrorMsgContains("holds vectors of 6 numbers, not of 7", cluster.vectors, path, {columns = 7})
  lu.assertErrorMsgContains("cannot open", cluster.vectors, self.folder .. "/none")
end

function TestVectors:test_what_is_refused()
  local index = cluster.vectors(nil, {columns = 3})
  lu.assertErrorMsgContains("there is no vector that may be found", index.search, index, torch.randn {3})
  lu.assertErrorMsgContains("x must have 3 columns, got 4", index.add, index, torch.randn {2, 4})
  lu.assertErrorMsgContains("x must be a tensor of vectors, got table", index.add, index, {1, 2, 3})
  lu.assertErrorMsgContains("row 0, column 0 is NaN", index.add, index, torch.full({1, 3}, 0 / 0))
  lu.assertErrorMsgContains("need the option 'columns'", cluster.vectors)
  lu.assertErrorMsgContains("path must be a string or nil", cluster.vectors, 3)
end

lib.run()
