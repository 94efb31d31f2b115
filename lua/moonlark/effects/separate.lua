--- Separation: sounds that last, such as tones, and sounds that strike, such as drums.
local core = require "moonlark_core".effects
local each_channel = require "moonlark.effects.waveform"
local options = require "moonlark.base.options"

---@class moonlark.effects
local separate = {}

local engine = options.join(core.parameters.hpss)

-- One value, or two: harmonic, percussive.
local function pair(one, help) return options.either(one.default, {one, options.list(one, nil, {length = 2})}, help) end

local hpss = {
  kernel_size = pair(engine.kernel_time, "length of the medians: frames in time, bins in frequency"),
  margin = pair(engine.margin_harmonic, "how much a part must outweigh the other"),
  power = engine.power,
}
local descriptions = {}
for which, owner in pairs {both = "hpss", harmonic = "harmonic", percussive = "percussive"} do
  descriptions[which] = options.describe("effects." .. owner, hpss, core.parameters.frames)
end

local function two(value)
  if type(value) == "table" then return value[1], value[2] end
  return value, value
end

local function parts_of(song, given, which)
  local o = descriptions[which]:read(given)
  local settings = {power = o.power, n_fft = o.n_fft, hop_length = o.hop_length}
  settings.kernel_time, settings.kernel_frequency = two(o.kernel_size)
  settings.margin_harmonic, settings.margin_percussive = two(o.margin)
  return each_channel(song, function(samples) return core.hpss(samples, which, settings) end)
end

--- Splits a song into what lasts (harmonic) and what strikes (percussive): two waveforms of the song's length.
---
--- Running medians of the spectrogram along time and along frequency give two pictures; soft masks of a power share the
--- spectrum out between them (math.huge: all to one or the other). kernel_size and margin are one number, or two:
--- harmonic, percussive. With margin = 1 the parts add up to the song; with a larger one, what is neither is left out
--- of both. Source: librosa.effects.hpss; Fitzgerald, 2010; Driedger, Müller and Disch, 2014.
---     local tune, drums = effects.hpss(song)
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.hpss.Options?
---@return moonlark.Signal harmonic
---@return moonlark.Signal percussive
function separate.hpss(song, given) return parts_of(song, given, "both") end

--- What lasts in a song: the first part of effects.hpss, at less cost. Source: librosa.effects.harmonic.
---     local tune = effects.harmonic(song, {margin = 3})
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.harmonic.Options?
---@return moonlark.Signal
function separate.harmonic(song, given) return (parts_of(song, given, "harmonic")) end

--- What strikes in a song: the second part of effects.hpss, at less cost. Source: librosa.effects.percussive.
---     local drums = effects.percussive(song, {margin = 3})
---@param song moonlark.Signal  waveform
---@param given moonlark.effects.percussive.Options?
---@return moonlark.Signal
function separate.percussive(song, given) return (parts_of(song, given, "percussive")) end

return separate
