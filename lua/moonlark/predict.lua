--- Predict: what a trained network says of new songs.
---
---     local predict = require "moonlark.predict"
---     print(predict.file("genre.safetensors", "song.mp3"))          --> jazz  0.93
---
--- A song is cut into segments as long as those of the training (a shorter song is padded, a longer one covered), and
--- the segments' probabilities are averaged. Features, normalisation and classes come with the network.
local dataset = require "moonlark.dataset"
local evaluate = require "moonlark.train.evaluate"
local module = require "moonlark.nn.module"
local network = require "moonlark.network"
local options = require "moonlark.base.options"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local predict = {}

---@class moonlark.Prediction
---@field path string
---@field label string  the likeliest class
---@field probability number  its probability
---@field probabilities table<string, number>  of each class
---@field segments {start: number, label: string, probability: number}[]?  when they were asked for
local Prediction = {}
Prediction.__index = Prediction
Prediction.__name = "moonlark.Prediction"

function Prediction:__tostring()
  return show.format("%s  %.3f", self.label, self.probability)
end

--- The classes of a prediction, the likeliest first.
---     for _, one in ipairs(prediction:ranked()) do print(one.label, one.probability) end
---@return {label: string, probability: number}[]
function Prediction:ranked()
  local list = {}
  for label, probability in pairs(self.probabilities) do
    list[#list + 1] = {label = label, probability = probability}
  end
  table.sort(list, function(a, b)
    if a.probability ~= b.probability then return a.probability > b.probability end
    return a.label < b.label
  end)
  return list
end

-- An error that is the network's own fault names its file, where it has one.
local function fail(net, why)
  local path = network.path(net)
  if not path or type(why) ~= "string" then error(why, 0) end
  show.fail("%s: %s", path, why)
end

--- The classes that a network tells apart, by class id. Errors: it was not trained by train.fit on labelled songs.
---     print(table.concat(predict.classes(net), ", "))
---@param net moonlark.nn.Module
---@return string[]
function predict.classes(net)
  local card = net.card or {}
  if card.input and not (card.input.features or card.input.recipe) then
    fail(net, "the network was trained on tensors, not on songs: it does not know what to hear in a file")
  end
  if not (card.input and card.classes) then
    fail(net, "the network was not trained by train.fit on labelled data: it does not know its input and classes")
  end
  return card.classes
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

--- Batches of a dataset as a network was trained on them: features, segments, normalisation.
---     print(train.evaluate(net, predict.batches(net, parts.test)))
---@param net moonlark.nn.Module
---@param songs moonlark.Dataset
---@param given moonlark.Dataset.batches.Options?  those that differ from the card: workers, batch_size, hop …
---@return moonlark.AnyBatches
function predict.batches(net, songs, given)
  predict.classes(net)
  local ok, batches = pcall(songs.batches, songs, input_of(net.card, given or {}))
  if not ok then
    local of_card = #songs.tracks > 0 and not pcall(songs.batches, songs, input_of(net.card, {}))
    if of_card then fail(net, batches) else error(batches, 0) end
  end
  local statistics = net.card.statistics
  if statistics then
    local fits, why = pcall(batches.normalize_by, batches,
      {mean = torch.tensor(statistics.mean), std = torch.tensor(statistics.std)})
    if not fits then fail(net, why) end
  end
  return batches
end

-- The likeliest of a row of probabilities.
local function best_of(row, classes)
  if row[1] ~= row[1] then error("the network's output is not a number: it cannot tell anything", 0) end
  local best = 1
  for i = 2, #row do
    if row[i] > row[best] then best = i end
  end
  return classes[best], row[best]
end

-- Segments of each track as they pass: start and the likeliest class.
local function segment_collector(classes)
  local by_track = {}
  local function objective(net, batch)
    local logits = evaluate.forward(net, batch)
    local rows = torch.softmax(logits:float(), 1):cpu():totable()
    for i, track in ipairs(batch.tracks) do
      local segment = {start = batch.starts and batch.starts[i] or 0}
      segment.label, segment.probability = best_of(rows[i], classes)
      by_track[track] = by_track[track] or {}
      table.insert(by_track[track], segment)
    end
    return nil, logits
  end
  return objective, by_track
end

local as_trained = {usual = "as in the training"}
local handed_on = options.described "Dataset:batches":pick {"workers", "batch_size"}

local parameters = options.describe("predict.files", {
  segments = options.boolean(false, "also what is heard in each segment"),
  device = options.text("cpu", 'where to compute: "cpu", "cuda:0"'),
  progress = options.boolean(false, "a bar on standard error"),
  channel = reading.options.channel:but(as_trained),
  partial = reading.options.partial:but(as_trained),
}, handed_on)

--- Predictions for several files. The second result names those that cannot be read, the third those that were kept in
--- part.
---     local list, rejected = predict.files("runs/c", {"a.mp3", "b.flac"}, {segments = true})
---@param net moonlark.nn.Module|string  a network, a .safetensors file or a run folder
---@param paths string[]
---@param given moonlark.predict.files.Options?
---@return moonlark.Prediction[]
---@return {path: string, reason: string}[] rejected
---@return {path: string, reason: string}[] partial
function predict.files(net, paths, given)
  local o = parameters:read(given)
  if type(paths) ~= "table" or #paths == 0 then error("paths must be a list of sound files, one or more", 0) end
  if type(net) == "string" then net = network.load(net, {device = o.device}) end
  if not module.is_module(net) then show.fail("net must be a network, its file or a run folder, got %s", type(net)) end
  local classes = predict.classes(net)
  local batches = predict.batches(net, dataset.files(paths), {workers = o.workers, progress = o.progress,
    batch_size = o.batch_size, channel = o.channel, partial = o.partial})
  batches:prepare()
  local objective, by_track = segment_collector(classes)
  local found = evaluate.evaluate(net, batches, {objective = objective, device = o.device, probabilities = true})
  local rows = found.probabilities:totable()
  local list = {}
  for i, track in ipairs(batches.dataset.tracks) do
    local one = {path = track.path, probabilities = {}, segments = o.segments and by_track[i] or nil}
    one.label, one.probability = best_of(rows[i], classes)
    for k, name in ipairs(classes) do one.probabilities[name] = rows[i][k] end
    list[i] = setmetatable(one, Prediction)
  end
  return list, batches.rejected, batches.partial
end

--- The prediction for one file. Errors: it cannot be read.
---     print(predict.file("genre.safetensors", "song.mp3"))          --> jazz  0.93
---@param net moonlark.nn.Module|string
---@param path string
---@param given moonlark.predict.files.Options?
---@return moonlark.Prediction
function predict.file(net, path, given)
  return predict.files(net, {path}, given)[1]
end

return predict
