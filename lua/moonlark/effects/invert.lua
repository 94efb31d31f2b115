--- The way back from a picture of a sound: phases and fine frequencies are guessed.
local core = require "moonlark_core".effects
local engine = require "moonlark.feature.engine"
local inverse = require "moonlark.feature.inverse"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"

---@class moonlark.effects
local invert = {}

local guessing = options.join(core.parameters.griffin_lim, inverse.parameters)
guessing.pad_mode = inverse.inherited {pad_mode = guessing.pad_mode}.pad_mode
local griffin_lim = options.describe("effects.griffin_lim", guessing)
local mel_to_audio = options.describe("effects.mel_to_audio", guessing)
local mel_to_stft = options.describe("effects.mel_to_stft", {
  n_iter = options.join(core.parameters.mel_invert).n_iter,
})

-- The magnitudes of a spectrogram, whatever power they were raised to.
local function magnitudes_of(S)
  if not signal.is(S) then
    if type(S) ~= "userdata" then show.fail("magnitude must be a Signal or a tensor, got %s", type(S)) end
    return S, {}
  end
  if S.kind ~= "spectrogram" and S.kind ~= "stft" then
    show.fail("magnitude must be a spectrogram or stft Signal, got a %s Signal", S.kind)
  end
  if S.unit == "dB" then
    show.fail "magnitude is in decibels: feature.db_to_amplitude takes them back (db_to_power after power_to_db)"
  end
  local data, power = S.data, S.made.power or 1
  if data:is_complex() then data = data:abs() end
  if power ~= 1 then data = data:pow(1 / power) end
  return data, S.made
end

local function guess(magnitude, o)
  local data, made = magnitudes_of(magnitude)
  if data:dim() < 2 then show.fail "magnitude must have rows and frames, got a tensor of one axis or none" end
  local settings = inverse.settings(o, made, data:size(-2))
  local function sound(magnitudes) return core.griffin_lim(magnitudes, settings) end
  if not signal.is(magnitude) then return sound(data) end
  if data:dim() == 2 then data = data:unsqueeze(0) end
  local n_fft, hop_length = settings.n_fft, settings.hop_length
  local rate = made.sample_rate or magnitude.rate * hop_length
  return signal.new {
    data = signal.each_channel(data, 2, sound), rate = rate, kind = "waveform",
    start = magnitude.start - (settings.center and 0 or n_fft // 2 / rate),
    made = {griffin_lim = true, n_fft = n_fft, hop_length = hop_length, n_iter = o.n_iter, seed = o.seed},
  }
end

--- A waveform for a spectrogram without phases, by the algorithm of Griffin and Lim.
---
--- A spectrogram Signal brings its settings and its power along (an stft, too; its phases are ignored), and gives a
--- waveform Signal of channels × samples. A tensor of rows × frames magnitudes gives a tensor of samples. Each of
--- n_iter passes analyses the sound again and keeps its phases; the first ones are random, the same for the same seed.
--- With momentum fewer passes do, but beyond 1 it may not settle; 0 is the algorithm of 1984. Without length, a clip
--- loses what is beyond its last whole hop. The result does not depend on the number of cores.
---
--- Source: librosa.griffinlim (init = "zeros": its init = None); Griffin and Lim, 1984; Perraudin, Balazs and
--- Søndergaard, 2013. Errors: a mel or decibel spectrogram; magnitudes below 0 or not finite.
---     local again = effects.griffin_lim(feature.spectrogram(song, {power = 2}))
---@param magnitude moonlark.Signal|moonlark.Tensor
---@param given moonlark.effects.griffin_lim.Options?
---@return moonlark.Signal|moonlark.Tensor
function invert.griffin_lim(magnitude, given) return guess(magnitude, griffin_lim:read(given)) end

--- A magnitude spectrogram for a mel spectrogram: the step from mel bands back to frequencies.
---
--- Gives a spectrogram Signal of 1 + n_fft/2 × frames, of power 1, whose mel bands are nearly those given. Many
--- spectrograms have the same bands; n_iter multiplicative steps from an even share lead to a smooth one. A mel Signal
--- brings its settings along; bands made elsewhere can be put into one: feature.mel(song):with {data = bands}.
---
--- Source: librosa.feature.inverse.mel_to_stft, which looks for the same by least squares and comes less near; steps of
--- Richardson, 1972, and Lucy, 1974. Errors: bands in decibels, below 0 or not finite.
---     local S = effects.mel_to_stft(feature.mel(song))
---@param mel moonlark.Signal  of kind mel, or log_mel taken back from decibels
---@param given moonlark.effects.mel_to_stft.Options?
---@return moonlark.Signal
function invert.mel_to_stft(mel, given)
  local o = mel_to_stft:read(given)
  signal.check("mel", mel)
  if mel.kind ~= "mel" and mel.kind ~= "log_mel" then signal.check("mel", mel, "mel") end
  if mel.unit == "dB" then show.fail "mel is in decibels: feature.db_to_power takes it back" end
  local made, data = mel.made, mel.data
  local bank = {
    sample_rate = made.sample_rate, n_fft = made.n_fft, fmin = made.fmin, fmax = made.fmax or made.sample_rate / 2,
    htk = made.htk, triangles = made.triangles, norm = made.norm, n_iter = o.n_iter,
  }
  if data:dim() == 3 and data:size(0) == 1 then data = data:select(0, 0) end
  local spectra = signal.each_channel(data, 2, function(bands)
    return core.mel_invert(bands, bank):pow(1 / made.power)
  end)
  local settings = {power = 1}
  for _, name in ipairs {"n_fft", "hop_length", "win_length", "window", "center", "pad_mode"} do
    settings[name] = made[name]
  end
  local back = {data = spectra, rate = mel.rate, start = mel.start}
  return engine.signal("spectrogram", settings, back, made.sample_rate)
end

--- A waveform Signal, channels × samples, for a mel spectrogram: effects.griffin_lim of effects.mel_to_stft.
---
--- Source: librosa.feature.inverse.mel_to_audio. Errors: as of these two.
---     local again = effects.mel_to_audio(feature.mel(song))
---@param mel moonlark.Signal  of kind mel, or log_mel taken back from decibels
---@param given moonlark.effects.mel_to_audio.Options?
---@return moonlark.Signal
function invert.mel_to_audio(mel, given)
  local o = mel_to_audio:read(given)
  return guess(invert.mel_to_stft(mel), o)
end

return invert
