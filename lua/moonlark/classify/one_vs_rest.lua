--- One against the rest: a classifier for each tag, which says yes or no.
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local partition = require "moonlark.dataset.partition"
local show = require "moonlark.base.show"

-- Says the share of yes among the rows fitted, whatever it is asked: of a tag that all of these rows have, or none.
local constant = estimator.define {
  parameters = options.describe("classify.constant", {}),
  state = {"number share"},
  fit = function(_, _, y) return {share = y:double():mean():item()} end,
  methods = {
    predict_proba = function(state, x)
      local torch = require "moonlark.torch"
      return torch.tensor({1 - state.share, state.share}, {dtype = "float64"}):expand(x:size(0), 2):contiguous()
    end,
  },
}

-- How sure a fitted classifier of two classes is of the second, 0..1. Distances from a border, which some have in place
-- of probabilities, are put between 0 and 1: the border at 0.5, in the same order.
local function scores_of(model, x)
  if estimator.has(model, "predict_proba") then return model:predict_proba(x):select(1, 1) end
  return (-model:decision_function(x):select(1, 0)):sigmoid()
end

local function rows_of(places, fold, inside)
  local rows = {}
  for i, place in ipairs(places) do
    if (place == fold) == inside then rows[#rows + 1] = i - 1 end
  end
  return require "moonlark.torch".tensor(rows, {dtype = "int64"})
end

-- The score of each row, by a copy of the model that was fitted to others; nil where there are too few rows for that.
local function scores_outside(model, x, y, o)
  local yes = y:sum():item()
  local k = math.min(o.cv, yes, y:size(0) - yes)
  if k < 2 then return nil end
  local shares, scores = {}, require "moonlark.torch".zeros({y:size(0)}, {dtype = "float64"})
  for i = 1, k do shares[i] = 1 / k end
  local places = partition.stratified(y:totable(), shares, o.seed)
  for fold = 1, k do
    local train, test = rows_of(places, fold, false), rows_of(places, fold, true)
    local fitted = model:clone():fit(x:index_select(0, train), y:index_select(0, train))
    scores:index_copy_(0, test, scores_of(fitted, x:index_select(0, test)))
  end
  return scores
end

-- The score from which on a tag is said.
local function threshold_of(model, x, y, o)
  if o.threshold ~= "f1" then return o.threshold end
  local scores = scores_outside(model, x, y, o)
  return scores and require "moonlark.metrics".best_threshold(y, scores) or 0.5
end

-- What a tag's rows teach: the fitted classifier and its threshold.
local function fit_tag(model, x, y, o)
  local yes = y:sum():item()
  if yes == 0 or yes == y:size(0) then return constant():fit(x, y), 0.5 end
  return model:clone():fit(x, y), threshold_of(model, x, y, o)
end

local function predict_proba(state, x)
  local columns = {}
  for t, step in ipairs(state.steps) do columns[t] = scores_of(step, x) end
  return require "moonlark.torch".stack(columns, 1)
end

local one_vs_rest = estimator.define {
  parameters = options.describe("classify.one_vs_rest", {
    steps = options.value("moonlark.Estimator[]", "a list of one estimator",
      function(value) return type(value) == "table" and estimator.is(value[1]) and value or nil end, options.required,
      "a copy of it learns each tag"),
    threshold = options.either("f1", {options.number(nil, {least = 0, most = 1}), options.choice {"f1"}},
      "the score from which on a tag is said; f1: for each tag the one of the best F1, found inside the rows fitted"),
    cv = options.integer(3, {least = 2}, "parts of the rows fitted, each scored by a copy that learnt the others"),
    seed = options.integer(0, nil, "of these parts"),
  }),
  state = {"table steps", "tensor thresholds"},
  supervised = "tags",
  fit = function(o, x, y)
    local steps, thresholds = {}, {}
    for t = 1, y:size(1) do
      steps[t], thresholds[t] = fit_tag(o.steps[1], x, y:select(1, t - 1):long(), o)
    end
    return {steps = steps, thresholds = require "moonlark.torch".tensor(thresholds, {dtype = "float64"})}
  end,
  methods = {
    predict_proba = predict_proba,
    predict = function(state, x) return predict_proba(state, x):ge(state.thresholds):float() end,
  },
}

--- A classifier for each tag of rows that may have several, or none; as sklearn.multiclass.OneVsRestClassifier. A tag
--- is said from a score on that is chosen while fitting, for each tag the one of the best F1: rows that judge never
--- choose it. That costs cv more fits a tag; {threshold = 0.5} spares them.
---
--- Methods: `fit(x, y)` (y: rows × tags, 0 or 1), `predict(x)` → rows × tags, 0 or 1, `predict_proba(x)` → rows × tags,
--- each for itself (of models without probabilities, distances put between 0 and 1); field: thresholds.
---     local tagger = classify.pipeline {classify.scaler(), classify.one_vs_rest(classify.logistic())}:fit(X)
---@param model moonlark.Estimator  a classifier
---@param given moonlark.classify.one_vs_rest.Options?
---@return moonlark.Estimator
return function(model, given)
  if not estimator.is(model) or not (model.predict_proba or model.decision_function) then
    show.fail("model must be a classifier with predict_proba or decision_function, got %s",
      estimator.is(model) and model.kind or options.got(model))
  end
  return one_vs_rest(options.join(given or {}, {steps = {model}}))
end
