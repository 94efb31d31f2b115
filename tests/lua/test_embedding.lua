-- t-SNE, UMAP and trustworthiness against openTSNE, umap-learn and scikit-learn (tests/reference/embedding), on tables
-- that people bring, and with what they get wrong.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local torch = require "moonlark.torch"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local metrics = require "moonlark.metrics"
local warning = require "moonlark.base.warning"

local frozen = torch.load "tests/reference/embedding/embedding.safetensors"
local quiet = {progress = false}

local function settings(changes)
  local all = {progress = false}
  for key, value in pairs(changes or {}) do all[key] = value end
  return all
end

-- The share of rows whose five nearest places have their label.
local function right(z, y, new_z, new_y)
  local model = classify.knn {n_neighbors = 5}:fit(z, y)
  return model:predict(new_z):eq(new_y):double():mean():item()
end

TestTrustworthiness = {}

function TestTrustworthiness:test_it_is_scikit_learns()
  for i, k in ipairs {1, 5, 15, 119} do
    local wanted = frozen.trustworthiness[i - 1]:item()
    lu.assertAlmostEquals(metrics.trustworthiness(frozen.x, frozen.z, k), wanted, 1e-4) -- ties have no order there
    if k == 5 then lu.assertAlmostEquals(metrics.trustworthiness(frozen.x, frozen.z), wanted, 1e-4) end
  end
end

function TestTrustworthiness:test_an_embedding_that_is_the_table_is_trusted()
  local z = torch.randn {100, 2}
  lu.assertEquals(metrics.trustworthiness(z, z, 10), 1.0)
  lu.assertTrue(metrics.trustworthiness(z, torch.randn {100, 2}, 10) < 0.7)
end

function TestTrustworthiness:test_what_cannot_be_judged()
  local x = torch.randn {20, 3}
  lu.assertErrorMsgContains("k must be 1..9 (less than half the rows), got 10", metrics.trustworthiness, x, x, 10)
  local fewer = x:narrow(0, 0, 19)
  lu.assertErrorMsgContains("z must have as many rows as x (20), got 19", metrics.trustworthiness, x, fewer)
  x[3][1] = 0 / 0
  lu.assertErrorMsgContains("row 3, column 1 is NaN", metrics.trustworthiness, x, torch.zeros {20, 2})
end

TestNeighbors = {}

function TestNeighbors:test_distances_are_scikit_learns()
  for _, metric in ipairs {"euclidean", "cosine", "manhattan"} do
    local _, distances = core.embedding.neighbors(frozen.x, 12, metric, 0)
    local wanted = frozen["neighbors." .. metric]
    lu.assertTrue((distances:double() - wanted):abs():max():item() < 2e-6 * (1 + wanted:max():item()), metric)
  end
end

-- Beyond 20000 rows the search is approximate.
function TestNeighbors:test_many_rows_find_what_few_would()
  torch.manual_seed(3)
  local x = torch.randn({24000, 12}) + torch.randint(0, 6, {24000, 1}):float()
  local _, found = core.embedding.neighbors(x, 15, "euclidean", 0)
  local some = x:narrow(0, 7000, 200)
  local true_ones = torch.cdist(some:double(), x:double()):sort(1):narrow(1, 1, 15)
  local recall = found:narrow(0, 7000, 200):double():le(true_ones:select(1, 14):unsqueeze(1) + 1e-6):double():mean()
  print(("  recall of 200 rows %.3f"):format(recall:item()))
  lu.assertTrue(recall:item() >= 0.95)
end

function TestNeighbors:test_the_nearest_songs_of_each()
  local x = torch.tensor {{0.0, 1}, {0, 1.1}, {5, 5}, {0, 1}}
  local indices, distances = cluster.neighbors({x = x}, {n_neighbors = 2})
  lu.assertEquals(indices:totable(), {{3, 1}, {0, 3}, {1, 0}, {0, 1}})
  lu.assertEquals({indices:dtype(), distances[0][0]:item()}, {"int64", 0.0})
  lu.assertErrorMsgContains("n_neighbors must be 1..3 (the other rows), got 4", cluster.neighbors, x, {n_neighbors = 4})
  lu.assertErrorMsgContains("points must be a tensor", cluster.neighbors, "songs")
end

TestReference = {}

-- At most .01 below the reference's trustworthiness, and its divergence at most 3 % above.
local function compare(name, x)
  local tsne, umap = cluster.tsne(quiet):fit(x), cluster.umap(quiet):fit(x)
  local wanted = frozen[name .. ".tsne"]:totable()
  local found = metrics.trustworthiness(x, tsne.embedding, 15)
  print(("  %s: t-SNE %.4f (openTSNE %.4f), divergence %.4f (%.4f)"):format(name, found, wanted[1],
    tsne.kl_divergence, wanted[2]))
  lu.assertTrue(found > wanted[1] - 0.01)
  lu.assertTrue(tsne.kl_divergence > 0 and tsne.kl_divergence < wanted[2] * 1.03)
  found, wanted = metrics.trustworthiness(x, umap.embedding, 15), frozen[name .. ".umap"][0]:item()
  print(("  %s: UMAP %.4f (umap-learn %.4f)"):format(name, found, wanted))
  lu.assertTrue(found > wanted - 0.01)
end

function TestReference:test_blobs() compare("blobs", frozen.blobs:float()) end

function TestReference:test_digits() compare("digits", frozen.digits:float()) end

function TestReference:test_sounds_of_esc10()
  local songs = dataset.folder(lib.shared "esc10")
  local X = songs:extract(feature.recipe {features = {mfcc = {n_mfcc = 20}}, pool = {"mean", "std"}},
    {progress = false})
  compare("esc10", classify.scaler():fit(X.x):transform(X.x))
end

function TestReference:test_new_rows_come_to_their_like()
  local x, y = frozen.digits:float(), frozen["digits.y"]
  local old_x, new_x = x:narrow(0, 0, 700), x:narrow(0, 700, 200)
  local old_y, new_y = y:narrow(0, 0, 700), y:narrow(0, 700, 200)
  for i, name in ipairs {"tsne", "umap"} do -- in this order in the file
    local model = cluster[name](quiet):fit(old_x)
    local found, wanted = right(model.embedding, old_y, model:transform(new_x), new_y),
      frozen["digits.placed"][i - 1]:item()
    print(("  %s: %.3f of new rows by their like (reference %.3f)"):format(name, found, wanted))
    lu.assertTrue(found > wanted - 0.02)
    lu.assertTrue(model:transform(old_x):equal(model.embedding))
  end
end

TestBehaviour = {}

-- A sheet rolled up in 30 columns.
local function sheet(n)
  torch.manual_seed(9)
  local t, height = torch.rand {n, 1} * 9 + 3, torch.rand {n, 1} * 20
  local roll = torch.cat({t * t:cos(), height, t * t:sin()}, 1)
  return roll:matmul(torch.randn {3, 30}) + torch.randn {n, 30} * 0.1
end

function TestBehaviour:test_every_metric_start_and_number_of_dimensions_keeps_neighbours()
  local x = sheet(500)
  for _, name in ipairs {"tsne", "umap"} do
    for _, changes in ipairs {{metric = "cosine"}, {metric = "manhattan"}, {init = "random"}, {init = "pca"},
      {n_components = 1}, {n_components = 3}} do
      local z = cluster[name](settings(changes)):fit(x).embedding
      lu.assertEquals(z:shape(), {500, changes.n_components or 2})
      local trust = metrics.trustworthiness(x, z, 10)
      lu.assertTrue(trust > 0.9, ("%s %s %g"):format(name, next(changes), trust))
    end
  end
  lu.assertEquals(cluster.umap(settings {n_components = 10, n_epochs = 50}):fit(x).embedding:size(1), 10)
end

function TestBehaviour:test_the_seed_says_what_is_drawn()
  local x = sheet(200)
  for _, name in ipairs {"tsne", "umap"} do
    local function places(seed) return cluster[name](settings {seed = seed, init = "random"}):fit(x).embedding end
    lu.assertTrue(places(1):equal(places(1)))
    lu.assertFalse(places(1):equal(places(2)))
  end
end

function TestBehaviour:test_theta_0_is_exact_and_little_different()
  local x = sheet(300)
  local coarse, exact = cluster.tsne(quiet):fit(x), cluster.tsne(settings {theta = 0}):fit(x)
  print(("  divergence %.4f, exactly %.4f"):format(coarse.kl_divergence, exact.kl_divergence))
  lu.assertTrue(math.abs(coarse.kl_divergence / exact.kl_divergence - 1) < 0.1) -- seeds differ as much
end

function TestBehaviour:test_few_rows_lower_what_is_asked_with_a_warning()
  local x, mark, before = torch.randn {8, 3}, warning.mark(), warning.policy "ignore"
  lu.assertEquals(cluster.tsne(quiet):fit(x).embedding:shape(), {8, 2})
  lu.assertEquals(cluster.umap(quiet):fit(x).embedding:shape(), {8, 2})
  warning.policy(before)
  lu.assertEquals(warning.since(mark), {
    {kind = "neighbors-lowered", count = 1, texts = {"n_neighbors is 15, but there are 8 rows: lowered to 7"}},
    {kind = "perplexity-lowered", count = 1,
      texts = {"a perplexity of 30 needs 91 rows, there are 8: lowered to 2.33"}},
  })
end

function TestBehaviour:test_labels_count_when_they_are_told_to()
  local X = {x = torch.randn {150, 5}, y = torch.arange(150):remainder(3)}
  local plainly, told = cluster.umap(quiet):fit(X), cluster.umap(settings {target_weight = 0.95}):fit(X)
  lu.assertTrue(plainly.embedding:equal(cluster.umap(quiet):fit(X.x).embedding))
  lu.assertTrue(metrics.silhouette(told.embedding, X.y) > metrics.silhouette(plainly.embedding, X.y) + 0.1)
  lu.assertErrorMsgContains("needs labels: fit(x, y)", cluster.umap {target_weight = 0.5}.fit,
    cluster.umap {target_weight = 0.5}, X.x)
  lu.assertErrorMsgContains("min_dist must be at most spread (1), got 2", cluster.umap, {min_dist = 2})
end

function TestBehaviour:test_ctrl_c_is_heard_while_rows_move()
  for _, call in ipairs {"tsne {n_iter = 100000000}", "umap {n_epochs = 1000000}"} do
    local said = lib.moonlark(nil, nil, "-e", ([[
      local cluster, torch = require "moonlark.cluster", require "moonlark.torch"
      os.execute "(sleep 1; kill -INT $PPID) &"
      cluster.%s:fit(torch.randn {5000, 5})]]):format(call))
    lu.assertStrContains(said.err, "interrupted")
    lu.assertEquals(said.code, 130)
  end
end

function TestBehaviour:test_work_says_how_far_it_is()
  local x, told = torch.randn {40, 3}, {}
  local function progress(done, total) told[#told + 1] = {done, total} end
  core.embedding.tsne(x, {perplexity = 5, n_iter = 7, early_exaggeration_iter = 3, progress = progress})
  lu.assertEquals({#told, told[1], told[11]}, {11, {0, 10}, {10, 10}})
  told = {}
  core.embedding.umap(x, nil, {n_epochs = 6, progress = progress})
  lu.assertEquals({#told, told[1], told[7]}, {7, {0, 6}, {6, 6}})
  lu.assertErrorMsgContains("enough", core.embedding.umap, x, nil, {progress = function() error "enough" end})
end

lib.run()
