--- What is checked before a training starts.
local show = require "moonlark.base.show"
local checks = {}

local function check_integer(name, value, least)
  if math.type(value) ~= "integer" or value < least then
    show.fail("%s must be an integer from %d, got %s", name, least, tostring(value))
  end
end

local function is_callable(value)
  return type(value) == "function" or type(value) == "table" and (getmetatable(value) or {}).__call ~= nil
end

--- The network.
---@param net any
function checks.network(net)
  if not require "moonlark.nn.module".is_module(net) then
    show.fail("net must be a module of moonlark.nn, got %s", type(net))
  end
end

--- The device that "auto" stands for, or the one that is named; an error when it is not there.
---@param wanted string
---@return string
function checks.device(wanted)
  local torch = require "moonlark.torch"
  if wanted == "auto" then return torch.cuda.is_available() and "cuda:0" or "cpu" end
  if wanted ~= "cpu" then torch.zeros({1}):to(wanted) end -- says what is missing
  return wanted == "cuda" and "cuda:0" or wanted
end

local function check_objects(o)
  if type(o.optimizer) ~= "nil" and not (type(o.optimizer) == "table" and (o.optimizer.bind or o.optimizer.groups)) then
    show.fail("optimizer must be one of moonlark.optim, such as optim.AdamW {lr = 1e-3}, got %s", type(o.optimizer))
  end
  if o.schedule ~= nil and not (type(o.schedule) == "table" and (o.schedule.bind or o.schedule.step)) then
    show.fail("schedule must be one of moonlark.optim, such as optim.cosine {}, got %s", type(o.schedule))
  end
  for _, name in ipairs {"loss", "objective", "each", "judge"} do
    if o[name] ~= nil and not is_callable(o[name]) then
      show.fail("%s must be a function, got %s", name, type(o[name]))
    end
  end
end

--- An optimiser that was bound before must be the network's, on its device.
---@param optimizer moonlark.Optimizer
---@param net moonlark.nn.Module
function checks.optimizer(optimizer, net)
  local own = {}
  for _, parameter in ipairs(net:parameters()) do own[parameter] = true end
  for _, group in ipairs(optimizer.groups) do
    for _, parameter in ipairs(group.params) do
      if own[parameter] then return end
    end
  end
  error("the optimizer has none of the network's parameters: give train.fit a recipe, such as optim.AdamW {lr = 1e-3}",
    0)
end

local measures = {"accuracy", "loss", "valid_accuracy", "valid_loss", "valid_segment_accuracy"}

local function check_monitor(o)
  if o.monitor == nil then return end
  local known = {}
  for _, name in ipairs(measures) do known[name] = true end
  if not known[o.monitor] then require "moonlark.base.options".unknown("monitor of train.fit", o.monitor, measures) end
  if o.monitor:find "^valid" and not o.valid then show.fail("monitor = '%s' needs valid", o.monitor) end
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
  if type(o.run) == "string" then require "moonlark.base.files".check_folder(o.run, "run folder") end
  if o.loss and o.objective then error("give loss or objective, not both", 0) end
  check_objects(o)
  check_monitor(o)
  local precisions = {float32 = true, bfloat16 = true}
  if not precisions[o.precision] then
    show.fail('precision must be "float32" or "bfloat16", got "%s"', o.precision)
  end
  for _, part in ipairs {"train", "valid", "test"} do
    local batches = o[part]
    if batches ~= nil and not (type(batches) == "table" and batches.epoch and batches.dataset) then
      show.fail("%s must be batches, as dataset:batches and train.tensors make, got %s", part, type(batches))
    end
  end
end

local function same(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
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
      show.fail("the %s part is empty: give it more tracks, or leave it out", part == "valid" and "validation" or part)
    end
  end
  if o.train:count() == 0 then error("drop_last leaves no batch: batch_size is above the number of examples", 0) end
  local classes = o.train.dataset.classes or {}
  if o.objective or #classes == 0 then return end
  if #classes == 1 then show.fail("there is only one class, %s: nothing can be told apart", classes[1]) end
  local counts, missing = label_counts(o.train.dataset), {}
  for _, name in ipairs(classes) do
    if not counts[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    show.fail("no training track of the class%s %s", #missing > 1 and "es" or "", table.concat(missing, ", "))
  end
  for _, part in ipairs {"valid", "test"} do
    local others = o[part] and o[part].dataset.classes or {}
    if #others > 0 and #classes > 0 and not same(classes, others) then
      show.fail("the classes of training and %s differ: %s; %s", part == "valid" and "validation" or part,
        table.concat(classes, ", "), table.concat(others, ", "))
    end
  end
end

return checks
