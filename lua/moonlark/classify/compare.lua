--- Comparison: whether one model is better than another, or the folds were kind to it.
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

---@class moonlark.classify
local comparing = {}

---@class moonlark.Comparison
---@field difference number  mean over folds of the first model's score minus the second's
---@field interval {low: number, high: number}?  95 % of the difference
---@field t number?  of the corrected resampled t-test; nil, as what follows from it, of one fold alone
---@field degrees integer?  of freedom
---@field p number?  how probable such a difference is among models that are equally good
---@field scoring string
---@field mcnemar {only_first: integer, only_second: integer, p: number}?  of classes: rows that one model alone has
---  right
local Comparison = {}
Comparison.__index = Comparison
Comparison.__name = "moonlark.Comparison"

function Comparison:__tostring()
  local lines, rows = {("%s %+.3f"):format(self.scoring, self.difference)}, self.mcnemar
  if self.t then
    lines[1] = lines[1] .. ("  (95 %% interval %+.3f to %+.3f)"):format(self.interval.low, self.interval.high)
    lines[2] = ("corrected resampled t-test: t = %.2f, %d degrees of freedom, p = %.3g"):format(self.t, self.degrees,
      self.p)
  end
  lines[#lines + 1] = rows and ("McNemar's exact test: %d rows right by the first alone, %d by the second alone, "
    .. "p = %.3g"):format(rows.only_first, rows.only_second, rows.p)
  return table.concat(lines, "\n")
end

-- The probability that |t| is below x, for a whole number of degrees of freedom (Abramowitz and Stegun, 26.7.3 and
-- 26.7.4).
local function within(x, degrees)
  local angle = math.atan(math.abs(x) / math.sqrt(degrees))
  local square, odd = math.cos(angle) ^ 2, degrees % 2 == 1
  local term, sum = odd and math.cos(angle) or 1, 0
  for i = odd and 3 or 2, degrees, 2 do
    sum, term = sum + term, term * square * (i - 1) / i
  end
  if odd then return 2 / math.pi * (angle + math.sin(angle) * sum) end
  return math.sin(angle) * sum
end

-- The t within which 95 % lie, by bisection.
local function bound_of(degrees)
  local low, high = 0, 13
  for _ = 1, 60 do
    local middle = (low + high) / 2
    if within(middle, degrees) < 0.95 then low = middle else high = middle end
  end
  return (low + high) / 2
end

-- The p of b against c among b + c fair coins, two-sided.
local function coin_test(b, c)
  local n, sum, term = b + c, 0, -(b + c) * math.log(2) -- of the logarithm of the binomial
  for i = 0, math.min(b, c) do
    sum = sum + math.exp(term)
    term = term + math.log((n - i) / (i + 1))
  end
  return math.min(1, 2 * sum)
end

-- Two lists of whether rows are right.
local function mcnemar(first, second)
  local only_first = first:logical_and(second:logical_not()):sum():item()
  local only_second = second:logical_and(first:logical_not()):sum():item()
  return {only_first = only_first, only_second = only_second, p = coin_test(only_first, only_second)}
end

local function check(a, b)
  for i, found in ipairs {a or false, b or false} do
    if type(found) ~= "table" or not found.folds then
      show.fail("%s must be what classify.cross_validate or hold_out gave, got %s", ({"a", "b"})[i],
        options.got(found))
    end
  end
  local first, second = a.division or {}, b.division or {}
  local same = #first == #second and #a.folds == #b.folds and a.y:equal(b.y)
  for i, fold in ipairs(first) do same = same and fold == second[i] end
  if not same then
    show.fail "a and b must be of the same rows, divided in the same way: the same X, k, seed and groups"
  end
end

-- What the folds of a have more than those of b; folds in which either has no such figure are left out.
local function differences_of(a, b, wanted)
  local list = {}
  for i, fold in ipairs(a.folds) do
    local other = b.folds[i]
    if not (fold[wanted] and other[wanted]) then show.fail("scoring: the folds have no '%s'", wanted) end
    local difference = fold[wanted] - other[wanted]
    if difference == difference then list[#list + 1] = difference end
  end
  return #list > 0 and list or show.fail("scoring: no fold has a '%s' of both", wanted)
end

-- Mean of the differences, and the deviation of that mean, where folds learn from shared rows.
local function corrected(differences, share)
  local mean, deviation = metrics.spread(differences)
  local n = #differences
  local variance = deviation * deviation * n / (n - 1)
  return mean, math.sqrt((1 / n + share) * variance)
end

-- The rows that judge a fold, over those it learns from, on average.
local function share_of(found)
  local sum = 0
  for _, fold in ipairs(found.folds) do sum = sum + fold.n / (found.n - fold.n) end
  return sum / #found.folds
end

local parameters = options.describe("classify.compare", scoring.option)

-- The corrected resampled t-test.
local function test(found, differences, share)
  local error
  found.difference, error = corrected(differences, share)
  found.degrees = #differences - 1
  found.t = error > 0 and found.difference / error or found.difference == 0 and 0.0
    or found.difference > 0 and math.huge or -math.huge
  found.p = 1 - within(found.t, found.degrees)
  local half = bound_of(found.degrees) * error
  found.interval = {low = found.difference - half, high = found.difference + half}
end

--- Compares two models that were cross-validated on the same folds, or judged on the same split: the corrected resampled
--- t-test over folds (Nadeau and Bengio 2003; ten times ten folds with `repeats = 10` as Bouckaert and Frank 2004), and
--- of classes McNemar's exact test over rows (of the first division).
---     local by_svm = classify.cross_validate(classify.svm(), X, {k = 10, repeats = 10})
---     print(classify.compare(by_svm, classify.cross_validate(classify.knn(), X, {k = 10, repeats = 10})))
---@param a moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation
---@param b moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation
---@param given moonlark.classify.compare.Options?
---@return moonlark.Comparison
function comparing.compare(a, b, given)
  local o = parameters:read(given)
  check(a, b)
  local wanted = o.scoring or task.figures[a.task or "classes"]
  local found, differences = setmetatable({scoring = wanted}, Comparison), differences_of(a, b, wanted)
  if #differences > 1 then
    test(found, differences, share_of(a))
  else
    found.difference = differences[1]
  end
  found.mcnemar = not a.task and mcnemar(a.predicted:eq(a.y), b.predicted:eq(b.y)) or nil
  return found
end

return comparing
