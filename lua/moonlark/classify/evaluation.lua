--- Evaluation: how predictions compare with the labels, as a table that prints itself.
local html = require "moonlark.base.html"
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
---@field kappa number  agreement beyond chance
---@field mcc number  Matthews correlation coefficient
local Evaluation = {}
Evaluation.__name = "moonlark.Evaluation"

local lazy = {}

function lazy.balanced_accuracy(self) return metrics.balanced_accuracy(self.y, self.predicted) end

function lazy.kappa(self) return metrics.cohen_kappa(self.y, self.predicted) end

function lazy.mcc(self) return metrics.matthews_corrcoef(self.y, self.predicted) end

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
  local method = rawget(Evaluation, key)
  if method then return method end
  local value = lazy[key] and lazy[key](self)
  if value ~= nil then rawset(self, key, value) end
  return value
end

--- All figures that are one number, by name, as metrics.json has them: accuracy with the ends of its 95 % interval,
--- balanced_accuracy, f1, precision and recall (means over classes), kappa, mcc; of scores auc and top_k; of
--- probabilities log_loss and calibration_error.
---     for name, value in pairs(report:figures()) do print(name, value) end
---@return table<string, number>
function Evaluation:figures()
  local found = {accuracy = self.accuracy, ["accuracy.low"] = self.interval.low, ["accuracy.high"] = self.interval.high,
    f1 = self.macro.f1, precision = self.macro.precision, recall = self.macro.recall}
  for _, name in ipairs {"balanced_accuracy", "kappa", "mcc", "auc", "log_loss", "calibration_error"} do
    found[name] = self[name]
  end
  for k, share in pairs(self.top_k or {}) do found[("top_%d"):format(k)] = share end
  for name, value in pairs(found) do
    if value ~= value then found[name] = nil end
  end
  return found
end

-- A curve of each class that is neither absent nor all there is, with its name.
local function each_class(self, make)
  local curves = {}
  for i, name in ipairs(self.classes) do
    local class = self.per_class[i]
    if self.scores and class.support > 0 and class.support < self.n then
      local curve = make(self.y, self.scores, {positive = i - 1})
      curve.name = name
      curves[#curves + 1] = curve
    end
  end
  return curves
end

--- The ROC curve of each class against the rest, with their names; none without scores.
---     plot.roc(report:roc_curves()):save "roc.png"
---@return {name: string, fpr: moonlark.Tensor, tpr: moonlark.Tensor, thresholds: moonlark.Tensor}[]
function Evaluation:roc_curves() return each_class(self, metrics.roc_curve) end

--- Precision and recall of each class against the rest at every threshold, with their names; none without scores.
---     plot.precision_recall(report:precision_recall_curves()):save "precision.png"
---@return {name: string, precision: moonlark.Tensor, recall: moonlark.Tensor, average_precision: number}[]
function Evaluation:precision_recall_curves()
  return each_class(self, function(y, scores, of)
    local curve = metrics.precision_recall_curve(y, scores, of)
    curve.average_precision = metrics.average_precision(y, scores, of)
    return curve
  end)
end

--- Reliability of the surest class of each row, as metrics.calibration_curve gives it; nil unless scores are
--- probabilities.
---     plot.calibration(report:calibration_curve {n_bins = 10})
---@param given moonlark.metrics.calibration_curve.Options?
---@return {mean_predicted: moonlark.Tensor, fraction_positive: moonlark.Tensor, counts: moonlark.Tensor}?
function Evaluation:calibration_curve(given)
  return self.scores_are == "probabilities" and metrics.calibration_curve(self.y, self.scores, given) or nil
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

-- The lines above the table.
local function summary(self)
  local many = self.folds and #self.folds > 1
  local spread = many and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_accuracy, self.std_accuracy)
  local lines = {("accuracy %.3f  (95 %% interval %.3f to %.3f%s)"):format(self.accuracy, self.interval.low,
    self.interval.high, spread or "")}
  local others = other_figures(self)
  if others ~= "" then lines[2] = others end
  if self.repeated then lines[#lines + 1] = "of the first division:" end
  return table.concat(lines, "\n")
end

function Evaluation:__tostring() return summary(self) .. "\n\n" .. layout.text(self) end

function Evaluation:__display() return {["text/html"] = html.lines(summary(self)) .. layout.html(self)} end

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
