--- Classification: how good predicted classes are.
local core = require "moonlark_core".metrics
local labels = require "moonlark.metrics.labels"
local options = require "moonlark.base.options"

---@class moonlark.metrics
local classification = {}

--- Counts of each pair of truth and prediction.
---     print(metrics.confusion(y, predicted))
---@param truth moonlark.Tensor  n class ids
---@param predicted moonlark.Tensor  n class ids
---@param classes integer?  size of the table (default: the largest id + 1)
---@return moonlark.Tensor counts  classes × classes, int64, rows are the truth
function classification.confusion(truth, predicted, classes)
  local counts = core.contingency(labels("truth", truth), labels("predicted", predicted), classes or 0)
  local rows, columns = counts:size(0), counts:size(1)
  local size = math.max(rows, columns)
  if rows == columns then return counts end
  return counts:constant_pad_nd({0, size - columns, 0, size - rows}, 0)
end

--- Share of predictions that are right.
---     local accuracy, interval = metrics.accuracy(y, predicted)
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@return number accuracy  0..1
---@return {low: number, high: number} interval  95 % (Wilson 1927)
function classification.accuracy(truth, predicted)
  local counts = classification.confusion(truth, predicted)
  local right, n = counts:diagonal():sum():item(), counts:sum():item()
  return right / n, classification.interval(right, n)
end

--- 95 % confidence interval of a share (Wilson 1927).
---     print(metrics.interval(45, 50).low)
---@param successes integer
---@param n integer  trials, 1 or more
---@return {low: number, high: number}
function classification.interval(successes, n)
  local z = 1.959963984540054
  local share = successes / n
  local middle = (share + z * z / (2 * n)) / (1 + z * z / n)
  local half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
  return {low = math.max(0, middle - half), high = math.min(1, middle + half)}
end

--- Mean and standard deviation (divided by n, as numpy) of a list of numbers.
---     local mean, deviation = metrics.spread {0.81, 0.79, 0.84}
---@param values number[]  one or more
---@return number mean
---@return number deviation
function classification.spread(values)
  local sum, squares = 0, 0
  for _, value in ipairs(values) do sum = sum + value end
  for _, value in ipairs(values) do squares = squares + (value - sum / #values) ^ 2 end
  return sum / #values, math.sqrt(squares / #values)
end

local function ratio(a, b) return b > 0 and a / b or 0.0 end

---@class moonlark.ClassFigures
---@field precision number
---@field recall number
---@field f1 number
---@field support integer  how often the class is the truth
---@field occurs boolean  in truth or prediction

-- One class of `right` hits, `support` truths and `given` predictions.
local function figures_of(right, support, given)
  return {precision = ratio(right, given), recall = ratio(right, support), f1 = ratio(2 * right, given + support),
    support = support, occurs = given + support > 0}
end

--- Precision, recall, F1 and support of each class of a table of counts, and their means; as precision_recall_f1.
---     local per_class, macro = metrics.figures(metrics.confusion(y, predicted))
---@param counts moonlark.Tensor  classes × classes, rows are the truth
---@return moonlark.ClassFigures[] per_class
---@return {precision: number, recall: number, f1: number} macro
---@return {precision: number, recall: number, f1: number} weighted
function classification.figures(counts)
  local right = counts:diagonal():totable()
  local support, given = counts:sum(1):totable(), counts:sum(0):totable()
  local per_class, n, occurring = {}, counts:sum():item(), 0
  for i = 1, #right do
    per_class[i] = figures_of(right[i], support[i], given[i])
    if per_class[i].occurs then occurring = occurring + 1 end
  end
  local macro, weighted = {precision = 0, recall = 0, f1 = 0}, {precision = 0, recall = 0, f1 = 0}
  for _, one in ipairs(per_class) do
    for key in pairs(macro) do
      macro[key] = macro[key] + one[key] / occurring
      weighted[key] = weighted[key] + one[key] * one.support / n
    end
  end
  return per_class, macro, weighted
end

--- Precision, recall, F1 and support of each class, and their means. A share of nothing counts 0.
---     local per_class, macro = metrics.precision_recall_f1(y, predicted)
---@param truth moonlark.Tensor
---@param predicted moonlark.Tensor
---@param classes integer?  number of classes (default: the largest id + 1)
---@return moonlark.ClassFigures[] per_class  entry i is class i - 1
---@return {precision: number, recall: number, f1: number} macro  plain means over classes in truth or prediction
---@return {precision: number, recall: number, f1: number} weighted  means weighted by support
function classification.precision_recall_f1(truth, predicted, classes)
  return classification.figures(classification.confusion(truth, predicted, classes))
end

--- Mean recall over the classes that occur in truth: what accuracy would be if all were equally common. As
--- sklearn.metrics.balanced_accuracy_score.
---     print(metrics.balanced_accuracy(y, predicted))
---@param truth moonlark.Tensor|integer[]
---@param predicted moonlark.Tensor|integer[]
---@return number
function classification.balanced_accuracy(truth, predicted)
  local sum, count = 0, 0
  for _, one in ipairs((classification.precision_recall_f1(truth, predicted))) do
    if one.support > 0 then
      sum, count = sum + one.recall, count + 1
    end
  end
  return sum / count
end

-- The counts of the classes that occur, float64.
local function occurring(truth, predicted)
  local counts = classification.confusion(truth, predicted)
  local used = (counts:sum(0) + counts:sum(1)):nonzero():squeeze(1)
  return counts:index_select(0, used):index_select(1, used):double()
end

local kappa = options.describe("metrics.cohen_kappa", {
  weights = options.choice({"linear", "quadratic"}, options.none,
    "how much worse classes are whose ids are further apart", {usual = "all mistakes count the same"}),
})

--- Agreement beyond chance (Cohen 1960): 1 for the same answers, 0 for those of chance; NaN where chance explains all.
--- As sklearn.metrics.cohen_kappa_score.
---     print(metrics.cohen_kappa(y, predicted))
---@param truth moonlark.Tensor|integer[]
---@param predicted moonlark.Tensor|integer[]
---@param given moonlark.metrics.cohen_kappa.Options?
---@return number
function classification.cohen_kappa(truth, predicted, given)
  local o = kappa:read(given)
  local torch = require "moonlark.torch"
  local counts = occurring(truth, predicted)
  local ids = torch.arange(counts:size(0)):double()
  local apart = (ids:unsqueeze(1) - ids:unsqueeze(0)):abs()
  local weights = not o.weights and apart:ne(0):double() or o.weights == "linear" and apart or apart:square()
  local expected = torch.outer(counts:sum(1), counts:sum(0)) / counts:sum()
  return 1 - (weights * counts):sum():item() / (weights * expected):sum():item()
end

--- Matthews correlation coefficient, of two classes or more (Gorodkin 2004): 1 for the same answers, 0 for those of
--- chance, or where one list has one class only. As sklearn.metrics.matthews_corrcoef.
---     print(metrics.matthews_corrcoef(y, predicted))
---@param truth moonlark.Tensor|integer[]
---@param predicted moonlark.Tensor|integer[]
---@return number
function classification.matthews_corrcoef(truth, predicted)
  local counts = occurring(truth, predicted)
  local n, right, t, p = counts:sum():item(), counts:trace():item(), counts:sum(1), counts:sum(0)
  local square = n * n
  local spread = (square - t:dot(t):item()) * (square - p:dot(p):item())
  return spread > 0 and (right * n - t:dot(p):item()) / math.sqrt(spread) or 0.0
end

return classification
