--- Separation: what lasts in a song, and what strikes.
local core = require "moonlark_core".effects
local options = require "moonlark.base.options"
local waveform = require "moonlark.effects.waveform"

---@class moonlark.effects
local separate = {}

local engine = options.join(core.parameters.hpss)

-- One value, or two: harmonic, percussive.
local function pair(one, help)
  return options.either(one.default, {one, options.list(one, nil, {length = 2})}, help)
end

local hpss = {
  kernel_size = pair(engine.kernel_time, "length of the medians: frames in time, bins in frequency"),
  margin = pair(engine.margin_harmonic, "how much a part must outweigh the other"),
  power = engine.power,
}
local descriptions = {
  both = options.describe("effects.hpss", hpss, core.parameters.frames),
  harmonic = options.describe("effects.harmonic", hpss, core.parameters.frames),
  percussive = options.describe("effects.percussive", hpss, core.parameters.frames),
}

local function two(value)
  if type(value) == "table" then return value[1], value[2] end
  return value, value
end

local function parts_of(song, given, which)
  local o = descriptions[which]:read(given)
  local settings = {power = o.power, n_fft = o.n_fft, hop_length = o.hop_length}
  settings.kernel_time, settings.kernel_frequency = two(o.kernel_size)
  settings.margin_harmonic, settings.margin_percussive = two(o.margin)
  return waveform.each_channel(song, function(samples) return core.hpss(samples, which, settings) end)
end

--- Splits a song in what lasts (harmonic) and what strikes (percussive).
---
--- Two waveforms of the song's length. Running medians of the spectrogram, kernel_size frames long in time and as many
--- bins in frequency (or two numbers: one for each), give two pictures, and soft masks of a power share the spectrum
--- out (math.huge: to one or the other). With margin = 1 the parts add up to the song; a larger one (or two: harmonic,
--- percussive) leaves what is neither out of both. Source: librosa.effects.hpss; Fitzgerald, 2010; Driedger, Müller
--- and Disch, 2014.
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.hpss.Options?
---@return moonlark.Signal harmonic
---@return moonlark.Signal percussive
function separate.hpss(song, given) return parts_of(song, given, "both") end

--- What lasts in a song: the first part of effects.hpss, at less cost. Source: librosa.effects.harmonic.
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.harmonic.Options?
---@return moonlark.Signal
function separate.harmonic(song, given) return (parts_of(song, given, "harmonic")) end

--- What strikes in a song: the second part of effects.hpss, at less cost. Source: librosa.effects.percussive.
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.percussive.Options?
---@return moonlark.Signal
function separate.percussive(song, given) return (parts_of(song, given, "percussive")) end

return separate
