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

function TestReport:test_names_may_be_fewer_than_ids_and_must_be_a_list()
  lu.assertEquals(metrics.report({0, 2}, {0, 2}, {"dub"}).classes, {"dub", "1", "2"})
  lu.assertErrorMsgEquals("classes must be a list of names, got number", metrics.report, {0, 1}, {0, 1}, 2)
  lu.assertErrorMsgContains("truth must be a tensor of class ids, got string", metrics.report, "y", {0, 1})
  lu.assertErrorMsgContains("must have one entry for each row (2), got 1", metrics.report, {0, 1}, {0})
end

lib.run()
