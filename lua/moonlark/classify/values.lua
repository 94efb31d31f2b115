--- Evaluation of values: how near predicted numbers come to the true ones, as a table that prints itself.
local metrics = require "moonlark.metrics"
local show = require "moonlark.base.show"

---@class moonlark.TargetFigures
---@field r2 number
---@field rmse number  in the target's unit
---@field mae number  in the target's unit
---@field pearson number
---@field spearman number
---@field ccc number  concordance correlation (Lin 1989)

---@class moonlark.ValuesEvaluation
---@field task "values"
---@field r2 number  of several targets the mean, like the others
---@field rmse number
---@field mae number
---@field pearson number
---@field spearman number
---@field ccc number
---@field n integer  rows
---@field targets string[]
---@field per_target moonlark.TargetFigures[]
---@field folds {r2: number, n: integer}[]?
---@field mean_r2 number?  over the folds
---@field std_r2 number?
---@field y moonlark.Tensor  rows, or rows × targets
---@field predicted moonlark.Tensor
local Evaluation = {}
Evaluation.__index = Evaluation
Evaluation.__name = "moonlark.ValuesEvaluation"

local figures = {"r2", "rmse", "mae", "pearson", "spearman", "ccc"}

function Evaluation:__tostring()
  local many = self.folds and #self.folds > 1
  local folds = many and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_r2, self.std_r2) or ""
  local lines = {("R² %.3f  (RMSE %.4g, CCC %.3f%s)"):format(self.r2, self.rmse, self.ccc, folds), ""}
  local names, width = {}, 0
  for i, name in ipairs(self.targets) do
    names[i] = show.name(name)
    width = math.max(width, utf8.len(names[i]))
  end
  lines[3] = (" "):rep(width) .. "        R²      RMSE       MAE   Pearson  Spearman       CCC"
  for i, found in ipairs(self.per_target) do
    local cells = {names[i] .. (" "):rep(width - utf8.len(names[i]))}
    for k, name in ipairs(figures) do
      local unit = name == "rmse" or name == "mae"
      cells[k + 1] = found[name] ~= found[name] and "        –" or (unit and "%9.4g" or "%9.3f"):format(found[name])
    end
    lines[#lines + 1] = table.concat(cells, " ")
  end
  return table.concat(lines, "\n")
end

--- The evaluation of values; of a cross-validation, with its folds.
---@param y moonlark.Tensor  rows, or rows × targets
---@param predicted moonlark.Tensor  of the same shape
---@param targets string[]?  what is measured
---@param folds {r2: number, n: integer}[]?
---@return moonlark.ValuesEvaluation
return function(y, predicted, targets, folds)
  local self = setmetatable({task = "values", y = y, predicted = predicted, folds = folds, n = y:size(0),
    targets = {}, per_target = {}}, Evaluation)
  for t = 1, y:dim() == 1 and 1 or y:size(1) do
    self.targets[t], self.per_target[t] = targets and targets[t] or ("target %d"):format(t - 1), {}
  end
  for _, name in ipairs(figures) do
    local mean, each = metrics[name](y, predicted)
    self[name] = mean
    for t, found in ipairs(self.per_target) do found[name] = each and each[t] or mean end
  end
  if folds then
    local list = {}
    for i, fold in ipairs(folds) do list[i] = fold.r2 end
    self.mean_r2, self.std_r2 = metrics.spread(list)
  end
  return self
end
