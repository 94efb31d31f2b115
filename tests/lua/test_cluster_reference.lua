-- Clusterers against SciPy and scikit-learn (tests/reference/cluster).
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"

local frozen = torch.load "tests/reference/cluster/cluster.safetensors"

-- The largest difference, relative to the largest value of the reference.
local function check(name, got, wanted, tolerance)
  lu.assertEquals(got:shape(), wanted:shape(), name)
  local off = (got:double() - wanted:double()):abs():max():item() / math.max(wanted:double():abs():max():item(), 1e-300)
  print(("  %-40s %.2e (allowed %.0e)"):format(name, off, tolerance))
  lu.assertTrue(off <= tolerance, ("%s is off by %g"):format(name, off))
end

-- The same clusters, whatever their numbers; rows that belong to none (-1) are the same ones.
local function check_clusters(name, got)
  local wanted = frozen[name]
  lu.assertTrue(got:lt(0):eq(wanted:lt(0)):all():item(), name .. ": other rows are noise")
  lu.assertEquals(metrics.ari(wanted + 1, got + 1), 1.0, name)
end

-- Clusters are numbered by their first row.
local function check_numbers(labels)
  local next_id = 0
  for _, id in ipairs(labels:totable()) do
    lu.assertTrue(id <= next_id)
    if id == next_id then next_id = next_id + 1 end
  end
end

TestHierarchy = {}

function TestHierarchy:test_linkage_matrices_are_scipys()
  for _, linkage in ipairs {"ward", "average", "complete", "single"} do
    local model = cluster.agglomerative {linkage = linkage}:fit(frozen.x)
    local wanted = frozen["linkage." .. linkage]
    check(linkage .. " merges", model.linkage:narrow(1, 0, 2), wanted:narrow(1, 0, 2), 0)
    check(linkage .. " distances", model.linkage:select(1, 2), wanted:select(1, 2), 1e-12)
    check(linkage .. " sizes", model.linkage:select(1, 3), wanted:select(1, 3), 0)
  end
end

function TestHierarchy:test_cuts()
  for _, linkage in ipairs {"ward", "average", "complete", "single"} do
    for _, k in ipairs {2, 5} do
      local model = cluster.agglomerative {linkage = linkage, n_clusters = k}:fit(frozen.x)
      check_clusters(("agglomerative.%s.%d"):format(linkage, k), model.labels)
      check_numbers(model.labels)
      lu.assertTrue(torch.equal(model:predict(frozen.x), model.labels))
    end
    local model = cluster.agglomerative {linkage = linkage, distance_threshold = 6}:fit(frozen.x)
    check_clusters(("agglomerative.%s.threshold"):format(linkage), model.labels)
    lu.assertEquals(model.n_clusters, model.labels:max():item() + 1)
  end
end

function TestHierarchy:test_what_it_refuses()
  lu.assertErrorMsgContains("n_clusters or distance_threshold, not both", cluster.agglomerative,
    {n_clusters = 2, distance_threshold = 1})
  local few = cluster.agglomerative {n_clusters = 4}
  lu.assertErrorMsgContains("at least n_clusters (4) rows, got 3", few.fit, few, torch.rand {3, 2})
  lu.assertErrorMsgContains("at most 30000 rows (3.6 GB), got 30001", few.fit, few, torch.zeros {30001, 1})
end

lib.run()
