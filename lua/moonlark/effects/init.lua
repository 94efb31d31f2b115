--- Effects: from a waveform to a waveform.
---
---     local tune, drums = effects.hpss(song)
---     audio.save("slow.wav", effects.time_stretch(song, 0.8))
---     audio.save("high.wav", effects.pitch_shift(song, 3, {method = "rubberband"}))   -- where quality matters
---     local speech, from, to = effects.trim(song)               -- without the silence around it
---     for _, part in ipairs(effects.split(song)) do print(part.start, part:duration()) end
---     local again = effects.griffin_lim(feature.spectrogram(song))   -- a sound without its phases
---     local mel_again = effects.mel_to_audio(feature.mel(song))      -- nor its fine frequencies
---
--- Channels are worked on one by one, but by Rubber Band. Names and defaults are librosa.effects'.
local core = require "moonlark_core".effects
local options = require "moonlark.base.options"
local signal = require "moonlark.signal"

local effects = {}

-- f(samples) of each channel; every one of the tensors that it returns becomes a waveform beside `song`.
local function each_channel(song, f)
  local made = table.pack(signal.each_channel(signal.channels(song), 1, f))
  for i = 1, made.n do
    made[i] = signal.new {data = made[i], rate = song.rate, start = song.start, kind = "waveform", made = song.made}
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
  return each_channel(song, function(samples)
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

-- The transform of the phase vocoder; nil when Rubber Band is asked for.
local function vocoder(o)
  if o.method == "phase_vocoder" then return o.n_fft or 2048, o.hop_length or 512 end
  if o.method ~= "rubberband" then
    error(('method must be "phase_vocoder" or "rubberband", got "%s"'):format(o.method), 0)
  end
  if o.n_fft or o.hop_length then error('n_fft and hop_length belong to method = "phase_vocoder"', 0) end
end

-- All channels together.
local function by_rubberband(song, rate, pitch_scale)
  return signal.new {
    data = core.rubberband(signal.channels(song), song.rate, rate, pitch_scale), rate = song.rate, start = song.start,
    kind = "waveform", made = song.made,
  }
end

--- A song faster (rate > 1) or slower (rate < 1) at the same pitch.
---
--- A waveform of round(n / rate) samples. By the phase vocoder, rate lies between 0.001 and 1000, and channels are
--- worked on one by one: librosa.effects.time_stretch (whose phases, summed in single precision, drift on long songs;
--- these do not); Dolson, 1986. method = "rubberband" sounds better, above all where something strikes: the Rubber
--- Band library's finer engine, offline, with the channels together; rate 0.05 to 20. It needs Debian's
--- librubberband2.
--- Errors: rate out of range; Rubber Band asked for and not there.
--- Options: method = "phase_vocoder", and for that one n_fft = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param rate number
---@param given {method?: "phase_vocoder"|"rubberband", n_fft?: integer, hop_length?: integer}?
---@return moonlark.Signal
function effects.time_stretch(song, rate, given)
  local o = options.read("time_stretch", given,
    {method = "phase_vocoder", n_fft = options.none, hop_length = options.none})
  local n_fft, hop_length = vocoder(o)
  if not n_fft then return by_rubberband(song, rate, 1) end
  return (each_channel(song, function(samples)
    return core.time_stretch(samples, n_fft, hop_length, rate)
  end))
end

--- A song higher (n_steps > 0) or lower (n_steps < 0) at the same speed.
---
--- A waveform of the song's length. n_steps counts steps of which an octave has bins_per_octave; fractions are
--- allowed. By the phase vocoder it is stretched in time, then resampled (soxr HQ):
--- librosa.effects.pitch_shift. method = "rubberband" sounds better, over four octaves up or down: see
--- effects.time_stretch.
--- Options: bins_per_octave = 12, method = "phase_vocoder", and for that one n_fft = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param n_steps number
---@param given {bins_per_octave?: number, method?: "phase_vocoder"|"rubberband", n_fft?: integer, hop_length?: integer}?
---@return moonlark.Signal
function effects.pitch_shift(song, n_steps, given)
  local o = options.read("pitch_shift", given,
    {bins_per_octave = 12, method = "phase_vocoder", n_fft = options.none, hop_length = options.none})
  if type(n_steps) ~= "number" then error(("n_steps must be a number, got %s"):format(type(n_steps)), 0) end
  if o.bins_per_octave < 1 then
    error(("bins_per_octave must be 1 or more, got %s"):format(o.bins_per_octave), 0)
  end
  local n_fft, hop_length = vocoder(o)
  if not n_fft then
    local octaves = n_steps / o.bins_per_octave
    if not (math.abs(octaves) <= 4) then
      error(("n_steps must stay within four octaves by Rubber Band, got %s"):format(n_steps), 0)
    end
    return by_rubberband(song, 1, 2 ^ octaves)
  end
  local rate = 2 ^ (-n_steps / o.bins_per_octave)
  local audio, torch = require "moonlark.audio", require "moonlark.torch"
  local stretched = effects.time_stretch(song, rate, {n_fft = n_fft, hop_length = hop_length})
  local slowed = signal.new {data = stretched.data, rate = song.rate / rate, kind = "waveform"}
  local data, n = audio.resample(slowed, song.rate).data, song:frames()
  local missing = n - data:size(1)
  if missing > 0 then data = torch.cat({data, torch.zeros {data:size(0), missing}}, 1) end
  return signal.new {
    data = data:narrow(1, 0, n):contiguous(), rate = song.rate, start = song.start, kind = "waveform", made = song.made,
  }
end

local griffin_lim_defaults = {
  n_iter = 32, momentum = 0.99, init = "random", seed = 0, hop_length = options.none, win_length = options.none,
  n_fft = options.none, window = options.none, center = options.none, pad_mode = options.none, length = options.none,
}

-- The magnitudes of a spectrogram, whatever power they were raised to.
local function magnitudes_of(S)
  if not signal.is(S) then
    if type(S) ~= "userdata" then error(("magnitude must be a Signal or a tensor, got %s"):format(type(S)), 0) end
    return S, {}
  end
  if S.kind ~= "spectrogram" and S.kind ~= "stft" then
    error(("magnitude must be a spectrogram or stft Signal, got a %s Signal"):format(S.kind), 0)
  end
  if S.unit == "dB" then
    error("magnitude is in decibels: feature.db_to_amplitude takes them back (db_to_power after power_to_db)", 0)
  end
  local data, power = S.data, S.made.power or 1
  if data:is_complex() then data = data:abs() end
  if power ~= 1 then data = data:pow(1 / power) end
  return data, S.made
end

--- A waveform for a spectrogram without phases, by the algorithm of Griffin and Lim.
---
---     local again = effects.griffin_lim(feature.spectrogram(song, {power = 2}))
---
--- A spectrogram Signal (or stft: its phases are left) brings its settings and its power along, and gives a waveform
--- Signal of channels × samples; a tensor of rows × frames magnitudes gives a tensor of samples. Phases begin at
--- random, the same for the same seed, or init = "zeros"; in each of n_iter passes the sound is analysed again and its
--- phases kept. momentum (0 to 2; beyond 1 it may not settle) makes fewer passes do; 0 is the algorithm of 1984. With
--- length, the result has so many samples; else a clip loses what is beyond its last whole hop. The result does not
--- depend on the number of cores. Source: librosa.griffinlim (init = "zeros": its init = None); Griffin and Lim, 1984;
--- Perraudin, Balazs and Søndergaard, 2013.
--- Errors: a mel or decibel spectrogram; magnitudes below 0 or not finite.
--- Options: n_iter = 32, momentum = 0.99, init = "random", seed = 0, n_fft = 2·(rows − 1), hop_length = win_length/4,
--- win_length = n_fft, window = "hann", center = true, pad_mode = "constant", length = nil.
---@param magnitude moonlark.Signal|moonlark.Tensor
---@param given {n_iter?: integer, momentum?: number, init?: "random"|"zeros", seed?: integer, n_fft?: integer, hop_length?: integer, win_length?: integer, window?: string, center?: boolean, pad_mode?: string, length?: integer}?
---@return moonlark.Signal|moonlark.Tensor
function effects.griffin_lim(magnitude, given)
  local o = options.read("griffin_lim", given, griffin_lim_defaults)
  local data, made = magnitudes_of(magnitude)
  if data:dim() < 2 then error("magnitude must have rows and frames, got a tensor of one axis or none", 0) end
  local n_fft = o.n_fft or made.n_fft or 2 * (data:size(-2) - 1)
  local win_length = o.win_length or made.win_length or n_fft
  local hop_length = o.hop_length or made.hop_length or win_length // 4
  local center = o.center
  if center == nil then center = made.center end
  if center == nil then center = true end
  local function sound(magnitudes)
    return core.griffin_lim(magnitudes, n_fft, hop_length, win_length, o.window or made.window or "hann", center,
      o.pad_mode or made.pad_mode or "constant", o.length, o.n_iter, o.momentum, o.init, o.seed)
  end
  if not signal.is(magnitude) then return sound(data) end

  if data:dim() == 2 then data = data:unsqueeze(0) end
  local rate = made.sample_rate or magnitude.rate * hop_length
  return signal.new {
    data = signal.each_channel(data, 2, sound), rate = rate, kind = "waveform",
    start = magnitude.start - (center and 0 or n_fft // 2 / rate),
    made = {griffin_lim = true, n_fft = n_fft, hop_length = hop_length, n_iter = o.n_iter, seed = o.seed},
  }
end

--- A magnitude spectrogram for a mel spectrogram: the step from mel bands back to frequencies.
---
---     local S = effects.mel_to_stft(feature.mel(song))
---
--- A spectrogram Signal of 1 + n_fft/2 × frames, of power 1, whose mel bands are those given, nearly: there are many
--- such, and n_iter multiplicative steps from an even share lead to a smooth one. A mel Signal brings its settings
--- along; for bands made elsewhere, put them in one: feature.mel(song):with {data = bands}. Source:
--- librosa.feature.inverse.mel_to_stft, which looks for the same by least squares and comes less near; steps of
--- Richardson, 1972, and Lucy, 1974.
--- Errors: bands in decibels, below 0 or not finite.
--- Options: n_iter = 100.
---@param mel moonlark.Signal  of kind mel, or log_mel taken back from decibels
---@param given {n_iter?: integer}?
---@return moonlark.Signal
function effects.mel_to_stft(mel, given)
  local o = options.read("mel_to_stft", given, {n_iter = 100})
  signal.check("mel", mel)
  if mel.kind ~= "mel" and mel.kind ~= "log_mel" then signal.check("mel", mel, "mel") end
  if mel.unit == "dB" then error("mel is in decibels: feature.db_to_power takes it back", 0) end
  local made, data = mel.made, mel.data
  if data:dim() == 3 and data:size(0) == 1 then data = data:select(0, 0) end
  local spectra = signal.each_channel(data, 2, function(bands)
    local spectrum = core.mel_invert(bands, made.sample_rate, made.n_fft, made.fmin,
      made.fmax or made.sample_rate / 2, made.htk, made.triangles or "hz", made.norm, o.n_iter)
    return spectrum:pow(1 / made.power)
  end)
  local settings = {power = 1}
  for _, name in ipairs {"n_fft", "hop_length", "win_length", "window", "center", "pad_mode"} do
    settings[name] = made[name]
  end
  return require "moonlark.feature".signal("spectrogram", settings, {
    data = spectra, rate = mel.rate, start = mel.start,
  }, made.sample_rate)
end

--- A waveform for a mel spectrogram: effects.griffin_lim of effects.mel_to_stft.
---
---     local again = effects.mel_to_audio(feature.mel(song, {n_mels = 128}))
---
--- A waveform Signal of channels × samples. Source: librosa.feature.inverse.mel_to_audio.
--- Options: those of effects.griffin_lim (n_iter = 32, momentum = 0.99, init = "random", seed = 0, length = nil …).
---@param mel moonlark.Signal  of kind mel, or log_mel taken back from decibels
---@param given table?
---@return moonlark.Signal
function effects.mel_to_audio(mel, given)
  return effects.griffin_lim(effects.mel_to_stft(mel), given)
end

local function emphasis(name, song, given)
  local o = options.read(name, given, {coef = 0.97})
  return (each_channel(song, function(samples) return core[name](samples, o.coef) end))
end

--- A song with its high frequencies lifted: y[i] = x[i] − coef·x[i − 1], as speech is prepared for analysis.
---
--- A waveform of the song's shape, of two samples or more; coef lies between 0 (nothing changes) and 1 (the
--- difference of neighbours). The first sample is 3·x[0] − x[1]. Source: librosa.effects.preemphasis; Young and others,
--- The HTK Book.
--- Options: coef = 0.97.
---@param song moonlark.Signal  waveform
---@param given {coef?: number}?
---@return moonlark.Signal
function effects.preemphasis(song, given) return emphasis("preemphasis", song, given) end

--- What effects.preemphasis did, undone: x[i] = y[i] + coef·x[i − 1].
---
--- A waveform of the song's shape, of two samples or more. Source: librosa.effects.deemphasis.
--- Options: coef = 0.97.
---@param song moonlark.Signal  waveform
---@param given {coef?: number}?
---@return moonlark.Signal
function effects.deemphasis(song, given) return emphasis("deemphasis", song, given) end

-- Times in seconds of where a song rises over top_db below ref, and falls again: {{from, to} …}.
local function loud_parts(name, song, given)
  local o = options.read(name, given, {top_db = 60, ref = options.none, frame_length = 2048, hop_length = 512})
  signal.check("song", song, "waveform")
  local ref = o.ref or "max"
  if ref ~= "max" and not (type(ref) == "number" and ref > 0) then
    error(('ref must be "max" or an amplitude above 0, got %s'):format(tostring(ref)), 0)
  end
  if song:frames() == 0 then return {} end
  local rms = require "moonlark.feature".rms(song, {frame_length = o.frame_length, hop_length = o.hop_length}).data
  local level = rms:reshape {-1, rms:size(-1)}:amax(0):to "float64":clamp(1e-5)
  if ref == "max" then ref = level:max():item() end
  local db = (level:log10() - math.log(math.max(ref, 1e-5), 10)) * 20
  local loud = db:gt(-o.top_db):totable()
  local parts, from = {}, nil
  for t = 1, #loud + 1 do
    if loud[t] and not from then from = t - 1 end
    if from and not loud[t] then
      local first, last = from * o.hop_length, math.min((t - 1) * o.hop_length, song:frames())
      parts[#parts + 1] = {song.start + first / song.rate, song.start + last / song.rate}
      from = nil
    end
  end
  return parts
end

--- A song without the silence before and after it.
---
---     local speech, from, to = effects.trim(song, {top_db = 40})
---
--- A view of the song that begins at `from` and ends at `to`, in seconds as song:slice takes them (counted from the
--- same zero as song.start); from == to when nothing is loud enough. A frame of frame_length samples, every hop_length
--- samples one, is silent when its root mean square in its loudest channel lies top_db decibels or more under ref: an
--- amplitude, or "max", the loudest frame's. A song that is zero throughout is then kept whole. Source:
--- librosa.effects.trim.
--- Options: top_db = 60, ref = "max", frame_length = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param given {top_db?: number, ref?: number|"max", frame_length?: integer, hop_length?: integer}?
---@return moonlark.Signal trimmed
---@return number from  seconds
---@return number to  seconds
function effects.trim(song, given)
  local parts = loud_parts("trim", song, given)
  local from = #parts > 0 and parts[1][1] or song.start
  local to = #parts > 0 and parts[#parts][2] or song.start
  return song:slice(from, to), from, to
end

--- The parts of a song between silences, first to last.
---
---     for _, part in ipairs(effects.split(song, {top_db = 40})) do print(part.start, part:duration()) end
---
--- A list of waveforms, views of the song, each with the second that it begins at in `start`; silence is what
--- effects.trim says. Source: librosa.effects.split.
--- Options: top_db = 60, ref = "max", frame_length = 2048, hop_length = 512.
---@param song moonlark.Signal  waveform
---@param given {top_db?: number, ref?: number|"max", frame_length?: integer, hop_length?: integer}?
---@return moonlark.Signal[]
function effects.split(song, given)
  local parts = loud_parts("split", song, given)
  for i, part in ipairs(parts) do parts[i] = song:slice(part[1], part[2]) end
  return parts
end

-- The sample numbers at which a song, mixed down, changes its sign; the first one and the end among them.
local function zero_crossings(song)
  local torch, n = require "moonlark.torch", song:frames()
  local below = song.data:reshape {-1, n}:mean(0):lt(-1e-10) -- smaller numbers count as zero, and zero as positive
  local crossings = below:narrow(0, 1, n - 1):ne(below:narrow(0, 0, n - 1)):nonzero():squeeze(1) + 1
  return torch.cat({torch.tensor({0}, {dtype = "int64"}), crossings, torch.tensor({n}, {dtype = "int64"})}, 0)
end

-- Of ascending numbers the nearest to a number; of two as near, the larger.
local function nearest(numbers, number)
  local low, high = 1, #numbers
  while low < high do
    local middle = (low + high) // 2
    if numbers[middle] < number then low = middle + 1 else high = middle end
  end
  local before = numbers[low - 1]
  return before and math.abs(number - before) < math.abs(numbers[low] - number) and before or numbers[low]
end

--- Parts of a song put together in another order: beats backwards, a chorus twice.
---
---     local parts = {}
---     for i = #beats - 1, 1, -1 do parts[#parts + 1] = {beats[i], beats[i + 1]} end
---     audio.save("backwards.wav", effects.remix(song, parts))
---
--- A waveform of all parts, one behind the other. A part is a pair of seconds as song:slice takes them, or a Signal,
--- such as effects.split gives, that stands for the seconds it covers. With align_zeros, cuts move to the nearest
--- change of sign (of the mean of the channels), so that they do not click. Source: librosa.effects.remix.
--- Options: align_zeros = true.
---@param song moonlark.Signal  waveform
---@param parts (number[]|moonlark.Signal)[]
---@param given {align_zeros?: boolean}?
---@return moonlark.Signal
function effects.remix(song, parts, given)
  local o = options.read("remix", given, {align_zeros = true})
  signal.check("song", song, "waveform")
  if type(parts) ~= "table" or #parts == 0 then
    local got = type(parts) == "table" and "none" or type(parts)
    error(("parts must be a list of {from, to} in seconds, got %s"):format(got), 0)
  end
  local n, data = song:frames(), song.data
  local zeros = o.align_zeros and n > 0 and zero_crossings(song):totable()
  local function sample(time)
    local at = math.max(0, math.min(n, math.floor((time - song.start) * song.rate + 0.5)))
    return zeros and nearest(zeros, at) or at
  end
  local cut = {}
  for i, part in ipairs(parts) do
    local from, to
    if signal.is(part) then from, to = part.start, part.start + part:duration()
    elseif type(part) == "table" then from, to = part[1], part[2] end
    if type(from) ~= "number" or type(to) ~= "number" or not (from <= to) then
      error(("parts[%d] must be {from, to} in seconds, from <= to, or a Signal"):format(i), 0)
    end
    local first = sample(from)
    cut[i] = data:narrow(-1, first, sample(to) - first)
  end
  return song:with {data = require "moonlark.torch".cat(cut, -1), start = 0}
end

return effects
