--- Prediction: what a model says of songs, as predict.files does; a batch of them at once.
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local predict = require "moonlark.predict"

local prediction = {}

local parameters = options.describe("server.prediction", {
  model = options.text(options.none, "its name; the first that the service has, if none is named", {usual = "the first"}),
  segments = options.boolean(false, "also what is heard in each segment"),
  top = options.integer(options.none, {least = 1, usual = "all"}, "how many classes to name, the likeliest first"),
})

-- The likeliest of the probabilities.
local function first(one, top)
  if not (top and one.probabilities) then return one.probabilities end
  local kept = {}
  for i, class in ipairs(one:ranked()) do
    if i <= top then kept[class.label] = class.probability end
  end
  return kept
end

local function plain(one, name, top)
  return {label = one.label, probability = one.probability, probabilities = first(one, top),
    tags = one.tags and json.array(one.tags), values = one.values, model = name,
    segments = one.segments and json.array(one.segments)}
end

--- Several songs at once. Those that cannot be heard have a problem in place of a result.
---@param asked table
---@param list moonlark.server.Work[]
---@param models moonlark.server.Models
---@return table[]
function prediction.batch(asked, list, models)
  local o = parameters:read(asked)
  local paths, place, results = {}, {}, {}
  for i, about in ipairs(list) do paths[i], place[about.sound] = about.sound, i end
  local said, rejected = predict.files(models:get(o.model), paths, {segments = o.segments, workers = 1})
  for _, one in ipairs(said) do results[place[one.path]] = plain(one, o.model, o.top) end
  for _, bad in ipairs(rejected) do
    results[place[bad.path]] = {problem = {status = 422, kind = "not-heard", detail = bad.reason}}
  end
  for i, about in ipairs(list) do results[i] = results[i] or results[place[about.sound]] end -- the same song twice
  return results
end

return prediction
