--- What is checked before a training starts beyond what each option may be: options against each other, and the data.
local files = require "moonlark.base.files"
local measures = require "moonlark.train.measures"
local module = require "moonlark.nn.module"
local show = require "moonlark.base.show"

local checks = {}

--- The network.
---@param net any
function checks.network(net)
  if not module.is_module(net) then show.fail("net must be a module of moonlark.nn, got %s", type(net)) end
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

--- The options of train.fit, one against another.
---@param o table
function checks.options(o)
  if o.patience and not o.valid then error("patience needs validation data: give valid", 0) end
  if o.resume and not o.run then error("resume needs a run folder: give run", 0) end
  if type(o.run) == "string" then files.check_folder(o.run, "run folder") end
  if o.loss and o.objective then error("give loss or objective, not both", 0) end
  local part = o.monitor and measures.needs(o.monitor)
  if part and not o[part] then show.fail("monitor = '%s' needs %s", o.monitor, part) end
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
