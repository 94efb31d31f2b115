--- What a transform is inverted with: the settings of the Signal that it made, unless told otherwise.
local core = require "moonlark_core".feature
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local inverse = {}

local usual = {n_fft = "2·(rows − 1)", hop_length = "win_length / 4", win_length = "n_fft"}

--- The engine's parameters as options that may be left out: a Signal brings its settings along.
function inverse.inherited(rows)
  local fields = options.join(rows)
  for name, p in pairs(fields) do
    if not p.optional then
      fields[name] = options.optional(p, "the Signal's, or " .. (usual[name] or show.text(p.default)))
    end
  end
  return fields
end

--- The options of every inverse transform.
inverse.parameters = inverse.inherited(core.parameters.istft)

--- Settings for the engine: what was told (`o`, as read by a description of inverse.parameters), else what the Signal
--- was made with, else what fits so many rows.
function inverse.settings(o, made, rows)
  local settings = options.join(o)
  for _, name in ipairs {"n_fft", "hop_length", "win_length", "window", "center", "pad_mode"} do
    if settings[name] == nil then settings[name] = made[name] end
  end
  settings.n_fft = settings.n_fft or 2 * (rows - 1)
  settings.win_length = settings.win_length or settings.n_fft
  settings.hop_length = settings.hop_length or settings.win_length // 4
  settings.center = settings.center ~= false
  return settings
end

return inverse
