--- Search: the hyperparameters that judge best, of all that a grid holds or of some that are drawn.
local changed = require "moonlark.classify.changed"
local core = require "moonlark_core"
local folds = require "moonlark.classify.folds"
local judge = require "moonlark.classify.judge"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"
local text = require "moonlark.base.text"

---@class moonlark.classify
local search = {}

local searching = options.describe("classify.grid_search", folds.repeated, scoring.option)

local function check_grid(grid)
  if type(grid) ~= "table" or next(grid) == nil then show.fail "the grid must name one hyperparameter or more" end
end

-- Every combination of the values in a grid, in a fixed order.
local function combinations(grid)
  check_grid(grid)
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

-- Judges a model with these hyperparameters by all folds.
local function try(model, params, X, divisions, o)
  local candidate = changed(model, params)
  local found = judge(function(train) return candidate:clone():fit(train) end, X, divisions, o)
  local values, accuracies = {}, {}
  for i, fold in ipairs(found.folds) do
    local value = task.pick(X, fold, o.scoring)
    if value == value then values[#values + 1] = value end -- a fold of one class has no area under a curve
    accuracies[i] = fold.accuracy
  end
  if #values == 0 then show.fail "scoring: no fold has this figure, for each holds one class alone" end
  local score, deviation = metrics.spread(values)
  return {params = params, score = score, std = deviation,
    accuracy = #accuracies > 0 and (metrics.spread(accuracies)) or nil}
end

-- The best of the results (the first of equals) fitted to all rows; all of them; and the best of them.
local function fit_best(model, X, results)
  local best
  for _, result in ipairs(results) do
    if not best or result.score > best.score then best = result end
  end
  return changed(model, best.params):fit(X), results, best
end

-- Judges every combination.
local function search_grid(model, X, grid, o)
  local divisions, results = folds.divide(X, o), {}
  for i, params in ipairs(combinations(grid)) do results[i] = try(model, params, X, divisions, o) end
  return fit_best(model, X, results)
end

--- Tries every combination of hyperparameters by cross-validation, and fits the best one (the first of equals) to
--- all rows. In a pipeline names mean the last step; "pca.n_components" means another. To judge the search itself, use
--- classify.nested_cross_validate.
---     local best, results = classify.grid_search(classify.svm(), X, {C = {1, 10}, gamma = {0.01, 0.1}})
---@param model moonlark.Estimator
---@param X table  as for cross_validate
---@param grid table<string, any[]>  values to try for each hyperparameter
---@param given moonlark.classify.grid_search.Options?
---@return moonlark.Estimator best  fitted
---@return moonlark.SearchResult[] results  of every combination
function search.grid_search(model, X, grid, given)
  local o = searching:read(given)
  folds.check(model, X)
  local best, results = search_grid(model, X, grid, o)
  return best, results
end

---@class moonlark.SearchResult
---@field params table<string, any>  the hyperparameters
---@field score number  of what `scoring` says, the mean over folds
---@field std number  its deviation
---@field accuracy number?  of classes: the mean over folds

local budget = {
  trials = options.integer(nil, {least = 1, usual = "20; with `seconds`, as many as these allow"}, "draws at most"),
  seconds = options.number(nil, {above = 0, unit = "s", usual = "as long as the trials take"},
    "no trial begins later; the first is always made"),
}

local drawing = options.describe("classify.random_search", folds.repeated, scoring.option, budget)

-- One value of each hyperparameter.
local function draw(grid, random)
  local params = {}
  for _, key in ipairs(text.keys(grid)) do
    local values = grid[key]
    if type(values) == "table" and values.draw then
      params[key] = values.draw(random)
    elseif type(values) == "table" and #values > 0 then
      params[key] = values[random(#values) + 1]
    else
      show.fail("the grid's '%s' must be a list of values or a distribution, such as classify.log_uniform(1, 100)", key)
    end
  end
  return params
end

-- Judges draws for as long as the budget lasts.
local function search_random(model, X, grid, o)
  check_grid(grid)
  local divisions, results, random = folds.divide(X, o), {}, partition.random(o.seed)
  local started, trials = core.system.clock(), o.trials or not o.seconds and 20 or math.huge
  repeat
    results[#results + 1] = try(model, draw(grid, random), X, divisions, o)
  until #results >= trials or o.seconds and core.system.clock() - started >= o.seconds
  return fit_best(model, X, results)
end

--- Tries hyperparameters that are drawn from lists and distributions (Bergstra and Bengio 2012), and fits the best (the
--- first of equals) to all rows. The same seed draws the same; with `seconds` their number depends on the machine.
---     local best, results = classify.random_search(classify.svm(), X,
---       {C = classify.log_uniform(0.1, 1000), gamma = classify.log_uniform(1e-4, 1)}, {trials = 30, seed = 1})
---@param model moonlark.Estimator
---@param X table  as for cross_validate
---@param grid table<string, any[]|moonlark.Distribution>  what each hyperparameter is drawn from
---@param given moonlark.classify.random_search.Options?
---@return moonlark.Estimator best  fitted
---@return moonlark.SearchResult[] results  of every trial, in their order
function search.random_search(model, X, grid, given)
  local o = drawing:read(given)
  folds.check(model, X)
  local best, results = search_random(model, X, grid, o)
  return best, results
end

local nesting = options.describe("classify.nested_cross_validate", folds.repeated, scoring.option, budget, {
  inner_k = options.integer(nil, {least = 2, usual = "as many as given folds leave, else 5"},
    "how many folds the search within each fold makes of the other rows"),
  each = options.callable(nil, "is called after each fold with its number and result",
    "fun(fold: integer, result: moonlark.FoldResult)"),
})

--- Judges a search: within each fold the hyperparameters are searched on the other folds alone, the best are fitted to
--- these, and the fold is predicted. The figures are those of the whole procedure; what a search says of its own best
--- is too good (Cawley and Talbot 2010). It is a random search where trials or seconds are given, else one by grid.
---     print(classify.nested_cross_validate(classify.svm(), X, {C = {1, 10, 100}}, {k = 5, inner_k = 3}))
---@param model moonlark.Estimator
---@param X table  as for cross_validate
---@param grid table<string, any[]|moonlark.Distribution>
---@param given moonlark.classify.nested_cross_validate.Options?
---@return moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation report
---@return table[] params  the hyperparameters that each fold chose
function search.nested_cross_validate(model, X, grid, given)
  local o = nesting:read(given)
  folds.check(model, X)
  local chosen, find = {}, (o.trials or o.seconds) and search_random or search_grid
  local inner = {k = o.inner_k, seed = o.seed, scoring = o.scoring, trials = o.trials, seconds = o.seconds}
  local function fit(train)
    local fitted, _, best = find(model, train, grid, inner)
    chosen[#chosen + 1] = best.params
    return fitted
  end
  local found = judge(fit, X, folds.divide(X, o), o)
  return task.of(X).evaluation(X, found), chosen
end

return search
