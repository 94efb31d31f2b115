--- Learning curve: whether more sounds would help.
local folds = require "moonlark.classify.folds"
local html = require "moonlark.base.html"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

---@class moonlark.classify
local curves = {}

---@class moonlark.LearningCurve
---@field train_sizes integer[]  rows learnt from
---@field train_scores number[][]  on the rows learnt from: at each size, one of each fold
---@field test_scores number[][]  on the fold that was set aside
---@field scoring string
local LearningCurve = {}
LearningCurve.__index = LearningCurve
LearningCurve.__name = "moonlark.LearningCurve"

function LearningCurve:__tostring()
  local lines = {("   rows  %-20s  %s"):format("training " .. self.scoring, "test " .. self.scoring)}
  for i, size in ipairs(self.train_sizes) do
    local train, train_std = metrics.spread(self.train_scores[i])
    local test, test_std = metrics.spread(self.test_scores[i])
    lines[i + 1] = ("%7d  %.3f ± %-12.3f  %.3f ± %.3f"):format(size, train, train_std, test, test_std)
  end
  return table.concat(lines, "\n")
end

function LearningCurve:__display()
  local rows = {}
  for i, size in ipairs(self.train_sizes) do
    rows[i] = {size, ("%.3f ± %.3f"):format(metrics.spread(self.train_scores[i])),
      ("%.3f ± %.3f"):format(metrics.spread(self.test_scores[i]))}
  end
  return {["text/html"] = html.table({"rows", "training " .. self.scoring, "test " .. self.scoring}, rows)}
end

local parameters = options.describe("classify.learning_curve", folds.repeated, scoring.option, {
  sizes = options.list(options.number(nil, {above = 0, most = 1}), {0.1, 0.325, 0.55, 0.775, 1}, {least = 1},
    "shares of the rows that a fold leaves to learn from"),
})

-- Rows in an order of which every beginning holds the classes in their shares, drawn within each class. Tags and values
-- are drawn as if they were one class.
local function drawn_order(rows, X, seed)
  local labels = task.of(X).name == "classes" and X.y:totable() or setmetatable({}, {__index = function() return 0 end})
  local order = partition.shuffle(table.move(rows, 1, #rows, 1, {}), partition.random(seed))
  local counts, seen, place = {}, {}, {}
  for _, row in ipairs(order) do counts[labels[row + 1]] = (counts[labels[row + 1]] or 0) + 1 end
  for i, row in ipairs(order) do
    local class = labels[row + 1]
    seen[class] = (seen[class] or 0) + 1
    place[row] = {(seen[class] - 0.5) / counts[class], i}
  end
  table.sort(order, function(a, b)
    local p, q = place[a], place[b]
    if p[1] ~= q[1] then return p[1] < q[1] end
    return p[2] < q[2]
  end)
  return order
end

local function beginning(X, order, size)
  local rows = require "moonlark.torch".tensor(table.move(order, 1, size, 1, {}), {dtype = "int64"})
  local part = folds.subset(X, rows)
  if task.of(X).name == "classes" and part.y:eq(part.y[0]):all():item() then
    show.fail("sizes: %d rows hold one class alone; the smallest size must be larger", size)
  end
  return part
end

-- Adds the scores of one fold at every size.
local function learn_fold(model, X, division, fold, o, found, seed)
  local rows = folds.rows(division.places, fold, false):totable()
  local test = folds.subset(X, folds.rows(division.places, fold, true))
  local order = drawn_order(rows, X, seed)
  for i, share in ipairs(o.sizes) do
    local part = beginning(X, order, math.max(2, math.floor(share * #rows + 0.5)))
    local fitted = model:clone():fit(part)
    found.train_sizes[i] = (found.train_sizes[i] or 0) + part.x:size(0)
    table.insert(found.train_scores[i], task.pick(X, task.judge(fitted, part), o.scoring))
    table.insert(found.test_scores[i], task.pick(X, task.judge(fitted, test), o.scoring))
  end
end

--- Scores of a model that learns from more and more rows, on these and on the folds that were set aside. Where both
--- lines have met, more sounds do not help; where they are apart, more sounds or a simpler model do. The rows of a size
--- are among those of the next.
---     print(classify.learning_curve(classify.svm(), X, {k = 5, sizes = {0.25, 0.5, 1}}))
---@param model moonlark.Estimator
---@param X table  as for cross_validate
---@param given moonlark.classify.learning_curve.Options?
---@return moonlark.LearningCurve
function curves.learning_curve(model, X, given)
  local o = parameters:read(given)
  folds.check(model, X)
  table.sort(o.sizes)
  local found = {train_sizes = {}, train_scores = {}, test_scores = {}, scoring = o.scoring or task.of(X).figure}
  for i = 1, #o.sizes do found.train_scores[i], found.test_scores[i] = {}, {} end
  local count = 0
  for _, division in ipairs(folds.divide(X, o)) do
    for fold = 1, division.k do
      learn_fold(model, X, division, fold, o, found, o.seed + count)
      count = count + 1
    end
  end
  for i, rows in ipairs(found.train_sizes) do found.train_sizes[i] = math.floor(rows / count + 0.5) end
  return setmetatable(found, LearningCurve)
end

return curves
