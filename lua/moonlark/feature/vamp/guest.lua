--- Guest: a Vamp plugin as a feature of recipes (feature/guest.lua): one output, of values at a steady rate.
local core = require "moonlark_core"
local options = require "moonlark.base.options"
local progress = require "moonlark.base.progress"
local run = require "moonlark.feature.vamp.run"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local stream = require "moonlark.audio.stream"

local guest = {}

local NUMBERS = 1 -- raised when the same plugin gives other numbers than before: what is kept is then made anew

local parameters = options.describe("feature.recipe.vamp", {
  plugin = options.text(options.required, '"library:plugin:output"; without an output, the first'),
  parameters = options.either(nil, {
    options.value("table", "a table {name = value …}", function(value) return type(value) == "table" and value or nil end),
    options.text(),
  }, 'the plugin\'s, by their identifiers; in a command\'s words "name=value,name=value"'),
}, run.options)

-- {threshold = 4} of "threshold=4".
local function table_of(words)
  if type(words) ~= "string" then return words end
  local values = {}
  for word in words:gmatch "[^,]+" do
    local name, value = word:match "^%s*([%w_-]+)%s*=%s*(.-)%s*$"
    if not name then show.fail('vamp.parameters must look like "threshold=4,sensitivity=40", got %q', words) end
    values[name] = tonumber(value) or value
  end
  return values
end

local function silence(rate)
  local blocks = {require "moonlark.torch".zeros {1, rate}}
  return function() return table.remove(blocks) end
end

-- How many rows an output has: known once the plugin runs.
local function width_of(order, rate)
  local _, about = run.song(order, silence(rate), 1, rate, 0)
  if about.timing == "any" or (about.bins or 0) < 1 then
    show.fail("vamp.plugin: %s gives events, and a recipe takes values at a steady rate: feature.vamp gives them as an "
      .. "annotation", order.key)
  end
  return about.bins
end

-- The numbers of a result: {data, rate, start}, or pooled over the frames that have some. Errors: there are none.
local function numbers_of(order, found, pool)
  if not signal.is(found) then show.fail("%s gives no values at a steady rate here", order.key) end
  if not pool then return {data = found.data, rate = found.rate, start = found.start} end
  local there = found.data:isnan():any(0):logical_not()
  if not there:any():item() then show.fail("%s gives no values here", order.key) end
  local pooling = core.pooling.new(pool, found.data:size(0))
  core.pooling.add(pooling, found.data:index_select(1, there:nonzero():flatten()):contiguous())
  return core.pooling.finish(pooling)
end

-- The part of a track that a recipe looks at, as audio.blocks reads it.
local function reading_of(track, o)
  local from = (track.start or 0) + (o.start or 0)
  local left = track.duration and math.max(0, track.duration - (o.start or 0))
  return {rate = o.rate == 0 and "native" or o.rate, start = from, duration = o.duration or left, pad = o.pad,
    mono = true, channel = o.channel, partial = o.partial}
end

local function hear_track(order, track, o)
  local blocks, channels, rate = stream(track.path, reading_of(track, o))
  return numbers_of(order, (run.song(order, blocks, channels, rate, 0)), o.pool)
end

local function hear_waveform(order, song)
  local blocks, channels, rate = stream(song)
  return (run.song(order, blocks, channels, rate, song.start))
end

-- One track after the other; the plugin's process runs beside the decoder.
local function hear(order, tracks, o, keep)
  local heard = {results = {}, failures = {}, notes = {}}
  local bar = o.progress and #tracks > 1 and progress.new(#tracks, "listening") or nil
  for i, track in ipairs(tracks) do
    local fine, made = pcall(hear_track, order, track, o)
    if fine then heard.results[i] = keep(i, made) else heard.failures[i] = made end
    if bar then bar:update(i) end
  end
  if bar then bar:finish() end
  return heard
end

--- The plugin that settings name. Errors: there is none, it gives events, a parameter is wrong.
---     local found = guest.resolve({plugin = "vamp-example-plugins:zerocrossing"}, 22050)
---@param settings table  options of feature.recipe.vamp
---@param rate integer  of the recipe, Hz; 0: each file's own
---@return moonlark.Guest
function guest.resolve(settings, rate)
  local o = parameters:read(settings)
  o.parameters = table_of(o.parameters)
  local order = run.order(o.plugin, o.parameters, o)
  o.plugin = order.key
  local text = ("vamp %d plugin=%s content=%s step_size=%s block_size=%s program=%s %s\n"):format(NUMBERS, order.key,
    core.store.hash_file(order.path), o.step_size, o.block_size, o.program, table.concat(order.words, " "))
  return {
    name = "vamp", settings = o, text = text, width = width_of(order, rate == 0 and 44100 or rate), at_rate = true,
    hear = function(tracks, how, keep) return hear(order, tracks, how, keep) end,
    of = function(song, pool) return numbers_of(order, hear_waveform(order, song), pool) end,
    signal = function(made)
      return signal.new {data = made.data, rate = made.rate, start = made.start, kind = order.output.id,
        axis = made.data:size(0) > 1 and {name = "bin"} or nil, made = {feature = "vamp", plugin = order.key}}
    end,
  }
end

return guest
