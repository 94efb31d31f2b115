--- The Model class: what can be asked of every kind of model. A kind adds `names()`, `answers(data, o)` and
--- `judge(data, o)`; these are called with data that the model takes, and with checked options.
local class = require "moonlark.dataset.class"
local dataset = require "moonlark.dataset"
local features = require "moonlark.dataset.features"
local options = require "moonlark.base.options"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"

---@class moonlark.Model
---@field card moonlark.Card
---@field kind string  the architecture, or the estimator's kind
---@field path string?  the file that it was read from
---@field learned moonlark.Estimator|moonlark.nn.Module
---@field hears boolean  it can be asked about songs
---@field reads boolean  it can be asked about tables
---@field matches boolean?  it finds the data's labels among its own classes itself
local Model = {}
Model.__name = "moonlark.Model"

--- What a model says, a row for each song, or each row of a table.
---@class moonlark.Answers
---@field tracks {path: string}[]  n
---@field names string[]  what the model tells apart: classes, tags, clusters, or what its values are of
---@field ids moonlark.Tensor?  n int64: which of the names, from 0; −1: none (noise)
---@field probabilities moonlark.Tensor?  n × names; nil: the model has none
---@field said moonlark.Tensor?  n × names, 0 or 1, of a model of tags
---@field values moonlark.Tensor?  n × names, of a model of values
---@field segments moonlark.Prediction.Segment[][]?  n, when asked for
---@field rejected {path: string, reason: string}[]  files that could not be read: they have no row
---@field partial {path: string, reason: string}[]  files that were kept in part

-- Only models from elsewhere have so many classes that some of them together are what one asks for.
local grouping = {
  map = options.either(nil, {options.text(), options.value("table<string, string[]>", "a table", function(value)
    return type(value) == "table" and value or nil
  end, nil)}, "of a model from elsewhere: groups of its classes, {dog_bark = {\"Dog\", \"Bark\"}}, or a JSON file",
    {usual = "its own classes"}),
  join = options.choice({"sum", "max"}, nil, "how probabilities of a group become one",
    {usual = "the sum of classes, the largest of tags"}),
}
local as_trained = {usual = "as in the training"}
local shared = options.join(options.described "Dataset:batches":pick {"workers", "batch_size"}, {
  progress = options.boolean(false, "a bar on standard error"),
  channel = reading.options.channel:but(as_trained),
  partial = reading.options.partial:but(as_trained),
})
local asking = options.describe("Model:predict", {
  segments = options.boolean(false, "also what is heard in each segment"),
}, grouping, shared)
local judging = options.describe("Model:evaluate", grouping, shared)

--- An error that names the model's file, where it has one.
---     genres:fail("there are %d rows", n)
---@param format string  as for show.format
---@param ... any
function Model:fail(format, ...)
  if not self.path then show.fail(format, ...) end
  show.fail("%s: " .. format, self.path, ...)
end

--- What the model tells: "classes", "tags", "values", "clusters".
---     if genres:task() == "values" then print(answers.values) end
---@return string
function Model:task() return self.card.task or "classes" end

-- Songs or features, when the model can be asked about them.
local function check_data(self, data)
  if features.is(data) then
    if not self.reads then self:fail("this %s hears songs: it cannot be asked about tables", self.kind) end
  elseif dataset.is(data) then
    if not self.hears then
      self:fail("this %s does not know how its columns are computed of songs (it learnt from a table, or its file is "
        .. "an older one): ask it about tables", self.kind)
    end
  else
    show.fail("data must be a dataset or features (dataset:extract, dataset.table), got %s", options.got(data))
  end
  return data
end

-- Options, of which only models from elsewhere take some.
local function checked(self, o)
  if o.map and not self.matches then self:fail("a map is for models from elsewhere, not for a %s", self.kind) end
  return o
end

--- What the model says of songs, or of the rows of a table. Errors: it cannot be asked about such data; a table lacks
--- columns; no file can be read.
---     local answers = genres:predict(dataset.folder "new", {workers = 2})
---     print(answers.tracks[1].path, answers.names[answers.ids[0]:item() + 1])
---@param data moonlark.Dataset|moonlark.Features
---@param given moonlark.Model.predict.Options?
---@return moonlark.Answers
function Model:predict(data, given)
  local o = checked(self, asking:read(given))
  return self:answers(check_data(self, data), o)
end

-- y with the model's ids of classes, or columns of tags, in place of the data's own.
local function renumbered(data, ids, names)
  local torch = require "moonlark.torch"
  if data.task ~= "tags" then return torch.tensor(ids):index_select(0, data.y) end
  return torch.zeros {data.y:size(0), #names}:index_copy_(1, torch.tensor(ids, {dtype = "int64"}), data.y)
end

-- The data with the model's classes or tags in place of its own. Errors: the model does not know one of them.
local function relabelled(self, data)
  local names, known, ids = self:names() or data.classes, {}, {}
  for i, name in ipairs(names) do known[name] = i - 1 end
  for i, name in ipairs(data.classes) do
    ids[i] = known[name] or self:fail("the model does not know the %s '%s'; its %s: %s",
      self:task() == "tags" and "tag" or "class", name, self:task(), table.concat(names, ", "))
  end
  if dataset.is(data) then return class.make(data.tracks, options.join(data, {classes = names})) end
  return features.make(options.join(data, {y = renumbered(data, ids, names), classes = names}))
end

-- Raises unless the data has labels of the model's kind: classes, tags, or values of as many targets.
local function check_labels(self, data)
  local task, has = self:task(), data.task or #data.classes > 0 and "classes" or nil
  if task == "clusters" then
    self:fail "clusters are not judged as classes are: metrics.ari and moonlark cluster say how they agree with labels"
  end
  if not has then error("the data has no labels to compare with", 0) end
  if has ~= task and not (self.matches and has ~= "values") then self:fail("the model tells %s, and the data has %s", task, has) end
  local targets = self.card.targets
  if task == "values" and targets and #targets ~= #data.targets then
    self:fail("the model tells %s, and the data has values of %s", table.concat(targets, ", "),
      table.concat(data.targets, ", "))
  end
end

--- How well the model's answers agree with the labels of data. Errors: those of predict; there are no labels, or one
--- that the model does not know.
---     print(genres:evaluate(dataset.folder "other/genres"))
---@param data moonlark.Dataset|moonlark.Features
---@param given moonlark.Model.evaluate.Options?
---@return moonlark.Evaluation|moonlark.TagsEvaluation|moonlark.ValuesEvaluation|table  also tracks, rejected, partial
function Model:evaluate(data, given)
  local o = checked(self, judging:read(given))
  check_data(self, data)
  check_labels(self, data)
  if self.matches or self:task() == "values" then return self:judge(data, o) end
  return self:judge(relabelled(self, data), o)
end

function Model:__tostring()
  local hears = self.hears and self.reads and "of songs and tables" or self.hears and "of songs" or "of tables"
  local names = self.card.classes or self.card.targets
  return show.format("%s: %s, %s", self.kind, names and ("%d %s"):format(#names, self:task()) or self:task(), hears)
end

--- A model of a kind.
---@param kind table  the kind's methods: names, answers, judge
---@param fields table
---@return moonlark.Model
local function make(kind, fields)
  local meta = {__index = function(_, key) return kind[key] or Model[key] end, __name = Model.__name,
    __tostring = Model.__tostring}
  return setmetatable(fields, meta)
end

return {Model = Model, make = make}
