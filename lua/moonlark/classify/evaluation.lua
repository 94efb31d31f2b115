--- Evaluation: how predictions compare with the labels, as a table that prints itself.
local layout = require "moonlark.metrics.layout"
local metrics = require "moonlark.metrics"

--- A classification report with what was judged.
---@class moonlark.Evaluation: moonlark.ClassificationReport
---@field folds {accuracy: number, n: integer}[]?
---@field mean_accuracy number?  over the folds
---@field std_accuracy number?
---@field y moonlark.Tensor
---@field predicted moonlark.Tensor
local Evaluation = {}
Evaluation.__index = Evaluation
Evaluation.__name = "moonlark.Evaluation"

function Evaluation:__tostring()
  local folds = self.folds and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_accuracy, self.std_accuracy)
  local head = ("accuracy %.3f  (95 %% interval %.3f to %.3f%s)"):format(self.accuracy, self.interval.low,
    self.interval.high, folds or "")
  return head .. "\n\n" .. layout(self)
end

--- The evaluation of predictions; of a cross-validation, with its folds.
---@param y moonlark.Tensor
---@param predicted moonlark.Tensor
---@param classes string[]
---@param folds {accuracy: number, n: integer}[]?
---@return moonlark.Evaluation
return function(y, predicted, classes, folds)
  local found = setmetatable({y = y, predicted = predicted, folds = folds}, Evaluation)
  for name, value in pairs(metrics.report(y, predicted, classes)) do found[name] = value end
  if folds then
    local list = {}
    for i, fold in ipairs(folds) do list[i] = fold.accuracy end
    found.mean_accuracy, found.std_accuracy = metrics.spread(list)
  end
  return found
end
