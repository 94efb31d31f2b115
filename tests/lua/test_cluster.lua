-- moonlark cluster as a person runs it, and what its models say of themselves.
local cluster = require "moonlark.cluster"
local csv = require "moonlark.base.csv"
local estimator = require "moonlark.estimator"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local warning = require "moonlark.base.warning"

-- Three pitches, so many sounds each, a little out of tune, of unlike loudness, with a little noise.
local function write_pitches(folder, count)
  torch.manual_seed(3)
  local time = torch.arange(5512):double() / 22050
  for _, hz in ipairs {220, 440, 880} do
    for i = 1, count do
      local random = torch.rand {2}
      local phase = time * (2 * math.pi * hz * (0.99 + 0.02 * random[0]:item()))
      local tone = torch.sin(phase) * (0.3 + 0.3 * random[1]:item())
      local samples = ((tone + torch.randn {5512} * 0.01) * 32767):clamp(-32768, 32767):round()
      local bytes = {}
      for at, value in ipairs(samples:totable()) do bytes[at] = string.pack("<i2", math.tointeger(value)) end
      lib.write(("%s/hz%d/%02d.wav"):format(folder, hz, i), lib.wav(table.concat(bytes)))
    end
  end
end

TestCommand = {}

local place
function TestCommand:setUp()
  if place then return end
  place = lib.folder()
  write_pitches(place .. "/songs", 40)
end

local function run(...)
  local result = lib.moonlark(place, {"XDG_CACHE_HOME=" .. place .. "/kept"}, "cluster", ...)
  lu.assertEquals(result.code, 0, result.all)
  return result
end

local function figures() return json.decode(files.read(place .. "/run/metrics.json")) end

-- scikit-learn's StandardScaler, PCA(10), KMeans(3, n_init=10): 1.000. Whitened, from one start: 0.619 ± 0.403.
function TestCommand:test_three_pitches_are_three_clusters()
  local said = run("songs", "--run", "run", "--overwrite")
  local found = figures()
  for _, name in ipairs {"ari", "ari.gmm", "ari.kmeans", "nmi.kmeans"} do lu.assertEquals(found[name], 1.0, name) end
  lu.assertStrContains(said.out, "Columns are standardised; 10 principal components hold ")
  local page = files.read(place .. "/run/report.md")
  lu.assertStrContains(page, "Columns are standardised; 10 principal components hold ")
  lu.assertStrContains(page, "the least inertia of 10 starts")
  lu.assertNotStrContains(page, "variance 1")
end

function TestCommand:test_whitening_scaling_and_starts_are_chosen()
  run("songs", "--run", "run", "--overwrite", "--whiten", "--starts", "1", "--seeds", "5", "--method", "kmeans")
  lu.assertTrue(figures().ari < 0.999)
  lu.assertTrue(figures()["ari.std"] > 0)
  local page = files.read(place .. "/run/report.md")
  lu.assertStrContains(page, "each brought to variance 1")
  lu.assertStrContains(page, "the least inertia of 1 start ")
  local said = run("songs", "--scale", "none", "--components", "0", "--method", "gmm")
  lu.assertStrContains(said.out, "Columns are taken as they are; clusters are sought in all 66 columns.")
end

local every = "gmm,kmeans,agglomerative,spectral,hdbscan"

function TestCommand:test_every_method_finds_the_pitches()
  local said = run("songs", "--run", "run", "--overwrite", "--method", every, "--linkage", "average")
  local found = figures()
  for _, name in ipairs {"gmm", "kmeans", "agglomerative", "spectral", "hdbscan"} do
    lu.assertTrue(found["ari." .. name] > 0.97, name)
    lu.assertEquals(found["clusters." .. name], 3, name)
  end
  lu.assertStrContains(said.out, "HDBSCAN           ARI ")
  local page = files.read(place .. "/run/report.md")
  for _, words in ipairs {"linkage average", "plots/dendrogram.png", "plots/map.png", "Davies-Bouldin",
    "## Clusters found by HDBSCAN"} do
    lu.assertStrContains(page, words)
  end
  local rows = csv.read(place .. "/run/clusters.csv")
  lu.assertEquals({#rows, rows[1].label, rows[120].label}, {120, "hz220", "hz880"})
  lu.assertEquals({rows[1].agglomerative, rows[120].agglomerative}, {"0", "2"})
end

function TestCommand:test_the_map_is_made_as_told()
  local says = {umap = "UMAP of what", tsne = "t-SNE of what"}
  for _, name in ipairs {"umap", "tsne", "none"} do
    run("songs", "--run", "run", "--overwrite", "--method", "kmeans", "--embedding", name)
    local page = files.read(place .. "/run/report.md")
    lu.assertEquals(page:find("plots/map.png", 1, true) ~= nil, name ~= "none")
    for other, words in pairs(says) do lu.assertEquals(page:find(words, 1, true) ~= nil, name == other) end
    local trust = tonumber(page:match "trustworthiness (%S+) over 15 neighbours")
    lu.assertTrue(name == "none" and not trust or trust > 0.9 and trust <= 1)
  end
end

function TestCommand:test_the_number_of_clusters_is_found()
  local said = run("songs", "--run", "run", "--overwrite", "--method", "kmeans", "--clusters", "auto")
  lu.assertEquals(figures().clusters, 3)
  lu.assertStrContains(said.out, "3 clusters (* what each criterion chooses)")
  local page = files.read(place .. "/run/report.md")
  lu.assertStrContains(page, "## How many clusters")
  lu.assertStrContains(page, "plots/choice.png")
  local wrong = lib.moonlark(place, nil, "cluster", "songs", "--clusters", "1")
  lu.assertEquals(wrong.code, 2)
end

function TestCommand:test_a_table_without_labels()
  local lines = {"a,b"}
  for i = 1, 40 do lines[i + 1] = ("%g,%g"):format(i % 2 * 10 + i % 7 / 10, i % 5 / 10) end
  lib.write(place .. "/table.csv", table.concat(lines, "\n") .. "\n")
  local said = run("table.csv", "--run", "run", "--overwrite", "--method", every, "--clusters", "2")
  lu.assertNotStrContains(said.out, "ARI")
  lu.assertStrContains(said.out, "k-means           silhouette ")
  local found = figures()
  lu.assertEquals({found.ari, found["clusters.hdbscan"], found.n}, {nil, 2, 40})
  lu.assertTrue(found.silhouette > 0.5)
  local page = files.read(place .. "/run/report.md")
  lu.assertStrContains(page, "40 rows, 2 features each.")
  lu.assertNotStrContains(page, "mostly")
end

function TestCommand:test_a_few_rows()
  lib.write(place .. "/few.csv", "a,b\n1,2\n1.5,2\n7,8\n7.5,8\n1,2.5\n7,8.5\n")
  local said = run("few.csv", "--method", "gmm,kmeans,agglomerative,spectral,hdbscan", "--clusters", "2")
  for _, name in ipairs {"Gaussian mixture", "k-means  ", "agglomerative", "spectral "} do
    lu.assertStrContains(said.out, name)
  end
  local refused = lib.moonlark(place, nil, "cluster", "few.csv", "--clusters", "7")
  lu.assertStrContains(refused.err, "6 rows cannot make 7 clusters")
end

-- Of rows in turns of eight classes, each class is in the part, about as often as the others.
function TestCommand:test_large_tables_are_judged_by_a_part()
  local findings = require "moonlark.shell.cluster.findings"
  local x, y = torch.arange(4000):float():unsqueeze(1), torch.arange(4000):remainder(8)
  local some, labels = findings.sample(1000, x, y)
  lu.assertEquals({some:size(0), labels:size(0)}, {1000, 1000})
  for _, count in ipairs(torch.bincount(labels):totable()) do lu.assertTrue(count > 100 and count < 150) end
  lu.assertIs(findings.sample(4000, x), x)
end

function TestCommand:test_its_model_is_used_again()
  run("songs", "--run", "run", "--overwrite", "--method", "kmeans")
  local model = estimator.load(place .. "/run/model.safetensors")
  lu.assertEquals(model.kind, "classify.pipeline")
  lu.assertEquals(model:predict(torch.zeros {2, 66}):size(0), 2)
end

TestChoice = {}

local function clouds(count)
  torch.manual_seed(1)
  local y = torch.arange(40 * count):remainder(count)
  return torch.randn {40 * count, 5} + (torch.eye(5) * 12):index_select(0, y)
end

function TestChoice:test_every_criterion_finds_four_clouds()
  local x = clouds(4)
  for _, method in ipairs {"kmeans", "gmm", "agglomerative", "spectral"} do
    local choice = cluster.choose(x, {k = {1, 7}, method = method, n_init = 3})
    lu.assertEquals(choice.k, 4, method)
    lu.assertEquals(choice.best, {silhouette = 4, gap = 4, bic = 4}, method)
    lu.assertEquals({choice.rows[1].k, choice.rows[7].k, choice.rows[1].silhouette}, {1, 7})
  end
end

function TestChoice:test_one_cloud_is_one_cluster()
  local choice = cluster.choose(clouds(1), {k = {1, 5}})
  lu.assertEquals({choice.k, choice.best.gap, choice.best.bic}, {1, 1, 1})
  lu.assertStrContains(tostring(choice), "1 cluster (* what each criterion chooses)")
end

function TestChoice:test_it_is_the_same_twice_and_leaves_random_numbers_alone()
  local x = clouds(3)
  torch.manual_seed(9)
  local first, drawn = tostring(cluster.choose(x)), torch.rand {1}:item()
  torch.manual_seed(9)
  lu.assertEquals(torch.rand {1}:item(), drawn)
  lu.assertEquals(tostring(cluster.choose(x)), first)
end

function TestChoice:test_what_it_refuses()
  local x = clouds(1)
  lu.assertErrorMsgContains("at most 40 (rows), got 3 and 41", cluster.choose, x, {k = {3, 41}})
  lu.assertErrorMsgContains("at most 40 (rows), got 4 and 3", cluster.choose, x, {k = {4, 3}})
  lu.assertErrorMsgContains("3 rows or more, got 2", cluster.choose, x:narrow(0, 0, 2))
  lu.assertErrorMsgContains("x must be a tensor", cluster.choose, "x")
  local equal = cluster.choose(torch.ones {10, 2}, {k = {1, 3}, criteria = {"silhouette", "gap"}})
  lu.assertEquals(equal.k, 1) -- nothing to choose by
end

TestWarnings = {}

-- What was warned of while f ran.
local function warned(f)
  local before, mark = warning.policy "ignore", warning.mark()
  local ok, message = pcall(f)
  warning.policy(before)
  assert(ok, message)
  return warning.since(mark)
end

function TestWarnings:test_kmeans_that_lost_a_cluster()
  local rows = torch.tensor {{0.0, 0}, {0, 0}, {1, 1}, {1, 1}}
  local list = warned(function() cluster.kmeans {n_clusters = 3}:fit(rows) end)
  lu.assertEquals(list[1].kind, "kmeans-empty-cluster")
  lu.assertStrContains(list[1].texts[1], "k-means filled 2 of 3 clusters")
  lu.assertEquals(warned(function() cluster.kmeans {n_clusters = 2}:fit(rows) end), {})
end

function TestWarnings:test_em_that_did_not_converge()
  local rows = torch.randn {50, 3}
  local list = warned(function() cluster.gmm {n_components = 3, max_iter = 1}:fit(rows) end)
  lu.assertEquals(list[1].kind, "em-not-converged")
  lu.assertEquals(warned(function() cluster.gmm {n_components = 1}:fit(rows) end), {})
end

function TestWarnings:test_constant_columns_are_named()
  for _, hz in ipairs {220, 440} do
    lib.write(("%s/flat/hz%d/1.wav"):format(place, hz), lib.wav(("\0\x40"):rep(4000)))
    lib.write(("%s/flat/hz%d/2.wav"):format(place, hz), lib.wav(("\0\x40\0\xc0"):rep(2000)))
  end
  local said = run("flat", "--features", "rms,zero_crossing_rate", "--method", "kmeans")
  lu.assertStrContains(said.err, "columns hold the same value in every row: rms_")
end

lib.run()
