--- Recipe: which features to compute, of what part of a sound, and how to pool them.
---
---     local recipe = feature.recipe {
---       rate = 22050, duration = 30,
---       features = {mel = {n_mels = 64}, mfcc = {}},
---       pool = {"mean", "std"},
---     }
---     local X = songs:extract(recipe)               -- a row of pooled numbers for each song
---
--- All features of a recipe share one decoding and one transform. They are computed of one channel: the mean of all,
--- or the one that the recipe names. Guests (feature/guest.lua) are computed elsewhere: `embedding` by a model that hears
--- the file at a rate of its own, `vamp` by a plugin.
local core = require "moonlark_core"
local engine = require "moonlark.feature.engine"
local guest = require "moonlark.feature.guest"
local options = require "moonlark.base.options"
local reading = require "moonlark.audio.reading"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local text = require "moonlark.base.text"

local recipe = {}

---@class moonlark.Recipe
---@field rate integer  samples per second; 0 keeps each file's own
---@field start number?  seconds
---@field duration number?  seconds
---@field pad boolean?  silence after what ends before the duration
---@field channel "mix"|"left"|"right"|integer|nil
---@field partial "refuse"|"keep"|nil
---@field features table<string, table>  settings by feature
---@field pool string[]?
---@field list {[1]: string, [2]: table}[]  those that the engine computes, sorted by name
---@field guests moonlark.Guest[]  those that are computed elsewhere
---@field names string[]  columns of the pooled table, empty without pool: "mfcc_0_mean" …, by feature, pool, row; those
--- of guests come last
---@field text string  every setting in words: equal recipes have equal texts
local Recipe = {}
Recipe.__index = Recipe
Recipe.__name = "moonlark.Recipe"

--- {mel = {…}, mfcc = true}, {"mel", "mfcc"} or a mixture, as {{name, settings}…} sorted by name; and the settings of
--- all by name, guests too.
function recipe.listed(features)
  local settings_of, names = {}, {}
  for key, value in pairs(features) do
    local name, settings = key, value
    if math.type(key) == "integer" then name, settings = value, {} end
    if settings == true then settings = {} end
    if type(name) ~= "string" then show.fail("a feature's name must be a string, got %s", type(name)) end
    if type(settings) ~= "table" then show.fail("the settings of %s must be a table, got %s", name, type(settings)) end
    if not guest.is(name) then engine.check(name, settings, name) end
    if settings_of[name] then show.fail("%s is in the recipe twice", name) end
    settings_of[name], names[#names + 1] = settings, name
  end
  local list = {}
  for _, name in ipairs(text.sort(names)) do
    if not guest.is(name) then list[#list + 1] = {name, settings_of[name]} end
  end
  return list, settings_of
end

-- Adds the columns and the text of a guest to those of the engine.
local function add_guest(self, found)
  local name = found.name
  table.insert(self.guests, found)
  self.features[name], self.text = found.settings, self.text .. found.text
  for _, pool in ipairs(self.pool or {}) do
    for row = 0, found.width - 1 do
      table.insert(self.names, found.width == 1 and name .. "_" .. pool or ("%s_%d_%s"):format(name, row, pool))
    end
  end
end

--- Options that Dataset:batches takes, too.
recipe.options = options.join({
  features = options.value("table", "a table such as {mfcc = {n_mfcc = 13}}",
    function(value) return type(value) == "table" and value or nil end, options.required,
    "{name = settings …}, or a list of names"),
  rate = options.either(22050, {options.integer(nil, {least = 0, most = 10000000}), options.choice {"native"}},
    "samples per second; native, or 0: each file's own", {unit = "Hz"}),
  pool = options.list(options.text(), options.none, {single = true, least = 1, usual = "frames are kept"},
    "statistics over time: mean, std, min, max, median, p0 … p100"),
}, reading.options)

local parameters = options.describe("feature.recipe", recipe.options, {
  start = options.number(options.none, {least = 0, unit = "s", usual = "0"}, "where in each file to begin"),
  duration = options.number(options.none, {least = 0, unit = "s", usual = "to the end"}, "how much of each file"),
  pad = options.boolean(false, "silence after files that end before the duration"),
})

--- Several features to be made together, from one decode and shared transforms. Errors: a feature or pool that is
--- unknown or stands twice, settings that a feature refuses.
---     local recipe = feature.recipe {features = {mfcc = {n_mfcc = 13}}, pool = "mean"}
---@param given moonlark.feature.recipe.Options
---@return moonlark.Recipe
function recipe.new(given)
  local o = parameters:read(given)
  if o.pad and not o.duration then show.fail "pad needs duration: how long each sound is to be" end
  local self = setmetatable({
    rate = o.rate == "native" and 0 or o.rate, start = o.start, duration = o.duration, pool = o.pool, features = {},
    pad = o.pad or nil,
    channel = o.channel, partial = o.partial,
  }, Recipe)
  local list, settings_of = recipe.listed(o.features)
  self.list, self.guests = list, {}
  for _, entry in ipairs(self.list) do self.features[entry[1]] = entry[2] end
  local found = {}
  for _, name in ipairs(guest.names) do
    if settings_of[name] then found[#found + 1] = guest.resolve(name, settings_of[name], self.rate) end
  end
  local checked = core.extract.recipe(self:description(self.pool, #found > 0))
  self.names, self.text = checked.columns, checked.text
  for _, one in ipairs(found) do add_guest(self, one) end
  for _, entry in ipairs(self.rate ~= 0 and self.list or {}) do
    engine.warn_of_empty(entry[1], entry[2], self.rate)
  end
  return self
end

-- What a setting was, by the words that a recipe's text has for it.
local function setting(parameter, words)
  if words == "nil" then return nil end
  if parameter.kind == "boolean" then return words == "1" end
  local number = parameter.kind ~= "choice" and tonumber(words)
  return number and (math.tointeger(number) or number) or words
end

-- The features of a recipe's text, with all their settings.
local function features_of(words)
  local features = {}
  for name, rest in words:gmatch "\nfeature (%S+)([^\n]*)" do
    local kinds = {}
    for _, parameter in ipairs(engine.row(name).parameters) do kinds[parameter.name] = parameter end
    features[name] = {}
    for key, value in rest:gmatch "(%S+)=(%S+)" do features[name][key] = setting(kinds[key], value) end
  end
  return features
end

--- The recipe whose `text` this is, as files of features keep it; nil where this Moonlark computes other numbers by
--- such a text, or knows no such feature.
---     local recipe = recipe.of_text(X.recipe.text)
---@param words string
---@return moonlark.Recipe?
function recipe.of_text(words)
  local function number(name) return tonumber(words:match("\n" .. name .. " (%S+)")) end
  local ok, made = pcall(function()
    local start, duration, pool = number "start_s", number "duration_s", {}
    for name in (words:match "\npool([^\n]*)" or ""):gmatch "%S+" do pool[#pool + 1] = name end
    return recipe.new {
      features = features_of(words), rate = math.tointeger(number "rate"), channel = math.tointeger(number "channel"),
      start = start > 0 and start or nil, duration = duration > 0 and duration or nil,
      pool = #pool > 0 and pool or nil, partial = words:find "\npartial keep\n" and "keep" or nil,
      pad = words:find "\npad\n" and true or nil,
    }
  end)
  return ok and made.text == words and made or nil
end

--- True for recipes.
function recipe.is(value) return getmetatable(value) == Recipe end

--- What the engine reads; `pool` false keeps the frames whatever the recipe pools; `guests`: whether there are any.
function Recipe:description(pool, guests)
  if guests == nil then guests = #self.guests > 0 end
  return {
    rate = self.rate, start = self.start, duration = self.duration, pad = self.pad, features = self.list,
    pool = pool ~= false and self.pool or nil, channel = reading.channel(self.channel),
    keep_partial = self.partial == "keep", guests = guests,
  }
end

--- What feature.recipe makes the same recipe of, as plain values.
---     local same = feature.recipe(recipe:settings())
---@return table
function Recipe:settings()
  local features = {}
  for name, settings in pairs(self.features) do features[name] = options.join(settings) end
  return {
    features = features, rate = self.rate, start = self.start, duration = self.duration, pad = self.pad,
    pool = self.pool, channel = self.channel, partial = self.partial,
  }
end

-- The channel of a waveform that the recipe looks at.
local function channel_of(self, song)
  local data = signal.channels(song)
  local channel, channels = reading.channel(self.channel), data:size(0)
  if channel >= channels then
    show.fail("channel must be 0..%d, the waveform has %d, got %d", channels - 1, channels, channel)
  end
  if channel >= 0 or channels == 1 then return data:select(0, math.max(channel, 0)) end
  return data:mean(0)
end

-- The samples of one channel that the recipe looks at.
local function samples_of(self, song)
  signal.check("song", song, "waveform")
  if self.rate ~= 0 and song.rate ~= self.rate and #self.list > 0 then
    show.fail("the recipe takes sound at %d Hz, this is at %g Hz: load it with {rate = %d}",
      self.rate, song.rate, self.rate)
  end
  local data, from = channel_of(self, song), math.floor((self.start or 0) * song.rate)
  local n = data:size(0) - from
  if self.duration then n = math.min(n, math.floor(self.duration * song.rate)) end
  if n < 1 then show.fail("the song ends before start = %g s", self.start or 0) end
  local part = data:narrow(0, from, n)
  local missing = self.pad and math.floor(self.duration * song.rate) - n or 0
  return missing > 0 and part:constant_pad_nd({0, missing}, 0) or part
end

local function waveform(samples, rate)
  return signal.new {data = samples:contiguous():unsqueeze(0), rate = rate, kind = "waveform"}
end

-- The Signal of a feature's array {data, rate, start}.
local function signal_of(self, name, made)
  for _, one in ipairs(self.guests) do
    if one.name == name then return one.signal(made) end
  end
  local rate = self.rate
  if rate == 0 then -- the file's own: a whole number of hops of the frames' rate
    rate = math.floor(made.rate * engine.facts(name, self.features[name]).hop + 0.5)
  end
  return engine.signal(name, self.features[name], made, rate)
end

-- The frames of one track as Signals by feature, from arrays {data, rate, start}.
function Recipe:signals(frames)
  local signals = {}
  for name, made in pairs(frames) do signals[name] = signal_of(self, name, made) end
  return signals
end

--- All features of a waveform, frames kept, from one shared transform. Errors: another rate, no such channel.
---     local mfcc = recipe:apply(song).mfcc
---@param song moonlark.Signal  at the recipe's rate; of several channels, the recipe's
---@return table<string, moonlark.Signal>  by feature
function Recipe:apply(song)
  local samples, start = samples_of(self, song), song.start + (self.start or 0)
  local frames = #self.list > 0 and core.extract.analyse(self:description(false), samples, song.rate) or {}
  for _, one in ipairs(self.guests) do frames[one.name] = one.of(waveform(samples, song.rate)) end
  for _, made in pairs(frames) do made.start = made.start + start end
  return self:signals(frames)
end

--- The pooled row of a waveform, as Dataset:extract makes it. Errors: a recipe without pool, and those of apply.
---     local row = recipe:row(song)
---@param song moonlark.Signal
---@return moonlark.Tensor  of #recipe.names numbers
function Recipe:row(song)
  if not self.pool then error("this recipe keeps frames: give it pool = {\"mean\", \"std\"} or call apply", 0) end
  local samples = samples_of(self, song)
  local parts = {}
  if #self.list > 0 then parts[1] = core.extract.analyse(self:description(), samples, song.rate) end
  for _, one in ipairs(self.guests) do
    parts[#parts + 1] = one.of(waveform(samples, song.rate), self.pool):flatten()
  end
  return #parts > 1 and require "moonlark.torch".cat(parts) or parts[1]
end

function Recipe:__tostring() return (self.text:gsub("^numbers %d+\n", ""):gsub("\n$", "")) end

return recipe
