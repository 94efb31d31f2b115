-- Clusterers against SciPy and scikit-learn (tests/reference/cluster).
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"
local warning = require "moonlark.base.warning"

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

TestDensity = {}

function TestDensity:test_hdbscan()
  local cases = {usual = {}, leaf = {cluster_selection_method = "leaf"},
    samples = {min_cluster_size = 10, min_samples = 3}}
  for _, data in ipairs {"x", "moons"} do
    for name, given in pairs(cases) do
      local model = cluster.hdbscan(given):fit(frozen[data])
      local base = ("hdbscan.%s.%s"):format(data, name)
      check_clusters(base .. ".labels", model.labels)
      check_numbers(model.labels)
      check(base, model.probabilities, frozen[base .. ".probabilities"], 1e-12)
      -- The fitted rows keep their labels; equal rows of the moons that had two labels get one.
      local kept = model:predict(frozen[data]):eq(model.labels):double():mean():item()
      lu.assertTrue(kept >= (data == "x" and 1 or 0.95), base)
      lu.assertEquals(model.n_clusters, model.labels:max():item() + 1)
    end
  end
end

function TestDensity:test_new_rows_join_a_cluster_or_none()
  local rows = torch.cat {torch.rand {40, 2}, torch.rand {40, 2} + 20}
  local model = cluster.hdbscan():fit(rows)
  lu.assertEquals(model.n_clusters, 2)
  lu.assertEquals(model:predict(torch.tensor {{0.5, 0.5}, {20.5, 20.5}, {80.0, -80.0}}):totable(), {0, 1, -1})
  local scan = cluster.dbscan {eps = 1}:fit(rows)
  lu.assertEquals(scan:predict(torch.tensor {{0.5, 0.5}, {20.5, 20.5}, {10.0, 10.0}}):totable(), {0, 1, -1})
end

function TestDensity:test_dbscan()
  for _, eps in ipairs {0.1, 0.2} do
    local model = cluster.dbscan {eps = eps, min_samples = 4}:fit(frozen.moons)
    lu.assertTrue(torch.equal(model.labels, frozen["dbscan." .. eps]))
  end
  local none = cluster.dbscan {eps = 1e-6}:fit(torch.rand {20, 3})
  lu.assertEquals(none.n_clusters, 0)
  lu.assertTrue(none:predict(torch.rand {3, 3}):eq(-1):all():item())
end

-- Rows that are the same, all of them or in two places, have infinite density.
function TestDensity:test_equal_rows()
  local same = cluster.hdbscan():fit(torch.ones {20, 2})
  lu.assertTrue(same.labels:eq(-1):all():item()) -- one cluster is no cluster
  local two = cluster.hdbscan():fit(torch.cat {torch.zeros {10, 2}, torch.ones {10, 2}})
  lu.assertEquals(two.labels:totable(), torch.arange(20):div(10, {rounding_mode = "floor"}):totable())
  lu.assertTrue(two.probabilities:eq(1):all():item())
end

TestSpectral = {}

function TestSpectral:test_the_same_clusters()
  local cases = {rbf = {gamma = 0.05}, nearest_neighbors = {affinity = "nearest_neighbors"}}
  for name, given in pairs(cases) do
    given.n_clusters = 4
    local model = cluster.spectral(given):fit(frozen.x)
    check_clusters("spectral." .. name, model.labels)
    lu.assertTrue(torch.equal(model:predict(frozen.x), model.labels))
  end
end

-- More rows than LAPACK is asked to solve as a whole; parts without a link between them, as many as clusters.
function TestSpectral:test_many_rows()
  torch.manual_seed(1)
  local y = torch.arange(3000):remainder(5)
  local x = torch.randn {3000, 4} + y:unsqueeze(1):float() * 20
  local model = cluster.spectral {n_clusters = 5, affinity = "nearest_neighbors"}:fit(x)
  lu.assertEquals(metrics.ari(y, model.labels), 1.0)
  lu.assertTrue(model.eigenvalues:abs():max():item() < 1e-8)
  local near = cluster.spectral {n_clusters = 5, gamma = 0.05}:fit(x:narrow(0, 0, 1000))
  lu.assertEquals(metrics.ari(y:narrow(0, 0, 1000), near.labels), 1.0)
end

TestFactors = {}

function TestFactors:test_nmf()
  local cases = {
    given = {W = frozen["nmf.W0"], H = frozen["nmf.H0"]}, nndsvd = {init = "nndsvd"}, nndsvda = {},
    sparse = {W = frozen["nmf.W0"], H = frozen["nmf.H0"], alpha_W = 0.01, l1_ratio = 0.7},
  }
  for name, given in pairs(cases) do
    given.n_components, given.max_iter = 6, 300
    local before = warning.policy "ignore" -- one of them does not converge in 300 passes
    local base, model = "nmf." .. name, cluster.nmf(given):fit(frozen.S)
    warning.policy(before)
    local figures = frozen[base .. ".figures"]:totable()
    lu.assertAlmostEquals(model.reconstruction_err / figures[1], 1, 1e-4)
    lu.assertEquals(model.iterations, math.tointeger(figures[2]), base)
    check(base .. " H", model.components, frozen[base .. ".H"], 1e-4)
    check(base .. " W", model.W, frozen[base .. ".W"], 1e-4)
    check(base .. " transform", model:transform(frozen.S:narrow(0, 0, 7)), frozen[base .. ".transformed"], 1e-4)
    local whole = model:inverse_transform(model.W)
    lu.assertAlmostEquals((whole - frozen.S):square():sum():sqrt():item() / model.reconstruction_err, 1, 1e-4)
  end
end

function TestFactors:test_a_spectrogram_comes_apart()
  local low, high = lib.tone(440, 8192), lib.tone(3000, 8192)
  local song = lib.waveform(torch.cat({low.data, high.data, low.data + high.data}, 1))
  local S = require "moonlark.feature".mel(song)
  local spectra, times = cluster.decompose(S, {n_components = 2})
  lu.assertEquals(spectra:shape(), {128, 2})
  lu.assertEquals(times.data:shape(), {2, S:frames()})
  lu.assertEquals(times.rate, S.rate)
  lu.assertTrue(((spectra:matmul(times.data) - S.data):norm() / S.data:norm()):item() < 0.1)
  lu.assertErrorMsgContains("x must be 0 or more: row 0", cluster.decompose, S:log())
  lu.assertErrorMsgContains("take feature.magnitude", cluster.decompose, require "moonlark.feature".stft(song))
  lu.assertErrorMsgContains("needs W and H", cluster.nmf, {W = torch.ones {2, 2}})
end

TestDiscriminant = {}

function TestDiscriminant:test_lda()
  for _, name in ipairs {"rows", "two", "wide", "flat"} do
    local base = "lda." .. name
    local x, y = frozen[base .. ".x"], frozen[base .. ".y"]
    local model = classify.lda():fit(x, y)
    check(base .. " proba", model:predict_proba(x), frozen[base .. ".proba"], 1e-6)
    check(base .. " transform", model:transform(x):abs(), frozen[base .. ".z"]:abs(), 1e-5)
    check(base .. " ratio", model.explained_variance_ratio, frozen[base .. ".ratio"], 1e-9)
    lu.assertTrue(torch.equal(model:predict(x), frozen[base .. ".proba"]:argmax(1)))
    for _, shrinkage in ipairs {"auto", 0.3} do
      local shrunk, of = classify.lda {shrinkage = shrinkage}:fit(x, y), ("%s.%s"):format(base, shrinkage)
      check(of .. " proba", shrunk:predict_proba(x), frozen[of .. ".proba"], 1e-6)
      check(of .. " transform", shrunk:transform(x):abs(), frozen[of .. ".z"]:abs(), 1e-5)
      check(of .. " ratio", shrunk.explained_variance_ratio, frozen[of .. ".ratio"], 1e-9)
    end
    local one = classify.lda {n_components = 1}:fit(x, y)
    lu.assertTrue(torch.equal(one:transform(x):flatten(), model:transform(x):select(1, 0)))
  end
  local model = classify.lda()
  lu.assertErrorMsgContains("shrinkage must be", classify.lda, {shrinkage = 1.5})
  lu.assertErrorMsgContains("more rows than classes (3), got 3", model.fit, model, torch.rand {3, 2}, torch.arange(3))
  lu.assertErrorMsgContains("does not vary within classes", model.fit, model, torch.ones {4, 2},
    torch.arange(4):remainder(2))
end

TestMeasures = {}

function TestMeasures:test_agreement()
  local truth, guess = frozen.truth, frozen.guess
  local found = torch.tensor({metrics.ami(truth, guess), metrics.v_measure(truth, guess)}, {dtype = "float64"})
  check("agreement", found, frozen.agreement, 1e-10)
  lu.assertEquals(metrics.ami(truth, truth * 2), 1.0)
  lu.assertEquals(metrics.ami(truth * 0, truth * 0), 1.0)
  lu.assertEquals(metrics.purity(torch.tensor {0, 0, 1, 1, 1}, torch.tensor {0, 0, 0, 5, 5}), 0.8)
  lu.assertEquals({metrics.v_measure(torch.tensor {0, 0, 1, 1}, torch.tensor {0, 0, 0, 0})}, {0.0, 1.0, 0.0})
end

function TestMeasures:test_cohesion()
  local x, ids = frozen.x, frozen.guess
  local found = {metrics.calinski_harabasz(x, ids), metrics.davies_bouldin(x, ids), metrics.silhouette(x, ids)}
  check("cohesion", torch.tensor(found, {dtype = "float64"}), frozen.cohesion, 1e-10)
  check("silhouette_samples", metrics.silhouette_samples(x, ids), frozen.silhouette_samples, 1e-10)
  lu.assertErrorMsgContains("needs 2..rows - 1 (159) clusters, got 1", metrics.davies_bouldin, x, ids * 0)
  lu.assertErrorMsgContains("silhouette needs 2..rows - 1 (159) clusters, got 1", metrics.silhouette, x, ids * 0)
end

TestChoice = {}

function TestChoice:test_silhouettes_are_scikit_learns()
  local choice = cluster.choose(frozen.x, {k = {2, 6}, n_init = 50, criteria = {"silhouette"}})
  for i, wanted in ipairs(frozen.silhouettes:totable()) do
    lu.assertAlmostEquals(choice.rows[i].silhouette, wanted, 1e-6)
  end
end

lib.run()
