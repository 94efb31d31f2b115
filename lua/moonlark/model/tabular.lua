--- Classical models: they see a row of numbers of each song, computed by the recipe of the card, or of a table.
---
--- With `segments` a song is also cut into pieces of three seconds, each of which gets a row of its own, by the same
--- features and statistics: where in the song it sounds like what. What is said of the song stays that of all of it.
local class = require "moonlark.model.class"
local datasets = require "moonlark.dataset.class"
local dataset = require "moonlark.dataset"
local estimator = require "moonlark.estimator"
local options = require "moonlark.base.options"
local recipes = require "moonlark.feature.recipe"
local scoring = require "moonlark.classify.scoring"
local show = require "moonlark.base.show"
local task = require "moonlark.classify.task"
local torch = require "moonlark.torch"
local warning = require "moonlark.base.warning"

local Tabular = {}

local PIECE = 3 -- seconds

-- What decides: the last step of a pipeline.
local function decider(learned)
  local steps = learned.kind == "classify.pipeline" and learned.state.steps
  return steps and decider(steps[#steps]) or learned
end

-- What something that was fitted to no names is called.
local function numbered(prefix, n)
  local names = {}
  for i = 1, n do names[i] = prefix .. i - 1 end
  return names
end

--- What the model tells apart, by id. Where nobody named it, classes are called by their ids, and of other things the
--- answers tell how many there are: nil.
function Tabular:names()
  local card = self.card
  if card.classes or card.targets or self:task() ~= "classes" then return card.classes or card.targets end
  return numbered("", decider(self.learned).state.classes:max():item() + 1)
end

-- recipes and columns ---------------------------------------------------------------------

-- The recipe of the card, with what was asked for instead.
local function recipe_of(self, o)
  local known = self.card.recipe
  local recipe = recipes.new(known.settings)
  if recipe.text ~= known.text then
    warning.say("model-recipe", show.format("%s: features are computed otherwise today than when this model learnt: "
      .. "what it says may be worse; train it anew", self.path or self.kind))
  end
  if not (o.channel or o.partial) then return recipe end
  return recipes.new(options.join(known.settings, {channel = o.channel, partial = o.partial}))
end

-- Where in a table each column of the model is, from 0. Errors: some are missing.
local function places_of(self, names)
  local at, places, missing = {}, {}, {}
  for i, name in ipairs(names) do at[name] = i - 1 end
  for i, name in ipairs(self.card.columns) do
    places[i] = at[name]
    if not at[name] then missing[#missing + 1] = name end
  end
  if #missing == 0 then return places end
  local shown = table.concat(missing, ", ", 1, math.min(#missing, 8)) .. (#missing > 8 and " …" or "")
  self:fail("the table lacks %d of the %d columns that the model was fitted to: %s", #missing, #self.card.columns,
    shown)
end

-- The columns that the model was fitted to: by their names where both sides have them, else by their number.
local function columns_of(self, X)
  local wanted = self.card.columns
  if wanted and X.names then
    return X.x:index_select(1, torch.tensor(places_of(self, X.names), {dtype = "int64"}))
  end
  if X.x:size(1) ~= self.learned.state.columns then
    self:fail("the model was fitted to %d columns, the table has %d", self.learned.state.columns, X.x:size(1))
  end
  return X.x
end

-- Features of songs, or those that were given.
local function features_of(self, data, o)
  if dataset.is(data) then return data:extract(recipe_of(self, o), {workers = o.workers, progress = o.progress}) end
  local recipe = self.card.recipe
  if recipe and data.recipe and data.recipe.text ~= recipe.text then
    warning.say("model-recipe", "the table's features were computed otherwise than those that the model learnt from")
  end
  return data
end

-- answers ---------------------------------------------------------------------------------

-- What a model of classes says of rows. Scores are those of an evaluation: decisions where there are no probabilities.
local function classified(self, x)
  local names = self:names()
  local scores, kind = scoring.scores(self.learned, x, #names)
  return {names = names, ids = self.learned:predict(x), scores = scores, scores_are = kind,
    probabilities = kind == "probabilities" and scores or nil}
end

local function clustered(self, x)
  local ids = self.learned:predict(x)
  local probabilities = estimator.has(self.learned, "predict_proba") and self.learned:predict_proba(x) or nil
  local n = probabilities and probabilities:size(1) or x:size(0) > 0 and ids:max():item() + 1 or 0
  return {names = numbered("cluster ", n), ids = ids, probabilities = probabilities}
end

local function tagged(self, x)
  local said = self.learned:predict(x)
  return {names = self:names() or numbered("tag ", said:size(1)), said = said,
    probabilities = self.learned:predict_proba(x)}
end

local function measured(self, x)
  local values = self.learned:predict(x):reshape {x:size(0), -1}
  return {names = self:names() or numbered("value ", values:size(1)), values = values}
end

local by_task = {classes = classified, clusters = clustered, tags = tagged, values = measured}

-- What the model says of rows of numbers: names, ids, probabilities, values.
local function answer(self, x) return by_task[self:task()](self, x) end

-- Pieces of songs, and the place of each one's song in the list. A shorter song is one piece.
local function pieces_of(tracks)
  local songs = datasets.make(tracks):measure()
  local pieces, of = {}, {}
  for i, track in ipairs(songs.tracks) do
    local n = math.max(1, math.floor(track.seconds / PIECE + 1e-6))
    for k = 0, n - 1 do
      pieces[#pieces + 1] = {path = track.path, start = k * PIECE, duration = track.seconds >= PIECE and PIECE or nil}
      of[pieces[#pieces]] = i
    end
  end
  return datasets.make(pieces), of
end

-- The probability of each class in a row; nil: the model has none.
local function row_of(found, row)
  if not found.probabilities then return nil end
  local all, values = {}, found.probabilities[row - 1]:totable()
  for k, name in ipairs(found.names) do all[name] = values[k] end
  return all
end

-- For each song its pieces: where they start, and what they sound like.
local function segments_of(self, tracks, o)
  local pieces, of = pieces_of(tracks)
  local settings = options.join(self.card.recipe.settings, {channel = o.channel, partial = o.partial})
  settings.start, settings.duration, settings.pad = nil, nil, nil
  local X = pieces:extract(recipes.new(settings), {workers = o.workers, progress = o.progress})
  local found = answer(self, columns_of(self, X))
  local ids, segments = found.ids:totable(), {}
  for i = 1, #tracks do segments[i] = {} end
  for row, piece in ipairs(X.tracks) do
    local id = ids[row]
    table.insert(segments[of[piece]], {start = piece.start, label = found.names[id + 1] or "noise",
      probability = found.probabilities and id >= 0 and found.probabilities[row - 1][id]:item() or nil,
      probabilities = row_of(found, row)})
  end
  return segments
end

function Tabular:answers(data, o)
  local X = features_of(self, data, o)
  local found = answer(self, columns_of(self, X))
  found.tracks, found.rejected, found.partial = X.tracks, X.rejected or {}, X.partial or {}
  if o.segments then
    if not dataset.is(data) then error("segments are those of songs: a table has none", 0) end
    if not found.ids then self:fail("a model of %s does not label segments", self:task()) end
    found.segments = segments_of(self, X.tracks, o)
  end
  return found
end

function Tabular:judge(data, o)
  local X = features_of(self, data, o)
  local found = answer(self, columns_of(self, X))
  found.predicted = found.ids or found.said or found.values and found.values:view_as(X.y)
  found.scores = found.scores or found.probabilities
  local judged = task.of(X).evaluation(options.join(X, {classes = found.names}), found)
  judged.tracks, judged.rejected, judged.partial = X.tracks, X.rejected or {}, X.partial or {}
  return judged
end

local kind = {}

--- The model that a fitted estimator is. Errors: it was not fitted, or only transforms.
---@param learned moonlark.Estimator
---@param path string?
---@return moonlark.Model
function kind.new(learned, path)
  if not learned.state then show.fail("this %s is not fitted yet: call fit first", learned.kind) end
  local self = class.make(Tabular, {learned = learned, card = learned.card, path = path, kind = decider(learned).kind,
    hears = learned.card.recipe ~= nil, reads = true})
  if not estimator.has(learned, "predict") then self:fail("%s only transforms: it says nothing of songs", self.kind) end
  return self
end

--- The model in a file.
---@param path string
---@return moonlark.Model
function kind.open(path) return kind.new(estimator.load(path), path) end

return kind
