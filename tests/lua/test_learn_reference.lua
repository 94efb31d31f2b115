-- Clusterers, classifiers and metrics against scikit-learn 1.9 (tests/reference/learn).
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local cluster = require "moonlark.cluster"
local classify = require "moonlark.classify"
local metrics = require "moonlark.metrics"
local scoring = require "moonlark.classify.scoring"

local frozen = torch.load "tests/reference/learn/learn.safetensors"

-- Largest difference, relative to the largest reference value.
local function deviation(got, wanted)
  lu.assertEquals(got:shape(), wanted:shape())
  local scale = math.max(wanted:double():abs():max():item(), 1e-300)
  return (got:double() - wanted:double()):abs():max():item() / scale
end

local function check(name, got, tolerance)
  local off = deviation(got, frozen[name])
  print(("  %-32s %.2e (allowed %.0e)"):format(name, off, tolerance))
  lu.assertTrue(off <= tolerance, ("%s is off by %g"):format(name, off))
end

local function check_number(name, got, wanted, tolerance)
  local off = math.abs(got - wanted) / math.max(math.abs(wanted), 1e-300)
  print(("  %-32s %.2e (allowed %.0e)"):format(name, off, tolerance))
  lu.assertTrue(off <= tolerance, ("%s: got %.17g, wanted %.17g"):format(name, got, wanted))
end

TestReference = {}

function TestReference:test_scaler()
  local scaler = classify.scaler():fit(frozen.x)
  check("scaler.mean", scaler.mean, 1e-12)
  check("scaler.variance", scaler.variance, 1e-12)
  check("z", scaler:transform(frozen.x), 1e-6)
end

function TestReference:test_pca()
  for name, data in pairs {pca = frozen.x, pca_wide = frozen.wide} do
    local pca = cluster.pca {n_components = 5}:fit(data)
    for _, field in ipairs {"mean", "components", "explained_variance", "explained_variance_ratio"} do
      check(name .. "." .. field, pca[field], 1e-6)
    end
    check(name .. ".transformed", pca:transform(data), 1e-6)
    check(name .. ".whitened", cluster.pca {n_components = 5, whiten = true}:fit(data):transform(data), 1e-6)
  end
end

function TestReference:test_kmeans_from_the_same_start()
  local model = cluster.kmeans {n_clusters = 4, init = frozen["kmeans.start"]}:fit(frozen.z)
  check("kmeans.centers", model.centers, 1e-4)
  lu.assertTrue(model.labels:eq(frozen["kmeans.labels"]):all():item())
  lu.assertTrue(model:predict(frozen.z):eq(model.labels):all():item())
  check_number("kmeans.inertia", model.inertia, frozen["kmeans.inertia"]:item(), 1e-5)
end

function TestReference:test_gmm_from_the_same_start()
  for _, covariance in ipairs {"full", "tied", "diag", "spherical"} do
    local name = "gmm." .. covariance
    local model = cluster.gmm {n_components = 4, covariance = covariance, init = frozen["gmm.start"]}:fit(frozen.z)
    for _, field in ipairs {"weights", "means", "covariances"} do check(name .. "." .. field, model[field], 1e-4) end
    check(name .. ".proba", model:predict_proba(frozen.z), 1e-4)
    check(name .. ".score_samples", model:score_samples(frozen.z), 1e-4)
    local figures = frozen[name .. ".figures"]:totable()
    check_number(name .. ".bic", model:bic(frozen.z), figures[1], 1e-4)
    check_number(name .. ".aic", model:aic(frozen.z), figures[2], 1e-4)
    check_number(name .. ".score", model:score(frozen.z), figures[3], 1e-4)
    lu.assertEquals(model.iterations, math.tointeger(figures[4]))
  end
end

local function train_and_test(target)
  return frozen.z:narrow(0, 0, 300), target:narrow(0, 0, 300), frozen.z:narrow(0, 300, 100)
end

local two = frozen.y:remainder(2)

function TestReference:test_logistic()
  for name, target in pairs {logistic = frozen.y, logistic2 = two} do
    local x, y, test = train_and_test(target)
    for _, C in ipairs {1.0, 0.01} do
      local model = classify.logistic {C = C, tol = 1e-12}:fit(x, y)
      local base = ("%s.%g"):format(name, C)
      check(base .. ".weights", model.weights, 1e-5)
      check(base .. ".intercepts", model.intercepts, 1e-4) -- some lie near 0
      check(base .. ".proba", model:predict_proba(test), 1e-5)
    end
  end
end

function TestReference:test_knn()
  local x, y, test = train_and_test(frozen.y)
  for _, weights in ipairs {"uniform", "distance"} do
    local model = classify.knn {n_neighbors = 7, weights = weights}:fit(x, y)
    check(("knn.%s.proba"):format(weights), model:predict_proba(test), 1e-6)
    lu.assertTrue(model:predict(test):eq(frozen[("knn.%s.labels"):format(weights)]):all():item())
  end
end

function TestReference:test_classes_as_normal_distributions()
  local x, y, test = train_and_test(frozen.y)
  check("naive_bayes.proba", classify.naive_bayes():fit(x, y):predict_proba(test), 1e-6)
  check("qda.proba", classify.qda():fit(x, y):predict_proba(test), 1e-5)
  check("qda.regularised.proba", classify.qda {reg_param = 0.3}:fit(x, y):predict_proba(test), 1e-5)
  local narrow = {x:narrow(0, 0, 20), y:narrow(0, 0, 20)}
  lu.assertErrorMsgContains("directions only", function() classify.qda():fit(table.unpack(narrow)) end)
end

function TestReference:test_svm()
  local cases = {
    ["svm.rbf"] = {frozen.y, {tol = 1e-6}},
    ["svm.C10"] = {frozen.y, {C = 10, gamma = 0.05, tol = 1e-6}},
    ["svm.linear"] = {frozen.y, {kernel = "linear", tol = 1e-6}},
    ["svm.two"] = {two, {tol = 1e-6}},
  }
  for name, case in pairs(cases) do
    local x, y, test = train_and_test(case[1])
    local model = classify.svm(case[2]):fit(x, y)
    check(name .. ".decisions", model:decision_function(test), 1e-4)
    lu.assertTrue(model:predict(test):eq(frozen[name .. ".labels"]):all():item())
  end
end

-- Probabilities depend on how rows are divided: ours are as near to scikit-learn's means over many divisions as those
-- of its own single ones.
function TestReference:test_how_sure_an_svm_is()
  local wine = torch.load "tests/reference/svm/svm.safetensors"
  for name, given in pairs {rbf = {}, linear = {kernel = "linear", C = 0.1}} do
    given.tol, given.probability = 1e-6, true
    local sure = 0
    for seed = 0, 4 do
      given.seed = seed
      local proba = classify.svm(given):fit(wine.x, wine.y):predict_proba(wine.test_x)
      lib.close(proba:sum(1), torch.ones({proba:size(0)}, {dtype = "float64"}), 1e-8)
      local apart = (proba - wine[name]):abs():mean():item()
      lu.assertTrue(apart < 1.3 * wine[name .. ".apart"]:item(), ("%s, seed %d: %g"):format(name, seed, apart))
      sure = math.max(sure, proba:max():item())
    end
    lu.assertTrue(sure > 0.9)
  end
end

function TestReference:test_an_svm_is_sure_of_what_it_was_asked_to_be_sure_of()
  local x, y, test = train_and_test(frozen.y)
  local plain, sure = classify.svm():fit(x, y), classify.svm {probability = true}:fit(x, y)
  lu.assertTrue(torch.equal(plain:predict(test), sure:predict(test)))
  lu.assertTrue(torch.equal(sure:predict_proba(test), classify.svm {probability = true}:fit(x, y):predict_proba(test)))
  lib.fails("this SVM has no probabilities", plain.predict_proba, plain, test)
  -- One row of a class, two of another: their sigmoids are made all the same.
  local few = torch.cat {torch.tensor {0, 1, 1}, y:narrow(0, 3, y:size(0) - 3) + 2}
  local proba = classify.svm {probability = true}:fit(x, few):predict_proba(test)
  lu.assertTrue(proba:isfinite():all():item())
  lib.close(proba:sum(1), torch.ones({proba:size(0)}, {dtype = "float64"}), 1e-8)
end

local given_weights = {balanced = "balanced", given = {[0] = 3, [2] = 0.5}}

function TestReference:test_class_weights()
  local x, y, test = train_and_test(frozen["weights.y"])
  for name, weight in pairs(given_weights) do
    local base = "weights." .. name
    local logistic = classify.logistic {tol = 1e-12, class_weight = weight}:fit(x, y)
    check(base .. ".logistic", logistic:predict_proba(test), 1e-5)
    local svm = classify.svm {tol = 1e-6, class_weight = weight}:fit(x, y)
    check(base .. ".svm", svm:decision_function(test), 1e-4)
  end
end

-- A class that counts twice is a class whose rows are there twice.
function TestReference:test_class_weights_of_trees()
  local x, y, test = train_and_test(frozen["weights.y"])
  local twice = torch.cat {torch.arange(300), y:eq(2):nonzero():squeeze(1)}
  local function proba(model, rows_x, rows_y) return model:fit(rows_x, rows_y):predict_proba(test) end
  local weighted = proba(classify.boosted_trees {class_weight = {[2] = 2}}, x, y)
  local doubled = proba(classify.boosted_trees(), x:index_select(0, twice), y:index_select(0, twice))
  local plain = proba(classify.boosted_trees(), x, y)
  lu.assertTrue(deviation(weighted, doubled) < 1e-3)
  lu.assertTrue(deviation(weighted, plain) > 1e-2)
  local forest = proba(classify.random_forest {class_weight = "balanced"}, x, y)
  lu.assertTrue(deviation(forest, proba(classify.random_forest(), x, y)) > 1e-2)
end

function TestReference:test_svm_scores_of_each_class()
  local x, y, test = train_and_test(frozen.y)
  local scores, kind = scoring.scores(classify.svm {tol = 1e-6}:fit(x, y), test, 4)
  check("svm.ovr", scores, 1e-4)
  lu.assertEquals(kind, "decisions")
  local some = y:ne(2):nonzero():squeeze(1) -- a class that this model never saw scores below all others
  local fewer = scoring.scores(classify.svm():fit(x:index_select(0, some), y:index_select(0, some)), test, 4)
  lu.assertTrue(fewer:argmin(1):eq(2):all():item())
end

-- XGBoost's Python package is the same library as ours: what can be checked is that the trees learn.
function TestReference:test_trees_learn_what_a_neighbour_search_learns()
  local x, y, test = train_and_test(frozen.y)
  local truth = frozen.y:narrow(0, 300, 100)
  local bar = metrics.accuracy(truth, classify.knn():fit(x, y):predict(test)) - 0.15
  for _, model in ipairs {classify.random_forest(), classify.boosted_trees()} do
    model:fit(x, y)
    local accuracy = metrics.accuracy(truth, model:predict(test))
    lu.assertTrue(accuracy > bar, ("%s: %g"):format(model.kind, accuracy))
    local sums = model:predict_proba(test):sum(1)
    lu.assertTrue((sums - 1):abs():max():item() < 1e-5)
  end
end

function TestReference:test_nested_cross_validation()
  local X = {x = frozen.z, y = frozen.y, folds = torch.arange(400):remainder(4):totable()}
  local grid = {n_neighbors = {1, 3, 7, 15, 31}, weights = {"uniform", "distance"}}
  local report, chosen = classify.nested_cross_validate(classify.knn(), X, grid)
  lu.assertTrue(report.predicted:eq(frozen["nested.predicted"]):all():item())
  for i, wanted in ipairs(frozen["nested.chosen"]:totable()) do
    lu.assertEquals({chosen[i].n_neighbors, chosen[i].weights},
      {math.tointeger(wanted[1]), wanted[2] == 1 and "distance" or "uniform"})
  end
end

function TestReference:test_metrics()
  local truth, guess = frozen["metrics.truth"], frozen["metrics.guess"]
  local figures = frozen["metrics.figures"]:totable()
  check_number("accuracy", (metrics.accuracy(truth, guess)), figures[1], 1e-12)
  check_number("ari", metrics.ari(truth, guess), figures[2], 1e-12)
  check_number("nmi", metrics.nmi(truth, guess), figures[3], 1e-12)
  check_number("silhouette", metrics.silhouette(frozen.z, frozen.y), figures[4], 1e-6)
  lu.assertTrue(metrics.confusion(truth, guess, 7):eq(frozen["metrics.confusion"]):all():item())
  local per_class, _, weighted = metrics.precision_recall_f1(truth, guess, 7)
  local rows = {}
  for i, one in ipairs(per_class) do rows[i] = {one.precision, one.recall, one.f1, one.support + 0.0} end
  check("metrics.per_class", torch.tensor(rows, {dtype = "float64"}), 1e-12)
  check("metrics.weighted", torch.tensor({weighted.precision, weighted.recall, weighted.f1}, {dtype = "float64"}), 1e-12)
end

function TestReference:test_interval_is_wilson()
  local found = metrics.interval(8, 10) -- 0.4902, 0.9433: Wilson's interval for 8 of 10
  lu.assertAlmostEquals(found.low, 0.490162, 1e-5)
  lu.assertAlmostEquals(found.high, 0.943318, 1e-5)
end

os.exit(lu.LuaUnit.run())
