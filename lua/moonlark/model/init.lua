--- Model: anything that was trained, a network or a classical model, ready to be asked about songs and tables.
---
---     local model = require "moonlark.model"
---     local genres = model.open "runs/mine"                         -- a run folder, or a model's file
---     print(genres)                                             --> classify.svm: 10 classes, of songs and tables
---     local answers = genres:predict(dataset.folder "new")          -- features are computed as in the training
---     print(genres:evaluate(dataset.folder "other/genres"))
---
--- moonlark.predict gives the same song by song. What a model knows of itself is its card (moonlark.base.card), of
--- whatever kind it is:
---
---     network      songs, cut into segments and normalised as in the training; no tables
---     estimator    songs, when it was fitted to what dataset:extract computed; tables whose columns have the names of
---                  those that it was fitted to, in any order and among others
local cards = require "moonlark.base.card"
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
require "moonlark.model.class" -- describes what asking takes

local model = {}

local kinds = {network = "moonlark.model.network", estimator = "moonlark.model.tabular"}

-- What kind of model a file holds; older files of estimators do not say.
local function kind_of(path)
  local format = core.store.metadata(path).format
  if not format then return "estimator" end
  local kind = format:match "^moonlark%.(%l+)$"
  if not kinds[kind] then show.fail("%s holds no model that Moonlark saved", path) end
  return kind
end

local parameters = options.describe("model.open", {
  device = options.text("cpu", 'where a network computes: "cpu", "cuda:0"'),
})

-- A model of this program, wrapped.
local function wrap(value)
  if type(value) == "table" and value.answers then return value end
  if require "moonlark.estimator".is(value) then return require(kinds.estimator).new(value) end
  if require "moonlark.nn.module".is_module(value) then return require(kinds.network).new(value) end
  show.fail("model must be a run folder, a model's file, a network or a fitted estimator, got %s", options.got(value))
end

--- Opens a model, of whatever kind. Errors: there is none, it was damaged, its architecture is not known here.
---     local genres = model.open("runs/mine", {device = "cuda:0"})
---@param value string|moonlark.Estimator|moonlark.nn.Module|moonlark.Model  a run folder, a file, or what was trained
---@param given moonlark.model.open.Options?
---@return moonlark.Model
function model.open(value, given)
  local o = parameters:read(given)
  if type(value) ~= "string" then return wrap(value) end
  local path = cards.file_at(value)
  return require(kinds[kind_of(path)]).open(path, o.device)
end

return model
