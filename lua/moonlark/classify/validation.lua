--- Cross-validation and grid search: what is fitted never sees the fold that judges it.
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local evaluation = require "moonlark.classify.evaluation"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

---@class moonlark.classify
local validation = {}

local function list(value) return type(value) == "table" and value or nil end

local function list_or_false(value)
  if value == false or type(value) == "table" then return value end
end

local division = {
  k = options.integer(nil, {least = 2, usual = "5, or as many as `folds` tells apart"}, "how many folds"),
  seed = options.integer(0, nil, "of the division into folds"),
  groups = options.value("any[]|false", "a list or false", list_or_false, nil,
    "a group for each row; no group is on both sides; false: none", {usual = "X.groups", keeps_false = true}),
  folds = options.value("any[]", "a list", list, nil, "a fold for each row, as the data's publisher gave them",
    {usual = "X.folds, where k is not given"}),
}

local judging = options.describe("classify.cross_validate", division, {
  each = options.callable(nil, "is called after each fold with its number and result",
    "fun(fold: integer, result: {n: integer, accuracy: number})"),
})
local searching = options.describe("classify.grid_search", division)

-- What extract gives: numbers by rows, and a class for each row.
local function check_table(X)
  local torch = require "moonlark.torch"
  if type(X) ~= "table" or not torch.is_tensor(X.x) or not torch.is_tensor(X.y) then
    show.fail "X must be what dataset:extract gives, or {x = rows × columns, y = class ids}"
  end
  if X.x:dim() ~= 2 then show.fail("X.x must have 2 axes, rows × columns, got %d", X.x:dim()) end
  if X.y:dim() ~= 1 or X.y:size(0) ~= X.x:size(0) then
    show.fail("X.y must have one class id for each of the %d rows", X.x:size(0))
  end
  core.classify.check(X.x, 2)
  core.classify.classes(X.y, X.x:size(0))
end

local function class_names(X)
  if X.classes then return X.classes end
  local names = {}
  for i = 0, X.y:max():item() do names[i + 1] = tostring(i) end
  return names
end

-- The different values of a list with an entry for each row.
local function distinct(name, list, n)
  if #list ~= n then show.fail("%s must have one entry for each row (%d), got %d", name, n, #list) end
  local values, seen = {}, {}
  for _, value in ipairs(list) do
    if not seen[value] then values[#values + 1] = value end
    seen[value] = true
  end
  return values
end

-- The folds that were given, numbered in the order of their names; and how many there are.
local function numbered(folds, n)
  local values, number, places = distinct("folds", folds, n), {}, {}
  if #values < 2 then show.fail("folds must have 2 different values or more, got %d", #values) end
  table.sort(values, function(a, b) return tostring(a) < tostring(b) end)
  for i, value in ipairs(values) do number[value] = i end
  for i, value in ipairs(folds) do places[i] = number[value] end
  return places, #values
end

local function check_classes(X, labels, k)
  local counts, names = {}, class_names(X)
  for _, id in ipairs(labels) do counts[id] = (counts[id] or 0) + 1 end
  for id, count in pairs(counts) do
    if count < k then show.fail("every class needs k (%d) rows or more, '%s' has %d", k, names[id + 1] or id, count) end
  end
end

-- The fold (1..k) of each row, and k, once the model and the table are checked.
local function assign(model, X, o)
  if not estimator.is(model) then show.fail("model must be an estimator, got %s", type(model)) end
  if not model.predict then show.fail("model must have predict, %s has none", model.kind) end
  check_table(X)
  local n = X.x:size(0)
  local folds = o.folds or (not o.k and X.folds)
  if folds then return numbered(folds, n) end
  local k, labels, shares = o.k or 5, X.y:totable(), {}
  if k > n then show.fail("k must be 2..%d (rows), got %d", n, k) end
  for i = 1, k do shares[i] = 1 / k end
  local groups = o.groups
  if groups == nil then groups = X.groups end
  if groups then
    local count = #distinct("groups", groups, n)
    if count < k then show.fail("k must be at most the number of groups (%d), got %d", count, k) end
    return partition.grouped(labels, groups, shares, o.seed), k
  end
  check_classes(X, labels, k)
  return partition.stratified(labels, shares, o.seed), k
end

local function rows_of(places, fold, inside)
  local rows = {}
  for i, place in ipairs(places) do
    if (place == fold) == inside then rows[#rows + 1] = i - 1 end
  end
  return require "moonlark.torch".tensor(rows, {dtype = "int64"})
end

-- Labels predicted for every row by a model that did not see its fold.
local function predict_all(model, X, places, k, each)
  local predicted, folds = require "moonlark.torch".zeros({X.y:size(0)}, {dtype = "int64"}), {}
  for fold = 1, k do
    local train, test = rows_of(places, fold, false), rows_of(places, fold, true)
    local fitted = model:clone():fit {
      x = X.x:index_select(0, train), y = X.y:index_select(0, train), classes = X.classes,
    }
    local labels = fitted:predict(X.x:index_select(0, test))
    predicted:index_copy_(0, test, labels)
    local right = labels:eq(X.y:index_select(0, test)):sum():item()
    folds[fold] = {n = test:size(0), accuracy = right / test:size(0)}
    if each then each(fold, folds[fold]) end
  end
  return predicted, folds
end

--- Judges a classifier by cross-validation: each fold in turn is predicted by a fresh clone that is fitted to the other
--- folds, scalers of a pipeline included.
---
--- Errors: rows that are not finite; fewer rows of a class, or fewer groups, than folds.
---     print(classify.cross_validate(classify.knn(), X, {k = 10}))
---@param model moonlark.Estimator
---@param X table  what dataset:extract gives, or {x = rows × columns, y = class ids, classes = names}
---@param given moonlark.classify.cross_validate.Options?
---@return moonlark.Evaluation
function validation.cross_validate(model, X, given)
  local o = judging:read(given)
  local places, k = assign(model, X, o)
  local predicted, folds = predict_all(model, X, places, k, o.each)
  return evaluation(X.y, predicted, class_names(X), folds)
end

-- Every combination of the values in a grid, in a fixed order.
local function combinations(grid)
  if next(grid) == nil then show.fail "the grid must name one hyperparameter or more" end
  local all = {{}}
  for _, key in ipairs(text.keys(grid)) do
    if type(grid[key]) ~= "table" or #grid[key] == 0 then
      show.fail("the grid's '%s' must be a list of values", tostring(key))
    end
    local longer = {}
    for _, chosen in ipairs(all) do
      for _, value in ipairs(grid[key]) do
        local copy = {[key] = value}
        for k, v in pairs(chosen) do copy[k] = v end
        longer[#longer + 1] = copy
      end
    end
    all = longer
  end
  return all
end

-- A clone with hyperparameters replaced: in a pipeline, of its last step.
local function with(model, changes)
  if model.kind ~= "classify.pipeline" then return model:clone(changes) end
  local steps = {}
  for i, step in ipairs(model.settings.steps) do steps[i] = step end
  steps[#steps] = with(steps[#steps], changes)
  return model:clone {steps = steps}
end

--- Tries every combination of hyperparameters by cross-validation, and fits the best one (the first of equals) to
--- all rows. In a pipeline the grid is that of the last step. To judge the search itself, run it inside each fold.
---     local best, results = classify.grid_search(classify.svm(), X, {C = {1, 10}, gamma = {0.01, 0.1}})
---@param model moonlark.Estimator
---@param X table  as for cross_validate
---@param grid table<string, any[]>  values to try for each hyperparameter
---@param given moonlark.classify.grid_search.Options?
---@return moonlark.Estimator best  fitted
---@return {params: table, accuracy: number}[] results  of every combination
function validation.grid_search(model, X, grid, given)
  local o = searching:read(given)
  local places, k = assign(model, X, o)
  local results, best = {}, nil
  for i, params in ipairs(combinations(grid)) do
    local _, folds = predict_all(with(model, params), X, places, k)
    local sum = 0
    for _, fold in ipairs(folds) do sum = sum + fold.accuracy end
    results[i] = {params = params, accuracy = sum / k}
    if not best or results[i].accuracy > best.accuracy then best = results[i] end
  end
  return with(model, best.params):fit(X), results
end

return validation
