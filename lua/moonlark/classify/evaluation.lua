--- Evaluation: how predictions compare with the labels, as a table that prints itself.
local metrics = require "moonlark.metrics"
local show = require "moonlark.base.show"

---@class moonlark.Evaluation
---@field accuracy number  share of predictions that are right
---@field interval {low: number, high: number}  95 % of the accuracy
---@field folds {accuracy: number, n: integer}[]?
---@field mean_accuracy number?  over the folds
---@field std_accuracy number?
---@field confusion moonlark.Tensor  classes × classes, rows are the truth
---@field per_class {precision: number, recall: number, f1: number, support: integer}[]
---@field macro {precision: number, recall: number, f1: number}  plain means over the classes
---@field weighted {precision: number, recall: number, f1: number}  means weighted by support
---@field y moonlark.Tensor
---@field predicted moonlark.Tensor
---@field classes string[]
local Evaluation = {}
Evaluation.__index = Evaluation
Evaluation.__name = "moonlark.Evaluation"

function Evaluation:__tostring()
  local folds = self.folds and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_accuracy, self.std_accuracy)
  local width = #"weighted mean"
  for _, name in ipairs(self.classes) do width = math.max(width, utf8.len(show.name(name))) end
  local function row(name, values, support)
    name = show.name(name)
    local pad = (" "):rep(width - utf8.len(name))
    return ("%s%s  %9.3f  %6.3f  %6.3f  %7d"):format(name, pad, values.precision, values.recall, values.f1, support)
  end
  local lines = {
    ("accuracy %.3f  (95 %% interval %.3f to %.3f%s)"):format(self.accuracy, self.interval.low, self.interval.high,
      folds or ""),
    "", (" "):rep(width) .. "  precision  recall      f1  support",
  }
  for i, values in ipairs(self.per_class) do
    lines[#lines + 1] = row(self.classes[i] or tostring(i - 1), values, values.support)
  end
  local n = self.y:size(0)
  lines[#lines + 1] = row("mean", self.macro, n)
  lines[#lines + 1] = row("weighted mean", self.weighted, n)
  return table.concat(lines, "\n")
end

--- The evaluation of predictions; of a cross-validation, with its folds.
---@param y moonlark.Tensor
---@param predicted moonlark.Tensor
---@param classes string[]
---@param folds {accuracy: number, n: integer}[]?
---@return moonlark.Evaluation
return function(y, predicted, classes, folds)
  local report = setmetatable({y = y, predicted = predicted, classes = classes, folds = folds}, Evaluation)
  report.accuracy, report.interval = metrics.accuracy(y, predicted)
  if folds then
    local list = {}
    for i, fold in ipairs(folds) do list[i] = fold.accuracy end
    report.mean_accuracy, report.std_accuracy = metrics.spread(list)
  end
  report.confusion = metrics.confusion(y, predicted, #classes)
  report.per_class, report.macro, report.weighted = metrics.precision_recall_f1(y, predicted, #classes)
  return report
end
