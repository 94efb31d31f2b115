--- Folds: which rows judge a model and which it learns from.
local checks = require "moonlark.dataset.checks"
local core = require "moonlark_core"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"

local folds = {}

local function list(value) return type(value) == "table" and value or nil end

local function list_or_false(value)
  if value == false or type(value) == "table" then return value end
end

--- The options that divide rows into folds.
folds.options = {
  k = options.integer(nil, {least = 2, usual = "5, or as many as `folds` tells apart"}, "how many folds"),
  seed = options.integer(0, nil, "of the division into folds"),
  groups = options.value("any[]|false", "a list or false", list_or_false, nil,
    "a group for each row; no group is on both sides; false: none", {usual = "X.groups", keeps_false = true}),
  folds = options.value("any[]", "a list", list, nil, "a fold for each row, as the data's publisher gave them",
    {usual = "X.folds, where k is not given"}),
}

--- The same, and how often rows are divided anew.
folds.repeated = options.join(folds.options, {
  repeats = options.integer(1, {least = 1}, "how often the rows are divided anew; folds that were given are once"),
})

local instead = {
  classes = "take a model of moonlark.classify", tags = "take classify.one_vs_rest(model)",
  values = "take a model of moonlark.regress, or give class ids as int64",
}

--- Refuses a model that cannot predict, and a table without numbers by rows and classes, tags or values of each row.
---@param model any
---@param X any
function folds.check(model, X)
  local torch = require "moonlark.torch"
  if not estimator.is(model) then show.fail("model must be an estimator, got %s", type(model)) end
  if not model.predict then show.fail("model must have predict, %s has none", model.kind) end
  if type(X) ~= "table" or not torch.is_tensor(X.x) or not torch.is_tensor(X.y) then
    show.fail "X must be what dataset:extract gives, or {x = rows × columns, y = class ids}"
  end
  if X.x:dim() ~= 2 then show.fail("X.x must have 2 axes, rows × columns, got %d", X.x:dim()) end
  core.classify.check(X.x, 2)
  local given, learns = task.of(X), estimator.learns(model)
  if learns and learns ~= given.name then
    show.fail("%s learns %s, and X holds %s: %s", model.kind, learns, given.name, instead[given.name])
  end
  given.check(X)
end

-- The different values of a list with an entry for each row.
local function distinct(name, entries, n)
  if #entries ~= n then show.fail("%s must have one entry for each row (%d), got %d", name, n, #entries) end
  local values, seen = {}, {}
  for _, value in ipairs(entries) do
    if not seen[value] then values[#values + 1] = value end
    seen[value] = true
  end
  return values
end

-- The folds that were given, numbered in the order of their names; and how many there are.
local function numbered(given, n)
  local values, number, places = distinct("folds", given, n), {}, {}
  if #values < 2 then show.fail("folds must have 2 different values or more, got %d", #values) end
  table.sort(values, function(a, b) return tostring(a) < tostring(b) end)
  for i, value in ipairs(values) do number[value] = i end
  for i, value in ipairs(given) do places[i] = number[value] end
  return places, #values
end

-- The folds and the groups that count, of the options and of the table.
local function wishes(X, o)
  local given, groups = o.folds or (not o.k and X.folds) or nil, o.groups
  if groups == nil then groups = X.groups end
  return given, groups or nil
end

local function drawn(X, k, groups, seed)
  local n, shares = X.x:size(0), {}
  if k > n then show.fail("k must be 2..%d (rows), got %d", n, k) end
  for i = 1, k do shares[i] = 1 / k end
  if groups then
    local count = #distinct("groups", groups, n)
    if count < k then show.fail("k must be at most the number of groups (%d), got %d", count, k) end
  end
  return task.of(X).deal(X, shares, seed, groups)
end

--- The divisions of a table's rows: of each, the fold (1..k) of every row, and k.
---@param X table
---@param o table  the options
---@return {places: integer[], k: integer}[]
function folds.divide(X, o)
  local given, groups = wishes(X, o)
  if given then
    if (o.repeats or 1) > 1 then
      show.fail "repeats draws new folds, and these are given: leave out repeats, or say k"
    end
    local places, k = numbered(given, X.x:size(0))
    checks.duplicates(X.tracks or {}, function(i) return "fold " .. places[i] end)
    return {{places = places, k = k}}
  end
  local divisions, k = {}, o.k or 5
  checks.fresh(X.tracks or {})
  for i = 1, o.repeats or 1 do divisions[i] = {places = drawn(X, k, groups, o.seed + i - 1), k = k} end
  checks.duplicates(X.tracks or {}, function(i) return "fold " .. divisions[1].places[i] end)
  return divisions
end

--- The rows of a fold, or with `inside` false all others, from 0.
---@param places integer[]
---@param fold integer
---@param inside boolean
---@return moonlark.Tensor
function folds.rows(places, fold, inside)
  local rows = {}
  for i, place in ipairs(places) do
    if (place == fold) == inside then rows[#rows + 1] = i - 1 end
  end
  return require "moonlark.torch".tensor(rows, {dtype = "int64"})
end

local function chosen(entries, rows)
  if not entries then return nil end
  local some = {}
  for i, row in ipairs(rows) do some[i] = entries[row + 1] end
  return some
end

--- Some rows of a table, with their groups and folds as the options say. They know all classes, not only their own.
---@param X table
---@param rows moonlark.Tensor  from 0
---@param o table?  the options
---@return table
function folds.subset(X, rows, o)
  local given, groups = wishes(X, o or {})
  local list_of_rows, asked = rows:totable(), task.of(X)
  local classes = asked.name == "classes" and asked.names(X) or X.classes
  return {x = X.x:index_select(0, rows), y = X.y:index_select(0, rows), classes = classes, names = X.names,
    task = X.task, targets = X.targets, groups = chosen(groups, list_of_rows), folds = chosen(given, list_of_rows)}
end

return folds
