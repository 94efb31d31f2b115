--- Verdicts: a classifier of rows of which each is known to be of a class, or not to be of some.
---
--- One logistic regression a class, of the rows that are known to be of it or not, both sides weighed alike; their logits
--- share a softmax. A no says nothing of the other classes, and so does not strengthen what the classifier believes
--- already; a softmax regression that leaves a no to all other classes does (tests/bench/LIBRARY.md).
local logistic = require "moonlark.classify.models".logistic

local verdicts = {}

local least_rows, parts = 8, 5

local function fit_class(x, known, class)
  local torch = require "moonlark.torch"
  local column = known:select(1, class)
  local rows = column:ge(0):nonzero():flatten()
  local y = column:index_select(0, rows):to "int64"
  if torch.unique(y):size(0) < 2 then -- a part of the examples without it
    return torch.zeros({x:size(1)}, {dtype = "float64"}), torch.full({1}, y[0]:item() == 1 and 1 or -1, {dtype = "float64"})
  end
  local model = logistic {C = 1, class_weight = "balanced"}:fit(x:index_select(0, rows):float(), y)
  return model.weights:flatten(), model.intercepts:flatten()
end

--- The model of rows x (n × d), of which `known` (n × classes) says 1: it is, 0: it is not, -1: nobody knows.
---     local model = verdicts.fit(x, known)
---@param x moonlark.Tensor
---@param known moonlark.Tensor
---@return {weights: moonlark.Tensor, intercepts: moonlark.Tensor}
function verdicts.fit(x, known)
  local torch = require "moonlark.torch"
  local weights, intercepts = {}, {}
  for class = 0, known:size(1) - 1 do weights[class + 1], intercepts[class + 1] = fit_class(x, known, class) end
  return {weights = torch.stack(weights, 1), intercepts = torch.cat(intercepts)}
end

local function logits(model, x) return x:double():matmul(model.weights) + model.intercepts end

--- Probabilities of rows, n × classes; `sharpness` multiplies the logits.
---     local p = verdicts.proba(model, x, 1.5)
---@param model {weights: moonlark.Tensor, intercepts: moonlark.Tensor}
---@param x moonlark.Tensor
---@param sharpness number
---@return moonlark.Tensor
function verdicts.proba(model, x, sharpness) return (logits(model, x) * sharpness):softmax(1) end

-- The rows that are known to be of a class, by models that did not see them: logits, and 1 at that class.
local function unseen(x, known)
  local torch = require "moonlark.torch"
  local found, truth = {}, {}
  for part = 0, parts - 1 do
    local inside, outside = {}, {}
    for i = 0, x:size(0) - 1 do
      local of_one = known[i]:eq(1):any():item()
      if i % parts == part and of_one then inside[#inside + 1] = i else outside[#outside + 1] = i end
    end
    if #inside > 0 then
      local seen, rows = torch.tensor(outside, {dtype = "int64"}), torch.tensor(inside, {dtype = "int64"})
      local model = verdicts.fit(x:index_select(0, seen), known:index_select(0, seen))
      found[#found + 1] = logits(model, x:index_select(0, rows))
      truth[#truth + 1] = known:index_select(0, rows):eq(1):double()
    end
  end
  return torch.cat(found), torch.cat(truth)
end

--- What logits are to be multiplied by so that probabilities are right of rows that were not seen (Guo and others, On
--- Calibration of Modern Neural Networks, 2017), by parts of the rows; 1 where there are too few of them.
---     print(verdicts.sharpness(x, known))
---@param x moonlark.Tensor
---@param known moonlark.Tensor
---@return number
function verdicts.sharpness(x, known)
  local examples = known:eq(1):sum():item()
  if examples < least_rows or examples < 2 * known:size(1) then return 1 end
  local found, truth = unseen(x, known)
  local best, least = 1, math.huge
  for step = -4, 8 do -- a half to four
    local sharpness = 2 ^ (step / 4)
    local loss = -((found * sharpness):log_softmax(1) * truth):sum():item()
    if loss < least then best, least = sharpness, loss end
  end
  return best
end

return verdicts
