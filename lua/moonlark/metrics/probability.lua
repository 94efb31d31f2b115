--- Probability: whether probabilities of classes are near the truth, and mean what they say.
local options = require "moonlark.base.options"
local scored = require "moonlark.metrics.scores"

---@class moonlark.metrics
local probability = {}

local ranks = options.describe("metrics.top_k_accuracy", {
  k = options.integer(2, {least = 1}, "how many of the highest scores count"),
})

--- Share of rows whose class is among the k with the highest scores; of equal scores the class of the higher id counts
--- first. As sklearn.metrics.top_k_accuracy_score.
---     print(metrics.top_k_accuracy(report.y, report.scores, {k = 3}))
---@param truth moonlark.Tensor|integer[]  n class ids
---@param scores moonlark.Tensor  n × classes
---@param given moonlark.metrics.top_k_accuracy.Options?
---@return number
function probability.top_k_accuracy(truth, scores, given)
  local o = ranks:read(given)
  local torch = require "moonlark.torch"
  local y, values = scored.of_classes(truth, scores)
  y = y:unsqueeze(1)
  local own = values:gather(1, y)
  local before = values:gt(own):logical_or(values:eq(own):logical_and(torch.arange(values:size(1)):gt(y)))
  return before:sum(1):lt(o.k):double():mean():item()
end

--- Log loss (cross entropy): the mean of -log of the probability of the true class. As sklearn.metrics.log_loss:
--- probabilities are kept 2.2e-16 away from 0 and 1 (float32: 1.2e-7).
---     print(metrics.log_loss(report.y, report.scores))
---@param truth moonlark.Tensor|integer[]  n class ids
---@param scores moonlark.Tensor  n × classes probabilities, or n of class 1
---@return number
function probability.log_loss(truth, scores)
  local torch = require "moonlark.torch"
  local single = torch.is_tensor(scores) and scores:dtype() == "float32"
  local eps = single and 2.0 ^ -23 or 2.0 ^ -52
  local y, values = scored.of_classes(truth, scores)
  return -scored.probabilities(values):clamp(eps, 1 - eps):gather(1, y:unsqueeze(1)):log():mean():item()
end

--- Brier score: the mean squared distance between probabilities and truth. Of two classes it is 0..1, of the one
--- class; of more it is the sum over classes, 0..2. As sklearn.metrics.brier_score_loss.
---     print(metrics.brier(report.y, report.scores))
---@param truth moonlark.Tensor|integer[]  n class ids
---@param scores moonlark.Tensor  n × classes probabilities, or n of class 1
---@return number
function probability.brier(truth, scores)
  local torch = require "moonlark.torch"
  local y, values = scored.of_classes(truth, scores)
  local sum = (scored.probabilities(values) - torch.one_hot(y, values:size(1)):double()):square():sum(1):mean():item()
  return values:size(1) == 2 and sum / 2 or sum
end

-- What is true and its probability: of one class, or of several whether the surest one is right.
local function claims(truth, scores, positive)
  local torch = require "moonlark.torch"
  local hits, values
  if positive or type(scores) == "table" or torch.is_tensor(scores) and scores:dim() == 1 then
    hits, values = scored.of_class(truth, scores, positive)
  else
    local y, all = scored.of_classes(truth, scores)
    local surest = all:max(1)
    hits, values = all:argmax(1):eq(y), surest
  end
  return hits, scored.probabilities(values)
end

-- The value below which a share of the sorted numbers lies, between neighbours by straight lines, as numpy rounds it.
local function quantile(sorted, share)
  local at = share * (sorted:size(0) - 1)
  local below = math.min(math.floor(at), sorted:size(0) - 1)
  local a, b = sorted[below]:item(), sorted[math.min(below + 1, sorted:size(0) - 1)]:item()
  local part = at - below
  if part >= 0.5 then return b - (b - a) * (1 - part) end
  return a + (b - a) * part
end

-- The inner edges of bins: of one width, or with one number of rows each.
local function edges(values, n_bins, strategy)
  local list, sorted = {}, nil
  for i = 1, n_bins - 1 do
    local share = i * (1 / n_bins)
    if strategy == "quantile" then
      sorted = sorted or (values:sort())
      share = quantile(sorted, share * 100 / 100)
    end
    list[i] = share
  end
  return require "moonlark.torch".tensor(list, {dtype = "float64"})
end

-- Mean probability, share that is true, and rows, of each bin that holds rows.
local function bins(hits, values, n_bins, strategy)
  local torch = require "moonlark.torch"
  local ids = torch.searchsorted(edges(values, n_bins, strategy), values)
  local counts = torch.bincount(ids, nil, n_bins)
  local used = counts:nonzero():squeeze(1)
  counts = counts:index_select(0, used)
  local function means(weights) return torch.bincount(ids, weights, n_bins):index_select(0, used) / counts end
  return {mean_predicted = means(values), fraction_positive = means(hits:double()), counts = counts}
end

local positive = options.integer(nil, {least = 0,
  usual = "1 where scores are one list; of n × classes, the surest class of each row"}, "the class that is meant")

local reliability = options.describe("metrics.calibration_curve", {
  n_bins = options.integer(5, {least = 2}, "parts of 0..1"),
  strategy = options.choice({"uniform", "quantile"}, "uniform", "parts of one width, or of one number of rows"),
  positive = positive,
})

--- Reliability: of the rows whose probability lies in a part of 0..1, the mean probability and the share that is true,
--- which are equal where probabilities mean what they say. Parts without rows are left out. As
--- sklearn.calibration.calibration_curve.
---     local curve = metrics.calibration_curve(report.y, report.scores, {n_bins = 10})
---@param truth moonlark.Tensor|number[]  n class ids, or 0 and 1
---@param scores moonlark.Tensor|number[]  n probabilities of the class, or n × classes
---@param given moonlark.metrics.calibration_curve.Options?
---@return {mean_predicted: moonlark.Tensor, fraction_positive: moonlark.Tensor, counts: moonlark.Tensor} curve
function probability.calibration_curve(truth, scores, given)
  local o = reliability:read(given)
  local hits, values = claims(truth, scores, o.positive)
  return bins(hits, values, o.n_bins, o.strategy)
end

local errors = options.describe("metrics.calibration_error", {
  n_bins = options.integer(15, {least = 2}, "parts of 0..1"), positive = positive,
})

--- Expected calibration error (Guo et al. 2017): the mean distance between probability and share that is true, over
--- parts of 0..1 of one width, weighted by their rows.
---     print(metrics.calibration_error(report.y, report.scores))
---@param truth moonlark.Tensor|number[]  n class ids, or 0 and 1
---@param scores moonlark.Tensor|number[]  n probabilities of the class, or n × classes
---@param given moonlark.metrics.calibration_error.Options?
---@return number
function probability.calibration_error(truth, scores, given)
  local o = errors:read(given)
  local hits, values = claims(truth, scores, o.positive)
  local found = bins(hits, values, o.n_bins, "uniform")
  local apart = (found.mean_predicted - found.fraction_positive):abs()
  return (apart * found.counts):sum():item() / values:size(0)
end

return probability
