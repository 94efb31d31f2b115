--- What follows a feature: decibels and back, derivatives, magnitude and phase, the way back to sound.
local core = require "moonlark_core".feature
local inverse = require "moonlark.feature.inverse"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local signal = require "moonlark.signal"
require "moonlark.feature.engine" -- describes the features, some of whose options stand here, too
local number = options.number

---@class moonlark.feature
local after = {}

-- Of decibels: what is 0 dB, the least value, and how far down values may reach.
local function decibels(owner, amin)
  return options.describe(owner, {
    ref = options.either(1, {number(nil, {infinite = true}), options.choice {"max"}, options.callable()},
      "what becomes 0 dB: a number, the largest value, or a function of the data"),
    amin = number(amin, {above = 0}, "smaller values count as this"),
    top_db = number(80, {least = 0, infinite = true, optional = true, unit = "dB"},
      "how far under the maximum values may lie; false: any"),
  })
end
local power_to_db = decibels("feature.power_to_db", 1e-10)
local amplitude_to_db = decibels("feature.amplitude_to_db", 1e-5)
local db_to_power = options.describe("feature.db_to_power", {
  ref = number(1, {least = 0, infinite = true}, "the power that is 0 dB"),
})
local db_to_amplitude = options.describe("feature.db_to_amplitude", {
  ref = number(1, {infinite = true}, "the amplitude that is 0 dB"),
})

local delta = options.describe("feature.delta", options.described("feature.mfcc_delta"):pick {"width", "order", "mode"})
local istft = options.describe("feature.istft", inverse.parameters)

local fix_length = options.describe("feature.fix_length", {
  frames = options.integer(nil, {least = 0, usual = "as seconds say"}, "how many are wanted, samples of a waveform"),
  seconds = number(nil, {least = 0, most = 1e9, unit = "s", usual = "as frames say"}, "how long it is to be"),
  value = number(0, nil, "what is put behind"),
})

local function check_data(name, value)
  if type(value) ~= "userdata" then show.fail("%s must be a Signal or a tensor, got %s", name, type(value)) end
end

-- Takes a Signal or a tensor and gives the same back: apply(data) -> data; changes: fields of the new Signal.
local function follow(name, value, apply, changes)
  if not signal.is(value) then
    check_data(name, value)
    return apply(value)
  end
  changes = changes or {}
  changes.data, changes.made = apply(value.data), options.join(value.made, changes.made or {})
  return value:with(changes)
end

local function reference_of(ref, data)
  if ref == "max" then return data:numel() > 0 and data:max():item() or 1 end
  if type(ref) == "function" then ref = ref(data) end
  if type(ref) ~= "number" then show.fail("ref must give a number, got %s", options.got(ref)) end
  return math.abs(ref)
end

-- What decibels become: apply(data) -> powers or amplitudes, which have no unit.
local function undo(S_db, apply)
  local made = follow("S_db", S_db, apply)
  if signal.is(made) then made.unit, made.made.db = nil, nil end
  return made
end

--- Power to decibels: 10·log10(max(S, amin) / max(ref, amin)).
---
--- Values more than top_db under the largest of the whole array are lifted to there; top_db = false leaves them, as
--- streaming needs. Errors: complex values. Source: librosa.power_to_db.
---     local db = feature.power_to_db(feature.mel(song), {ref = "max"})
---@param S moonlark.Signal|moonlark.Tensor
---@param given moonlark.feature.power_to_db.Options?
---@return moonlark.Signal|moonlark.Tensor  as S, float32
function after.power_to_db(S, given)
  local o = power_to_db:read(given)
  return follow("S", S, function(data)
    if data:dtype():find "complex" then
      show.fail "S must hold powers, got complex numbers: take feature.magnitude and amplitude_to_db"
    end
    return core.power_to_db(data, reference_of(o.ref, data), o.amin, o.top_db)
  end, {unit = "dB", made = {db = "power", amin = o.amin, top_db = o.top_db}})
end

--- Amplitude to decibels: 20·log10(max(S, amin) / max(ref, amin)); complex values by their magnitude. Else as
--- feature.power_to_db. Source: librosa.amplitude_to_db.
---     local db = feature.amplitude_to_db(feature.stft(song))
---@param S moonlark.Signal|moonlark.Tensor
---@param given moonlark.feature.amplitude_to_db.Options?
---@return moonlark.Signal|moonlark.Tensor  as S, float32
function after.amplitude_to_db(S, given)
  local o = amplitude_to_db:read(given)
  return follow("S", S, function(data)
    local magnitude = data:abs()
    local ref = reference_of(o.ref, magnitude)
    return core.power_to_db(magnitude * magnitude, ref * ref, o.amin * o.amin, o.top_db)
  end, {unit = "dB", made = {db = "amplitude", amin = o.amin, top_db = o.top_db}})
end

--- Decibels to power: ref·10^(S_db/10). Source: librosa.db_to_power.
---     local mel = feature.db_to_power(feature.log_mel(song))
---@param S_db moonlark.Signal|moonlark.Tensor
---@param given moonlark.feature.db_to_power.Options?
---@return moonlark.Signal|moonlark.Tensor
function after.db_to_power(S_db, given)
  local o = db_to_power:read(given)
  return undo(S_db, function(data) return core.db_to_power(data, o.ref) end)
end

--- Decibels to amplitude: ref·10^(S_db/20). Source: librosa.db_to_amplitude.
---     local magnitude = feature.db_to_amplitude(db)
---@param S_db moonlark.Signal|moonlark.Tensor
---@param given moonlark.feature.db_to_amplitude.Options?
---@return moonlark.Signal|moonlark.Tensor
function after.db_to_amplitude(S_db, given)
  local o = db_to_amplitude:read(given)
  return undo(S_db, function(data) return core.db_to_power(data, o.ref * o.ref):sqrt() end)
end

--- Derivative along time, per frame: a polynomial of degree `order` fitted to `width` frames around each.
---
--- Shape as given; order 1 is the slope, 2 the curvature, 3 … With mode "interp" the outer frames take the first or
--- last fit. In double precision. Errors: order not below width, fewer than width frames with mode "interp". Source:
--- librosa.feature.delta; Savitzky and Golay, 1964.
---     local slope = feature.delta(feature.rms(song), {width = 5})
---@param data moonlark.Signal|moonlark.Tensor  time last
---@param given moonlark.feature.delta.Options?
---@return moonlark.Signal|moonlark.Tensor
function after.delta(data, given)
  local o = delta:read(given)
  return follow("data", data, function(values) return core.delta(values, o) end,
    {made = {delta = o}, kind = signal.is(data) and data.kind .. "_delta" or nil})
end

--- Magnitude of a complex transform, such as feature.stft or feature.cqt.
---     local magnitude = feature.magnitude(feature.cqt(song))
---@param S moonlark.Signal|moonlark.Tensor
---@return moonlark.Signal|moonlark.Tensor  float32
function after.magnitude(S) return follow("S", S, function(data) return data:abs() end) end

--- Phase of a complex transform, in radians, −π to π.
---     local phase = feature.phase(feature.stft(song))
---@param S moonlark.Signal|moonlark.Tensor
---@return moonlark.Signal|moonlark.Tensor  float32
function after.phase(S)
  return follow("S", S, function(data) return data:angle() end, {unit = "rad"})
end

--- A waveform from its short-time Fourier transform: overlap and add, divided by the sum of squared windows.
---
--- A Signal that feature.stft made brings its settings along, and gives a waveform Signal of channels × samples; a
--- tensor of rows × frames gives a tensor of samples. With length, the result is cut or padded to so many samples;
--- else a clip loses what is beyond its last whole hop. Source: librosa.istft.
---     local again = feature.istft(feature.stft(song))
---@param S moonlark.Signal|moonlark.Tensor  complex
---@param given moonlark.feature.istft.Options?
---@return moonlark.Signal|moonlark.Tensor
function after.istft(S, given)
  local made = signal.is(S) and signal.check("S", S, "stft").made or {}
  local o = istft:read(given)
  local data = signal.is(S) and S.data or S
  check_data("S", data)
  local settings = inverse.settings(o, made, data:size(-2))
  local function invert(bins) return core.istft(bins, settings) end
  if not signal.is(S) then return invert(data) end
  local n_fft, hop_length = settings.n_fft, settings.hop_length
  local rate = S.rate * hop_length
  return signal.new {
    data = signal.each_channel(data:dim() == 2 and data:unsqueeze(0) or data, 2, invert),
    rate = made.sample_rate or rate, kind = "waveform", start = S.start - (settings.center and 0 or n_fft // 2 / rate),
    made = {istft = true, n_fft = n_fft, hop_length = hop_length},
  }
end

--- Cuts or lengthens to a number of frames, at the end, as librosa.util.fix_length. Of a tensor, the last axis counts.
--- Errors: neither frames nor seconds, or both; seconds of a tensor.
---     local clip = feature.fix_length(song, {seconds = 30})
---@generic T
---@param data T  a Signal or a tensor
---@param given moonlark.feature.fix_length.Options
---@return T  as `data`
function after.fix_length(data, given)
  local o = fix_length:read(given)
  if (o.frames == nil) == (o.seconds == nil) then show.fail "fix_length needs frames or seconds, one of them" end
  if o.seconds and not signal.is(data) then show.fail "seconds are for Signals; of a tensor tell the frames" end
  local wanted = o.frames or math.floor(o.seconds * data.rate + 0.5)
  return follow("data", data, function(x)
    local frames = x:size(-1)
    if wanted <= frames then return x:narrow(-1, 0, wanted) end
    return x:constant_pad_nd({0, wanted - frames}, o.value)
  end)
end

return after
