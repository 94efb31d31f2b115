--- Settings: what decides the result of a training. They go into run.json, and a checkpoint goes on with the same ones
--- only.
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"

local settings = {}

-- The content of each part.
local function fingerprints(o)
  local list = {}
  for _, name in ipairs {"train", "valid", "test"} do
    local part = o[name]
    if part then list[name] = part.dataset.hash and part.dataset:hash() or core.store.hash_tensor(part.x) end
  end
  return list
end

--- A plain copy, as JSON gives it back.
function settings.plain(value) return json.decode(json.encode(value)) end

--- The settings of a training, plain, from the options of train.fit.
---@param net moonlark.nn.Module
---@param o moonlark.train.fit.Options
---@return table
function settings.of(net, o)
  local optimizer, schedule, card = o.optimizer, o.schedule, net.card or {}
  return settings.plain {
    loss = type(o.loss) == "string" and o.loss or nil,
    seed = o.seed, epochs = o.epochs, accumulate = o.accumulate, clip_norm = o.clip_norm, ema = o.ema,
    precision = o.precision, patience = o.patience, monitor = o.monitor,
    class_weight = o.class_weight,
    optimizer = {name = optimizer.name, options = optimizer.given},
    schedule = schedule and {name = schedule.name, options = schedule.options},
    input = o.train:options(), augment = o.train.augments, data = fingerprints(o),
    architecture = card.architecture, options = card.options, finetuning = card.finetuning, parameters = (net:count()),
  }
end

local function shown(value)
  if type(value) == "table" then return show.text(value) end
  return math.type(value) and ("%.14g"):format(value) or tostring(value)
end

-- Adds to a list how `a` differs from `b`, in words: "seed was 1, is now 2".
local function compare(list, name, a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    if a ~= b then list[#list + 1] = ("%s was %s, is now %s"):format(name, shown(a), shown(b)) end
    return
  end
  local keys = {}
  for key in pairs(a) do keys[key] = true end
  for key in pairs(b) do keys[key] = true end
  for key in pairs(keys) do compare(list, name == "" and tostring(key) or name .. "." .. key, a[key], b[key]) end
end

--- Refuses to go on with what was begun at `path` under other settings; the error names each that differs.
---@param path string
---@param had table  the settings of then, plain
---@param has table  those of now
function settings.check_same(path, had, has)
  local differences = {}
  compare(differences, "", had, has)
  table.sort(differences)
  if #differences > 0 then show.fail("%s was begun with other settings:%s", path, differences) end
end

return settings
