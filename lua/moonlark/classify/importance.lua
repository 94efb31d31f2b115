--- Importance: which columns a model needs.
local core = require "moonlark_core"
local folds = require "moonlark.classify.folds"
local html = require "moonlark.base.html"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local progress = require "moonlark.base.progress"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

---@class moonlark.classify
local importance = {}

---@class moonlark.Importance
---@field method string
---@field scoring string?  of permutations: what falls
---@field baseline number?  of permutations: the score with every column as it is
---@field names string[]  the most important first
---@field importances_mean number[]  in the order of the names
---@field importances_std number[]?  of permutations
---@field [integer] {name: string, mean: number, std: number?, columns: integer[]}  the most important first
local Importance = {}
Importance.__index = Importance
Importance.__name = "moonlark.Importance"

local SHOWN = 30 -- columns; of the others there is a count

local function summary(self)
  return self.scoring and ("%s %.3f; how much of it is lost without:"):format(self.scoring, self.baseline)
    or ("%s of the splits by each column:"):format(self.method)
end

local function number(one) return one.std and ("%7.4f ± %.4f"):format(one.mean, one.std) or ("%8.4g"):format(one.mean) end

function Importance:__tostring()
  local width, lines = 0, {summary(self)}
  for _, one in ipairs(self) do width = math.max(width, utf8.len(show.name(one.name))) end
  for i = 1, math.min(#self, SHOWN) do
    local name = show.name(self[i].name)
    lines[i + 1] = ("%s%s  %s"):format(name, (" "):rep(width - utf8.len(name)), number(self[i]))
  end
  if #self > SHOWN then lines[#lines + 1] = ("… and %d more"):format(#self - SHOWN) end
  return table.concat(lines, "\n")
end

function Importance:__display()
  local rows = {}
  for i = 1, math.min(#self, SHOWN) do rows[i] = {self[i].name, (number(self[i]):gsub("^%s+", ""))} end
  if #self > SHOWN then rows[#rows + 1] = {("… and %d more"):format(#self - SHOWN)} end
  return {["text/html"] = html.lines(summary(self)) .. html.table({"column", "importance"}, rows)}
end

-- --- what is judged as one: a column, or all columns of a feature -------------------------------

local statistics = {mean = true, std = true, var = true, min = true, max = true, median = true, skew = true,
  kurtosis = true}

-- "mfcc_3_mean" → "mfcc": without the statistic and the row's number.
local function feature_of(name)
  local before, word = name:match "^(.+)_([%a]+%d*)$"
  if before and (statistics[word] or word:find "^p%d+$") then name = before end
  return name:match "^(.-)_?%d+$" or name
end

-- {name, columns} each.
local function parts_of(X, by)
  local parts, of = {}, {}
  for i = 1, X.x:size(1) do
    local name = X.names and X.names[i] or ("column %d"):format(i)
    local key = by == "feature" and feature_of(name) or i
    if not of[key] then
      of[key] = {name = by == "feature" and key or name, columns = {}}
      parts[#parts + 1] = of[key]
    end
    table.insert(of[key].columns, i)
  end
  return parts
end

local function sorted(parts, fields)
  table.sort(parts, function(a, b)
    if a.mean ~= b.mean then return a.mean > b.mean end
    return a.columns[1] < b.columns[1]
  end)
  for name, value in pairs(fields) do parts[name] = value end
  parts.names, parts.importances_mean, parts.importances_std = {}, {}, {}
  for i, part in ipairs(parts) do
    parts.names[i], parts.importances_mean[i], parts.importances_std[i] = part.name, part.mean, part.std
  end
  if fields.method ~= "permutation" then parts.importances_std = nil end
  return setmetatable(parts, Importance)
end

-- --- permutations -----------------------------------------------------------------------------

-- The test rows, once for each repeat, these columns of each in another order.
local function shuffled(x, columns, repeats, random)
  local torch = require "moonlark.torch"
  local n, order = x:size(0), {}
  for _ = 1, repeats do
    local rows = {}
    for i = 1, n do rows[i] = i - 1 end
    for _, row in ipairs(partition.shuffle(rows, random)) do order[#order + 1] = row end
  end
  local places = {}
  for i, column in ipairs(columns) do places[i] = column - 1 end
  local ids = torch.tensor(places, {dtype = "int64"})
  local others = x:index_select(1, ids):index_select(0, torch.tensor(order, {dtype = "int64"}))
  return x:tile {repeats, 1}:index_copy_(1, ids, others)
end

-- How much of the score is lost, in each repeat.
local function losses(fitted, test, columns, o, random, baseline)
  local x, n = shuffled(test.x, columns, o.repeats, random), test.x:size(0)
  local asked, list = task.of(test), {}
  local wanted = o.scoring or asked.figure
  local of_scores = asked.name ~= "classes" or wanted == "auc" -- others need no second pass over the rows
  local predicted, scores = fitted:predict(x), of_scores and asked.scores(fitted, x, test) or nil
  for r = 0, o.repeats - 1 do
    local figures = asked.figures(test.y, predicted:narrow(0, r * n, n), scores and scores:narrow(0, r * n, n),
      wanted)
    list[r + 1] = baseline - task.pick(test, figures, o.scoring)
  end
  return list
end

local function by_permutation(model, X, o)
  local how = {k = o.k, seed = o.seed, groups = o.groups, folds = o.folds} -- o.repeats is of permutations
  local division, parts, random = folds.divide(X, how)[1], parts_of(X, o.by), partition.random(o.seed)
  local bar <close> = o.progress and progress.new(division.k * #parts, "importance") or nil
  local baselines = {}
  for _, part in ipairs(parts) do part.losses = {} end
  for fold = 1, division.k do
    local fitted = model:clone():fit(folds.subset(X, folds.rows(division.places, fold, false), how))
    local test = folds.subset(X, folds.rows(division.places, fold, true), how)
    baselines[fold] = task.pick(X, task.judge(fitted, test), o.scoring)
    for i, part in ipairs(parts) do
      for _, loss in ipairs(losses(fitted, test, part.columns, o, random, baselines[fold])) do
        table.insert(part.losses, loss)
      end
      if bar then bar:update((fold - 1) * #parts + i) end
    end
  end
  for _, part in ipairs(parts) do
    part.mean, part.std = metrics.spread(part.losses)
    part.losses = nil
  end
  return sorted(parts, {method = "permutation", scoring = o.scoring or task.of(X).figure,
    baseline = (metrics.spread(baselines))})
end

-- --- the trees' own ---------------------------------------------------------------------------

-- The trees of a fitted model whose columns are those of X.
local function trees_of(fitted)
  for i, step in ipairs(fitted.state.steps or {}) do
    if i == #fitted.state.steps then return trees_of(step) end
    if step.kind ~= "classify.scaler" then
      show.fail("the columns of these trees are what %s makes: take method = \"permutation\"", step.kind)
    end
  end
  return fitted.kind:find "random_forest$" and fitted or fitted.kind:find "boosted_trees$" and fitted
    or show.fail("%s holds no trees: take method = \"permutation\"", fitted.kind)
end

local function by_trees(model, X, o)
  local trees, parts = trees_of(model:clone():fit(X)), parts_of(X, o.by)
  local function values(kind) return core.classify.trees_importance(trees.state.model, X.x:size(1), kind):totable() end
  local gains, splits = values "total_gain", values "weight"
  for _, part in ipairs(parts) do
    local gain, count = 0, 0
    for _, column in ipairs(part.columns) do
      gain, count = gain + gains[column], count + splits[column]
    end
    part.mean = o.method == "weight" and count or o.method == "total_gain" and gain or count > 0 and gain / count or 0
  end
  return sorted(parts, {method = o.method})
end

local parameters = options.describe("classify.importance", folds.options, scoring.option, {
  method = options.choice({"permutation", "gain", "total_gain", "weight"}, "permutation",
    "permutation: of any model, on folds that it did not see; of trees their own: mean or total gain of the splits "
      .. "by a column, or their number"),
  repeats = options.integer(5, {least = 1}, "permutations of each column in each fold"),
  by = options.choice({"column", "feature"}, "column",
    "each column, or all columns of a feature at once: mfcc_0_mean, mfcc_1_mean … as mfcc"),
  progress = options.boolean(false, "a bar on standard error"),
})

--- Which columns a model needs. Permutation importance (Breiman 2001): how much of the score is lost on a fold that was
--- set aside when the values of a column are dealt out anew among its rows; mean and deviation over folds and repeats,
--- as sklearn.inspection.permutation_importance on each fold. A column counts little where others say the same: by =
--- "feature" takes the columns of a feature together.
---     print(classify.importance(classify.random_forest(), X, {by = "feature"}))
---     print(classify.importance(classify.boosted_trees(), X, {method = "gain"})[1].name)
---@param model moonlark.Estimator  fitted or not: it is fitted anew
---@param X table  as for cross_validate; its names are used
---@param given moonlark.classify.importance.Options?
---@return moonlark.Importance
function importance.importance(model, X, given)
  local o = parameters:read(given)
  folds.check(model, X)
  if o.method == "permutation" then return by_permutation(model, X, o) end
  return by_trees(model, X, o)
end

return importance
