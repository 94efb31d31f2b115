--- The engine's table of features: names, what each may be told, its settings, its Signal.
---
--- The functions of moonlark.feature stand on it, and recipes, batches and effects, which need no more of features
--- than this.
local core = require "moonlark_core".feature
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

local engine = {}

local rows, names = {}, {}
for i, row in ipairs(core.list()) do
  rows[row.name], names[i] = row, row.name
end

--- A feature's row: {name, summary, kind, unit, parameters …}; the error names the nearest of an unknown name.
---@param name string
---@return table
function engine.row(name)
  return rows[name] or options.unknown("feature", name, names)
end

--- Refuses options that a feature does not have, with the nearest name; types and ranges are the engine's.
---@param name string
---@param given table?
function engine.check_names(name, given)
  if given == nil then return end
  if type(given) ~= "table" then show.fail("options of %s must be a table, got %s", name, type(given)) end
  local known, parameters = {}, {}
  for i, parameter in ipairs(engine.row(name).parameters) do
    known[parameter.name], parameters[i] = true, parameter.name
  end
  for key in pairs(given) do
    if not known[key] then options.unknown("option of " .. name, key, parameters) end
  end
end

--- The names of all features, in the order of the engine's table.
---@return string[]
function engine.names()
  return table.move(names, 1, #names, 1, {})
end

--- What a feature takes: {{name, kind, default, optional, least, most, choices, unit, usual, help} …}; kind is
--- "integer", "number", "boolean" or "choice".
---@param name string
---@return table[]
function engine.parameters(name)
  return engine.row(name).parameters
end

--- Every setting of a feature: the options given, checked, and the defaults of the others.
---@param name string
---@param given table?
---@return table<string, any>
function engine.settings(name, given)
  engine.check_names(name, given)
  return core.settings(engine.row(name).name, given)
end

--- The Signal of a feature's numbers that the engine made elsewhere, as a recipe does.
---@param name string
---@param given table?  the options they were made with
---@param made {data: moonlark.Tensor, rate: number, start: number}
---@param sample_rate number  of the waveform
---@return moonlark.Signal
function engine.signal(name, given, made, sample_rate)
  local row, shape = engine.row(name), made.data:shape()
  local settings = core.settings(name, given)
  local unit = row.unit
  if settings.linear then unit = nil end -- spectral_contrast without decibels
  settings.feature, settings.sample_rate = name, sample_rate
  return signal.new {
    data = made.data, rate = made.rate, start = made.start, kind = row.kind, unit = unit, made = settings,
    axis = core.axis(name, given, sample_rate, shape[#shape - 1]),
  }
end

return engine
