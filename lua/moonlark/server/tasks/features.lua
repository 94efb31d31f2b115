--- Features: numbers over the time of a song, or pooled over it, as dataset:extract computes them.
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local recipe = require "moonlark.feature.recipe"

local parameters = options.describe("server.features", {
  features = options.any(options.required, "a feature's name, or a list of {name = …, and its settings}"),
  pooling = options.list(options.text(), options.none, {least = 1, single = true, usual = "all frames"},
    "statistics over time: mean, std, min, max, median, p0 … p100"),
  rate = options.number(22050, {least = 0, unit = "Hz"}, "at which the song is heard; 0: its own"),
  format = options.choice({"json", "npz"}, "json", "numbers in the answer, or a file of arrays"),
})

local most_numbers = 2000000

-- {"mel", {name = "mfcc", n_mfcc = 13}} as a recipe has them.
local function settings_of(list)
  if type(list) == "table" and not list[1] and not list.name then return list end -- {mel = {n_mels = 64}} already
  local features = {}
  for _, one in ipairs(type(list) == "table" and list[1] and list or {list}) do
    local settings = options.join({}, type(one) == "table" and one or {})
    settings.name = nil
    features[type(one) == "table" and one.name or one] = settings
  end
  return features
end

-- A feature over time in the form of JSON: its shape, its numbers row by row, and what rows and columns are.
local function plain(signal)
  local axis = signal.axis
  local values = axis and axis.values
  if type(values) == "userdata" then values = values:totable() end
  return {shape = json.array(signal.data:shape()), data = json.written(core.store.json_numbers(signal.data)), rate = signal.rate,
    start = signal.start, axis = axis and {name = axis.name, unit = axis.unit, values = values}}
end

-- An hour of frames is no answer that anybody reads.
local function check_count(signals)
  local count = 0
  for _, signal in pairs(signals) do count = count + signal.data:numel() end
  if count <= most_numbers then return end
  error({status = 413, kind = "too-large", detail = ("%d numbers are too many for JSON, which holds %d at most: ask for "
    .. "format npz, or for pooling"):format(count, most_numbers)}, 0)
end

-- A file of arrays in the song's folder.
local function save(song, made, about)
  local name = ("features-%s.npz"):format(core.system.random_hex(8)) -- a song may be asked for others meanwhile
  local done = song:extract_to(made, {files.join(about.folder, name)}, {workers = 1, progress = false})
  if done.rejected[1] then error(done.rejected[1].reason, 0) end
  return {file = name}
end

---@param asked table
---@param about moonlark.server.Work
---@return table
return function(asked, about)
  local o = parameters:read(asked)
  local made = recipe.new {features = settings_of(o.features), rate = o.rate, pool = o.pooling}
  local song = dataset.files {about.sound}
  if o.format == "npz" then return save(song, made, about) end
  local found = song:extract(made, {workers = 1, progress = false})
  if o.pooling then return {names = json.array(found.names), values = json.array(found.x[0]:totable())} end
  check_count(found.items[1])
  local features = {}
  for name, signal in pairs(found.items[1]) do features[name] = plain(signal) end
  return {features = features}
end
