--- Emphasis: high frequencies are lifted, and taken back.
local core = require "moonlark_core".effects
local each_channel = require "moonlark.effects.waveform"
local options = require "moonlark.base.options"

---@class moonlark.effects
local emphasis = {}

local coef = {coef = options.number(0.97, {least = 0, most = 1}, "how much of its neighbour a sample loses or gains")}
local preemphasis = options.describe("effects.preemphasis", coef)
local deemphasis = options.describe("effects.deemphasis", coef)

local function filtered(song, filter, o)
  return (each_channel(song, function(samples) return filter(samples, o.coef) end))
end

--- A song with its high frequencies lifted: y[i] = x[i] − coef·x[i − 1]. Speech is often prepared so for analysis.
---
--- Gives a waveform of the song's shape. The first sample is 3·x[0] − x[1]. Source: librosa.effects.preemphasis; Young
--- and others, The HTK Book. Errors: fewer than two samples.
---     local bright = effects.preemphasis(song)
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.preemphasis.Options?
---@return moonlark.Signal
function emphasis.preemphasis(song, given) return filtered(song, core.preemphasis, preemphasis:read(given)) end

--- Takes back what effects.preemphasis did: x[i] = y[i] + coef·x[i − 1].
---
--- Gives a waveform of the song's shape. Source: librosa.effects.deemphasis. Errors: fewer than two samples.
---     local song = effects.deemphasis(bright)
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.deemphasis.Options?
---@return moonlark.Signal
function emphasis.deemphasis(song, given) return filtered(song, core.deemphasis, deemphasis:read(given)) end

return emphasis
