--- Search: the hyperparameters that judge best.
local folds = require "moonlark.classify.folds"
local judge = require "moonlark.classify.judge"
local metrics = require "moonlark.metrics"
local options = require "moonlark.base.options"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"
local text = require "moonlark.base.text"

---@class moonlark.classify
local search = {}

local searching = options.describe("classify.grid_search", folds.repeated, scoring.option)

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

-- The steps of a pipeline by the last word of their kinds.
local function step_named(steps, name)
  local names = {}
  for i, step in ipairs(steps) do
    names[i] = step.kind:match "[^.]+$"
    if names[i] == name then return i end
  end
  options.unknown("step of the pipeline", name, names)
end

-- A clone with hyperparameters replaced: in a pipeline, of its last step, or of the one that is named:
-- "pca.n_components"; of a model for each tag or target, those of the model.
local function with(model, changes)
  if model.kind == "classify.one_vs_rest" or model.kind == "regress.multi_output" then
    return model:clone {steps = {with(model.settings.steps[1], changes)}}
  end
  if model.kind ~= "classify.pipeline" then return model:clone(changes) end
  local steps, by_step = {}, {}
  for i, step in ipairs(model.settings.steps) do steps[i], by_step[i] = step, {} end
  for key, value in pairs(changes) do
    local name, own = key:match "^([%w_]+)%.([%w_]+)$"
    by_step[name and step_named(steps, name) or #steps][own or key] = value
  end
  for i, step in ipairs(steps) do
    if next(by_step[i]) then steps[i] = with(step, by_step[i]) end
  end
  return model:clone {steps = steps}
end

-- Judges a model with these hyperparameters by all folds.
local function try(model, params, X, divisions, o)
  local changed = with(model, params)
  local found = judge(function(train) return changed:clone():fit(train) end, X, divisions, o)
  local values, accuracies = {}, {}
  local wanted = o.scoring or task.of(X).figure
  for i, fold in ipairs(found.folds) do
    values[i] = fold[wanted] or show.fail("scoring: '%s' is no figure of %s", wanted, task.of(X).name)
    accuracies[i] = fold.accuracy
  end
  local score, deviation = metrics.spread(values)
  return {params = params, score = score, std = deviation,
    accuracy = #accuracies > 0 and (metrics.spread(accuracies)) or nil}
end

-- The best of the results (the first of equals) fitted to all rows.
local function fit_best(model, X, results)
  local best
  for _, result in ipairs(results) do
    if not best or result.score > best.score or best.score ~= best.score then best = result end
  end
  return with(model, best.params):fit(X), results
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
---@return {params: table, score: number, std: number, accuracy: number}[] results  of every combination: mean and
---  deviation over folds of what `scoring` says, and the mean accuracy
function search.grid_search(model, X, grid, given)
  local o = searching:read(given)
  folds.check(model, X)
  local divisions, results = folds.divide(X, o), {}
  for i, params in ipairs(combinations(grid)) do results[i] = try(model, params, X, divisions, o) end
  return fit_best(model, X, results)
end

return search
