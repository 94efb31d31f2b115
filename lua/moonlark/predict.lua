--- Predict: what a trained model says of new songs, or of the rows of a table.
---
---     local predict = require "moonlark.predict"
---     print(predict.file("runs/mine", "song.mp3"))          -- jazz  0.93
---
--- Any model answers, classical or network, from its file or run folder: moonlark.model says how each hears.
local dataset = require "moonlark.dataset"
local model = require "moonlark.model"
local options = require "moonlark.base.options"
local prediction = require "moonlark.prediction"

local predict = {}

--- The classes that a network tells apart, by class id. Errors: it was not trained by train.fit on labelled songs.
---     print(table.concat(predict.classes(net), ", "))
---@param net moonlark.nn.Module
---@return string[]
function predict.classes(net) return model.open(net):names() end

--- Batches of a dataset as a network was trained on them: features, segments, normalisation.
---     print(train.evaluate(net, predict.batches(net, parts.test)))
---@param net moonlark.nn.Module
---@param songs moonlark.Dataset
---@param given moonlark.Dataset.batches.Options?  those that differ from the card: workers, batch_size, hop …
---@return moonlark.AnyBatches
function predict.batches(net, songs, given) return model.open(net):batches(songs, given or {}) end

-- The numbers of a row by their names.
local function by_name(names, row)
  local named = {}
  for k, name in ipairs(names) do named[name] = row[k] end
  return named
end

-- The names whose number in a row is 1.
local function chosen(names, row)
  local list = {}
  for k, name in ipairs(names) do
    if row[k] == 1 then list[#list + 1] = name end
  end
  return list
end

-- What was answered, one for each row.
local function list_of(found)
  local ids = found.ids and found.ids:totable()
  local probabilities = found.probabilities and found.probabilities:totable()
  local values, said, list = found.values and found.values:totable(), found.said and found.said:totable(), {}
  for i, track in ipairs(found.tracks) do
    local one = {path = track.path or tostring(i), segments = found.segments and found.segments[i]}
    if values then one.values = by_name(found.names, values[i]) end
    if probabilities then one.probabilities = by_name(found.names, probabilities[i]) end
    if said then one.tags = chosen(found.names, said[i]) end
    if ids then
      one.label = found.names[ids[i] + 1] or "noise"
      one.probability = one.probabilities and one.probabilities[one.label]
    end
    list[i] = prediction.new(one)
  end
  return list
end

local asking = options.described "Model:predict"
local parameters = options.describe("predict.files", asking:pick(asking.names), {
  device = options.described "model.open".by_name.device, offline = options.described "model.open".by_name.offline,
})

--- Predictions for several files. The second result names those that cannot be read, the third those that were kept in
--- part.
---     local list, rejected = predict.files("runs/c", {"a.mp3", "b.flac"}, {segments = true})
---@param from string|moonlark.Estimator|moonlark.nn.Module  a run folder, a model's file, or what was trained
---@param paths string[]
---@param given moonlark.predict.files.Options?
---@return moonlark.Prediction[]
---@return {path: string, reason: string}[] rejected
---@return {path: string, reason: string}[] partial
function predict.files(from, paths, given)
  local o = parameters:read(given)
  if type(paths) ~= "table" or #paths == 0 then error("paths must be a list of sound files, one or more", 0) end
  local opened = model.open(from, {device = o.device, offline = o.offline})
  o.device, o.offline = nil, nil
  local found = opened:predict(dataset.files(paths), o)
  return list_of(found), found.rejected, found.partial
end

--- The prediction for one file. Errors: it cannot be read.
---     print(predict.file("runs/mine", "song.mp3"))          -- jazz  0.93
---@param from string|moonlark.Estimator|moonlark.nn.Module
---@param path string
---@param given moonlark.predict.files.Options?
---@return moonlark.Prediction
function predict.file(from, path, given)
  return predict.files(from, {path}, given)[1]
end

--- Predictions for the rows of a table. Its columns are matched by name; others may stand among them. Errors: columns
--- are missing; a network, which hears songs.
---     for _, one in ipairs(predict.table("runs/t", dataset.table "features.csv")) do print(one.path, one) end
---@param from string|moonlark.Estimator  a run folder, a model's file, or what was trained
---@param X moonlark.Features  of dataset.table or dataset:extract
---@return moonlark.Prediction[]
function predict.table(from, X)
  return list_of(model.open(from):predict(X))
end

return predict
