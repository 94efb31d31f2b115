--- Effects: from a waveform to a waveform.
---
---     local tune, drums = effects.hpss(song)
---     audio.save("slow.wav", effects.time_stretch(song, 0.8))
---
--- Channels are worked on one by one. Names and defaults are librosa.effects'.
local core = require "moonlark_core".effects
local options = require "moonlark.options"
local signal = require "moonlark.signal"

local effects = {}

-- f(samples) of each channel; every one of the tensors that it returns becomes a waveform beside `song`.
local function each_channel(song, rate, f)
  signal.check("song", song, "waveform")
  local data = song.data
  if data:dim() == 1 then data = data:unsqueeze(0) end
  if data:size(0) == 0 then error("song must have at least one channel, got none", 0) end
  local parts = {}
  for c = 0, data:size(0) - 1 do
    for i, samples in ipairs {f(data:select(0, c))} do
      parts[i] = parts[i] or {}
      parts[i][c + 1] = samples
    end
  end
  local made = {}
  for i, list in ipairs(parts) do
    local joined = #list == 1 and list[1]:unsqueeze(0) or require "moonlark.torch".stack(list)
    made[i] = signal.new {data = joined, rate = rate, start = song.start, kind = "waveform", made = song.made}
  end
  return table.unpack(made)
end

-- A number or a list of two: harmonic, percussive.
local function pair(name, value)
  if type(value) ~= "table" then return value, value end
  if #value ~= 2 then error(("%s must be a number or two, got %d"):format(name, #value), 0) end
  return value[1], value[2]
end

local hpss_defaults = {kernel_size = options.none, margin = options.none, power = 2, n_fft = 2048, hop_length = 512}

local function separate(song, given, which)
  local o = options.read("hpss", given, hpss_defaults)
  local time, frequency = pair("kernel_size", o.kernel_size or 31)
  local harmonic, percussive = pair("margin", o.margin or 1)
  return each_channel(song, song.rate, function(samples)
    return core.hpss(samples, o.n_fft, o.hop_length, time, frequency, harmonic, percussive, o.power, which)
  end)
end

--- Splits a song in what lasts (harmonic) and what strikes (percussive).
---
--- Two waveforms of the song's length. Running medians of the spectrogram, kernel_size = 31 frames long in time and as
--- many bins in frequency (two numbers: one for each, 1 to 511), give two pictures, and soft masks of a power share
--- the spectrum out (math.huge: to one or the other). With margin = 1 the parts add up to the song; a larger one (or
--- two: harmonic, percussive) leaves what is neither out of both. Source: librosa.effects.hpss; Fitzgerald, 2010;
--- Driedger, Müller and Disch, 2014.
--- Options: kernel_size = 31, margin = 1, power = 2, n_fft = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param given {kernel_size?: integer|integer[], margin?: number|number[], power?: number, n_fft?: integer, hop_length?: integer}?
---@return moonlark.Signal harmonic
---@return moonlark.Signal percussive
function effects.hpss(song, given) return separate(song, given, "both") end

--- What lasts in a song: the first part of effects.hpss, at less cost.
---
--- Options: those of effects.hpss (kernel_size = 31, margin = 1, power = 2, n_fft = 2048, hop_length = 512).
--- Source: librosa.effects.harmonic.
---@param song moonlark.Signal  waveform
---@param given table?
---@return moonlark.Signal
function effects.harmonic(song, given) return (separate(song, given, "harmonic")) end

--- What strikes in a song: the second part of effects.hpss, at less cost.
---
--- Options: those of effects.hpss (kernel_size = 31, margin = 1, power = 2, n_fft = 2048, hop_length = 512).
--- Source: librosa.effects.percussive.
---@param song moonlark.Signal  waveform
---@param given table?
---@return moonlark.Signal
function effects.percussive(song, given) return (separate(song, given, "percussive")) end

local stretch_defaults = {n_fft = 2048, hop_length = 512}

--- A song faster (rate > 1) or slower (rate < 1) at the same pitch, by the phase vocoder.
---
--- A waveform of round(n / rate) samples; rate lies between 0.001 and 1000. Source: librosa.effects.time_stretch
--- (whose phases, summed in single precision, drift on long songs; these do not); Dolson, 1986.
--- Options: n_fft = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param rate number
---@param given {n_fft?: integer, hop_length?: integer}?
---@return moonlark.Signal
function effects.time_stretch(song, rate, given)
  local o = options.read("time_stretch", given, stretch_defaults)
  return (each_channel(song, song.rate, function(samples)
    return core.time_stretch(samples, o.n_fft, o.hop_length, rate)
  end))
end

--- A song higher (n_steps > 0) or lower (n_steps < 0) at the same speed.
---
--- A waveform of the song's length: stretched in time, then resampled (soxr HQ). n_steps counts steps of which an
--- octave has bins_per_octave; fractions are allowed. Source: librosa.effects.pitch_shift.
--- Options: bins_per_octave = 12, n_fft = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param n_steps number
---@param given {bins_per_octave?: number, n_fft?: integer, hop_length?: integer}?
---@return moonlark.Signal
function effects.pitch_shift(song, n_steps, given)
  local o = options.read("pitch_shift", given, {bins_per_octave = 12, n_fft = 2048, hop_length = 512})
  if type(n_steps) ~= "number" then error(("n_steps must be a number, got %s"):format(type(n_steps)), 0) end
  if o.bins_per_octave < 1 then
    error(("bins_per_octave must be 1 or more, got %s"):format(o.bins_per_octave), 0)
  end
  local rate = 2 ^ (-n_steps / o.bins_per_octave)
  local audio, torch = require "moonlark.audio", require "moonlark.torch"
  local stretched = effects.time_stretch(song, rate, {n_fft = o.n_fft, hop_length = o.hop_length})
  local slowed = signal.new {data = stretched.data, rate = song.rate / rate, kind = "waveform"}
  local data, n = audio.resample(slowed, song.rate).data, song:frames()
  local missing = n - data:size(1)
  if missing > 0 then data = torch.cat({data, torch.zeros {data:size(0), missing}}, 1) end
  return signal.new {
    data = data:narrow(1, 0, n):contiguous(), rate = song.rate, start = song.start, kind = "waveform", made = song.made,
  }
end

return effects
