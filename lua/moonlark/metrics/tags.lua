--- Tags: how good scores and decisions are where a row may have several tags, or none. Truth and predictions are
--- rows × tags, 0 or 1; scores rows × tags, where only their order counts.
local ranking = require "moonlark.metrics.ranking"
local show = require "moonlark.base.show"

---@class moonlark.metrics
local tags = {}

local COMPARED = 1 << 21 -- pairs of tags, of several rows, that are compared at a time

local function matrix(name, value)
  local torch = require "moonlark.torch"
  if type(value) == "table" then value = torch.tensor(value, {dtype = "float64"}) end
  if not torch.is_tensor(value) then show.fail("%s must be a tensor, rows × tags, got %s", name, type(value)) end
  if value:dim() ~= 2 or value:numel() == 0 then
    show.fail("%s must have 2 axes, rows × tags, one or more of each, got %d axes", name, value:dim())
  end
  value = value:double():cpu()
  if not value:isfinite():all():item() then show.fail("%s must be finite", name) end
  return value
end

local function zero_or_one(name, value)
  value = matrix(name, value)
  if not (value * (1 - value)):eq(0):all():item() then show.fail("%s must hold 0 and 1 alone", name) end
  return value
end

local function pair(truth, name, other)
  truth = zero_or_one("truth", truth)
  if truth:size(0) ~= other:size(0) or truth:size(1) ~= other:size(1) then
    show.fail("%s must have the shape of truth, %d × %d, got %d × %d", name, truth:size(0), truth:size(1),
      other:size(0), other:size(1))
  end
  return truth, other
end

-- The mean of the values that are numbers; NaN where there is none.
local function mean(values)
  local sum, n = 0, 0
  for _, value in ipairs(values) do
    if value == value then sum, n = sum + value, n + 1 end
  end
  return n > 0 and sum / n or 0 / 0
end

-- A metric: the mean over tags of f(truth, scores), rows each; NaN, and left out, where the truth has no such row, or
-- with `both` no other.
local function over_tags(f, both)
  return function(truth, scores)
    truth, scores = pair(truth, "scores", matrix("scores", scores))
    local each, n = {}, truth:size(0)
    for t = 1, truth:size(1) do
      local y = truth:select(1, t - 1)
      local positive = y:sum():item()
      local judged = positive > 0 and not (both and positive == n)
      each[t] = judged and f(y:long(), scores:select(1, t - 1)) or 0 / 0
    end
    return mean(each), each
  end
end

--- Mean average precision: the average precision of each tag (metrics.average_precision), and their plain mean over the
--- tags that some row has. As sklearn.metrics.average_precision_score with average = "macro".
---     local map, each = metrics.mean_average_precision(X.y, scores)
---@param truth moonlark.Tensor  rows × tags, 0 or 1
---@param scores moonlark.Tensor  rows × tags
---@return number
---@return number[] each  of each tag; NaN where no row has it
tags.mean_average_precision = over_tags(function(y, scores) return (ranking.average_precision(y, scores)) end)

--- Mean area under the ROC curve: of each tag (metrics.roc_auc), and their plain mean over the tags that some rows have
--- and some have not. As sklearn.metrics.roc_auc_score with average = "macro".
---     local auc, each = metrics.mean_roc_auc(X.y, scores)
---@param truth moonlark.Tensor  rows × tags, 0 or 1
---@param scores moonlark.Tensor  rows × tags
---@return number
---@return number[] each  of each tag; NaN where all rows have it, or none
tags.mean_roc_auc = over_tags(function(y, scores) return (ranking.roc_auc(y, scores)) end, true)

local function ratio(a, b) return b > 0 and a / b or 0.0 end

-- Precision, recall and F1 from how many were right, how many were said and how many there are.
local function shares(right, said, there)
  return {precision = ratio(right, said), recall = ratio(right, there), f1 = ratio(2 * right, said + there)}
end

--- Precision, recall, F1 and support of each tag; their plain means over tags that occur in truth or prediction
--- (macro); and the same of all decisions together (micro). A share of nothing counts 0.
---     local per_tag, macro, micro = metrics.tags_f1(X.y, predicted)
---@param truth moonlark.Tensor  rows × tags, 0 or 1
---@param predicted moonlark.Tensor  rows × tags, 0 or 1
---@return {precision: number, recall: number, f1: number, support: integer}[] per_tag
---@return {precision: number, recall: number, f1: number} macro
---@return {precision: number, recall: number, f1: number} micro
function tags.tags_f1(truth, predicted)
  truth, predicted = pair(truth, "predicted", zero_or_one("predicted", predicted))
  local right, said, there = (truth * predicted):sum(0):totable(), predicted:sum(0):totable(), truth:sum(0):totable()
  local per_tag, macro, n, sums = {}, {precision = 0, recall = 0, f1 = 0}, 0, {0, 0, 0}
  for t = 1, #right do
    per_tag[t] = shares(right[t], said[t], there[t])
    if said[t] + there[t] > 0 then
      n = n + 1
      for key, sum in pairs(macro) do macro[key] = sum + per_tag[t][key] end
    end
    per_tag[t].support = math.tointeger(there[t])
    sums = {sums[1] + right[t], sums[2] + said[t], sums[3] + there[t]}
  end
  for key, sum in pairs(macro) do macro[key] = n > 0 and sum / n or 0.0 end
  return per_tag, macro, shares(table.unpack(sums))
end

--- Label ranking average precision: for each tag of a row, the share of its tags among what scores as high or higher;
--- the mean over tags, then rows. 1 at best; a row with all tags or none counts 1. As
--- sklearn.metrics.label_ranking_average_precision_score.
---     print(metrics.lrap({{1, 0, 0}, {0, 0, 1}}, {{0.75, 0.5, 1}, {1, 0.2, 0.1}}))      --> 0.4166…
---@param truth moonlark.Tensor  rows × tags, 0 or 1
---@param scores moonlark.Tensor  rows × tags
---@return number
function tags.lrap(truth, scores)
  truth, scores = pair(truth, "scores", matrix("scores", scores))
  local n, k, sum = truth:size(0), truth:size(1), 0
  local block = math.max(1, COMPARED // (k * k))
  for first = 0, n - 1, block do
    local count = math.min(block, n - first)
    local y, s = truth:narrow(0, first, count), scores:narrow(0, first, count)
    local above = s:unsqueeze(1):ge(s:unsqueeze(2)):double() -- rows × tags × what scores as high as each
    local there = y:sum(1)
    local shares = (above:matmul(y:unsqueeze(2)):squeeze(2) / above:sum(2) * y):sum(1) / there
    sum = sum + shares:masked_fill(there:eq(0):logical_or(there:eq(k)), 1):sum():item()
  end
  return sum / n
end

--- Coverage error: how far down the ranking of a row one must go to have all of its tags, the mean over rows; a row
--- without tags counts 0. As sklearn.metrics.coverage_error.
---     print(metrics.coverage_error({{1, 0, 0}, {0, 0, 1}}, {{0.75, 0.5, 1}, {1, 0.2, 0.1}}))      --> 2.5
---@param truth moonlark.Tensor  rows × tags, 0 or 1
---@param scores moonlark.Tensor  rows × tags
---@return number
function tags.coverage_error(truth, scores)
  truth, scores = pair(truth, "scores", matrix("scores", scores))
  local lowest = scores:masked_fill(truth:eq(0), math.huge):amin({1}, true)
  return scores:ge(lowest):double():sum(1):mean():item()
end

--- The threshold of a tag whose decisions (score ≥ threshold) have the largest F1, half way between two scores; of
--- equal ones the highest. 0.5 where no row has the tag. Choose it on rows that the scores were not learnt from, and
--- never on those that judge.
---     local threshold, f1 = metrics.best_threshold(y, scores)
---@param truth moonlark.Tensor  rows, 0 or 1
---@param scores moonlark.Tensor  rows
---@return number threshold
---@return number f1  there
function tags.best_threshold(truth, scores)
  local torch = require "moonlark.torch"
  truth, scores = torch.is_tensor(truth) and truth or torch.tensor(truth), torch.is_tensor(scores) and scores
    or torch.tensor(scores, {dtype = "float64"})
  if truth:dim() ~= 1 then show.fail("truth must have 1 axis, rows, got %d", truth:dim()) end
  scores = matrix("scores", scores:dim() == 1 and scores:unsqueeze(1) or scores)
  truth = pair(truth:unsqueeze(1), "scores", scores)
  local sorted, order = scores:squeeze(1):sort {descending = true, stable = true}
  local hits, values = truth:squeeze(1):index_select(0, order):totable(), sorted:totable()
  local all, right, best, threshold = truth:sum():item(), 0, 0, 0.5
  for i, hit in ipairs(hits) do
    right = right + hit
    local f1 = 2 * right / (i + all)
    if values[i] ~= values[i + 1] and f1 > best then
      local middle = values[i + 1] and (values[i] + values[i + 1]) / 2
      best, threshold = f1, middle and middle > values[i + 1] and middle or values[i] -- neighbours have no middle
    end
  end
  return threshold, best
end

return tags
