--- What is checked before a training starts.
local checks = {}

local function check_integer(name, value, least)
  if math.type(value) ~= "integer" or value < least then
    error(("%s must be an integer from %d, got %s"):format(name, least, tostring(value)), 0)
  end
end

--- The options themselves.
---@param o table
function checks.options(o)
  check_integer("epochs", o.epochs, 1)
  check_integer("accumulate", o.accumulate, 1)
  check_integer("seed", o.seed, 0)
  if o.patience ~= nil then check_integer("patience", o.patience, 1) end
  if o.patience and not o.valid then error("patience needs validation data: give valid", 0) end
  if o.resume and not o.run then error("resume needs a run folder: give run", 0) end
  if o.loss and o.objective then error("give loss or objective, not both", 0) end
  local precisions = {float32 = true, bfloat16 = true}
  if not precisions[o.precision] then
    error(('precision must be "float32" or "bfloat16", got "%s"'):format(o.precision), 0)
  end
  for _, part in ipairs {"train", "valid", "test"} do
    local batches = o[part]
    if batches ~= nil and not (type(batches) == "table" and batches.epoch and batches.dataset) then
      error(("%s must be batches, as dataset:batches and train.tensors make, got %s"):format(part, type(batches)), 0)
    end
  end
end

local function label_counts(songs)
  local counts = {}
  for _, track in ipairs(songs.tracks) do
    if track.label then counts[track.label] = (counts[track.label] or 0) + 1 end
  end
  return counts
end

--- The data: a classification needs every class in training, two or more of them, and something to validate on.
---@param o table
function checks.data(o)
  if o.train:items() == 0 then error("the training data is empty", 0) end
  for _, part in ipairs {"valid", "test"} do
    if o[part] and o[part]:items() == 0 then
      error(("the %s part is empty: give it more tracks, or leave it out"):format(part == "valid" and "validation" or part), 0)
    end
  end
  local classes = o.train.dataset.classes or {}
  if o.objective or #classes == 0 then return end
  if #classes == 1 then error(("there is only one class, %s: nothing can be told apart"):format(classes[1]), 0) end
  local counts, missing = label_counts(o.train.dataset), {}
  for _, name in ipairs(classes) do
    if not counts[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    error(("no training track of the class%s %s"):format(#missing > 1 and "es" or "", table.concat(missing, ", ")), 0)
  end
end

return checks
