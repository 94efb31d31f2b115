--- Regression: how near predicted numbers come to the true ones.
local show = require "moonlark.base.show"

---@class moonlark.metrics
local regression = {}

-- A tensor of finite numbers, float64, n or n × targets, from a tensor or a list.
local function numbers(name, value)
  local torch = require "moonlark.torch"
  if type(value) == "table" then value = torch.tensor(value, {dtype = "float64"}) end
  if not torch.is_tensor(value) then show.fail("%s must be a tensor of numbers, got %s", name, type(value)) end
  if value:dim() < 1 or value:dim() > 2 or value:numel() == 0 then
    show.fail("%s must be n or n × targets numbers, one row or more, got %s", name,
      value:numel() == 0 and "none" or ("%d axes"):format(value:dim()))
  end
  value = value:double():cpu()
  if not value:isfinite():all():item() then show.fail("%s must be finite", name) end
  return value:dim() == 1 and value:unsqueeze(1) or value
end

local function pair(truth, predicted)
  truth, predicted = numbers("truth", truth), numbers("predicted", predicted)
  if truth:size(0) ~= predicted:size(0) or truth:size(1) ~= predicted:size(1) then
    show.fail("predicted must have the shape of truth, %d × %d, got %d × %d", truth:size(0), truth:size(1),
      predicted:size(0), predicted:size(1))
  end
  return truth, predicted
end

-- A metric: the mean over targets of f(truth, predicted), n numbers each, and of several targets each one's.
local function over_targets(f)
  return function(truth, predicted)
    truth, predicted = pair(truth, predicted)
    local each, sum = {}, 0
    for t = 1, truth:size(1) do
      each[t] = f(truth:select(1, t - 1), predicted:select(1, t - 1))
      sum = sum + each[t]
    end
    return sum / #each, #each > 1 and each or nil
  end
end

local function squares(x) return (x * x):sum():item() end

local function centered(x) return x - x:mean() end

local function r2(truth, predicted)
  local left, all = squares(truth - predicted), squares(centered(truth))
  if all > 0 then return 1 - left / all end
  return left == 0 and 1.0 or 0.0
end

-- NaN where one of the two is constant.
local function pearson(a, b)
  a, b = centered(a), centered(b)
  local scale = math.sqrt(squares(a)) * math.sqrt(squares(b))
  if scale == 0 then return 0 / 0 end
  return math.max(-1, math.min(1, (a * b):sum():item() / scale))
end

-- The rank of each number, from 1; equal ones share the mean of theirs.
local function ranks(x)
  local torch = require "moonlark.torch"
  local _, place, counts = torch.unique(x, {sorted = true, return_inverse = true, return_counts = true})
  local last = counts:double():cumsum(0)
  return (last - (counts:double() - 1) / 2):index_select(0, place)
end

local function concordance(truth, predicted)
  local a, b, n = centered(truth), centered(predicted), truth:size(0)
  local apart = truth:mean():item() - predicted:mean():item()
  local all = (squares(a) + squares(b)) / n + apart * apart
  if all == 0 then return 0 / 0 end
  return 2 * (a * b):sum():item() / n / all
end

--- Coefficient of determination: 1 for the truth itself, 0 for its mean said of every row, below 0 for worse. Where the
--- truth is constant: 1 when it is met, else 0. As sklearn.metrics.r2_score.
---     print((metrics.r2({3, -0.5, 2, 7}, {2.5, 0.0, 2, 8})))            --> 0.9486
---@param truth moonlark.Tensor|number[]  n, or n × targets
---@param predicted moonlark.Tensor|number[]  of the same shape
---@return number  of several targets their mean
---@return number[]? each  of several targets
regression.r2 = over_targets(r2)

--- Root of the mean squared error, in the unit of the truth.
---     print(metrics.rmse(y, predicted))
---@param truth moonlark.Tensor|number[]  n, or n × targets
---@param predicted moonlark.Tensor|number[]
---@return number
---@return number[]? each  of several targets
regression.rmse = over_targets(function(truth, predicted)
  return math.sqrt(squares(truth - predicted) / truth:size(0))
end)

--- Mean absolute error, in the unit of the truth.
---     print(metrics.mae(y, predicted))
---@param truth moonlark.Tensor|number[]  n, or n × targets
---@param predicted moonlark.Tensor|number[]
---@return number
---@return number[]? each  of several targets
regression.mae = over_targets(function(truth, predicted) return (truth - predicted):abs():mean():item() end)

--- Pearson's correlation, −1..1; NaN where one side is constant. As scipy.stats.pearsonr.
---     print(metrics.pearson(y, predicted))
---@param truth moonlark.Tensor|number[]  n, or n × targets
---@param predicted moonlark.Tensor|number[]
---@return number
---@return number[]? each  of several targets
regression.pearson = over_targets(pearson)

--- Spearman's rank correlation, equal numbers sharing the mean of their ranks; NaN where one side is constant. As
--- scipy.stats.spearmanr.
---     print(metrics.spearman(y, predicted))
---@param truth moonlark.Tensor|number[]  n, or n × targets
---@param predicted moonlark.Tensor|number[]
---@return number
---@return number[]? each  of several targets
regression.spearman = over_targets(function(a, b) return pearson(ranks(a), ranks(b)) end)

--- Concordance correlation coefficient (Lin 1989), −1..1: Pearson's, made smaller where means or deviations differ.
--- Moments are divided by n.
---     print(metrics.ccc(y, predicted))
---@param truth moonlark.Tensor|number[]  n, or n × targets
---@param predicted moonlark.Tensor|number[]
---@return number
---@return number[]? each  of several targets
regression.ccc = over_targets(concordance)

return regression
