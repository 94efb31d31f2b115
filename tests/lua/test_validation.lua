-- Judging models: folds, searches, and what they say of themselves.
local lib = require "lib"
local lu = require "luaunit"
local torch = require "moonlark.torch"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local metrics = require "moonlark.metrics"

local frozen = torch.load "tests/reference/metrics/metrics.safetensors"

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

function TestValidation:test_hold_out_learns_from_one_part_and_is_judged_on_the_other()
  local x, y = samples()
  local function part(from, n) return {x = x:narrow(0, from, n), y = y:narrow(0, from, n), classes = {"a", "b", "c"}} end
  local parts = {train = part(0, 40), test = part(40, 20)}
  local report = classify.hold_out(classify.knn(), parts)
  local truth = classify.knn():fit(parts.train):predict(parts.test.x)
  lu.assertEquals(report.predicted:totable(), truth:totable())
  lu.assertEquals({report.n, #report.folds, report.folds[1].n}, {20, 1, 20})
  lu.assertEquals(report.accuracy, report.mean_accuracy)
  lu.assertNotStrContains(tostring(report), "folds")
  lu.assertNil(select(2, classify.hold_out(classify.knn(), parts)))
  local both = {train = parts.train, valid = parts.test, test = parts.test}
  local test, valid = classify.hold_out(classify.knn(), both)
  lu.assertEquals({test.accuracy, valid.accuracy}, {report.accuracy, report.accuracy})
  lib.fails("parts must hold train and test", classify.hold_out, classify.knn(), {train = parts.train})
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
  local figures = report:figures()
  lu.assertEquals(figures.auc, report.auc)
  lu.assertEquals(figures.mcc, metrics.matthews_corrcoef(X.y, report.predicted))
  lu.assertEquals(figures.kappa, metrics.cohen_kappa(X.y, report.predicted))
  local curves = report:roc_curves()
  lu.assertEquals({#curves, curves[2].name}, {3, "1"})
  local sum = 0
  for _, curve in ipairs(curves) do sum = sum + metrics.auc(curve.fpr, curve.tpr) end
  lu.assertAlmostEquals(sum / 3, report.auc, 1e-12)
  local precision = report:precision_recall_curves()
  lu.assertEquals(precision[3].average_precision, metrics.average_precision(X.y, report.scores, {positive = 2}))
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

TestSearch = {}

-- Classes that overlap: hyperparameters matter.
local function overlapping()
  local x, y = samples()
  return {x = x + torch.randn({60, 4}) * 3, y = y, classes = {"dub", "ska", "čalga"}}
end

function TestSearch:test_draws_are_of_the_seed_and_within_bounds()
  local X = overlapping()
  local grid = {C = classify.log_uniform(1e-3, 1e3), gamma = classify.uniform(0.1, 0.2), kernel = {"rbf", "linear"}}
  local best, results = classify.random_search(classify.svm(), X, grid, {trials = 12, k = 3, seed = 4})
  local _, again = classify.random_search(classify.svm(), X, grid, {trials = 12, k = 3, seed = 4})
  lu.assertEquals(#results, 12)
  lu.assertEquals(again, results)
  local below, top = 0, results[1]
  for _, result in ipairs(results) do
    local p = result.params
    lu.assertTrue(p.C >= 1e-3 and p.C <= 1e3 and p.gamma >= 0.1 and p.gamma <= 0.2)
    if p.C < 1 then below = below + 1 end
    if result.score > top.score then top = result end
  end
  lu.assertTrue(below >= 2 and below <= 10) -- half of the magnitudes
  lu.assertEquals(best.settings.C, top.params.C)
  local whole = classify.integers(1, 3)
  local _, trials = classify.random_search(classify.knn(), X, {n_neighbors = whole}, {trials = 30, k = 3})
  local seen = {}
  for _, trial in ipairs(trials) do seen[trial.params.n_neighbors] = true end
  lu.assertEquals(seen, {true, true, true})
end

function TestSearch:test_the_budget_in_seconds_ends_it_after_a_trial()
  local grid = {n_neighbors = classify.integers(1, 9)}
  local _, results = classify.random_search(classify.knn(), overlapping(), grid, {seconds = 1e-9, k = 3})
  lu.assertEquals(#results, 1)
  _, results = classify.random_search(classify.knn(), overlapping(), grid, {seconds = 1e9, trials = 2, k = 3})
  lu.assertEquals(#results, 2)
end

function TestSearch:test_bad_grids_are_named()
  local X = overlapping()
  lu.assertErrorMsgContains("'n_neighbors' must be a list of values or a distribution", classify.random_search,
    classify.knn(), X, {n_neighbors = 3})
  lu.assertErrorMsgContains("must be a list of values", classify.grid_search, classify.knn(), X,
    {n_neighbors = classify.integers(1, 3)})
  lu.assertErrorMsgContains("the grid must name one", classify.random_search, classify.knn(), X, {})
  lu.assertErrorMsgContains("low must be above 0, got 0", classify.log_uniform, 0, 1)
  lu.assertErrorMsgContains("low must be at most high, got 2 and 1", classify.uniform, 2, 1)
  lu.assertErrorMsgContains("takes two whole numbers, got 1.5", classify.integers, 1.5, 3)
  lu.assertErrorMsgContains("takes two numbers, from low to high, got string", classify.uniform, "a", 3)
end

-- Judged by its own search, the best of many useless models looks useful; judged by folds it never saw, it does not.
function TestSearch:test_nested_folds_are_honest()
  torch.manual_seed(11)
  local X = {x = torch.randn {60, 2}, y = torch.randint(0, 2, {60})}
  local grid = {n_neighbors = {1, 2, 3, 4, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23}, weights = {"uniform", "distance"}}
  local _, results = classify.grid_search(classify.knn(), X, grid, {k = 5})
  local top = 0
  for _, result in ipairs(results) do top = math.max(top, result.score) end
  local nested, chosen = classify.nested_cross_validate(classify.knn(), X, grid, {k = 5})
  lu.assertTrue(nested.accuracy < top)
  lu.assertEquals({#nested.folds, #chosen}, {5, 5})
  lu.assertNotNil(chosen[5].n_neighbors)
end

function TestSearch:test_nested_folds_keep_given_folds_and_groups()
  local X, seen = overlapping(), {}
  X.folds, X.groups = {}, {}
  for i = 1, 60 do X.folds[i], X.groups[i] = "f" .. i // 3 % 3, i // 3 % 4 end
  classify.nested_cross_validate(classify.knn(), X, {n_neighbors = {3}}, {
    each = function(fold, result) seen[fold] = result.n end})
  lu.assertEquals(#seen, 3)
  X.folds = nil
  lu.assertErrorMsgContains("k must be at most the number of groups (3), got 5", classify.nested_cross_validate,
    classify.knn(), X, {n_neighbors = {3}}, {k = 4})
  X.folds = torch.arange(60):remainder(2):totable()
  lu.assertErrorMsgContains("folds must have 2 different values or more, got 1", classify.nested_cross_validate,
    classify.knn(), X, {n_neighbors = {3}})
end

TestLearningCurve = {}

function TestLearningCurve:test_all_rows_are_the_cross_validation()
  local X = overlapping()
  local curve = classify.learning_curve(classify.knn(), X, {k = 3, sizes = {1, 0.25}, repeats = 2})
  local report = classify.cross_validate(classify.knn(), X, {k = 3, repeats = 2})
  lu.assertEquals(curve.train_sizes, {10, 40})
  for i, fold in ipairs(report.folds) do lu.assertEquals(curve.test_scores[2][i], fold.accuracy) end
  lu.assertEquals({#curve.train_scores, #curve.train_scores[1]}, {2, 6})
  lu.assertStrContains(tostring(curve), "training accuracy")
end

function TestLearningCurve:test_sizes_hold_every_class_and_errors_are_said()
  local X = overlapping()
  local curve = classify.learning_curve(classify.logistic(), X, {k = 4, sizes = {0.1}, scoring = "f1_macro"})
  lu.assertEquals(curve.train_sizes, {5})
  lu.assertEquals(curve.scoring, "f1_macro")
  lu.assertErrorMsgContains("'map' is no figure of classes", classify.learning_curve, classify.knn(), X,
    {k = 4, scoring = "map"})
  local rare = {x = X.x, y = torch.arange(60):lt(4):long()}
  lu.assertErrorMsgContains("2 rows hold one class alone", classify.learning_curve, classify.logistic(), rare,
    {k = 2, sizes = {0.05}})
end

TestCompare = {}

-- Evaluations with these accuracies of folds of 10 rows; the first `right` rows are right.
local function evaluation_of(accuracies, right)
  local k = #accuracies
  local y, division, folds = torch.zeros({10 * k}, {dtype = "int64"}), {}, {}
  for i = 1, 10 * k do division[i] = (i - 1) // 10 + 1 end
  for i, accuracy in ipairs(accuracies) do folds[i] = {accuracy = accuracy, n = 10} end
  local predicted = y:clone()
  for _, row in ipairs(right or {}) do predicted[row] = 1 end
  return {y = y, n = 10 * k, predicted = predicted, division = division, folds = folds}
end

function TestCompare:test_against_scipy()
  for _, k in ipairs {12, 9} do
    local base = "compare." .. k
    local a, b = evaluation_of(frozen[base .. ".a"]:totable()), evaluation_of(frozen[base .. ".b"]:totable())
    local found = classify.compare(a, b)
    local wanted = frozen[base]:totable()
    for i, value in ipairs {found.difference, found.t, found.p, found.interval.low, found.interval.high} do
      lu.assertAlmostEquals(value, wanted[i], 1e-9)
    end
    lu.assertEquals(found.degrees, k - 1)
  end
end

function TestCompare:test_mcnemar()
  local function p(wrong_of_a, wrong_of_b)
    local a, b = {0.5, 0.6, 0.7}, {0.4, 0.6, 0.7}
    return classify.compare(evaluation_of(a, wrong_of_a), evaluation_of(b, wrong_of_b)).mcnemar
  end
  local wanted = frozen.mcnemar:totable()
  local found = p({0, 1, 2, 20}, {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20})
  lu.assertEquals({found.only_first, found.only_second}, {10, 3})
  lu.assertAlmostEquals(found.p, wanted[1], 1e-12)
  lu.assertAlmostEquals(p({}, {0, 1, 2, 3, 4}).p, wanted[2], 1e-12)
  lu.assertEquals(p({0}, {0}).p, wanted[3])
end

function TestCompare:test_one_split_and_folds_without_a_figure()
  local a, b = evaluation_of({0.5, 0.6, 0.7}, {0, 1}), evaluation_of({0.4, 0.5, 0.7}, {0})
  a.folds[3].accuracy = 0 / 0
  local found = classify.compare(a, b)
  lu.assertAlmostEquals(found.difference, 0.1, 1e-12)
  lu.assertEquals(found.degrees, 1)
  a.folds, b.folds, a.division, b.division = {a.folds[1]}, {b.folds[1]}, nil, nil
  found = classify.compare(a, b)
  lu.assertNil(found.t)
  lu.assertEquals(tostring(found), "accuracy +0.100\nMcNemar's exact test: 0 rows right by the first alone, "
    .. "1 by the second alone, p = 1")
  a.folds[1].accuracy = 0 / 0
  lu.assertErrorMsgContains("no fold has a 'accuracy' of both", classify.compare, a, b)
end

function TestCompare:test_a_model_is_no_better_than_itself()
  local X = overlapping()
  local report = classify.cross_validate(classify.knn(), X, {k = 3})
  local same = classify.compare(report, report)
  lu.assertEquals({same.difference, same.t, same.p}, {0.0, 0.0, 1.0})
  lu.assertStrContains(tostring(same), "accuracy +0.000")
  local other = classify.cross_validate(classify.knn(), X, {k = 3, seed = 1})
  lu.assertErrorMsgContains("divided in the same way", classify.compare, report, other)
  lu.assertErrorMsgContains("b must be what classify.cross_validate or hold_out gave, got 3", classify.compare, report, 3)
end

TestImportance = {}

-- Columns 1 and 2 tell the class together, 3 is noise, 4 is the same everywhere.
local function telling()
  torch.manual_seed(3)
  local y = torch.arange(120):remainder(2)
  local x = torch.randn {120, 4}
  x:narrow(1, 0, 2):add_(y:unsqueeze(1):float() * 3)
  x:select(1, 3):fill_(7)
  return {x = x, y = y, names = {"mfcc_0_mean", "mfcc_1_p10", "rms_std", "tempo"}}
end

function TestImportance:test_permutations()
  local X = telling()
  local found = classify.importance(classify.knn(), X, {k = 4, seed = 2})
  lu.assertEquals(found.baseline, classify.cross_validate(classify.knn(), X, {k = 4, seed = 2}).mean_accuracy)
  local by_name = {}
  for _, one in ipairs(found) do by_name[one.name] = one end
  lu.assertEquals({by_name.tempo.mean, by_name.tempo.std}, {0.0, 0.0})
  lu.assertTrue(by_name.mfcc_0_mean.mean > 0.05 and by_name.mfcc_1_p10.mean > 0.05)
  lu.assertTrue(math.abs(by_name.rms_std.mean) < 0.04)
  lu.assertEquals(found[4].name == "tempo" or found[3].name == "tempo", true)
  local again = classify.importance(classify.knn(), X, {k = 4, seed = 2})
  lu.assertEquals(tostring(again), tostring(found))
  -- Without both columns nothing is known: half of the rows are right by chance.
  local of_features = classify.importance(classify.knn(), X, {k = 4, by = "feature", repeats = 20})
  lu.assertEquals(of_features[1].name, "mfcc")
  lu.assertEquals(of_features[1].columns, {1, 2})
  lu.assertEquals(of_features.names[1], "mfcc")
  lu.assertEquals(of_features.importances_mean[1], of_features[1].mean)
  lu.assertAlmostEquals(of_features[1].mean, of_features.baseline - 0.5, 0.04)
end

function TestImportance:test_given_folds_and_groups_are_kept()
  local X = telling()
  X.folds = torch.arange(120):div(40, {rounding_mode = "floor"}):long():totable()
  local found = classify.importance(classify.knn(), X)
  lu.assertEquals(found.baseline, classify.cross_validate(classify.knn(), X).mean_accuracy)
  X.folds, X.groups = nil, torch.arange(120):remainder(3):totable()
  lu.assertErrorMsgContains("number of groups (3), got 4", classify.importance, classify.knn(), X, {k = 4})
end

function TestImportance:test_trees_tell_their_own()
  local X = telling()
  local function by_name(method, by)
    local found = {}
    for _, one in ipairs(classify.importance(classify.boosted_trees {n_estimators = 20}, X,
      {method = method, by = by})) do found[one.name] = one.mean end
    return found
  end
  local gain, total, weight = by_name "gain", by_name "total_gain", by_name "weight"
  lu.assertEquals(weight.tempo, 0)
  lu.assertTrue(weight.mfcc_0_mean >= 1 and weight.mfcc_0_mean % 1 == 0)
  for _, name in ipairs {"mfcc_0_mean", "mfcc_1_p10"} do
    lu.assertAlmostEquals(gain[name], total[name] / weight[name], 1e-9)
    lu.assertTrue(gain[name] > gain.rms_std)
  end
  lu.assertEquals(by_name("weight", "feature").mfcc, weight.mfcc_0_mean + weight.mfcc_1_p10)
  lu.assertErrorMsgContains("classify.knn holds no trees", classify.importance, classify.knn(), X, {method = "gain"})
  local reduced = classify.pipeline {cluster.pca {n_components = 2}, classify.random_forest {n_estimators = 3}}
  lu.assertErrorMsgContains("what cluster.pca makes", classify.importance, reduced, X, {method = "gain"})
end

lib.run()
