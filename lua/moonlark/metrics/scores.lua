--- Scores: what a model says of each class before it decides, as the metrics take it beside the truth.
local labels = require "moonlark.metrics.labels"
local show = require "moonlark.base.show"

local scores = {}

-- A tensor of finite numbers, float64, from a tensor or a list.
local function numbers(name, value)
  local torch = require "moonlark.torch"
  if type(value) == "table" then value = torch.tensor(value, {dtype = "float64"}) end
  if not torch.is_tensor(value) then show.fail("%s must be a tensor of numbers, got %s", name, type(value)) end
  value = value:double():cpu()
  if not value:isfinite():all():item() then show.fail("%s must be finite", name) end
  return value
end

local function check_rows(truth, values)
  if truth:dim() ~= 1 or truth:size(0) == 0 then show.fail "truth must have one axis of 1 entry or more" end
  if values:size(0) ~= truth:size(0) then
    show.fail("scores must have one row for each entry of truth (%d), got %d", truth:size(0), values:size(0))
  end
end

--- Probabilities, within 0..1: what rounding left beyond is cut off. Errors: scores that are further out.
---@param values moonlark.Tensor
---@return moonlark.Tensor
function scores.probabilities(values)
  if values:lt(-1e-5):any():item() or values:gt(1 + 1e-5):any():item() then
    show.fail "scores must be probabilities, 0..1"
  end
  return values:clamp(0, 1)
end

--- The truth as int64 class ids, and scores as n × classes float64. n scores are those of class 1 of two.
---@param truth any
---@param given any  n × classes, or n probabilities of class 1
---@return moonlark.Tensor truth
---@return moonlark.Tensor values
function scores.of_classes(truth, given)
  truth = labels("truth", truth):long():cpu()
  local values = numbers("scores", given)
  if values:dim() == 1 then values = require "moonlark.torch".stack({1 - values, values}, 1) end
  if values:dim() ~= 2 then show.fail("scores must be n or n × classes numbers, got %d axes", values:dim()) end
  check_rows(truth, values)
  local least, most = truth:min():item(), truth:max():item()
  if least < 0 or most >= values:size(1) then
    show.fail("truth must hold class ids 0..%d, one for each column of scores, got %d", values:size(1) - 1,
      least < 0 and least or most)
  end
  return truth, values
end

--- What is true of the one class, as booleans, and its scores, n float64 each.
---@param truth any  class ids, or 0 and 1
---@param given any  n scores of the class, or n × classes
---@param positive integer?  the class (default: 1 of two)
---@return moonlark.Tensor hits
---@return moonlark.Tensor values
function scores.of_class(truth, given, positive)
  truth = labels("truth", truth):cpu()
  local values = numbers("scores", given)
  if values:dim() == 2 then
    local k = values:size(1)
    if not positive and k ~= 2 then show.fail("positive must name the class, 0..%d", k - 1) end
    if (positive or 1) >= k then show.fail("positive must be a class 0..%d, got %d", k - 1, positive or 1) end
    values = values:select(1, positive or 1):contiguous()
  end
  check_rows(truth, values)
  return truth:eq(positive or 1), values
end

return scores
