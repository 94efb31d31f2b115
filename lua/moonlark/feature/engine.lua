--- The engine's table of features: names, what each may be told, its settings, its Signal. The functions of
--- moonlark.feature stand on it; recipes, batches and effects need no more of features than this.
local core = require "moonlark_core".feature
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
local warning = require "moonlark.base.warning"

local engine = {}

local rows, names = {}, {}
for i, row in ipairs(core.list()) do
  rows[row.name], names[i] = row, row.name
  options.announce("feature." .. row.name, row.parameters)
end

--- A feature's row: {name, summary, kind, unit, parameters …}; the error names the nearest of an unknown name.
function engine.row(name) return rows[name] or options.unknown("feature", name, names) end

--- Refuses options that a feature does not have; the engine checks the values of those that it has. `owner` is what
--- errors call it, by default "feature.NAME".
function engine.check(name, given, owner)
  local known = {}
  for i, p in ipairs(engine.row(name).parameters) do known[i], known[p.name] = p.name, true end
  owner = owner or "feature." .. name
  for key in pairs(type(given) == "table" and given or {}) do
    if type(key) ~= "string" then show.fail("options of %s must have names, got a %s as one", owner, type(key)) end
    if not known[key] then options.unknown("option of " .. owner, key, known) end
  end
end

--- The names of all features, in the order of the engine's table.
---     for _, name in ipairs(feature.names()) do print(name) end
---@return string[]
function engine.names() return table.move(names, 1, #names, 1, {}) end

--- What a feature takes: {{name, kind, default, optional, least, most, choices, unit, usual, help} …}; kind is
--- "integer", "number", "boolean" or "choice".
---     for _, p in ipairs(feature.parameters "mel") do print(p.name, p.help) end
---@param name string
---@return table[]
function engine.parameters(name) return engine.row(name).parameters end

--- Every setting of a feature: the options given, checked, and the defaults of the others.
---     print(feature.settings("mel", {n_mels = 64}).hop_length)      --> 512
---@param name string
---@param given table?
---@return table<string, any>
function engine.settings(name, given)
  engine.check(name, given)
  return core.settings(name, given)
end

--- What the engine knows of a feature with some options: hop (samples from frame to frame), energy (1: its values are
--- amplitudes, 2: powers, 0: neither) and unit.
function engine.facts(name, given)
  engine.check(name, given)
  return core.facts(name, given)
end

--- Warns of mel bands that lie between two bins of the spectrum at this sample rate: their rows are always 0.
function engine.warn_of_empty(name, given, rate)
  local count = core.empty(name, given, rate)
  if count == 0 then return end
  warning.say("empty-mel-filters", ("%s: %d of the mel bands hold no frequency of the spectrum at %g Hz, and are "
    .. "always empty: take a larger n_fft or a smaller n_mels"):format(name, count, rate))
end

--- The Signal of a feature's numbers that were made elsewhere: values, frames a second, seconds of the first one.
--- Errors: the feature with these options has another number of rows.
---     local mel = feature.signal("mel", nil, {data = x, rate = 43.07, start = 0}, 22050)      -- x: 128 × n
---@param name string
---@param given table?  the options they were made with
---@param made {data: moonlark.Tensor, rate: number, start: number}
---@param sample_rate number  of the waveform
---@return moonlark.Signal
function engine.signal(name, given, made, sample_rate)
  local row, shape = engine.row(name), made.data:shape()
  local settings = core.settings(name, given)
  settings.feature, settings.sample_rate = name, sample_rate
  return signal.new {
    data = made.data, rate = made.rate, start = made.start, kind = row.kind, made = settings,
    unit = core.facts(name, given).unit,
    axis = core.axis(name, given, sample_rate, shape[#shape - 1]),
  }
end

--- Calls f for the samples of each channel, as signal.each_channel does; one channel gives no axis of channels.
function engine.each_channel(song, f)
  local data = signal.channels(song)
  return signal.each_channel(data:size(0) == 1 and data:select(0, 0) or data, 1, f)
end

--- A feature by its name. Errors: no such feature.
---     local mel = feature.compute("mel", song, {n_mels = 64})
---@param name string
---@param song moonlark.Signal  waveform
---@param given table?
---@return moonlark.Signal
function engine.compute(name, song, given)
  engine.check(name, given)
  local data, rate, start = engine.each_channel(song, function(samples)
    return core.compute(name, given, samples, song.rate)
  end)
  engine.warn_of_empty(name, given, song.rate)
  return engine.signal(name, given, {data = data, rate = rate, start = song.start + start}, song.rate)
end

--- The function that computes a feature of a song.
function engine.feature(name)
  return function(song, given) return engine.compute(name, song, given) end
end

return engine
