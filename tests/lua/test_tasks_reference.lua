-- Models and metrics of tags and numbers against scikit-learn 1.9, SciPy and XGBoost 1.7 (tests/reference/tasks).
local lu = require "luaunit"
local torch = require "moonlark.torch"
local classify = require "moonlark.classify"
local metrics = require "moonlark.metrics"
local regress = require "moonlark.regress"

local frozen = torch.load "tests/reference/tasks/tasks.safetensors"
local train_x, train_y = frozen.x:narrow(0, 0, 120), frozen.y:narrow(0, 0, 120)
local test_x = frozen.x:narrow(0, 120, 40)

-- Largest difference, relative to the largest reference value.
local function check(name, got, wanted, tolerance)
  lu.assertEquals(got:shape(), wanted:shape(), name)
  local scale = math.max(wanted:double():abs():max():item(), 1e-300)
  local off = (got:double() - wanted:double()):abs():max():item() / scale
  print(("  %-28s %.2e (allowed %.0e)"):format(name, off, tolerance))
  lu.assertTrue(off <= tolerance, ("%s is off by %g"):format(name, off))
end

TestReference = {}

function TestReference:test_ridge()
  for _, alpha in ipairs {"0", "1", "100"} do
    for _, intercept in ipairs {"with", "without"} do
      local name = ("ridge.%s.%s"):format(alpha, intercept)
      local model = regress.ridge {alpha = tonumber(alpha), fit_intercept = intercept == "with"}:fit(train_x, train_y)
      check(name .. ".weights", model.weights, frozen[name .. ".weights"], 1e-10)
      check(name .. ".intercepts", model.intercepts, frozen[name .. ".intercepts"], 1e-10)
      check(name .. ".predicted", model:predict(test_x), frozen[name .. ".predicted"], 1e-10)
    end
  end
end

function TestReference:test_ridge_with_fewer_rows_than_columns()
  local model = regress.ridge {alpha = 0.5}:fit(frozen.wide, frozen.y:narrow(0, 0, 20))
  check("ridge.wide.weights", model.weights, frozen["ridge.wide.weights"], 1e-9)
  check("ridge.wide.intercepts", model.intercepts, frozen["ridge.wide.intercepts"], 1e-9)
  lu.assertErrorMsgContains("alpha must be larger than 0", function()
    regress.ridge {alpha = 0}:fit(frozen.wide, frozen.y:narrow(0, 0, 20))
  end)
end

function TestReference:test_svr()
  for _, kernel in ipairs {"rbf", "linear"} do
    for _, setting in ipairs {{1, 0.1}, {10, 1}} do
      local name = ("svr.%s.%g.%g"):format(kernel, setting[1], setting[2])
      local model = regress.svr {kernel = kernel, C = setting[1], epsilon = setting[2], tol = 1e-6}
      check(name, model:fit(train_x, train_y:select(1, 0)):predict(test_x), frozen[name], 1e-5)
    end
  end
end

function TestReference:test_knn()
  for _, weights in ipairs {"uniform", "distance"} do
    local model = regress.knn {n_neighbors = 3, weights = weights}:fit(train_x, train_y)
    check("knn." .. weights, model:predict(frozen.x:narrow(0, 0, 130)), frozen["knn." .. weights], 1e-10)
  end
end

function TestReference:test_boosted_trees()
  local model = regress.boosted_trees {n_estimators = 20, max_depth = 3}:fit(train_x, train_y:select(1, 1))
  check("boosted", model:predict(test_x), frozen.boosted, 1e-5)
end

function TestReference:test_metrics_of_numbers()
  for i, name in ipairs {"r2", "rmse", "mae", "pearson", "spearman", "ccc"} do
    local mean, each = metrics[name](frozen.y, frozen.predicted)
    local wanted = frozen.figures:select(1, i - 1)
    check(name, torch.tensor(each, {dtype = "float64"}), wanted, 1e-12)
    lu.assertAlmostEquals(mean, wanted:mean():item(), 1e-12 * math.max(1, math.abs(mean)))
    lu.assertAlmostEquals(metrics[name](frozen.y:select(1, 1), frozen.predicted:select(1, 1)), wanted[1]:item(), 1e-12)
  end
end

function TestReference:test_one_vs_rest()
  local tags = frozen.tags:narrow(0, 0, 120)
  local logistic = classify.one_vs_rest(classify.logistic {tol = 1e-9, max_iter = 10000}):fit(train_x, tags)
  check("ovr.logistic", logistic:predict_proba(test_x), frozen["ovr.logistic"], 1e-5)
  local svm = classify.one_vs_rest(classify.svm {C = 3, tol = 1e-6}, {threshold = 0.5}):fit(train_x, tags)
  local scores = svm:predict_proba(test_x)
  check("ovr.svm", (scores / (1 - scores)):log(), frozen["ovr.svm"], 1e-4)
  lu.assertTrue(svm:predict(test_x):eq(frozen["ovr.svm"]:ge(0)):all():item())
end

function TestReference:test_metrics_of_tags()
  local y, scores = frozen.truth, frozen.scores
  local map, aps = metrics.mean_average_precision(y, scores)
  local auc, areas = metrics.mean_roc_auc(y, scores)
  local per_tag, macro, micro = metrics.tags_f1(y, frozen.decided)
  local f1s, best = {}, {}
  for t = 1, 5 do
    f1s[t] = per_tag[t].f1
    local threshold, f1 = metrics.best_threshold(y:select(1, t - 1), scores:select(1, t - 1))
    best[t] = f1
    local decided = scores:select(1, t - 1):ge(threshold):double():unsqueeze(1)
    lu.assertAlmostEquals(metrics.tags_f1(y:narrow(1, t - 1, 1), decided)[1].f1, f1, 1e-12)
  end
  local function column(list) return torch.tensor(list, {dtype = "float64"}) end
  check("average precision", column(aps), frozen.map, 1e-12)
  check("area under ROC", column(areas), frozen.auc, 1e-12)
  check("F1", column(f1s), frozen.f1, 1e-12)
  check("best F1", column(best), frozen.best_f1, 1e-12)
  check("means", column {map, auc, macro.f1, micro.f1, metrics.lrap(y, scores), metrics.coverage_error(y, scores)},
    frozen.means, 1e-12)
end

os.exit(lu.LuaUnit.run())
