-- Classification metrics against scikit-learn 1.9 (tests/reference/metrics), and their edges.
local lib = require "lib"
local lu = require "luaunit"
local metrics = require "moonlark.metrics"
local torch = require "moonlark.torch"

local frozen = torch.load "tests/reference/metrics/metrics.safetensors"

-- Numbers, lists or tensors that must agree to twelve digits.
local function check(name, got, wanted)
  wanted = wanted or frozen[name]
  if type(got) == "number" then got = {got} end
  if type(wanted) == "number" then wanted = {wanted} end
  if type(got) == "table" then got = torch.tensor(got, {dtype = "float64"}) end
  if type(wanted) == "table" then wanted = torch.tensor(wanted, {dtype = "float64"}) end
  lu.assertEquals(got:shape(), wanted:shape(), name)
  local off = (got:double() - wanted:double()):abs():max():item()
  lu.assertTrue(off <= 1e-12, ("%s is off by %g: %s instead of %s"):format(name, off, got, wanted))
end

TestReport = {}

function TestReport:test_means_are_scikit_learns()
  local found = metrics.report(frozen.truth, frozen.guess)
  check("macro avg", {found.macro.precision, found.macro.recall, found.macro.f1})
  check("weighted avg", {found.weighted.precision, found.weighted.recall, found.weighted.f1})
  check("accuracy", found.accuracy, frozen.figures[0]:item())
  lu.assertEquals(found.n, 120)
end

function TestReport:test_a_perfect_answer_is_perfect_where_a_class_does_not_occur()
  local found = metrics.report({0, 1, 1}, {0, 1, 1}, {"dub", "ska", "čalga"})
  lu.assertEquals(found.macro, {precision = 1.0, recall = 1.0, f1 = 1.0})
  lu.assertEquals(found.by_class.ska.support, 2)
  lu.assertEquals(found.by_class["čalga"].occurs, false)
  lu.assertNotStrContains(tostring(found), "čalga")
end

function TestReport:test_it_prints_as_people_know_it()
  lu.assertEquals(tostring(metrics.report({0, 1, 2, 2, 2}, {0, 0, 2, 2, 1}, {"dub", "ska", "čalga"})), [[
             precision    recall  f1-score  support
dub              0.500     1.000     0.667        1
ska              0.000     0.000     0.000        1
čalga            1.000     0.667     0.800        3

accuracy                             0.600        5
macro avg        0.500     0.556     0.489        5
weighted avg     0.700     0.600     0.613        5]])
end

function TestReport:test_names_stand_for_ids()
  local found = metrics.report({"ska", "dub", "ska"}, {"ska", "ska", "ska"})
  lu.assertEquals(found.classes, {"dub", "ska"})
  lu.assertEquals(found.by_class.ska.recall, 1.0)
  lu.assertEquals(found.confusion:totable(), {{0, 1}, {0, 2}})
  lu.assertEquals(metrics.report({"ska"}, {"dub"}, {"ska", "dub"}).confusion:totable(), {{0, 1}, {0, 0}})
  lu.assertErrorMsgContains("unknown class: 'dup' (did you mean 'dub'?)", metrics.report, {"ska"}, {"dup"},
    {"ska", "dub"})
end

function TestReport:test_names_may_be_fewer_than_ids_and_must_be_a_list()
  lu.assertEquals(metrics.report({0, 2}, {0, 2}, {"dub"}).classes, {"dub", "1", "2"})
  lu.assertErrorMsgEquals("classes must be a list of names, got number", metrics.report, {0, 1}, {0, 1}, 2)
  lu.assertErrorMsgContains("truth must be a tensor of class ids, got string", metrics.report, "y", {0, 1})
  lu.assertErrorMsgContains("must have one entry for each row (2), got 1", metrics.report, {0, 1}, {0})
end

TestAgreement = {}

function TestAgreement:test_figures_are_scikit_learns()
  local truth, guess = frozen.truth, frozen.guess
  check("figures", {
    (metrics.accuracy(truth, guess)), metrics.balanced_accuracy(truth, guess), metrics.cohen_kappa(truth, guess),
    metrics.cohen_kappa(truth, guess, {weights = "linear"}), metrics.cohen_kappa(truth, guess, {weights = "quadratic"}),
    metrics.matthews_corrcoef(truth, guess),
  })
end

function TestAgreement:test_one_class_alone()
  lu.assertEquals(metrics.matthews_corrcoef({0, 1}, {1, 1}), 0.0)
  lu.assertEquals(metrics.balanced_accuracy({1, 1}, {1, 0}), 0.5)
  lu.assertNaN(metrics.cohen_kappa({1, 1}, {1, 1}))
end

TestScores = {}

function TestScores:test_several_classes()
  local y, scores = frozen.y, frozen.scores
  check("of_scores", {metrics.log_loss(y, scores), metrics.brier(y, scores)})
  local top, auc = {}, {}
  for k = 1, 3 do top[k] = metrics.top_k_accuracy(y, scores, {k = k}) end
  check("top_k", top)
  for _, way in ipairs {"ovr", "ovo"} do
    for _, average in ipairs {"macro", "weighted"} do
      auc[#auc + 1] = metrics.roc_auc(y, scores, {multi_class = way, average = average})
    end
  end
  check("auc", auc)
  local macro, each = metrics.average_precision(y, scores)
  check("average_precision", {macro, (metrics.average_precision(y, scores, {average = "weighted"}))})
  check("average_precision.each", each)
end

local cases = {"smooth", "tied", "constant", "ends", "perfect", "few"}

function TestScores:test_curves_of_two_classes()
  for _, name in ipairs(cases) do
    local y, scores = frozen[name .. ".y"], frozen[name .. ".scores"]
    for _, drop in ipairs {true, false} do
      local curve = metrics.roc_curve(y, scores, {drop_intermediate = drop})
      lu.assertEquals(curve.thresholds[0]:item(), math.huge)
      check(("%s.roc.%s"):format(name, drop and "True" or "False"),
        torch.stack {curve.fpr, curve.tpr, curve.thresholds:clamp_max(1e300)})
    end
    local curve = metrics.precision_recall_curve(y, scores)
    check(name .. ".pr", torch.stack {curve.precision, curve.recall})
    check(name .. ".pr.thresholds", curve.thresholds)
    check(name .. ".figures", {metrics.roc_auc(y, scores), metrics.average_precision(y, scores),
      metrics.log_loss(y, scores), metrics.brier(y, scores)})
  end
end

function TestScores:test_calibration()
  for _, name in ipairs(cases) do
    for _, strategy in ipairs {"uniform", "quantile"} do
      local curve = metrics.calibration_curve(frozen[name .. ".y"], frozen[name .. ".scores"], {strategy = strategy})
      check(("%s.calibration.%s"):format(name, strategy), torch.stack {curve.mean_predicted, curve.fraction_positive})
      lu.assertEquals(curve.counts:sum():item(), frozen[name .. ".y"]:size(0))
    end
  end
  -- Two bins: 3 rows of mean 0.2 of which 1 is true, 1 row of 0.9 that is.
  check("ece", metrics.calibration_error({0, 1, 0, 1}, {0.1, 0.2, 0.3, 0.9}, {n_bins = 2}),
    0.75 * (1 / 3 - 0.2) + 0.25 * 0.1)
  -- Of several classes the surest one is meant: 0.6 and wrong, 0.8 and right.
  local curve = metrics.calibration_curve({0, 2}, torch.tensor {{0.3, 0.6, 0.1}, {0.1, 0.1, 0.8}})
  lu.assertEquals(curve.fraction_positive:totable(), {0.0, 1.0})
end

function TestScores:test_two_columns_are_two_classes()
  local y, p = frozen["tied.y"], frozen["tied.scores"]
  local both = torch.stack({1 - p, p}, 1)
  check("auc of two columns", metrics.roc_auc(y, both), metrics.roc_auc(y, p))
  check("log loss of two columns", metrics.log_loss(y, both), metrics.log_loss(y, p))
  check("of class 0", metrics.roc_auc(y, both, {positive = 0}), metrics.roc_auc(1 - y, 1 - p))
end

function TestScores:test_classes_that_do_not_occur()
  local scores = torch.tensor {{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}, {0.6, 0.3, 0.1}}
  local auc, each = metrics.roc_auc({0, 1, 0}, scores)
  lu.assertEquals(auc, 1.0)
  lu.assertNaN(each[3])
  lu.assertNaN(metrics.roc_auc({1, 1}, {0.2, 0.3}))
  lu.assertNaN(metrics.roc_auc({0, 0}, torch.tensor {{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}}))
  lu.assertEquals(metrics.average_precision({0, 0}, {0.2, 0.3}), 0.0)
end

function TestScores:test_bad_values_are_named()
  local scores = torch.tensor {{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}}
  lu.assertErrorMsgEquals("positive must name the class, 0..2", metrics.roc_curve, {0, 1}, scores)
  lu.assertErrorMsgEquals("positive must be a class 0..2, got 3", metrics.roc_curve, {0, 1}, scores, {positive = 3})
  lu.assertErrorMsgContains("one row for each entry of truth (3), got 2", metrics.roc_auc, {0, 1, 1}, scores)
  lu.assertErrorMsgContains("class ids 0..2, one for each column of scores, got 3", metrics.log_loss, {0, 3}, scores)
  lu.assertErrorMsgEquals("scores must be probabilities, 0..1", metrics.log_loss, {0, 1}, scores * 2)
  lu.assertErrorMsgEquals("scores must be finite", metrics.brier, {0, 1}, scores / 0)
  lu.assertErrorMsgEquals("scores must be a tensor of numbers, got string", metrics.brier, {0, 1}, "p")
  lu.assertErrorMsgContains("of one length, 2 points or more", metrics.auc, {0, 1}, {0})
end

lib.run()
