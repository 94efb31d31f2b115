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

-- What is heard in each segment, up to where the next begins: of the classes that are kept of the whole song.
local function segments_of(one, kept, duration)
  local list = json.array {}
  for i, segment in ipairs(one.segments) do
    local probabilities = segment.probabilities and {}
    for name in pairs(probabilities and kept or {}) do probabilities[name] = segment.probabilities[name] end
    list[i] = {start = segment.start, stop = one.segments[i + 1] and one.segments[i + 1].start or duration,
      label = segment.label, probability = segment.probability, probabilities = probabilities, values = segment.values}
  end
  return list
end

local function plain(one, about, o)
  local kept = first(one, o.top)
  return {label = one.label, probability = one.probability, probabilities = kept,
    tags = one.tags and json.array(one.tags), values = one.values, model = o.model,
    segments = one.segments and segments_of(one, kept, about.song.duration)}
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
  for _, one in ipairs(said) do results[place[one.path]] = plain(one, list[place[one.path]], o) end
  for _, bad in ipairs(rejected) do
    results[place[bad.path]] = {problem = {status = 422, kind = "not-heard", detail = bad.reason}}
  end
  for i, about in ipairs(list) do results[i] = results[i] or results[place[about.sound]] end -- the same song twice
  return results
end

return prediction
