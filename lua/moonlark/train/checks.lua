--- What is checked before a training starts beyond what each option may be: options against each other, and the data.
local files = require "moonlark.base.files"
local measures = require "moonlark.train.measures"
local show = require "moonlark.base.show"

local checks = {}

--- An optimiser that was bound before must be the network's, on its device.
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
function checks.options(o)
  if o.patience and not o.valid then error("patience needs validation data: give valid", 0) end
  if o.resume and not o.run then error("resume needs a run folder: give run", 0) end
  if type(o.run) == "string" then files.check_folder(o.run, "run folder") end
  if o.loss and o.objective then error("give loss or objective, not both", 0) end
  local part = o.monitor and measures.by_name[o.monitor].needs
  if part and not o[part] then show.fail("monitor = '%s' needs %s", o.monitor, part) end
end

-- A classification needs two classes or more, and tracks of every class.
local function check_classes(classes, tracks)
  if #classes == 1 then show.fail("there is only one class, %s: nothing can be told apart", classes[1]) end
  local there, missing = {}, {}
  for _, track in ipairs(tracks) do
    if track.label then there[track.label] = true end
  end
  for _, name in ipairs(classes) do
    if not there[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then
    show.fail("no training track of the class%s %s", #missing > 1 and "es" or "", table.concat(missing, ", "))
  end
end

local function differ(a, b)
  for i = 1, math.max(#a, #b) do
    if a[i] ~= b[i] then return true end
  end
end

--- The data: no part may be empty, and all are of the same classes.
function checks.data(o)
  if o.train:items() == 0 then error("the training data is empty", 0) end
  if o.train:count() == 0 then error("drop_last leaves no batch: batch_size is above the number of examples", 0) end
  local classes = not o.objective and o.train.dataset.classes or {}
  if #classes > 0 then check_classes(classes, o.train.dataset.tracks) end
  for _, part in ipairs {"valid", "test"} do
    local words, others = part == "valid" and "validation" or part, o[part] and o[part].dataset.classes or {}
    if o[part] and o[part]:items() == 0 then
      show.fail("the %s part is empty: give it more tracks, or leave it out", words)
    end
    if #others > 0 and #classes > 0 and differ(classes, others) then
      show.fail("the classes of training and %s differ: %s; %s", words, table.concat(classes, ", "),
        table.concat(others, ", "))
    end
  end
end

return checks
