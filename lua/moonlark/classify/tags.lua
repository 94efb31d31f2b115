--- Evaluation of tags: how scores and decisions compare with the tags that rows have, as a table that prints itself.
local html = require "moonlark.base.html"
local metrics = require "moonlark.metrics"
local show = require "moonlark.base.show"

---@class moonlark.TagFigures
---@field ap number  average precision; NaN where no row has the tag
---@field auc number  area under the ROC curve; NaN where all rows have it, or none
---@field precision number  of the decisions
---@field recall number
---@field f1 number
---@field support integer  rows that have it
---@field threshold number?  the score from which on it is said, where that is one for all rows

---@class moonlark.TagsEvaluation
---@field task "tags"
---@field map number  mean average precision: the plain mean over the tags that occur
---@field auc number  the mean area under the ROC curve
---@field macro {precision: number, recall: number, f1: number}  plain means over tags
---@field micro {precision: number, recall: number, f1: number}  of all decisions together
---@field lrap number  label ranking average precision
---@field coverage number  coverage error
---@field n integer  rows
---@field classes string[]  the tags
---@field per_class moonlark.TagFigures[]
---@field folds {map: number, n: integer}[]?
---@field mean_map number?  over the folds
---@field std_map number?
---@field y moonlark.Tensor  rows × tags, 0 or 1
---@field predicted moonlark.Tensor  rows × tags, 0 or 1
---@field scores moonlark.Tensor  rows × tags
local Evaluation = {}
Evaluation.__index = Evaluation
Evaluation.__name = "moonlark.TagsEvaluation"

local columns = {{"ap", "avg prec"}, {"auc", "ROC AUC"}, {"precision", "precision"}, {"recall", "recall"},
  {"f1", "f1-score"}}

local function number(value)
  if value == nil then return (" "):rep(9) end
  return value ~= value and ("%9s"):format "–" or ("%9.3f"):format(value)
end

local function line(width, name, figures)
  local cells = {name .. (" "):rep(width - utf8.len(name))}
  for i, column in ipairs(columns) do cells[i + 1] = number(figures[column[1]]) end
  cells[#cells + 1] = figures.support and ("%8d"):format(figures.support) or (" "):rep(8)
  return (table.concat(cells, " "):gsub("%s+$", ""))
end

-- The line above the table.
local function summary(self)
  local many = self.folds and #self.folds > 1
  local folds = many and ("; %d folds, %.3f ± %.3f"):format(#self.folds, self.mean_map, self.std_map) or ""
  return ("mean average precision %.3f  (ROC AUC %.3f, F1 %.3f macro, %.3f micro%s)"):format(self.map, self.auc,
    self.macro.f1, self.micro.f1, folds)
end

-- The figures of the last line but one.
local function macro_of(self)
  return {ap = self.map, auc = self.auc, precision = self.macro.precision, recall = self.macro.recall,
    f1 = self.macro.f1}
end

function Evaluation:__tostring()
  local lines = {summary(self), ""}
  local names, width = {}, #"macro avg"
  for i, name in ipairs(self.classes) do
    names[i] = show.name(name)
    width = math.max(width, utf8.len(names[i]))
  end
  local heads = {}
  for i, column in ipairs(columns) do heads[i] = ("%9s"):format(column[2]) end
  lines[3] = (" "):rep(width) .. " " .. table.concat(heads, " ") .. "  support"
  for i, figures in ipairs(self.per_class) do lines[#lines + 1] = line(width, names[i], figures) end
  lines[#lines + 1] = ""
  lines[#lines + 1] = line(width, "macro avg", macro_of(self))
  lines[#lines + 1] = line(width, "micro avg", self.micro)
  return table.concat(lines, "\n")
end

function Evaluation:__display()
  local headings, rows = {""}, {}
  for i, column in ipairs(columns) do headings[i + 1] = column[2] end
  headings[#headings + 1] = "support"
  local function add(name, figures)
    local cells = {name}
    for i, column in ipairs(columns) do cells[i + 1] = number(figures[column[1]]):match "%S*$" end
    cells[#headings] = figures.support
    rows[#rows + 1] = cells
  end
  for i, figures in ipairs(self.per_class) do add(self.classes[i], figures) end
  add("macro avg", macro_of(self))
  add("micro avg", self.micro)
  return {["text/html"] = html.lines(summary(self)) .. html.table(headings, rows)}
end

--- The evaluation of tags; of a cross-validation, with its folds.
---@param y moonlark.Tensor  rows × tags, 0 or 1
---@param classes string[]  the tags
---@param found {predicted: moonlark.Tensor, scores: moonlark.Tensor, thresholds: number[]?, folds: table[]?}
---@return moonlark.TagsEvaluation
return function(y, classes, found)
  local folds = found.folds
  local self = setmetatable({task = "tags", y = y, predicted = found.predicted, scores = found.scores,
    classes = classes, folds = folds, n = y:size(0)}, Evaluation)
  local aps, areas
  self.map, aps = metrics.mean_average_precision(y, found.scores)
  self.auc, areas = metrics.mean_roc_auc(y, found.scores)
  self.per_class, self.macro, self.micro = metrics.tags_f1(y, found.predicted)
  for i, figures in ipairs(self.per_class) do
    figures.ap, figures.auc, figures.threshold = aps[i], areas[i], found.thresholds and found.thresholds[i]
  end
  self.lrap, self.coverage = metrics.lrap(y, found.scores), metrics.coverage_error(y, found.scores)
  if folds then
    local list = {}
    for _, fold in ipairs(folds) do list[#list + 1] = fold.map == fold.map and fold.map or nil end
    self.mean_map, self.std_map = metrics.spread(list)
  end
  return self
end
