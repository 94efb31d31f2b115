--- Ranking: how well scores put what is of a class before what is not, at every threshold.
local options = require "moonlark.base.options"
local scored = require "moonlark.metrics.scores"
local show = require "moonlark.base.show"

---@class moonlark.metrics
local ranking = {}

local positive = {
  positive = options.integer(nil, {least = 0, usual = "1 of two classes"}, "the class that is told from the rest"),
}

-- Hits and false alarms from the highest score down to each score that differs from the next, and these scores.
local function counts_by_threshold(hits, values)
  local torch = require "moonlark.torch"
  local sorted, order = values:sort {descending = true, stable = true}
  local n = sorted:size(0)
  local last = torch.ones({n}, {dtype = "bool"}) -- of equal scores
  if n > 1 then last:narrow(0, 0, n - 1):copy_(sorted:diff():ne(0)) end
  local places = last:nonzero():squeeze(1)
  local right = hits:index_select(0, order):double():cumsum(0):index_select(0, places)
  return right, places:double() + 1 - right, sorted:index_select(0, places)
end

-- Where a curve turns: its ends, and the points that are not in line with their neighbours.
local function corners(right, wrong)
  local torch = require "moonlark.torch"
  local n = right:size(0)
  local kept = torch.ones({n}, {dtype = "bool"})
  kept:narrow(0, 1, n - 2):copy_(right:diff(2):ne(0):logical_or(wrong:diff(2):ne(0)))
  return kept:nonzero():squeeze(1)
end

local function starting_with(value, rest)
  local torch = require "moonlark.torch"
  return torch.cat {torch.full({1}, value, {dtype = "float64"}), rest}
end

local curve = options.describe("metrics.roc_curve", positive, {
  drop_intermediate = options.boolean(true, "leave out thresholds in line with their neighbours"),
})

--- Receiver operating characteristic: the share of the class that is found (tpr) against the share of the rest that is
--- taken for it (fpr), from the highest threshold (infinite: nothing is found) to the lowest. Rates of nothing are NaN.
--- As sklearn.metrics.roc_curve.
---     local curve = metrics.roc_curve(report.y, report.scores, {positive = 2})
---     print(metrics.auc(curve.fpr, curve.tpr))
---@param truth moonlark.Tensor|number[]  n class ids, or 0 and 1
---@param scores moonlark.Tensor|number[]  n scores of the class, or n × classes
---@param given moonlark.metrics.roc_curve.Options?
---@return {fpr: moonlark.Tensor, tpr: moonlark.Tensor, thresholds: moonlark.Tensor} curve  float64
function ranking.roc_curve(truth, scores, given)
  local o = curve:read(given)
  local right, wrong, thresholds = counts_by_threshold(scored.of_class(truth, scores, o.positive))
  if o.drop_intermediate and right:size(0) > 2 then
    local kept = corners(right, wrong)
    right, wrong = right:index_select(0, kept), wrong:index_select(0, kept)
    thresholds = thresholds:index_select(0, kept)
  end
  right, wrong = starting_with(0, right), starting_with(0, wrong)
  return {fpr = wrong / wrong[-1], tpr = right / right[-1], thresholds = starting_with(math.huge, thresholds)}
end

--- Area under a curve by the trapezoidal rule, as sklearn.metrics.auc.
---     print(metrics.auc(curve.fpr, curve.tpr))
---@param x moonlark.Tensor|number[]  2 or more, ascending or descending
---@param y moonlark.Tensor|number[]
---@return number
function ranking.auc(x, y)
  local torch = require "moonlark.torch"
  if not torch.is_tensor(x) then x = torch.tensor(x, {dtype = "float64"}) end
  if not torch.is_tensor(y) then y = torch.tensor(y, {dtype = "float64"}) end
  if x:dim() ~= 1 or x:size(0) < 2 or y:dim() ~= 1 or y:size(0) ~= x:size(0) then
    show.fail "x and y must be of one length, 2 points or more"
  end
  return math.abs(torch.trapezoid(y:double(), x:double()):item())
end

-- The area of one class; NaN where all or none are of it.
local function area(hits, values)
  local right, wrong = counts_by_threshold(hits, values)
  right, wrong = starting_with(0, right), starting_with(0, wrong)
  return ranking.auc(wrong / wrong[-1], right / right[-1])
end

-- The mean of the values that are numbers, by their weights; NaN where there is none.
local function mean(values, weights)
  local sum, total = 0, 0
  for i, value in ipairs(values) do
    if value == value then
      sum, total = sum + value * weights[i], total + weights[i]
    end
  end
  return total > 0 and sum / total or 0 / 0
end

-- f(hits, values) of each class, and how many rows are of it, or 1 each for plain means.
local function by_class(f, truth, values, average)
  local found, weights = {}, {}
  for c = 0, values:size(1) - 1 do
    local hits = truth:eq(c)
    local support = hits:sum():item()
    found[c + 1] = support > 0 and f(hits, values:select(1, c)) or 0 / 0
    weights[c + 1] = average == "weighted" and support or 1
  end
  return found, weights
end

-- Each pair of classes that occur, judged by the rows of these two alone, once by the scores of each (Hand and Till).
local function by_pair(truth, values, average)
  local there = require "moonlark.torch".unique(truth):totable()
  local found, weights = {}, {}
  for i, a in ipairs(there) do
    for j = i + 1, #there do
      local b = there[j]
      local rows = truth:eq(a):logical_or(truth:eq(b)):nonzero():squeeze(1)
      local y, s = truth:index_select(0, rows), values:index_select(0, rows)
      found[#found + 1] = (area(y:eq(a), s:select(1, a)) + area(y:eq(b), s:select(1, b))) / 2
      weights[#weights + 1] = average == "weighted" and rows:size(0) or 1
    end
  end
  return found, weights
end

local averaging = {
  average = options.choice({"macro", "weighted"}, "macro", "the mean over classes: plain, or weighted by support"),
}

local areas = options.describe("metrics.roc_auc", positive, averaging, {
  multi_class = options.choice({"ovr", "ovo"}, "ovr", "each class against the rest, or against each other"),
})

--- Area under the ROC curve: how probable it is that something of a class scores above something else; 0.5 is chance.
--- Of several classes the mean: of each against the rest (ovr), or of all pairs (ovo, Hand and Till 2001). As
--- sklearn.metrics.roc_auc_score; classes that do not occur in truth are left out of the mean. NaN where one class is
--- alone.
---     print(metrics.roc_auc(report.y, report.scores))
---     print(metrics.roc_auc({0, 0, 1, 1}, {0.1, 0.4, 0.35, 0.8}))       --> 0.75
---@param truth moonlark.Tensor|number[]  n class ids, or 0 and 1
---@param scores moonlark.Tensor|number[]  n scores of class 1 or of `positive`, or n × classes
---@param given moonlark.metrics.roc_auc.Options?
---@return number auc
---@return number[]? each  of "ovr" over several classes: entry i is class i - 1
function ranking.roc_auc(truth, scores, given)
  local o = areas:read(given)
  local torch = require "moonlark.torch"
  local columns = torch.is_tensor(scores) and scores:dim() == 2 and scores:size(1)
  if o.positive or not columns or columns == 2 then return area(scored.of_class(truth, scores, o.positive)) end
  local y, values = scored.of_classes(truth, scores)
  if o.multi_class == "ovo" then return mean(by_pair(y, values, o.average)) end
  local each, weights = by_class(area, y, values, o.average)
  return mean(each, weights), each
end

local precision = options.describe("metrics.precision_recall_curve", positive)

-- Precision and recall at falling thresholds.
local function precisions(hits, values)
  local right, wrong, thresholds = counts_by_threshold(hits, values)
  local all = right[-1]:item()
  return right / (right + wrong), all > 0 and right / all or right:new_ones(right:shape()), thresholds
end

--- Precision and recall of a class at every threshold, from the lowest to the highest, and at the end (1, 0), where
--- nothing is found. As sklearn.metrics.precision_recall_curve.
---     local curve = metrics.precision_recall_curve(report.y, report.scores, {positive = 0})
---@param truth moonlark.Tensor|number[]  n class ids, or 0 and 1
---@param scores moonlark.Tensor|number[]  n scores of the class, or n × classes
---@param given moonlark.metrics.precision_recall_curve.Options?
---@return {precision: moonlark.Tensor, recall: moonlark.Tensor, thresholds: moonlark.Tensor} curve  float64; one
---  threshold fewer
function ranking.precision_recall_curve(truth, scores, given)
  local o = precision:read(given)
  local p, r, thresholds = precisions(scored.of_class(truth, scores, o.positive))
  return {precision = starting_with(1, p):flip {0}, recall = starting_with(0, r):flip {0},
    thresholds = thresholds:flip {0}}
end

-- The precision at each step of recall, by the step. Where nothing is of the class it is 0.
local function average_precision(hits, values)
  local p, r = precisions(hits, values)
  if not hits:any():item() then return 0.0 end
  return (starting_with(0, r):diff() * p):sum():item()
end

local means = options.describe("metrics.average_precision", positive, averaging)

--- Average precision: precision over all steps of recall, without interpolation; of several classes the mean of each
--- against the rest. As sklearn.metrics.average_precision_score; classes that do not occur in truth are left out.
---     print(metrics.average_precision(report.y, report.scores))
---@param truth moonlark.Tensor|number[]  n class ids, or 0 and 1
---@param scores moonlark.Tensor|number[]  n scores of class 1 or of `positive`, or n × classes
---@param given moonlark.metrics.average_precision.Options?
---@return number
---@return number[]? each  over several classes: entry i is class i - 1
function ranking.average_precision(truth, scores, given)
  local o = means:read(given)
  local torch = require "moonlark.torch"
  local columns = torch.is_tensor(scores) and scores:dim() == 2 and scores:size(1)
  if o.positive or not columns or columns == 2 then
    return average_precision(scored.of_class(truth, scores, o.positive))
  end
  local y, values = scored.of_classes(truth, scores)
  local each, weights = by_class(average_precision, y, values, o.average)
  return mean(each, weights), each
end

return ranking
