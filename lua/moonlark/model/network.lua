--- Networks as models: a song is cut into segments as long as those of the training (a shorter song is padded, a longer
--- one covered), and the segments' probabilities are averaged. Features, normalisation and classes come with the card.
local class = require "moonlark.model.class"
local evaluate = require "moonlark.train.evaluate"
local network = require "moonlark.network"
local options = require "moonlark.base.options"
local task = require "moonlark.train.task"
local torch = require "moonlark.torch"

local Network = {}

--- The classes that a network tells apart, by class id; its tags, or what its values are of. Errors: it was not trained
--- by train.fit on labelled songs.
function Network:names()
  local card = self.card
  local names = self:task() == "values" and card.targets or card.classes
  if card.input and not (card.input.features or card.input.recipe) then
    self:fail "the network was trained on tensors, not on songs: it does not know what to hear in a file"
  end
  if not (card.input and names) then
    self:fail "the network was not trained by train.fit on labelled data: it does not know its input and classes"
  end
  return names
end

-- What the card says of batches, with what was asked for instead.
local function input_of(card, given)
  local input = options.join({crop = false, shuffle = false}, card.input)
  for key, value in pairs(given) do input[key] = value end
  if input.recipe then -- holds these two itself
    input.recipe = options.join(input.recipe, {channel = input.channel, partial = input.partial})
    input.channel, input.partial = nil, nil
  end
  return input
end

--- Batches of a dataset as the network was trained on them.
---@param songs moonlark.Dataset
---@param given moonlark.Dataset.batches.Options  those that differ from the card
---@return moonlark.AnyBatches
function Network:batches(songs, given)
  self:names()
  local ok, batches = pcall(songs.batches, songs, input_of(self.card, given))
  if not ok then
    local of_card = #songs.tracks > 0 and not pcall(songs.batches, songs, input_of(self.card, {}))
    if of_card and type(batches) == "string" then self:fail("%s", batches) else error(batches, 0) end
  end
  local statistics = self.card.statistics
  if statistics then
    local fits, why = pcall(batches.normalize_by, batches,
      {mean = torch.tensor(statistics.mean), std = torch.tensor(statistics.std)})
    if not fits then self:fail("%s", why) end
  end
  return batches
end

-- The likeliest of a row of probabilities.
local function best_of(row, names)
  local best = 1
  for i = 2, #row do
    if row[i] > row[best] then best = i end
  end
  return names[best], row[best]
end

-- Numbers by their names.
local function by_name(names, row)
  local named = {}
  for k, name in ipairs(names) do named[name] = row[k] end
  return named
end

-- Notes the segments of each track as they pass: start, and the likeliest class or tag, or the values.
local function collector(names, asked)
  local by_track = {}
  local function objective(net, batch)
    local logits = evaluate.forward(net, batch)
    local rows = asked.outputs(net.card, logits):cpu():totable()
    for i, track in ipairs(batch.tracks) do
      local segment = {start = batch.starts and batch.starts[i] or 0}
      if asked.name == "values" then
        segment.values = by_name(names, rows[i])
      else
        segment.label, segment.probability = best_of(rows[i], names)
        segment.probabilities = by_name(names, rows[i])
      end
      by_track[track] = by_track[track] or {}
      table.insert(by_track[track], segment)
    end
    return nil, logits
  end
  return objective, by_track
end

local function batches_of(self, songs, o)
  return self:batches(songs, {workers = o.workers, progress = o.progress, batch_size = o.batch_size,
    channel = o.channel, partial = o.partial}):prepare()
end

-- Which tags are said, rows × tags: those as probable as the card's thresholds, or half.
local function said_of(card, probabilities)
  local least = card.thresholds and torch.tensor(card.thresholds, {dtype = "float64"}) or 0.5
  return probabilities:double():ge(least):float()
end

function Network:answers(songs, o)
  local names, batches, asked = self:names(), batches_of(self, songs, o), task.of(self.learned)
  local objective, segments = collector(names, asked)
  local found = evaluate.evaluate(self.learned, batches, {objective = objective, probabilities = true})
  local outputs = found.probabilities or found.values
  if outputs:isnan():any():item() then self:fail "the network's output is not a number: it cannot tell anything" end
  return {
    tracks = batches.dataset.tracks, names = names, probabilities = found.probabilities, values = found.values,
    ids = asked.name == "classes" and outputs:argmax(1) or nil,
    said = asked.name == "tags" and said_of(self.card, outputs) or nil,
    segments = o.segments and segments or nil, rejected = batches.rejected, partial = batches.partial,
  }
end

function Network:judge(songs, o)
  local batches = batches_of(self, songs, o)
  local found = evaluate.evaluate(self.learned, batches)
  found.rejected, found.partial = batches.rejected, batches.partial
  return found
end

local kind = {}

--- The model that a trained network is.
---@param net moonlark.nn.Module
---@return moonlark.Model
function kind.new(net)
  local card = net.card or {}
  return class.make(Network, {learned = net, card = card, path = network.path(net), hears = true, reads = false,
    kind = card.architecture or net.__name or "network"})
end

--- The model in a file.
---@param path string
---@param device string
---@return moonlark.Model
function kind.open(path, device) return kind.new(network.load(path, {device = device})) end

return kind
