-- Effects against librosa's (tests/reference/effects), their errors, and what must hold of any sound.
local lib = require "lib"
local lu = require "luaunit"
local effects = require "moonlark.effects"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local RATE = 22050
local frozen = torch.load "tests/reference/effects/effects.safetensors"
local cuts = torch.load "tests/reference/effects/cuts_and_inverses.safetensors"
local names = {"music", "noise", "silence", "half"}

local waveform = lib.waveform
local function sound(name) return waveform(frozen[name]:unsqueeze(0)) end

-- Relative to the reference's norm, or absolute where that is next to nothing.
local function deviation(made, wanted)
  lu.assertEquals(made.data:shape(), {1, wanted:size(0)})
  local distance = (made.data[0]:to "float64" - wanted:to "float64"):norm():item()
  return distance / math.max(wanted:to "float64":norm():item(), 1e-3)
end

local worst = {}
local function close(what, made, wanted, allowed)
  local d = deviation(made, wanted)
  worst[what] = math.max(worst[what] or 0, d)
  lu.assertTrue(d <= allowed, ("%s: %.2g"):format(what, d))
end

TestReference = {}

function TestReference:test_hpss()
  for _, name in ipairs(names) do
    for suffix, given in pairs {
      [""] = {}, _wide = {kernel_size = {17, 9}, margin = {1.5, 3}}, _hard = {power = math.huge},
    } do
      local harmonic, percussive = effects.hpss(sound(name), given)
      close("hpss" .. suffix, harmonic, frozen[name .. ".harmonic" .. suffix], 1e-5)
      close("hpss" .. suffix, percussive, frozen[name .. ".percussive" .. suffix], 1e-5)
      lu.assertTrue(torch.equal(effects.harmonic(sound(name), given).data, harmonic.data))
      lu.assertTrue(torch.equal(effects.percussive(sound(name), given).data, percussive.data))
    end
  end
end

function TestReference:test_time_stretch()
  for _, name in ipairs(names) do
    for _, rate in ipairs {"0.7", "1.0", "1.6"} do
      close("time_stretch", effects.time_stretch(sound(name), tonumber(rate)), frozen[name .. ".stretch_" .. rate], 1e-3)
    end
  end
end

function TestReference:test_pitch_shift()
  for _, name in ipairs(names) do
    for _, steps in ipairs {-5, 3} do
      close("pitch_shift", effects.pitch_shift(sound(name), steps), frozen[name .. ".shift_" .. steps], 1e-3)
    end
  end
end

local function speech() return waveform(cuts.speech) end

-- Largest difference, where full scale is 1.
local function close_samples(what, made, wanted, allowed)
  lu.assertEquals(made.data:shape(), wanted:shape())
  local d = (made.data:to "float64" - wanted:to "float64"):abs():max():item()
  worst[what] = math.max(worst[what] or 0, d)
  lu.assertTrue(d <= allowed, ("%s: %.2g"):format(what, d))
end

function TestReference:test_emphasis()
  close_samples("preemphasis", effects.preemphasis(speech()), cuts["speech.pre"], 2e-7)
  close_samples("deemphasis", effects.deemphasis(speech()), cuts["speech.de"], 1e-5) -- sums of ~ 16, in float there
  close_samples("there and back", effects.deemphasis(effects.preemphasis(speech(), {coef = 0.5}), {coef = 0.5}),
    cuts.speech, 2e-7)
end

local silences = {
  default = {}, db30 = {top_db = 30}, ref = {ref = 0.01, top_db = 20}, none = {ref = 1, top_db = 3},
  short = {frame_length = 512, hop_length = 100, top_db = 25},
}

function TestReference:test_trim_and_split()
  local song = speech():with {start = 7.5}
  local function sample(time) return math.floor((time - song.start) * RATE + 0.5) end
  for name, given in pairs(silences) do
    local trimmed, from, to = effects.trim(song, given)
    lu.assertEquals({sample(from), sample(to)}, cuts["speech.trim_" .. name]:totable())
    lu.assertTrue(torch.equal(trimmed.data, song:slice(from, to).data))
    lu.assertEquals(trimmed.start, from)
    lu.assertEquals(trimmed:frames(), sample(to) - sample(from))
    local wanted = cuts["speech.split_" .. name]:totable()
    local parts = effects.split(song, given)
    lu.assertEquals(#parts, #wanted)
    for i, part in ipairs(parts) do
      local first = sample(part.start)
      lu.assertEquals({first, first + part:frames()}, wanted[i])
      lu.assertTrue(torch.equal(part.data, song.data:narrow(1, first, part:frames())))
    end
  end
end

function TestReference:test_remix()
  local song = speech():with {start = 2}
  local parts, plain = {}, {}
  for i, part in ipairs(cuts["speech.parts"]:totable()) do
    parts[i] = {2 + part[1] / RATE, 2 + part[2] / RATE}
    plain[i] = song.data:narrow(1, part[1], part[2] - part[1])
  end
  lu.assertTrue(torch.equal(effects.remix(song, parts).data, cuts["speech.remix"]))
  lu.assertTrue(torch.equal(effects.remix(song, parts, {align_zeros = false}).data, torch.cat(plain, 1)))
  parts[2] = song:slice(parts[2][1], parts[2][2])
  lu.assertTrue(torch.equal(effects.remix(song, parts).data, cuts["speech.remix"]))
end

-- A tensor with options, and a Signal that brings them.
function TestReference:test_griffin_lim()
  local S = cuts["tone.S"]
  for _, passes in ipairs {0, 1, 5, 32} do
    local made = effects.griffin_lim(S, {n_iter = passes, init = "zeros"})
    close("griffin_lim", waveform(made:unsqueeze(0)), cuts["tone.griffin_" .. passes], 1e-4)
  end
  local odd = effects.griffin_lim(cuts["tone.S_odd"], {
    n_iter = 4, init = "zeros", n_fft = 511, hop_length = 100, win_length = 400, window = "hamming", center = false,
  })
  close("griffin_lim", waveform(odd:unsqueeze(0)), cuts["tone.griffin_odd"], 1e-4)
  local power = signal.new {
    data = S * S, rate = RATE / 256, kind = "spectrogram",
    made = {power = 2, n_fft = 1024, hop_length = 256, pad_mode = "reflect", sample_rate = RATE},
  }
  close("griffin_lim", effects.griffin_lim(power, {n_iter = 4, init = "zeros"}), cuts["tone.griffin_reflect"], 1e-4)
end

TestSense = {}

-- The spectrogram of what was made of a spectrogram is that spectrogram, nearly.
function TestSense:test_griffin_lim_of_a_song()
  local feature = require "moonlark.feature"
  local both = waveform(torch.stack {frozen.music, frozen.music:flip {0}}):with {start = 3}
  for _, settings in ipairs {{power = 2}, {n_fft = 1024, center = false}, {n_fft = 600, hop_length = 128, window = "hamming"}} do
    local S = feature.spectrogram(both, settings)
    local again = effects.griffin_lim(S, {n_iter = 50, length = settings.center == nil and both:frames() or nil})
    lu.assertEquals(again.rate, RATE)
    lu.assertAlmostEquals(again.start, 3, 1e-9)
    if settings.center == nil then lu.assertEquals(again.data:shape(), both.data:shape()) end
    local apart = (feature.spectrogram(again, settings).data - S.data):norm():item() / S.data:norm():item()
    lu.assertTrue(apart < 0.2, apart)
    local twin = effects.griffin_lim(S, {n_iter = 1})
    lu.assertTrue(torch.equal(twin.data, effects.griffin_lim(S, {n_iter = 1, seed = 0}).data))
    lu.assertFalse(torch.equal(twin.data, effects.griffin_lim(S, {n_iter = 1, seed = 1}).data))
  end
  local bins = feature.stft(both)
  lu.assertTrue(torch.equal(effects.griffin_lim(bins, {n_iter = 2}).data,
    effects.griffin_lim(feature.magnitude(bins), {n_iter = 2}).data))
end

function TestSense:test_silence_is_kept_and_nothing_has_no_parts()
  local zeros = waveform(torch.zeros {1, 3000})
  lu.assertEquals(effects.trim(zeros):frames(), 3000)
  lu.assertEquals(#effects.split(zeros), 1)
  lu.assertEquals(#effects.split(zeros, {ref = 1}), 0)
  local empty, from, to = effects.trim(waveform(torch.zeros {1, 0}))
  lu.assertEquals({empty:frames(), from, to}, {0, 0, 0})
  lu.assertEquals(effects.trim(waveform(torch.ones {5})).data:shape(), {5})
end

function TestSense:test_parts_add_up_to_the_song()
  local song = sound "music"
  local harmonic, percussive = effects.hpss(song)
  lu.assertTrue((harmonic.data + percussive.data - song.data):abs():max():item() < 1e-5)
end

-- A sound made of mel bands has those bands, nearly.
function TestSense:test_mel_to_audio()
  local feature = require "moonlark.feature"
  local both = waveform(torch.stack {frozen.music, frozen.noise:narrow(0, 0, frozen.music:size(0))}):with {start = 1}
  for _, settings in ipairs {{}, {n_mels = 40, htk = true, norm = "none", power = 1, fmin = 50, fmax = 8000}} do
    local mel = feature.mel(both, settings)
    local S = effects.mel_to_stft(mel)
    lu.assertEquals({S.kind, S.rate, S.start}, {"spectrogram", mel.rate, mel.start})
    lu.assertEquals(S.data:shape(), feature.spectrogram(both).data:shape())
    lu.assertEquals(S.axis.values[3], feature.spectrogram(both).axis.values[3])
    local again = effects.mel_to_audio(mel, {length = both:frames()})
    lu.assertEquals(again.data:shape(), both.data:shape())
    local apart = (feature.mel(again, settings).data - mel.data):norm():item() / mel.data:norm():item()
    lu.assertTrue(apart < 0.25, apart)
  end
  local log_mel = feature.log_mel(both)
  local louder = effects.mel_to_stft(feature.db_to_power(log_mel)).data -- quiet bands were lifted
  lu.assertAlmostEquals((louder:norm() / effects.mel_to_stft(feature.mel(both)).data:norm()):item(), 1, 0.01)
end

-- An octave up doubles the frequency that most energy lies at.
function TestSense:test_pitch_moves()
  local t = torch.arange(RATE, {dtype = "float64"}) / RATE
  local tone = waveform((t * (2 * math.pi * 300)):sin():to "float32":unsqueeze(0))
  local function peak(wave) return require "moonlark.feature".spectrogram(wave).data:mean(1):argmax():item() end
  lu.assertEquals(peak(tone), 28)
  lu.assertEquals(peak(effects.pitch_shift(tone, 12)), 56)
  lu.assertEquals(peak(effects.time_stretch(tone, 0.5)), 28)
end

function TestSense:test_channels_are_worked_on_one_by_one()
  local both = waveform(torch.stack {frozen.music, frozen.noise:flip {0}})
  local harmonic = effects.harmonic(both)
  lu.assertEquals(harmonic.data:shape(), both.data:shape())
  lu.assertTrue(torch.equal(harmonic.data[0], effects.harmonic(sound "music").data[0]))
end

function TestSense:test_short_sounds()
  for _, n in ipairs {1, 5, 600} do
    local click = waveform(torch.ones {1, n} * 0.5)
    lu.assertEquals(effects.harmonic(click):frames(), n)
    lu.assertEquals(effects.time_stretch(click, 2):frames(), math.tointeger(n == 1 and 0 or n == 5 and 2 or n // 2))
    lu.assertTrue(effects.time_stretch(click, 0.5).data:isfinite():all():item())
  end
end

TestRubberBand = {}

local has_rubberband = require "moonlark_core".system.libraries()["Rubber Band"] ~= nil

function TestRubberBand:setUp() lu.skipIf(not has_rubberband, "Rubber Band's library is not there") end

local function tone(hz, phase)
  local t = torch.arange(2 * RATE, {dtype = "float64"}) / RATE
  return (t * (2 * math.pi * hz) + (phase or 0)):sin():to "float32" * 0.5
end

-- The pitch of the middle of a waveform, away from its ends.
local function pitch_of(wave)
  local middle = wave:slice(wave.start + 0.2 * wave:duration(), wave.start + 0.8 * wave:duration())
  return require "moonlark.feature".yin(middle).data:median():item()
end

function TestRubberBand:test_stretch_keeps_pitch_and_gives_the_length()
  local song = waveform(tone(310):unsqueeze(0)):with {start = 4}
  for _, rate in ipairs {0.4, 0.77, 1, 1.9} do
    local slow = effects.time_stretch(song, rate, {method = "rubberband"})
    lu.assertEquals(slow.data:shape(), effects.time_stretch(song, rate).data:shape())
    lu.assertEquals({slow.rate, slow.start, slow.kind}, {RATE, 4, "waveform"})
    lu.assertAlmostEquals(pitch_of(slow) / 310, 1, 0.01)
  end
end

function TestRubberBand:test_shift_moves_pitch()
  local song = waveform(tone(310))
  for steps, ratio in pairs {[12] = 2, [-7] = 2 ^ (-7 / 12), [0.5] = 2 ^ (0.5 / 12)} do
    local moved = effects.pitch_shift(song, steps, {method = "rubberband"})
    lu.assertEquals(moved.data:shape(), {1, 2 * RATE})
    lu.assertAlmostEquals(pitch_of(moved) / (310 * ratio), 1, 0.01)
  end
  local thirds = effects.pitch_shift(song, 1, {method = "rubberband", bins_per_octave = 3})
  lu.assertAlmostEquals(pitch_of(thirds) / (310 * 2 ^ (1 / 3)), 1, 0.01)
end

-- A chord that reaches the right channel 20 samples later still does.
function TestRubberBand:test_channels_stay_together()
  local chord = tone(220) + tone(331, 1) + tone(417, 2)
  local late = torch.cat({torch.zeros {20}, chord:narrow(0, 0, 2 * RATE - 20)}, 0)
  local slow = effects.time_stretch(waveform(torch.stack {chord, late}), 0.8, {method = "rubberband"})
  local n = slow:frames() - 20
  local left, right = slow.data[0]:narrow(0, 0, n), slow.data[1]
  local alike = ((left * right:narrow(0, 20, n)):sum() / (left * left):sum()):item()
  lu.assertTrue(alike > 0.98, alike)
  local same = effects.time_stretch(waveform(torch.stack {chord, chord}), 0.8, {method = "rubberband"})
  lu.assertTrue(torch.equal(same.data[0], same.data[1]))
end

function TestRubberBand:test_words()
  local song = sound "music"
  for words, call in pairs {
    ["rate must be 0.05..20.0, got 21"] = function() effects.time_stretch(song, 21, {method = "rubberband"}) end,
    ["n_steps must stay within four octaves by Rubber Band, got -49"] = function()
      effects.pitch_shift(song, -49, {method = "rubberband"})
    end,
    ["song must be finite, got nan at sample 0 of channel 0"] = function()
      effects.pitch_shift(waveform(torch.ones {1, 5} * (0 / 0)), 1, {method = "rubberband"})
    end,
  } do
    lu.assertErrorMsgContains(words, call)
  end
end

-- A library that does not load: one line that says what to do.
function TestRubberBand:test_absent()
  local folder = lib.folder()
  lib.write(folder .. "/librubberband.so.2")
  local said = lib.moonlark(nil, {"LD_LIBRARY_PATH=" .. folder}, "-e", [[
    require "moonlark.effects".time_stretch(require "moonlark.signal".new {data = require "moonlark.torch".zeros {1, 9},
      rate = 8000, kind = "waveform"}, 2, {method = "rubberband"})]]).err
  lu.assertStrContains(said, "the Rubber Band library cannot be loaded")
  lu.assertStrContains(said, "apt-get install librubberband2")
end

TestChannels = {}

function TestChannels:test_what_is_made_of_each_is_put_together_again()
  local two, one = torch.tensor {{1, 2, 3}, {4, 5, 6}}, torch.tensor {1, 2, 3}
  local function f(samples) return samples * 2, samples:sum(), samples:size(0), nil, "last" end
  local double, sum, n, nothing, word = signal.each_channel(two, 1, f)
  lu.assertEquals(double:totable(), {{2, 4, 6}, {8, 10, 12}})
  lu.assertEquals(sum:totable(), {6, 15})
  lu.assertEquals({n, nothing, word}, {3, nil, "last"})
  lu.assertEquals(signal.each_channel(two:narrow(0, 0, 1), 1, f):totable(), {{2, 4, 6}})
  lu.assertEquals(signal.each_channel(one, 1, f):totable(), {2, 4, 6})
  lu.assertEquals(signal.each_channel(torch.ones {2, 3, 4, 5}, 2, f):shape(), {2, 3, 4, 5})
  lu.assertErrorMsgEquals("there must be at least one channel, got none", signal.each_channel, torch.ones {0, 3}, 1, f)
end

function TestChannels:test_a_waveform_has_an_axis_of_them()
  lu.assertEquals(signal.channels(waveform(torch.ones {3})):shape(), {1, 3})
  lu.assertEquals(signal.channels(waveform(torch.ones {2, 3})):shape(), {2, 3})
  lu.assertErrorMsgEquals("song must have at least one channel, got none", signal.channels, waveform(torch.ones {0, 3}))
  lu.assertErrorMsgEquals("song must be a Signal, such as audio.load returns, got number", signal.channels, 3)
end

TestErrors = {}

function TestErrors:test_words()
  local song = sound "music"
  for words, call in pairs {
    ["rate must be 0.001..1000.0, got 0"] = function() effects.time_stretch(song, 0) end,
    ["rate must be a number, got nil"] = function() effects.time_stretch(song) end,
    ["effects.hpss: margin must be a number 1..1000000000 or a list of 2 numbers 1..1000000000, got 0.5"] = function()
      effects.hpss(song, {margin = 0.5})
    end,
    ["kernel_size must be a whole number 1..511 or a list of 2 whole numbers 1..511, got 0"] = function()
      effects.hpss(song, {kernel_size = 0})
    end,
    ["kernel_size must be a whole number 1..511 or a list of 2 whole numbers 1..511, got table"] = function()
      effects.hpss(song, {kernel_size = {1, 2, 3}})
    end,
    ["unknown option of effects.hpss: 'margn' (did you mean 'margin'?)"] = function()
      effects.hpss(song, {margn = 2})
    end,
    ["song must be a Signal"] = function() effects.hpss "song.wav" end,
    ["effects.preemphasis: coef must be a number 0..1, got 1.5"] = function()
      effects.preemphasis(song, {coef = 1.5})
    end,
    ["song must have at least two samples, got 1"] = function() effects.deemphasis(song:slice(0, 1 / RATE)) end,
    ['effects.trim: ref must be "max" or a number above 0, got string "mean"'] = function()
      effects.trim(song, {ref = "mean"})
    end,
    ['effects.split: top_db must be a number, got string "60"'] = function() effects.split(song, {top_db = "60"}) end,
    ["unknown option of effects.split: 'topdb' (did you mean 'top_db'?)"] = function()
      effects.split(song, {topdb = 1})
    end,
    ["effects.trim: hop_length must be a whole number 1..16777216, got 0"] = function()
      effects.trim(song, {hop_length = 0})
    end,
    ["magnitude must be a spectrogram or stft Signal, got a mel Signal"] = function()
      effects.griffin_lim(require "moonlark.feature".mel(song))
    end,
    ["magnitude is in decibels"] = function()
      local feature = require "moonlark.feature"
      effects.griffin_lim(feature.amplitude_to_db(feature.spectrogram(song)))
    end,
    ["magnitude must be finite and not negative, got -1 in row 2, frame 0"] = function()
      effects.griffin_lim(torch.tensor {{0}, {0}, {-1}})
    end,
    ["n_fft must fit the magnitude's 3 rows (n_fft/2 + 1), got 8"] = function()
      effects.griffin_lim(torch.zeros {3, 2}, {n_fft = 8})
    end,
    ["effects.griffin_lim: momentum must be a number 0..2, got -1"] = function()
      effects.griffin_lim(torch.zeros {3, 2}, {momentum = -1})
    end,
    ['init must be "zeros" or "random", got string "none"'] = function()
      effects.griffin_lim(torch.zeros {3, 2}, {init = "none"})
    end,
    ["magnitude must be a Signal or a tensor, got string"] = function() effects.griffin_lim "song.wav" end,
    ["mel is in decibels: feature.db_to_power takes it back"] = function()
      effects.mel_to_audio(require "moonlark.feature".log_mel(song))
    end,
    ["mel must be a mel Signal, got a waveform Signal"] = function() effects.mel_to_stft(song) end,
    ["parts must be a list of {from, to} in seconds, got none"] = function() effects.remix(song, {}) end,
    ["parts[2] must be {from, to} in seconds, from <= to, or a Signal"] = function()
      effects.remix(song, {{0, 0.1}, {0.2, 0.1}})
    end,
    ['effects.time_stretch: method must be "phase_vocoder" or "rubberband", got string "rubber"'] = function()
      effects.time_stretch(song, 2, {method = "rubber"})
    end,
    ['n_fft and hop_length belong to method = "phase_vocoder"'] = function()
      effects.pitch_shift(song, 2, {method = "rubberband", n_fft = 512})
    end,
    ["n_steps must be a number, got nil"] = function() effects.pitch_shift(song) end,
  } do
    lu.assertErrorMsgContains(words, call)
  end
end

lib.run(false, function()
  for what, value in pairs(worst) do print(("%-14s largest deviation %.2g"):format(what, value)) end
end)
