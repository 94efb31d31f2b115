--- Estimator: anything that is fitted to a table of samples and then predicts or transforms.
---
--- All keep the contract of scikit-learn: every hyperparameter has a default; `fit` returns the estimator itself;
--- `clone` gives an unfitted one of the same hyperparameters. What was learnt lies in `state` (tensors, numbers and
--- strings: data, never code), so that one `save` and one `load` serve them all. Fitted to features, an estimator knows
--- their names, classes and recipe (its card), and its file can be used on new songs: see moonlark.model.
---@class moonlark.Estimator
---@field kind string  the function that makes it, for instance "cluster.gmm"
---@field settings table<string, any>  its hyperparameters
---@field state table?  what was learnt; nil before `fit`; each of its fields is one of the estimator, too
---@field card moonlark.Card?  what it tells, and of what; nil before `fit`
---@field [string] any  `predict`, `transform` …: what its kind can, see the function that makes it

local cards = require "moonlark.base.card"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local sealed = require "moonlark.base.sealed"
local shape = require "moonlark.base.shape"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local estimator = {}

local makers = {} -- kind -> constructor

-- What makes a kind; nil where there is none such. The module that defines "cluster.gmm" is moonlark.cluster: it
-- registers its kinds when it is loaded, which is now if need be.
local function maker(kind)
  local family = not makers[kind] and kind:match "^(%l+)%."
  if family and package.searchpath("moonlark." .. family, package.path) then require("moonlark." .. family) end
  return makers[kind]
end

---@class moonlark.Estimator
local Estimator = {}
Estimator.__index = Estimator
Estimator.__name = "moonlark.Estimator"

-- Samples and labels, from tensors or from what dataset:extract gives.
local function table_of(x, y)
  if type(x) == "table" and x.x then return x.x, y or x.y end
  return x, y
end

local function check_rows(x, least)
  local torch = require "moonlark.torch"
  if not torch.is_tensor(x) then
    show.fail("x must be a tensor, rows × columns, or what dataset:extract gives, got %s", type(x))
  end
  if x:dim() ~= 2 then show.fail("x must have 2 axes, rows × columns, got %d", x:dim()) end
  core.classify.check(x, least)
end

-- What a fitted estimator tells of a row: "classes", "clusters" …; nil for one that only transforms.
local function task_of(self)
  local steps, definition = self.state.steps, getmetatable(self).definition
  if steps and not definition.supervised then return task_of(steps[#steps]) end
  return definition.task or definition.supervised or definition.methods.predict and "clusters" or nil
end

-- Class ids, tags (rows × tags, 0 or 1) or values (rows, or rows × targets) that fit the samples.
local function checked_targets(kind, task, x, y)
  local torch = require "moonlark.torch"
  if y == nil then show.fail("%s needs %s: fit(x, y)", kind, task == "classes" and "labels" or task) end
  if task == "classes" then
    if torch.is_tensor(y) and (y:dim() > 1 or y:is_floating_point() and y:frac():ne(0):any():item()) then
      show.fail("%s learns classes, y must be their ids, one a row, got %s", kind,
        y:dim() > 1 and ("%d axes"):format(y:dim()) or "numbers that are not whole")
    end
    core.classify.classes(y, x:size(0))
    return y
  end
  if not torch.is_tensor(y) or y:dim() < 1 or y:dim() > 2 or task == "tags" and y:dim() ~= 2 then
    show.fail("y must be a tensor of %s, got %s", task == "tags" and "rows × tags" or "rows, or rows × targets",
      torch.is_tensor(y) and ("one of %d axes"):format(y:dim()) or type(y))
  end
  core.regress.check(y:dim() == 1 and y:unsqueeze(1) or y, x:size(0))
  if task == "tags" and not y:mul(1 - y):eq(0):all():item() then
    show.fail "y must hold 0 and 1 alone: these are tags"
  end
  return y
end

--- Learns from samples; returns the estimator.
---
--- Errors: numbers that are not finite; a classifier without labels.
---     local model = classify.knn():fit(x, y)
---@param x moonlark.Tensor|table  rows × columns, finite; or what dataset:extract gives
---@param y moonlark.Tensor?  class ids, one a row; tags or values of models that learn these
---@return moonlark.Estimator self
function Estimator:fit(x, y)
  local features = type(x) == "table" and x.x and x or {}
  x, y = table_of(x, y)
  check_rows(x, 1)
  local definition = getmetatable(self).definition
  if definition.supervised then y = checked_targets(self.kind, definition.supervised, x, y) end
  local state = definition.fit(self.settings, x, y, features.classes)
  state.columns = x:size(1)
  self.state = state
  self.card = cards.of(features, task_of(self))
  return self
end

local function state_of(self) return self.state or show.fail("this %s is not fitted yet: call fit first", self.kind) end

-- Samples as wide as those that the estimator was fitted to.
local function checked(self, x)
  x = table_of(x)
  check_rows(x, 0)
  if x:size(1) ~= self.state.columns then
    show.fail("x must have %d columns, as when fitted, got %d", self.state.columns, x:size(1))
  end
  return x
end

--- The hyperparameters, as a copy.
---     print(model:params().n_neighbors)
---@return table
function Estimator:params()
  local copy = {}
  for key, value in pairs(self.settings) do copy[key] = value end
  return copy
end

--- An unfitted estimator of the same kind and hyperparameters, some of them replaced.
---     local wider = model:clone {n_neighbors = 15}
---@param changes table?
---@return moonlark.Estimator
function Estimator:clone(changes)
  local settings = self:params()
  for key, value in pairs(changes or {}) do settings[key] = value end
  return makers[self.kind](settings)
end

-- Puts the tensors of an estimator, and of those within it, among others by name; gives the rest.
local function divide(self, prefix, tensors)
  local torch = require "moonlark.torch"
  local plain = {kind = self.kind, settings = {}, state = {}}
  local function put(from, into, name)
    for key, value in pairs(from) do
      if torch.is_tensor(value) then
        tensors[prefix .. name .. key] = value
      elseif key ~= "steps" then
        into[key] = value
      end
    end
  end
  put(self.settings, plain.settings, "settings.")
  put(self.state, plain.state, "")
  if self.state.steps then
    plain.steps = json.array {}
    for i, step in ipairs(self.state.steps) do
      plain.steps[i] = divide(step, ("%ssteps.%d."):format(prefix, i), tensors)
    end
  end
  return plain
end

-- What the JSON of a model holds, and each of its steps.
local form
local step = options.value("table", "an object", function(value) return form.accept(value) end, options.required)
form = shape.object {
  kind = "string", settings = shape.map "any", state = {columns = shape.integer(1)},
  steps = shape.maybe(shape.list(step)), card = shape.maybe(cards.form),
}

-- The state, when it holds all that the kind's methods read.
local function check_state(model, state, path)
  local torch = require "moonlark.torch"
  for _, entry in ipairs(getmetatable(model).definition.state) do
    local kind, key = entry:match "^(%a+) ([%w_]+)$"
    local value = state[key]
    if not (kind == "tensor" and torch.is_tensor(value) or type(value) == kind) then
      show.fail("%s: the state of %s has no %s '%s'", path, model.kind, kind, key)
    end
  end
  return state
end

-- The estimator that divide took apart.
local function unite(plain, prefix, tensors, path)
  local make = maker(plain.kind)
  if not make then show.fail("%s: unknown kind of model '%s'", path, plain.kind) end
  local settings, state = plain.settings, plain.state
  for name, value in pairs(tensors) do
    local rest = name:sub(1, #prefix) == prefix and name:sub(#prefix + 1)
    local setting = rest and rest:match "^settings%.([^.]+)$"
    if setting then
      settings[setting] = value
    elseif rest and not rest:find(".", 1, true) then
      state[rest] = value
    end
  end
  if plain.steps then
    state.steps, settings.steps = {}, {}
    for i, step in ipairs(plain.steps) do
      state.steps[i] = unite(step, ("%ssteps.%d."):format(prefix, i), tensors, path)
      settings.steps[i] = state.steps[i]
    end
  end
  local ok, model = pcall(make, settings)
  if not ok then error(type(model) == "string" and show.format("%s: %s", path, model) or model, 0) end
  model.state = check_state(model, state, path)
  model.card = plain.card or {task = task_of(model)}
  return model
end

local function json_path(path)
  local base = type(path) == "string" and path:match "^(.+)%.safetensors$"
  if not base then show.fail("a model's path must end in .safetensors, got %s", tostring(path)) end
  return base .. ".json"
end

--- Saves a fitted estimator: PATH.safetensors holds all of it, PATH.json beside it is what people can read of it.
---     model:save "genres.safetensors"
---@param path string  ends in .safetensors
---@return moonlark.Estimator self
function Estimator:save(path)
  if not self.state then show.fail("this %s is not fitted yet: there is nothing to save", self.kind) end
  local description, tensors = json_path(path), {}
  local plain = divide(self, "", tensors)
  plain.card = cards.stamped(self.card)
  sealed.write(path, tensors, "estimator", plain)
  files.write(description, json.encode(plain, "  ") .. "\n")
  return self
end

-- Older files: the JSON beside the tensors is a part of the model.
local function load_pair(path, description)
  if not files.exists(description) then show.fail("%s holds no model that Moonlark saved", path) end
  return unite(json.read(description, form), "", core.store.load(path), description)
end

--- Reads back what `save` wrote, whatever kind of estimator it was.
---     local model = classify.load "genres.safetensors"
---@param path string  ends in .safetensors
---@return moonlark.Estimator
function estimator.load(path)
  local description = json_path(path)
  if not core.store.metadata(path).format then return load_pair(path, description) end
  local tensors, plain = sealed.read(path, "estimator", form)
  return unite(plain, "", tensors, path)
end

--- What a model learns, fitted or not; nil for one that learns from samples alone.
---     assert(estimator.learns(regress.ridge()) == "values")
---@param model moonlark.Estimator
---@return "classes"|"tags"|"values"|nil
function estimator.learns(model)
  local steps, learns = model.settings.steps, getmetatable(model).definition.supervised
  if learns or type(steps) ~= "table" or #steps == 0 then return learns end
  return estimator.learns(steps[#steps])
end

--- True for estimators.
---     assert(estimator.is(classify.knn()))
---@param value any
---@return boolean
function estimator.is(value)
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__name == Estimator.__name
end

--- Whether an estimator has a method: of a pipeline, whether its last step has it.
---     if estimator.has(model, "predict_proba") then scores = model:predict_proba(x) end
---@param model moonlark.Estimator
---@param method string
---@return boolean
function estimator.has(model, method)
  local steps, definition = model.settings.steps, getmetatable(model).definition
  if steps and not definition.supervised then return estimator.has(steps[#steps], method) end
  local lacks = definition.lacks and definition.lacks(model.settings, method)
  return definition.methods[method] ~= nil and not lacks
end

-- Kind and hyperparameters; of a pipeline, of each step as it stands after `fit`.
local function described(self)
  local parts = {}
  for i, key in ipairs(text.keys(self.settings)) do
    local value = self.settings[key]
    if key == "steps" then
      local steps, inner = {}, self.state and self.state.steps or value
      local alike = getmetatable(self).definition.supervised -- a copy for each tag or target
      for j = 1, alike and 1 or #inner do steps[j] = described(inner[j]) end
      parts[i] = table.concat(steps, " → ")
    else
      parts[i] = ("%s = %s"):format(key, tostring(value))
    end
  end
  return ("%s {%s}"):format(self.kind, table.concat(parts, ", "))
end

function Estimator:__tostring()
  return described(self) .. (self.state and ("  (fitted: %d columns)"):format(self.state.columns) or "  (not fitted)")
end

---@class moonlark.Estimator.Definition
---@field parameters moonlark.Description  its options; their owner names the kind: "cluster.pca"
---@field state string[]  what the methods need, and files must therefore hold: {"tensor mean"}
---@field fit fun(settings: table, x: moonlark.Tensor, y: moonlark.Tensor?, names: string[]?): table  the state; names
---  are those of the classes
---@field methods table<string, function>  f(state, x, settings, ...); fitted, and x has the right width
---@field inverses table<string, function>?  f(state, settings, ...); they take other things than samples
---@field lacks fun(settings: table, method: string): boolean?  methods that some hyperparameters leave out
---@field supervised "classes"|"tags"|"values"|nil  what y must be, which is then required and checked
---@field task string?  what it tells, where that is neither classes (supervised) nor clusters
---@field check fun(settings: table)?  what holds between options

--- Defines a kind of estimator and returns the function that makes one.
---@param definition moonlark.Estimator.Definition
---@return fun(given: table?): moonlark.Estimator
function estimator.define(definition)
  local kind = definition.parameters.owner
  local meta = {__name = Estimator.__name, __tostring = Estimator.__tostring, definition = definition}
  local methods = setmetatable({}, {__index = Estimator})
  meta.__class = methods -- for Tab: __index is a function
  for name, method in pairs(definition.methods) do
    methods[name] = function(self, x, ...)
      return method(state_of(self), checked(self, x), self.settings, ...)
    end
  end
  for name, method in pairs(definition.inverses or {}) do
    methods[name] = function(self, ...)
      return method(state_of(self), self.settings, ...)
    end
  end
  function meta.__index(self, key)
    local state = rawget(self, "state")
    return methods[key] or state and state[key]
  end
  makers[kind] = function(given)
    local settings = definition.parameters:read(given)
    if definition.check then definition.check(settings) end
    return setmetatable({kind = kind, settings = settings}, meta)
  end
  return makers[kind]
end

return estimator
