-- Numbers are compared with librosa's in tests/core/dsp; here: Signals, options, errors, and what follows a feature.
local lib = require "lib"
local lu = require "luaunit"
local feature = require "moonlark.feature"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local RATE = 22050
local waveform, tone, close, fails = lib.waveform, lib.tone, lib.close, lib.fails

torch.manual_seed(3)
local noise = waveform(torch.randn {1, 20000} * 0.1)

local pretrained = {
  whisper_mel = {80, 3000}, vggish_mel = {64, 123}, kaldi_fbank = {128, 1024}, maest_mel = {96, 1876},
}

-- The inputs of pretrained models take 16 kHz and have lengths of their own; samples are no frames.
local function general()
  local list = {}
  for _, name in ipairs(feature.names()) do
    if not pretrained[name] and name ~= "samples" then list[#list + 1] = name end
  end
  return list
end

TestSignals = {}

function TestSignals:test_inputs_of_pretrained_models()
  local clip = signal.new {data = noise.data, rate = 16000, kind = "waveform"}
  for name, shape in pairs(pretrained) do
    local made = feature[name](clip)
    lu.assertEquals(made.data:shape(), shape, name)
    lu.assertEquals(#made.axis.values, shape[1], name)
    lu.assertTrue(made.data:isfinite():all():item(), name)
    fails(name .. " needs a waveform of 16000 Hz, got 22050 Hz: load it with rate = 16000", feature[name], noise)
  end
  lu.assertEquals(feature.whisper_mel(clip, {n_mels = 128, pad = false}).data:shape(), {128, 125})
  local free = feature.whisper_mel(clip, {range = false}).data -- the same but for its end below
  lib.close(free:clamp_min(free:max():item() - 2), feature.whisper_mel(clip).data, 1e-6)
  lu.assertTrue(free:min():item() < free:max():item() - 2)
  lu.assertAlmostEquals(feature.whisper_mel(signal.new {data = torch.zeros {16000}, rate = 16000, kind = "waveform"}).data:max():item(), -1.5, 1e-6)
  lu.assertAlmostEquals(feature.kaldi_fbank(clip).data:min():item(), feature.kaldi_fbank(clip).data[3][0]:item(), 1e-6)
end

function TestSignals:test_samples_are_the_waveform()
  local made = feature.samples(noise)
  close(made.data, noise.data, 0)
  lu.assertEquals(made.rate, RATE)
end

function TestSignals:test_every_feature_gives_a_signal_that_knows_itself()
  for _, name in ipairs(general()) do
    local made = feature[name](noise)
    lu.assertTrue(signal.is(made), name)
    lu.assertEquals(made.data:dim(), 2, name)
    lu.assertAlmostEquals(made.rate, RATE / 512, 1e-9)
    lu.assertEquals(made.start, 0)
    lu.assertEquals(made.made.feature, name)
    lu.assertEquals(made.made.hop_length, 512)
    lu.assertEquals(made:frames(), 1 + 20000 // 512 + (name == "fourier_tempogram" and 1 or 0), name)
    local rows = made.data:size(0)
    if rows == 1 then lu.assertNil(made.axis, name) else lu.assertEquals(#made.axis.values, rows, name) end
    local size = made.data:abs()
    lu.assertTrue(size:isfinite():all():item(), name)
  end
end

function TestSignals:test_axes()
  local mel = feature.mel(noise, {n_mels = 40, fmin = 100, fmax = 4000})
  lu.assertEquals({mel.kind, mel.axis.name, mel.axis.unit, mel.axis.scale}, {"mel", "frequency", "Hz", "mel"})
  lu.assertTrue(mel.axis.values[1] > 100 and mel.axis.values[40] < 4000)
  local htk = feature.mel(noise, {n_mels = 1, htk = true, fmin = 0, fmax = 4000})
  lu.assertAlmostEquals(htk.axis.values[1], 700 * ((1 + 4000 / 700) ^ 0.5 - 1), 1e-9)
  lu.assertEquals(feature.stft(noise, {n_fft = 8, hop_length = 4}).axis.values, {0, RATE / 8, RATE / 4, 3 * RATE / 8, RATE / 2})
  local chroma = feature.chroma_stft(noise)
  lu.assertEquals(table.concat(chroma.axis.values, " "), "C C♯ D D♯ E F F♯ G G♯ A A♯ B")
  lu.assertEquals(#feature.chroma_stft(noise, {n_chroma = 24}).axis.values, 24)
  lu.assertEquals(#feature.tonnetz(noise).axis.values, 6)
  local cqt = feature.cqt(noise)
  lu.assertEquals(cqt.axis.scale, "log")
  lu.assertAlmostEquals(cqt.axis.values[13] / cqt.axis.values[1], 2, 1e-12)
  lu.assertEquals(feature.spectral_contrast(noise).axis.values, {0, 200, 400, 800, 1600, 3200, 6400})
  lu.assertEquals(feature.mfcc(noise, {n_mfcc = 3}).axis.values, {0, 1, 2})
end

function TestSignals:test_units_of_values()
  lu.assertEquals(feature.log_mel(noise).unit, "dB")
  lu.assertEquals(feature.spectral_centroid(noise).unit, "Hz")
  lu.assertEquals(feature.spectral_contrast(noise).unit, "dB")
  lu.assertNil(feature.spectral_contrast(noise, {linear = true}).unit)
  lu.assertNil(feature.mel(noise).unit)
end

function TestSignals:test_first_frame_lies_where_its_centre_is()
  local part = noise:slice(0.25)
  lu.assertAlmostEquals(feature.mel(part).start, part.start, 1e-12)
  lu.assertAlmostEquals(feature.mel(part, {center = false}).start, part.start + 1024 / RATE, 1e-12)
  lu.assertAlmostEquals(feature.rms(part, {center = false, frame_length = 1000}).start, part.start + 500 / RATE, 1e-12)
end

function TestSignals:test_channels_are_analysed_one_by_one()
  local left, right = tone(440, 9000), tone(1000, 9000)
  local both = waveform(torch.cat({left.data, right.data}, 0))
  local made = feature.mfcc(both)
  lu.assertEquals(made.data:shape(), {2, 20, 18})
  close(made.data[1], feature.mfcc(right).data, 0)
  lu.assertEquals(#made.axis.values, 20)
  lu.assertEquals(feature.istft(feature.stft(both), {length = 9000}).data:shape(), {2, 9000})
  fails("song must have one channel, got 2", feature.estimate_tuning, both)
end

function TestSignals:test_a_tone_is_found()
  local a = tone(440, 22050)
  lu.assertAlmostEquals(feature.spectral_centroid(a).data[0][20]:item(), 440, 5)
  lu.assertEquals(feature.chroma_cqt(a).data:mean(1):argmax():item(), 9)
  lu.assertEquals(feature.chroma_stft(a).data:mean(1):argmax():item(), 9)
  lu.assertEquals(feature.magnitude(feature.cqt(a)).data:mean(1):argmax():item(), 45)
  lu.assertAlmostEquals(feature.rms(a).data[0][20]:item(), math.sqrt(0.5), 1e-3)
  lu.assertAlmostEquals(feature.zero_crossing_rate(a).data[0][20]:item(), 2 * 440 / RATE, 1e-3)
  lu.assertAlmostEquals(feature.estimate_tuning(tone(440 * 2 ^ (0.2 / 12), 22050)), 0.2, 0.05) -- the parabola's bias
end

function TestSignals:test_entropy_is_0_for_a_tone_and_1_for_what_is_flat()
  local function entropy(song) return feature.spectral_entropy(song).data[0][20]:item() end
  lu.assertTrue(entropy(tone(440, 22050)) < 0.2)
  lu.assertTrue(entropy(noise) > 0.85)
  lu.assertAlmostEquals(entropy(waveform(torch.zeros {1, 22050})), 1, 1e-6)
end

function TestSignals:test_what_a_feature_is_stands_in_its_row()
  local engine = require "moonlark.feature.engine"
  local energies = {stft = 1, cqt = 1, vqt = 1, pseudo_cqt = 1, hybrid_cqt = 1, rms = 1, spectrogram = 1, mel = 2}
  for _, name in ipairs(feature.names()) do
    local facts = engine.facts(name)
    lu.assertEquals(facts.energy, energies[name] or 0, name)
    lu.assertEquals(facts.hop, feature.settings(name).hop_length, name)
  end
  lu.assertEquals(engine.facts("mel", {power = 1, hop_length = 100}), {energy = 1, hop = 100})
  lu.assertEquals({engine.facts("spectral_contrast").unit, engine.facts("spectral_contrast", {linear = true}).unit}, {"dB"})
end

function TestSignals:test_pictures_know_what_a_signal_is()
  local mfcc, mel = feature.mfcc(noise), feature.mel(noise)
  lu.assertEquals({mfcc:facts().apart, feature.delta(mfcc):facts().apart}, {2, 0})
  lu.assertEquals({mel:facts().palette, feature.delta(mel):facts().palette}, {"magma", "magma"})
  lu.assertEquals(#feature.chroma_cqt(noise):facts().labels, 12)
  lu.assertEquals(noise:facts(), {})
end

TestOptions = {}

function TestOptions:test_unknown_options_name_the_nearest()
  fails("unknown option of feature.mel: 'n_mel' (did you mean 'n_mels'?)", feature.mel, noise, {n_mel = 3})
  fails("options of feature.rms must have names, got a number as one", feature.rms, noise, {2048})
  fails("unknown feature: 'melody'", feature.compute, "melody", noise)
  fails("unknown option of feature.delta: 'widht' (did you mean 'width'?)", feature.delta, noise, {widht = 5})
end

function TestOptions:test_types_and_ranges()
  fails("hop_length must be 1 or more, got 0", feature.mel, noise, {hop_length = 0})
  fails("n_mels must be an integer, got number 2.5", feature.mel, noise, {n_mels = 2.5})
  fails("n_mels must be an integer, got", feature.mel, noise, {n_mels = false})
  fails("center must be true or false, got number 1", feature.mel, noise, {center = 1})
  fails("window must be one of hann, hamming, blackman, bartlett, ones, got string \"han\"", feature.mel, noise, {window = "han"})
  fails("fmin must be finite", feature.mel, noise, {fmin = 0 / 0})
  fails("win_length must be 1..n_fft (2048), got 5000", feature.mel, noise, {win_length = 5000})
  fails("options of feature.mel must be a table, got number", feature.mel, noise, 40)
  fails("width must be an odd number of 3 or more, got 8", feature.delta, feature.mfcc(noise), {width = 8})
end

function TestOptions:test_choices_may_be_numbers_and_false_is_nil()
  local two = feature.chroma_stft(noise, {norm = 2})
  lu.assertEquals(two.made.norm, "2")
  lu.assertAlmostEquals((two.data * two.data):sum(0)[5]:item(), 1, 1e-5)
  lu.assertEquals(feature.settings("chroma_stft", {norm = math.huge}).norm, "inf")
  lu.assertEquals(feature.settings("chroma_stft", {norm = false}).norm, "none")
  lu.assertNil(feature.settings("log_mel", {top_db = false}).top_db)
  lu.assertEquals(feature.settings("log_mel").top_db, 80)
  fails("norm must be one of inf, 1, 2, none, got number 3", feature.chroma_stft, noise, {norm = 3})
end

function TestOptions:test_numbers_from_elsewhere_have_the_rows_of_their_feature()
  local function made(rows) return {data = torch.randn {rows, 100}, rate = 43.07, start = 0} end
  lu.assertEquals(#feature.signal("mel", nil, made(128), 22050).axis.values, 128)
  for name, rows in pairs {mel = 128, whisper_mel = 80, vggish_mel = 64, kaldi_fbank = 128, maest_mel = 96} do
    fails(("a %s with these options has %d rows, got 40"):format(name, rows), feature.signal, name, nil, made(40), 16000)
  end
end

function TestOptions:test_songs_that_cannot_be_analysed()
  fails("song must be a Signal, such as audio.load returns, got table", feature.mel, {})
  fails("song must be a Signal, such as audio.load returns, got nil", feature.mel)
  fails("song must be a waveform Signal, got a mel Signal", feature.mfcc, feature.mel(noise))
  local broken = torch.zeros {1, 5000}
  broken:narrow(1, 1234, 1):fill_(0 / 0)
  fails("samples must be finite, got NaN at sample 1234 (0.056 s)", feature.mel, waveform(broken))
  fails("feature.zero_crossing_rate: zero_crossing_rate needs at least one sample", feature.zero_crossing_rate, waveform(torch.zeros {1, 0}))
  fails("n_fft (2048) must not exceed the clip's 100 samples", feature.stft, waveform(torch.zeros {1, 100}), {center = false})
  fails("delta needs at least width (9) frames, got 2", feature.mfcc_delta, waveform(torch.zeros {1, 600}))
  fails("above half the sample rate (4000 Hz)", feature.cqt, waveform(torch.zeros {1, 8000}, 8000), {n_bins = 96})
end

function TestOptions:test_shorter_than_a_frame_silent_single_empty()
  for _, n in ipairs {0, 1, 100, 3000} do
    local quiet = waveform(torch.zeros {1, n})
    for _, name in ipairs(general()) do
      local few = n == 0 and name == "zero_crossing_rate" or n < 4 and name == "hybrid_cqt" -- an octave at 1/4 of the rate
      if not name:find "delta" and not few then
        local made = feature[name](quiet)
        lu.assertEquals(made:frames(), 1 + n // 512 + (name == "fourier_tempogram" and 1 or 0), name)
        lu.assertTrue(made.data:abs():isfinite():all():item(), name)
      end
    end
  end
end

TestAfter = {}

function TestAfter:test_decibels_of_known_values()
  local power = torch.tensor {1.0, 0.1, 1e-5, 1e-12}
  close(feature.power_to_db(power), torch.tensor {0.0, -10.0, -50.0, -80.0}, 1e-4)
  close(feature.power_to_db(power, {top_db = false}), torch.tensor {0.0, -10.0, -50.0, -100.0}, 1e-4)
  close(feature.power_to_db(power * 4, {ref = "max", top_db = 20}), torch.tensor {0.0, -10.0, -20.0, -20.0}, 1e-4)
  close(feature.power_to_db(power, {ref = function(t) return t:max():item() / 10 end}), torch.tensor {10.0, 0.0, -40.0, -70.0}, 1e-4)
  close(feature.amplitude_to_db(power, {amin = 1e-4}), torch.tensor {0.0, -20.0, -80.0, -80.0}, 1e-4)
  close(feature.amplitude_to_db(power, {ref = 0.1, top_db = false}), torch.tensor {20.0, 0.0, -80.0, -80.0}, 1e-4)
  close(feature.db_to_power(torch.tensor {0.0, -10.0, 20.0}, {ref = 2}), torch.tensor {2.0, 0.2, 200.0}, 1e-4)
  close(feature.db_to_amplitude(torch.tensor {0.0, -20.0, 20.0}, {ref = 2}), torch.tensor {2.0, 0.2, 20.0}, 1e-5)
end

function TestAfter:test_decibels_of_signals_keep_the_axes()
  local mel = feature.mel(noise)
  local db = feature.power_to_db(mel)
  close(db.data, feature.log_mel(noise).data, 0)
  lu.assertEquals(db.unit, "dB")
  lu.assertEquals(db.made.db, "power")
  lu.assertNil(mel.made.db)
  lu.assertEquals(db.axis.values, mel.axis.values)
  local back = feature.db_to_power(db)
  lu.assertNil(back.unit)
  lu.assertTrue(((back.data - mel.data):abs() / mel.data):max():item() < 1e-4)
  lu.assertEquals(feature.amplitude_to_db(feature.stft(noise)).data:dtype(), "float32")
  fails("take feature.magnitude and amplitude_to_db", feature.power_to_db, feature.stft(noise))
  fails("S must be a Signal or a tensor, got number", feature.power_to_db, 3)
  fails("ref must be a number", feature.power_to_db, mel, {ref = "min"})
end

function TestAfter:test_delta()
  local ramp = torch.arange(30, {dtype = "float32"}) * 0.5
  local parabola = ramp * ramp
  close(feature.delta(ramp), torch.full({30}, 0.5), 1e-6)
  close(feature.delta(parabola, {order = 2}), torch.full({30}, 0.5), 1e-4)
  close(feature.delta(torch.stack {ramp, ramp * 2}, {width = 3})[1], torch.full({30}, 1.0), 1e-6)
  lu.assertAlmostEquals(feature.delta(ramp, {mode = "nearest", width = 3})[0]:item(), 0.25, 1e-6)
  local mfcc = feature.mfcc(noise)
  local first = feature.delta(mfcc)
  close(first.data, feature.mfcc_delta(noise).data, 0)
  close(feature.delta(mfcc, {order = 2}).data, feature.mfcc_delta2(noise).data, 0)
  lu.assertEquals(first.kind, "mfcc_delta")
  lu.assertEquals(first.made.delta, {width = 9, order = 1, mode = "interp"})
end

function TestAfter:test_istft_gives_the_waveform_back()
  for _, given in ipairs {{}, {n_fft = 512, hop_length = 128, window = "hamming"}, {n_fft = 1023, hop_length = 300},
                          {win_length = 1200, hop_length = 300}} do
    local back = feature.istft(feature.stft(noise, given), {length = 20000})
    lu.assertEquals({back.kind, back.rate}, {"waveform", RATE})
    close(back.data, noise.data, 1e-6)
  end
  local spectrum = feature.stft(noise)
  lu.assertEquals(feature.istft(spectrum).data:shape(), {1, 512 * (spectrum:frames() - 1)})
  close(feature.istft(spectrum.data, {length = 20000}), noise.data[0], 1e-6)
  fails("n_fft must fit the spectrum's 1025 rows", feature.istft, spectrum, {n_fft = 1024})
end

function TestAfter:test_magnitude_and_phase()
  local spectrum = feature.stft(noise)
  close(feature.magnitude(spectrum).data, feature.spectrogram(noise).data, 1e-5)
  lu.assertTrue(feature.phase(spectrum).data:abs():max():item() <= math.pi + 1e-6)
  lu.assertEquals(feature.magnitude(spectrum).axis, spectrum.axis)
end

TestDocumentation = {}

local function spelled(parameter)
  local default = parameter.default
  if default == nil then return parameter.usual or "nil" end
  if type(default) == "string" then return ("%q"):format(default) end
  return type(default) == "number" and ("%.12g"):format(default) or tostring(default)
end

function TestDocumentation:test_every_parameter_and_its_default_stand_in_the_help()
  local help = require "moonlark.shell.help"
  for _, name in ipairs(feature.names()) do
    local page = help.text("feature." .. name, 100)
    for _, parameter in ipairs(feature.parameters(name)) do
      local sentence = ("\n  %s +%s%%f[%%s]"):format(parameter.name, (spelled(parameter):gsub("%p", "%%%0")))
      lu.assertStrMatches(page, ".*" .. sentence .. ".*", nil, nil, name .. " " .. parameter.name)
    end
  end
end

TestFixLength = {}

function TestFixLength:test_signals_and_tensors_get_the_length()
  local x = torch.tensor {{1.0, 2, 3}, {4, 5, 6}}
  lu.assertEquals(feature.fix_length(x, {frames = 2}):totable(), {{1, 2}, {4, 5}})
  lu.assertEquals(feature.fix_length(x, {frames = 5}):totable(), {{1, 2, 3, 0, 0}, {4, 5, 6, 0, 0}})
  lu.assertEquals(feature.fix_length(x, {frames = 4, value = -80}):totable(), {{1, 2, 3, -80}, {4, 5, 6, -80}})
  local mel = signal.new {data = x, rate = 2, start = 1, kind = "mel", axis = {name = "frequency", values = {1, 2}}}
  local longer = feature.fix_length(mel, {seconds = 2.5})
  lu.assertEquals({longer:frames(), longer.rate, longer.start, longer.axis.values[2]}, {5, 2, 1, 2})
  lib.fails("needs frames or seconds, one of them", feature.fix_length, mel, {})
  lib.fails("needs frames or seconds, one of them", feature.fix_length, mel, {frames = 1, seconds = 1})
  lib.fails("seconds are for Signals", feature.fix_length, x, {seconds = 1})
end

lib.run()
