--- Models from elsewhere as models: a song is heard window by window, and what the windows say is averaged.
---
--- Their classes are those that they were trained on. Data with other names is judged by a map, which says which of the
--- model's classes each label stands for: a model of 521 sounds tells ten classes apart that it never learnt.
local background = require "moonlark.dataset.background"
local class = require "moonlark.model.class"
local groups = require "moonlark.pretrained.groups"
local pretrained = require "moonlark.pretrained"
local targets = require "moonlark.dataset.targets"
local task = require "moonlark.classify.task"
local torch = require "moonlark.torch"

local Pretrained = {}

--- What the model tells apart. Errors: it tells no classes.
function Pretrained:names()
  if self.card.classes then return self.card.classes end
  if self.learned.family.track then
    self:fail("this %s tells no classes, but what is heard over time: moonlark track", self.kind)
  end
  if self.learned.net.decoder then
    self:fail("this %s tells no classes, it writes down what is said: moonlark transcribe", self.kind)
  end
  self:fail("this %s tells no classes, it gives embeddings: moonlark embed writes them, and --features embedding --set "
    .. "embedding.model=%s learns from them", self.kind, self.path)
end

-- The rows of what was heard: tracks, probabilities rows × names, segments.
local function rows_of(songs, heard)
  local found, rows = {tracks = {}, segments = {}, rejected = heard.rejected, partial = heard.partial, heard = heard}, {}
  for i, track in ipairs(songs.tracks) do
    local result = heard.results[i]
    if result then
      table.insert(found.tracks, track)
      rows[#rows + 1] = result.probabilities
      found.segments[#rows] = result.segments
    end
  end
  background.check_left(found.tracks, songs.tracks, heard.rejected)
  found.probabilities = torch.stack(rows)
  return found
end

-- What the model says of songs, in its own classes or in groups of them.
local function hear(self, songs, o, grouped)
  return rows_of(songs, self.learned:scores(songs.tracks, {average = "probabilities", groups = grouped,
    segments = o.segments, workers = o.workers, batch_size = o.batch_size, progress = o.progress, channel = o.channel,
    partial = o.partial}))
end

-- The groups of classes that a map names.
local function groups_of(self, o)
  return groups.new(o.map, self:names(), o.join or self:task() == "tags" and "max" or "sum")
end

function Pretrained:answers(songs, o)
  local names = self:names()
  local grouped = o.map and groups_of(self, o)
  local found = hear(self, songs, o, grouped)
  found.names, found.ids = grouped and grouped.names or names, found.probabilities:argmax(1)
  if self:task() == "tags" and not grouped then found.said = found.probabilities:ge(0.5):float() end
  if not o.segments then found.segments = nil end
  return found
end

-- The groups that are asked for, and the number among them of each label of the data, from 0. A model of classes
-- chooses among all of its own; one of tags says how much of each label it hears.
local function matched(self, songs, o)
  local ids = {}
  if o.map then
    local grouped, place = groups_of(self, o), {}
    for i, name in ipairs(grouped.names) do place[name] = i - 1 end
    for i, name in ipairs(songs.classes) do
      ids[i] = place[name] or self:fail("the map says nothing of the data's label '%s'", name)
    end
    return grouped, ids
  end
  local grouped = groups.named(songs.classes, self:names())
  for i, places in ipairs(grouped.places) do ids[i] = self:task() == "tags" and i - 1 or places[0]:item() end
  return self:task() == "tags" and grouped or nil, ids
end

function Pretrained:judge(songs, o)
  local grouped, ids = matched(self, songs, o)
  local found = hear(self, songs, o, grouped)
  local y, places = targets.y(songs, found.tracks), torch.tensor(ids, {dtype = "int64"})
  local X = {task = songs.task, classes = grouped and grouped.names or self:names()}
  if songs.task == "tags" then
    X.y = torch.zeros {y:size(0), #X.classes}:index_copy_(1, places, y)
    found.predicted = found.probabilities:ge(0.5):float()
  else
    X.y, found.predicted = places:index_select(0, y), found.probabilities:argmax(1)
  end
  found.scores, found.scores_are = found.probabilities, grouped and "decisions" or "probabilities"
  local judged = task.of(X).evaluation(X, found)
  judged.tracks, judged.rejected, judged.partial, judged.heard = found.tracks, found.rejected, found.partial, found.heard
  return judged
end

local kind = {}

--- The model that was made elsewhere.
---@param opened moonlark.Pretrained
---@return moonlark.Model
function kind.new(opened)
  return class.make(Pretrained, {learned = opened, card = opened.card, path = opened.found.path, hears = true,
    reads = false, matches = true, kind = opened.family.name})
end

--- The model at a path.
---@param path string  a folder, or a file of weights
---@param device string
---@return moonlark.Model
function kind.open(path, device) return kind.new(pretrained.open(path, {device = device})) end

return kind
