--- Classification: how good predicted classes are.
local core = require "moonlark_core".metrics
local labels = require "moonlark.metrics.labels"

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

local function ratio(a, b) return b > 0 and a / b or 0 end

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

return classification
