--- Evaluation: how predictions compare with the labels, as a table that prints itself.
local layout = require "moonlark.metrics.layout"
local metrics = require "moonlark.metrics"

--- A classification report with what was judged. Figures of scores are computed when they are first asked for.
---@class moonlark.Evaluation: moonlark.ClassificationReport
---@field folds moonlark.FoldResult[]?  of a cross-validation, of all its repeats
---@field mean_accuracy number?  over the folds
---@field std_accuracy number?
---@field repeated boolean?  rows were divided more than once
---@field division integer[]?  the fold of each row, where rows were divided once; else of the first division
---@field y moonlark.Tensor
---@field predicted moonlark.Tensor  of repeats, those of the first division, as are `confusion` and what follows
---@field scores moonlark.Tensor?  n × classes, float64; nil where some are not finite
---@field scores_are "probabilities"|"decisions"|nil
---@field balanced_accuracy number  mean recall of the classes that occur
---@field top_k table<integer, number>?  shares of rows whose class is among the k with the highest scores, k = 2, 3, 5
---@field auc number?  area under the ROC curve, the mean of each class against the rest
---@field log_loss number?  of probabilities
---@field calibration_error number?  of probabilities: how far the surest one is from how often it is right
local Evaluation = {}
Evaluation.__name = "moonlark.Evaluation"

local lazy = {}

function lazy.balanced_accuracy(self) return metrics.balanced_accuracy(self.y, self.predicted) end

function lazy.auc(self) return self.scores and metrics.roc_auc(self.y, self.scores) end

function lazy.top_k(self)
  if not self.scores then return nil end
  local shares = {}
  for _, k in ipairs {2, 3, 5} do
    if k < self.scores:size(1) then shares[k] = metrics.top_k_accuracy(self.y, self.scores, {k = k}) end
  end
  return shares
end

function lazy.log_loss(self)
  return self.scores_are == "probabilities" and metrics.log_loss(self.y, self.scores) or nil
end

function lazy.calibration_error(self)
  return self.scores_are == "probabilities" and metrics.calibration_error(self.y, self.scores) or nil
end

function Evaluation:__index(key)
  local value = lazy[key] and lazy[key](self)
  if value ~= nil then rawset(self, key, value) end
  return value
end

-- Whether the classes that occur are of unlike size: balanced accuracy says something then.
local function is_uneven(self)
  local size
  for _, class in ipairs(self.per_class) do
    if class.support > 0 then
      if size and size ~= class.support then return true end
      size = class.support
    end
  end
  return false
end

-- The figures that say something here, in words.
local function other_figures(self)
  local words = {}
  local function add(name, value)
    if value and value == value then words[#words + 1] = ("%s %.3f"):format(name, value) end
  end
  if is_uneven(self) then add("balanced accuracy", self.balanced_accuracy) end
  add("AUC", self.auc)
  local top = self.top_k or {}
  local k = #self.classes > 10 and 5 or #self.classes > 3 and 3 or nil
  if k then add(("top %d"):format(k), top[k]) end
  add("log loss", self.log_loss)
  add("calibration error", self.calibration_error)
  return table.concat(words, "  ")
end

function Evaluation:__tostring()
  local spread = self.folds and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_accuracy, self.std_accuracy)
  local lines = {("accuracy %.3f  (95 %% interval %.3f to %.3f%s)"):format(self.accuracy, self.interval.low,
    self.interval.high, spread or "")}
  local others = other_figures(self)
  if others ~= "" then lines[2] = others end
  if self.repeated then lines[#lines + 1] = "of the first division:" end
  lines[#lines + 1] = ""
  lines[#lines + 1] = layout(self)
  return table.concat(lines, "\n")
end

-- Accuracy over all folds, which of repeats are more than the rows: the interval counts each row once.
local function judge_folds(self)
  local list, right, n = {}, 0, 0
  for i, fold in ipairs(self.folds) do
    list[i] = fold.accuracy
    right, n = right + fold.accuracy * fold.n, n + fold.n
  end
  self.mean_accuracy, self.std_accuracy = metrics.spread(list)
  self.repeated = n > self.n
  if self.repeated then
    self.accuracy = right / n
    self.interval = metrics.interval(self.accuracy * self.n, self.n)
  end
end

--- The evaluation of predictions; of a cross-validation, with its folds and scores.
---@param y moonlark.Tensor
---@param predicted moonlark.Tensor
---@param classes string[]
---@param more {folds: {accuracy: number, n: integer}[]?, division: integer[]?, scores: moonlark.Tensor?,
---  scores_are: string?}?
---@return moonlark.Evaluation
return function(y, predicted, classes, more)
  local found = {y = y, predicted = predicted}
  for name, value in pairs(metrics.report(y, predicted, classes)) do found[name] = value end
  for _, name in ipairs {"folds", "division", "scores", "scores_are"} do found[name] = more and more[name] end
  if found.scores and not found.scores:isfinite():all():item() then found.scores, found.scores_are = nil, nil end
  setmetatable(found, Evaluation)
  if found.folds then judge_folds(found) end
  return found
end
