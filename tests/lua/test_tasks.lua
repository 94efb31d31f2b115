-- Tags and values: how rows are dealt out, judged and learnt, beyond what scikit-learn has (test_tasks_reference.lua).
local lu = require "luaunit"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local estimator = require "moonlark.estimator"
local metrics = require "moonlark.metrics"
local partition = require "moonlark.dataset.partition"
local regress = require "moonlark.regress"
local torch = require "moonlark.torch"

-- 120 rows of 4 columns; tags "high" (column 0), "odd" (chance), "rare" (6 rows), and "never".
local function tagged()
  torch.manual_seed(3)
  local x = torch.randn(120, 4)
  local high, odd = x:select(1, 0):gt(0):float(), torch.rand {120}:lt(0.3):float()
  local rare = torch.zeros {120}
  for i = 0, 5 do rare[i * 20] = 1 end
  return {x = x, y = torch.stack({high, odd, rare, torch.zeros {120}}, 1), task = "tags",
    classes = {"high", "odd", "rare", "never"}}
end

local function numbers()
  torch.manual_seed(4)
  local x = torch.randn(100, 3)
  return {x = x, y = 100 + x:select(1, 0) * 10 + torch.randn(100), task = "values", targets = {"tempo"}}
end

TestDealing = {}

function TestDealing:test_iterative_stratification_gives_each_part_its_share_of_every_tag()
  local random, items, totals = partition.random(5), {}, {}
  for i = 1, 400 do
    items[i] = {}
    for t, often in ipairs {2, 5, 20, 40} do -- one in so many
      if random(often) == 0 then
        table.insert(items[i], t)
        totals[t] = (totals[t] or 0) + 1
      end
    end
  end
  local shares = {.6, .2, .2}
  local parts = partition.iterative(items, shares, 1)
  local sizes, counts = {0, 0, 0}, {{}, {}, {}}
  for i, part in ipairs(parts) do
    sizes[part] = sizes[part] + 1
    for _, t in ipairs(items[i]) do counts[part][t] = (counts[part][t] or 0) + 1 end
  end
  for part, share in ipairs(shares) do
    lu.assertAlmostEquals(sizes[part], 400 * share, 4)
    for t, total in ipairs(totals) do lu.assertAlmostEquals(counts[part][t], total * share, 2, ("tag %d"):format(t)) end
  end
  lu.assertEquals(partition.iterative(items, shares, 1), parts)
  lu.assertNotEquals(partition.iterative(items, shares, 2), parts)
end

function TestDealing:test_groups_of_tagged_items_stay_together()
  local items, groups = {}, {}
  for i = 1, 60 do items[i], groups[i] = i % 3 == 0 and {"a", "b"} or i % 3 == 1 and {"b"} or {}, (i - 1) // 5 end
  local part_of_group, sizes = {}, {0, 0}
  for i, part in ipairs(partition.grouped(items, groups, {.5, .5}, 0)) do
    lu.assertEquals(part_of_group[groups[i]] or part, part)
    part_of_group[groups[i]], sizes[part] = part, sizes[part] + 1
  end
  lu.assertEquals(sizes, {30, 30})
end

function TestDealing:test_bins_of_values_are_of_one_size_and_in_order()
  local values, counts = {}, {}
  for i = 1, 100 do values[i] = (i * 37) % 100 end
  for i, bin in ipairs(partition.bins(values)) do
    lu.assertEquals(bin, values[i] // 10)
    counts[bin] = (counts[bin] or 0) + 1
  end
  for bin = 0, 9 do lu.assertEquals(counts[bin], 10) end
  lu.assertEquals(partition.bins {3, 1, 2}, {0, 0, 0})
end

TestTags = {}

function TestTags:test_tags_are_learnt_and_judged()
  local X = tagged()
  local found = classify.cross_validate(classify.one_vs_rest(classify.logistic()), X, {k = 4})
  lu.assertEquals(found.task, "tags")
  lu.assertTrue(found.per_class[1].ap > .97 and found.per_class[1].f1 > .9)
  lu.assertTrue(found.per_class[4].ap ~= found.per_class[4].ap) -- no row has it: not a number
  local mean = (found.per_class[1].ap + found.per_class[2].ap + found.per_class[3].ap) / 3
  lu.assertAlmostEquals(found.map, mean, 1e-12)
  lu.assertEquals(#found.folds, 4)
  lu.assertAlmostEquals(found.folds[1].map, found.folds[1].map, 0)
  lu.assertStrContains(tostring(found), "mean average precision 0.")
  lu.assertEquals(found.predicted:shape(), {120, 4})
  lu.assertTrue(found.predicted:select(1, 3):eq(0):all():item())
end

-- Thresholds come from the rows fitted alone: what stands in the rows that judge changes none.
function TestTags:test_thresholds_never_see_the_rows_that_judge()
  local X = tagged()
  local model = classify.one_vs_rest(classify.logistic(), {seed = 7})
  local train, test = torch.arange(0, 90), torch.arange(90, 120)
  local function thresholds(y)
    return model:clone():fit(X.x:index_select(0, train), y:index_select(0, train)).thresholds
  end
  local turned = X.y:clone()
  turned:index_copy_(0, test, 1 - turned:index_select(0, test))
  lu.assertTrue(thresholds(X.y):eq(thresholds(turned)):all():item())
  local scores = model:fit(X.x, X.y):predict_proba(X.x)
  lu.assertTrue(model:predict(X.x):eq(scores:ge(model.thresholds)):all():item())
end

function TestTags:test_a_tag_that_all_rows_have_or_none_is_a_constant()
  local x = torch.randn(20, 2)
  local y = torch.stack({torch.ones {20}, torch.zeros {20}, x:select(1, 0):gt(0):float()}, 1)
  local model = classify.one_vs_rest(classify.svm()):fit(x, y)
  lu.assertTrue(model:predict(x):narrow(1, 0, 2):eq(y:narrow(1, 0, 2)):all():item())
end

function TestTags:test_models_are_saved_and_read_back()
  local X, path = tagged(), os.tmpname()
  for _, inner in ipairs {classify.svm(), classify.random_forest {n_estimators = 5}} do
    local model = classify.pipeline {classify.scaler(), classify.one_vs_rest(inner, {threshold = .4})}:fit(X)
    model:save(path .. ".safetensors")
    local again = classify.load(path .. ".safetensors")
    lu.assertTrue(estimator.has(again, "predict_proba"))
    lu.assertTrue(again:predict_proba(X.x):eq(model:predict_proba(X.x)):all():item())
    lu.assertTrue(again:predict(X.x):eq(model:predict(X.x)):all():item())
    lu.assertEquals(again.card.task, "tags")
    lu.assertEquals(again.card.classes, X.classes)
    lu.assertTrue(again:clone():fit(X):predict(X.x):eq(model:predict(X.x)):all():item())
  end
end

function TestTags:test_a_grid_reaches_the_model_of_each_tag()
  local X = tagged()
  local best, results = classify.grid_search(classify.one_vs_rest(classify.logistic()), X, {C = {1e-6, 1}}, {k = 3})
  lu.assertEquals(#results, 2)
  lu.assertEquals(best.settings.steps[1].settings.C, results[1].score >= results[2].score and 1e-6 or 1)
end

TestValues = {}

function TestValues:test_values_are_learnt_and_judged()
  local X = numbers()
  for _, model in ipairs {regress.ridge(), regress.knn {weights = "distance"}, regress.svr {C = 100},
    regress.random_forest {n_estimators = 30}, regress.boosted_trees {n_estimators = 30}} do
    local found = classify.cross_validate(classify.pipeline {classify.scaler(), model}, X, {k = 5, seed = 1})
    lu.assertEquals(found.task, "values")
    lu.assertTrue(found.r2 > .75, model.kind .. " " .. found.r2)
    lu.assertTrue(found.ccc > .85, model.kind)
    lu.assertEquals(found.predicted:shape(), {100})
    lu.assertStrContains(tostring(found), "tempo")
  end
end

-- A machine whose epsilon is in the target's unit is as good for a target in another unit, and for two at once.
function TestValues:test_standardized_targets_have_no_unit()
  local X = numbers()
  local model = regress.standardized(regress.svr {C = 10})
  local predicted = model:clone():fit(X.x, X.y):predict(X.x)
  local small = model:clone():fit(X.x, X.y / 1000):predict(X.x)
  lu.assertTrue((small * 1000 - predicted):abs():max():item() < 1e-3)
  lu.assertTrue(metrics.r2(X.y, predicted) > .9)
  local both = regress.standardized(regress.multi_output(regress.svr {C = 10})):fit(X.x,
    torch.stack({X.y, X.y / 1000}, 1))
  lu.assertTrue((both:predict(X.x):select(1, 1) - small):abs():max():item() < 1e-5)
  local best = classify.grid_search(regress.standardized(regress.svr()), X, {C = {1e-3, 10}}, {k = 3})
  lu.assertEquals(best.settings.steps[1].settings.C, 10)
end

function TestValues:test_models_are_saved_and_read_back()
  local X, path = numbers(), os.tmpname()
  local two = torch.stack({X.y, -X.y}, 1)
  for _, model in ipairs {regress.ridge(), regress.knn(), regress.svr(), regress.random_forest {n_estimators = 3},
    regress.boosted_trees {n_estimators = 3}, regress.multi_output(regress.svr()),
    regress.standardized(regress.svr())} do
    local y = model.kind == "regress.multi_output" and two or X.y
    model:fit(X.x, y):save(path .. ".safetensors")
    local again = regress.load(path .. ".safetensors")
    lu.assertTrue(again:predict(X.x):eq(model:predict(X.x)):all():item(), model.kind)
    lu.assertEquals(again:predict(X.x):shape(), y:shape())
    lu.assertEquals(estimator.learns(again), "values")
    lu.assertTrue(again:clone():fit(X.x, y):predict(X.x):eq(model:predict(X.x)):all():item(), model.kind)
  end
end

-- Deep trees on the rows themselves find each value again; their sums begin at the mean.
function TestValues:test_trees_meet_the_rows_they_learnt()
  local x = torch.arange(64):float():unsqueeze(1)
  local y = x:squeeze(1):square() / 10 + 1000
  local boosted = regress.boosted_trees {n_estimators = 200, reg_lambda = 0}:fit(x, y):predict(x)
  lu.assertTrue((boosted - y):abs():max():item() < .1)
  local stump = regress.boosted_trees {n_estimators = 1, max_depth = 1, learning_rate = 1, reg_lambda = 0}:fit(x, y)
  lu.assertEquals((torch.unique(stump:predict(x))):size(0), 2)
end

TestErrors = {}

function TestErrors:test_a_model_of_another_task_is_refused_by_its_name()
  local function fails(words, model, X)
    lu.assertErrorMsgContains(words, function() classify.cross_validate(model, X) end)
  end
  fails("classify.svm learns classes, and X holds values", classify.svm(), numbers())
  fails("classify.pipeline learns classes, and X holds tags: take classify.one_vs_rest",
    classify.pipeline {classify.scaler(), classify.svm()}, tagged())
  fails("regress.ridge learns values, and X holds tags", regress.ridge(), tagged())
  fails("X.y must hold 0 and 1 alone", classify.one_vs_rest(classify.svm()),
    {x = torch.rand(4, 2), y = torch.rand(4, 2), task = "tags"})
  lu.assertErrorMsgContains("learns classes, y must be their ids, one a row, got numbers that are not whole",
    function() classify.svm():fit(torch.rand(4, 2), torch.rand {4}) end)
  lu.assertErrorMsgContains("y must hold finite numbers, row 2 of target 0 is nan", function()
    regress.ridge():fit(torch.rand(4, 2), torch.tensor {1, 2, 0 / 0, 3})
  end)
  lu.assertErrorMsgContains("regress.svr learns one target, got 2", function()
    regress.svr():fit(torch.rand(4, 2), torch.rand(4, 2))
  end)
  lu.assertErrorMsgContains("model must be a classifier with predict_proba or decision_function, got cluster.pca",
    function() classify.one_vs_rest(cluster.pca()) end)
  lu.assertErrorMsgContains("scoring: 'accuracy' is no figure of values", function()
    classify.grid_search(regress.ridge(), numbers(), {alpha = {1}}, {scoring = "accuracy"})
  end)
end

function TestErrors:test_metrics_name_what_does_not_fit()
  lu.assertErrorMsgContains("predicted must have the shape of truth, 3 × 1, got 2 × 1", metrics.r2, {1, 2, 3}, {1, 2})
  lu.assertErrorMsgContains("truth must be finite", metrics.rmse, {0 / 0}, {1})
  lu.assertErrorMsgContains("truth must hold 0 and 1 alone", metrics.lrap, {{2, 0}}, {{1, 0}})
  lu.assertErrorMsgContains("scores must have the shape of truth", metrics.mean_roc_auc, {{1, 0}}, {{1}})
end

function TestErrors:test_metrics_of_what_does_not_vary()
  lu.assertEquals(metrics.r2({1, 1}, {1, 1}), 1)
  lu.assertEquals(metrics.r2({1, 1}, {1, 2}), 0)
  local r = metrics.pearson({1, 1, 1}, {1, 2, 3})
  lu.assertTrue(r ~= r)
  lu.assertEquals(metrics.best_threshold({0, 0}, {.1, .2}), 0.5)
  lu.assertEquals(metrics.best_threshold({1, 1}, {.1, .2}), 0.1)
end

os.exit(lu.LuaUnit.run())
