-- Judging models: folds, searches, and what they say of themselves.
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"

-- Three clouds in four columns, 60 rows.
local function samples()
  torch.manual_seed(5)
  local y = torch.arange(60):remainder(3)
  local x = torch.randn({60, 4}) + y:unsqueeze(1):float() * 4
  return x, y
end

TestValidation = {}

function TestValidation:test_scaler_sees_the_training_folds_only()
  -- The one row of fold 2 is far off. Scaled with it, the others would fall together.
  local x = torch.tensor {{0.0}, {0.1}, {1.0}, {1.1}, {1e6}, {1e6}}
  local X = {x = x, y = torch.tensor {0, 0, 1, 1, 0, 1}, folds = {1, 2, 1, 2, 3, 3}}
  local seen = {}
  local report = classify.cross_validate(classify.pipeline {classify.scaler(), classify.knn {n_neighbors = 1}}, X, {
    each = function(fold, result) seen[fold] = result.n end})
  lu.assertEquals(seen, {2, 2, 2})
  lu.assertEquals(report.confusion:sum():item(), 6)
end

function TestValidation:test_groups_stay_together()
  local x, y = samples()
  local groups = {}
  for i = 1, 60 do groups[i] = "g" .. (i - 1) // 6 end
  -- Each group holds one label noise that only the group itself tells: leaks would show as accuracy.
  local noise = torch.randint(0, 3, {10}):repeat_interleave(6)
  local tell = torch.arange(10):repeat_interleave(6):float():unsqueeze(1) * 100
  local model = classify.knn {n_neighbors = 1}
  local X = {x = tell + torch.randn({60, 1}) * 0.01, y = noise, groups = groups}
  local leaky = classify.cross_validate(model, X, {k = 5, groups = false}).accuracy
  local honest = classify.cross_validate(model, X, {k = 5}).accuracy
  lu.assertTrue(leaky > 0.95)
  lu.assertTrue(honest < 0.8)
  lu.assertErrorMsgContains("number of groups (10), got 11", classify.cross_validate, model, X, {k = 11})
  lu.assertEquals(x:size(0), y:size(0))
end

function TestValidation:test_stratified_folds_share_out_each_class()
  local x, y = samples()
  local report = classify.cross_validate(classify.knn(), {x = x, y = y}, {k = 4, seed = 2})
  for _, fold in ipairs(report.folds) do lu.assertEquals(fold.n, 15) end
  lu.assertErrorMsgContains("every class needs k (21) rows", classify.cross_validate, classify.knn(), {x = x, y = y}, {k = 21})
end

function TestValidation:test_grid_search_finds_the_better_and_fits_it()
  local x, y = samples()
  local X = {x = x, y = y}
  local best, results = classify.grid_search(classify.pipeline {classify.scaler(), classify.knn()}, X,
    {n_neighbors = {1, 3, 40}, weights = {"uniform", "distance"}}, {k = 3})
  lu.assertEquals(#results, 6)
  lu.assertTrue(best:predict(x):eq(y):double():mean():item() > 0.9)
  lu.assertErrorMsgContains("unknown option", classify.grid_search, classify.knn(), X, {neighbours = {1}}, {k = 3})
end

function TestValidation:test_only_classifiers_can_be_judged()
  local x, y = samples()
  local X = {x = x, y = y}
  for _, judge in ipairs {classify.cross_validate, classify.grid_search} do
    lu.assertErrorMsgEquals("model must be an estimator, got table", judge, {}, X, {})
    lu.assertErrorMsgEquals("model must have predict, classify.scaler has none", judge, classify.scaler(), X, {})
  end
end

function TestValidation:test_a_grid_reaches_any_step_of_a_pipeline()
  local x, y = samples()
  local model = classify.pipeline {classify.scaler(), cluster.pca(), classify.knn()}
  local best, results = classify.grid_search(model, {x = x, y = y},
    {["pca.n_components"] = {1, 2}, ["knn.n_neighbors"] = {3}}, {k = 3, scoring = "balanced_accuracy"})
  lu.assertEquals(#results, 2)
  lu.assertEquals(best.settings.steps[3].settings.n_neighbors, 3)
  lu.assertEquals(best.settings.steps[2].settings.n_components, results[1].score >= results[2].score and 1 or 2)
  lu.assertErrorMsgContains("unknown step of the pipeline: 'svm' (known: scaler, pca, knn)", classify.grid_search, model,
    {x = x, y = y}, {["svm.C"] = {1}}, {k = 3})
end

function TestValidation:test_scores_are_of_the_row_and_the_class()
  local x, y = samples()
  local keep = torch.arange(45) -- classes of 15
  local X = {x = x:index_select(0, keep), y = y:index_select(0, keep)}
  local report = classify.cross_validate(classify.logistic(), X, {k = 3})
  lu.assertEquals(report.scores:shape(), {45, 3})
  lu.assertEquals(report.scores_are, "probabilities")
  lu.assertTrue(report.scores:argmax(1):eq(report.predicted):all():item())
  lu.assertTrue((report.scores:sum(1) - 1):abs():max():item() < 1e-9)
  lu.assertEquals(report.auc, metrics.roc_auc(X.y, report.scores))
  lu.assertEquals(report.top_k[2], metrics.top_k_accuracy(X.y, report.scores, {k = 2}))
  lu.assertStrContains(tostring(report), ("AUC %.3f  log loss %.3f"):format(report.auc, report.log_loss))
  lu.assertNotStrContains(tostring(report), "balanced accuracy") -- classes of one size: it is the accuracy
  local by_svm = classify.cross_validate(classify.svm(), X, {k = 3})
  lu.assertEquals(by_svm.scores_are, "decisions")
  lu.assertNil(by_svm.log_loss)
  lu.assertTrue(by_svm.auc > 0.9)
end

-- A class of one fold alone is unknown where that fold judges: it has the probability 0 there.
function TestValidation:test_a_class_that_training_never_saw()
  local x, y = samples()
  local folds = {}
  for i = 1, 60 do folds[i] = y[i - 1]:item() == 2 and 1 or i % 2 + 1 end
  local report = classify.cross_validate(classify.logistic(), {x = x, y = y, folds = folds})
  lu.assertEquals(report.scores:index_select(0, y:eq(2):nonzero():squeeze(1)):select(1, 2):max():item(), 0.0)
  lu.assertEquals(report.per_class[3].recall, 0)
end

function TestValidation:test_repeats_divide_anew_and_the_interval_counts_rows_once()
  local x, y = samples()
  local X = {x = x + torch.randn({60, 4}) * 3, y = y}
  local report = classify.cross_validate(classify.knn(), X, {k = 4, repeats = 3})
  lu.assertEquals(#report.folds, 12)
  local one = classify.cross_validate(classify.knn(), X, {k = 4, seed = 2})
  for i = 1, 4 do lu.assertEquals(report.folds[8 + i], one.folds[i]) end
  lu.assertAlmostEquals(report.accuracy, report.mean_accuracy, 1e-12)
  local interval = metrics.interval(report.accuracy * 60, 60)
  lu.assertEquals(report.interval, interval)
  lu.assertErrorMsgContains("repeats draws new folds", classify.cross_validate, classify.knn(),
    {x = x, y = y, folds = torch.arange(60):remainder(2):totable()}, {repeats = 2})
end

function TestValidation:test_report_prints_its_classes()
  local x, y = samples()
  local report = classify.cross_validate(classify.svm(), {x = x, y = y, classes = {"dub", "ska", "čalga"}}, {k = 3})
  local text = tostring(report)
  lu.assertStrContains(text, "accuracy")
  lu.assertStrContains(text, "čalga")
end

lib.run()
