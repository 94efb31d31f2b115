--- Model: anything that was trained, a network or a classical model, ready to be asked about songs and tables.
---
---     local model = require "moonlark.model"
---     local genres = model.open "runs/mine"                         -- a run folder, or a model's file
---     print(genres)                                             -- classify.svm: 10 classes, of songs and tables
---     local answers = genres:predict(dataset.folder "new")          -- features are computed as in the training
---     print(genres:evaluate(dataset.folder "other/genres"))
---
--- moonlark.predict gives the same song by song. What a model knows of itself is its card (moonlark.base.card), of
--- whatever kind it is:
---
---     network      songs, cut into segments and normalised as in the training; no tables
---     pretrained   models from elsewhere (moonlark.pretrained), in a hub's folder or a file of weights; songs
---     estimator    songs, when it was fitted to what dataset:extract computed; tables whose columns have the names of
---                  those that it was fitted to, in any order and among others
local cards = require "moonlark.base.card"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local hub = require "moonlark.hub"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local weights = require "moonlark.pretrained.weights"
require "moonlark.model.class" -- describes what asking takes

local model = {}

local kinds = {network = "moonlark.model.network", estimator = "moonlark.model.tabular",
  pretrained = "moonlark.model.pretrained"}

-- What kind of model a file of tensors holds. Files of Moonlark say it; older ones of estimators have a JSON beside.
local function kind_in(path)
  local word = (core.store.metadata(path).format or ""):match "^moonlark%.(%l+)$"
  if word then return kinds[word] and word or show.fail("%s holds a %s, no model", path, word) end
  return files.exists((path:gsub("%.safetensors$", ".json"))) and "estimator" or "pretrained"
end

-- The kind of model that a path stands for, and its file; of one from elsewhere the path itself.
local function look(path)
  local is_folder = files.kind(path) == "directory"
  local file = is_folder and files.join(path, "model.safetensors") or path
  if file:find "%.safetensors$" and files.exists(file) then
    local kind = kind_in(file)
    return kind, kind == "pretrained" and path or file
  end
  if is_folder and not pcall(weights.files_in, path) then cards.file_at(path) end -- says what is missing
  return "pretrained", path
end

local parameters = options.describe("model.open", {
  device = options.text("cpu", 'where a network computes: "cpu", "cuda:0"'),
  offline = hub.options.offline,
})

-- A model of this program, wrapped.
local function wrap(value)
  if type(value) == "table" and value.answers then return value end
  if require "moonlark.estimator".is(value) then return require(kinds.estimator).new(value) end
  if require "moonlark.nn.module".is_module(value) then return require(kinds.network).new(value) end
  if getmetatable(value) == require "moonlark.pretrained.class" then return require(kinds.pretrained).new(value) end
  show.fail("model must be a run folder, a model's file, a network or a fitted estimator, got %s", options.got(value))
end

--- Opens a model, of whatever kind; one that is named as on a hub is fetched where it is not in the cache. Errors: there is none, it was damaged, its architecture is not known here.
---     local genres = model.open("runs/mine", {device = "cuda:0"})
---@param value string|moonlark.Estimator|moonlark.nn.Module|moonlark.Pretrained|moonlark.Model  a run folder, a hub's
--- folder, a file, or what was trained
---@param given moonlark.model.open.Options?
---@return moonlark.Model
function model.open(value, given)
  local o = parameters:read(given)
  if type(value) ~= "string" then return wrap(value) end
  local kind, path = look(hub.path_of(value, {offline = o.offline}))
  return require(kinds[kind]).open(path, o.device)
end

return model
