--- Settings: what decides the result of a training. They go into run.json, and a checkpoint goes on with the same ones
--- only.
local core = require "moonlark_core"
local json = require "moonlark.base.json"

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

--- A plain copy, as JSON would give it back.
---@param value table
---@return table
function settings.plain(value) return json.decode(json.encode(value)) end

--- The settings of a training.
---@param net moonlark.nn.Module
---@param o table  the options of train.fit
---@return table
function settings.of(net, o)
  local optimizer, schedule, card = o.optimizer, o.schedule, net.card or {}
  return settings.plain {
    seed = o.seed, epochs = o.epochs, accumulate = o.accumulate, clip_norm = o.clip_norm, ema = o.ema,
    precision = o.precision, patience = o.patience, monitor = o.monitor,
    optimizer = {name = optimizer.name, options = optimizer.given},
    schedule = schedule and {name = schedule.name, options = schedule.options},
    input = o.train:options(), augment = o.train.augments, data = fingerprints(o),
    architecture = card.architecture, options = card.options, parameters = (net:count()),
  }
end

local function shown(value) return math.type(value) and ("%.14g"):format(value) or tostring(value) end

--- Each setting that differs, in words: "seed was 1, is now 2".
---@param had table
---@param has table
---@return string[]  sorted
function settings.differences(had, has)
  local list = {}
  local function compare(name, a, b)
    if type(a) == "table" and type(b) == "table" then
      local keys = {}
      for key in pairs(a) do keys[key] = true end
      for key in pairs(b) do keys[key] = true end
      for key in pairs(keys) do compare(name == "" and tostring(key) or name .. "." .. key, a[key], b[key]) end
    elseif a ~= b then
      list[#list + 1] = ("%s was %s, is now %s"):format(name, shown(a), shown(b))
    end
  end
  compare("", had, has)
  table.sort(list)
  return list
end

return settings
