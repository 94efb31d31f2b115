--- Evaluation of values: how near predicted numbers come to the true ones, as a table that prints itself.
local html = require "moonlark.base.html"
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

local headings = {"R²", "RMSE", "MAE", "Pearson", "Spearman", "CCC"}

-- The line above the table.
local function summary(self)
  local many = self.folds and #self.folds > 1
  local folds = many and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_r2, self.std_r2) or ""
  return ("R² %.3f  (RMSE %.4g, CCC %.3f%s)"):format(self.r2, self.rmse, self.ccc, folds)
end

-- A target's figures as texts.
local function cells_of(found)
  local cells = {}
  for k, name in ipairs(figures) do
    local unit = name == "rmse" or name == "mae"
    cells[k] = found[name] ~= found[name] and "–" or (unit and "%.4g" or "%.3f"):format(found[name])
  end
  return cells
end

-- Cells of a line, set to the right of their nine columns.
local function aligned(cells)
  local parts = {}
  for k, cell in ipairs(cells) do parts[k] = (" "):rep(9 - utf8.len(cell)) .. cell end
  return table.concat(parts, " ")
end

function Evaluation:__tostring()
  local lines, names, width = {summary(self), ""}, {}, 0
  for i, name in ipairs(self.targets) do
    names[i] = show.name(name)
    width = math.max(width, utf8.len(names[i]))
  end
  lines[3] = (" "):rep(width) .. " " .. aligned(headings)
  for i, found in ipairs(self.per_target) do
    lines[#lines + 1] = names[i] .. (" "):rep(width - utf8.len(names[i])) .. " " .. aligned(cells_of(found))
  end
  return table.concat(lines, "\n")
end

function Evaluation:__display()
  local rows = {}
  for i, found in ipairs(self.per_target) do rows[i] = {self.targets[i], table.unpack(cells_of(found))} end
  return {["text/html"] = html.lines(summary(self)) .. html.table({"", table.unpack(headings)}, rows)}
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
