-- Pseudo and hybrid constant-Q transforms, linear prediction, kinds of mel filters and derivatives, as a user calls
-- them; their numbers are compared with librosa's in tests/core/dsp/test_variants.c.
local lib = require "lib"
local lu = require "luaunit"
local effects = require "moonlark.effects"
local feature = require "moonlark.feature"
local torch = require "moonlark.torch"

local RATE = 22050
local waveform, tone, close, fails = lib.waveform, lib.tone, lib.close, lib.fails

torch.manual_seed(7)
local noise = waveform(torch.randn {1, 20000} * 0.1)

TestConstantQ = {}

function TestConstantQ:test_magnitudes_on_the_axis_of_cqt()
  local a = tone(440, 20000)
  for _, name in ipairs {"pseudo_cqt", "hybrid_cqt"} do
    local made = feature[name](a)
    lu.assertEquals({made.kind, made.data:dtype(), made.axis.scale, made.axis.unit}, {"cqt", "float32", "log", "Hz"})
    lu.assertEquals(made.data:shape(), {84, 40})
    lu.assertEquals(made.axis.values, feature.cqt(a).axis.values)
    lu.assertEquals(made.data:mean(1):argmax():item(), 45) -- A4
    lu.assertEquals(feature[name](a, {n_bins = 24, fmin = 220}).data:mean(1):argmax():item(), 12)
  end
end

function TestConstantQ:test_hybrid_is_cqt_below_and_pseudo_above()
  local hybrid, cqt = feature.hybrid_cqt(noise).data, feature.magnitude(feature.cqt(noise)).data
  local low = 0 -- bins whose filters, padded to a power of 2, are as long as two hops
  for k = 0, 83 do
    local length = RATE / (32.70319566257483 * 2 ^ (k / 12)) / ((4 ^ (1 / 12) - 1) / (4 ^ (1 / 12) + 1))
    if 2 ^ math.ceil(math.log(length, 2)) >= 1024 then low = low + 1 end
  end
  lu.assertTrue(low > 12 and low < 72)
  local pseudo = feature.pseudo_cqt(noise, {fmin = 32.70319566257483 * 2 ^ (low / 12), n_bins = 84 - low}).data
  close(hybrid:narrow(0, low, 84 - low), pseudo, 1e-7)
  -- The lower bins are a transform of their own; only its octaves, counted from the top, lie elsewhere.
  close(hybrid:narrow(0, 0, low), feature.magnitude(feature.cqt(noise, {n_bins = low})).data, 1e-7)
  lu.assertTrue((hybrid:narrow(0, 0, low) - cqt:narrow(0, 0, low)):abs():max():item() < 0.05 * cqt:max():item())
  close(feature.hybrid_cqt(noise, {n_bins = 12}).data, feature.magnitude(feature.cqt(noise, {n_bins = 12})).data, 1e-7)
end

function TestConstantQ:test_refusals()
  local slow = waveform(torch.zeros {1, 8000}, 8000)
  for _, name in ipairs {"pseudo_cqt", "hybrid_cqt"} do
    fails("above half the sample rate (4000 Hz): lower n_bins or fmin", feature[name], slow)
    fails(("unknown option of feature.%s: 'n_bin' (did you mean 'n_bins'?)"):format(name), feature[name], noise, {n_bin = 3})
    fails("song must be a waveform Signal, got a cqt Signal", feature[name], feature.cqt(noise))
  end
end

TestPrediction = {}

function TestPrediction:test_a_resonance_is_found()
  -- x[i] = 1.6 x[i - 1] - 0.9 x[i - 2] + noise
  local samples, a, b = {}, 0, 0
  for i = 1, 20000 do
    a, b = 1.6 * a - 0.9 * b + 0.01 * noise.data[0][(i - 1) % 4096]:item(), a
    samples[i] = a
    if i == 4096 then break end
  end
  local found = feature.lpc(waveform(torch.tensor(samples):reshape {1, -1}), {order = 2, frame_length = 4096, center = false})
  lu.assertEquals({found.kind, found.axis.name}, {"lpc", "coefficient"})
  lu.assertEquals(found.data:shape(), {3, 1})
  close(found.data:select(1, 0), torch.tensor {1, -1.6, 0.9}, 0.03)
end

function TestPrediction:test_frames()
  local found = feature.lpc(noise)
  lu.assertEquals(found.data:shape(), {17, 40})
  lu.assertAlmostEquals(found.rate, RATE / 512, 1e-9)
  local apart = feature.lpc(noise, {center = false})
  lu.assertEquals(apart.data:shape(), {17, 1 + (20000 - 2048) // 512})
  close(apart.data:narrow(1, 0, 30), found.data:narrow(1, 2, 30), 1e-6)
  lu.assertTrue((found.data:select(0, 0) - 1):abs():max():item() == 0)
end

function TestPrediction:test_silence_needs_no_filter()
  local quiet = feature.lpc(waveform(torch.zeros {1, 5000})).data
  lu.assertEquals(quiet:select(1, 3):totable(), {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
end

function TestPrediction:test_refusals()
  fails("order must be 1..frame_length - 1 (15), got 16", feature.lpc, noise, {frame_length = 16})
  fails("order must be 1..4096, got 0", feature.lpc, noise, {order = 0})
  fails("unknown option of feature.lpc: 'oder' (did you mean 'order'?)", feature.lpc, noise, {oder = 4})
  fails("frame_length (2048) must not exceed the clip's 100 samples when center is false", feature.lpc,
    waveform(torch.zeros {1, 100}), {center = false})
end

TestMel = {}

function TestMel:test_norms_by_name_and_by_number()
  lu.assertEquals(feature.settings("mel", {norm = 1}).norm, "1")
  lu.assertEquals(feature.settings("log_mel", {norm = 2}).norm, "2")
  lu.assertEquals(feature.settings("mfcc", {mel_norm = math.huge}).mel_norm, "inf")
  lu.assertEquals(feature.settings("pcen", {norm = false}).norm, "none")
  local plain = feature.mel(noise, {norm = "none"}).data
  for _, norm in ipairs {1, 2, math.huge} do
    local ratio = feature.mel(noise, {norm = norm}).data / plain -- each band by a number of its own
    close(ratio:select(1, 3), ratio:select(1, 20), 1e-5)
    lu.assertTrue((ratio - 1):abs():max():item() > 0.01)
  end
  fails("feature.mel: norm must be one of slaney, none, 1, 2, inf, got number 3", feature.mel, noise, {norm = 3})
  fails("mel_norm must be one of slaney, none, 1, 2, inf, got string \"l2\"", feature.mfcc, noise, {mel_norm = "l2"})
end

function TestMel:test_triangles_on_the_mel_scale()
  local kaldi = {htk = true, triangles = "mel", norm = "none", n_mels = 40}
  local hz = {htk = true, triangles = "hz", norm = "none", n_mels = 40}
  local a, b = feature.mel(noise, kaldi), feature.mel(noise, hz)
  lu.assertEquals(a.axis.values, b.axis.values) -- the corners are the same
  lu.assertEquals(a.made.triangles, "mel")
  local difference = (a.data / b.data - 1):abs():max():item()
  lu.assertTrue(difference > 0.01 and difference < 0.5)
  fails("triangles must be one of hz, mel, got string \"kaldi\"", feature.mel, noise, {triangles = "kaldi"})
end

function TestMel:test_every_kind_has_a_way_back()
  for _, settings in ipairs {{norm = 1}, {norm = math.huge, htk = true}, {triangles = "mel", htk = true, norm = "none"}} do
    settings.n_mels = 40
    local mel = feature.mel(noise, settings)
    local again = feature.mel(effects.griffin_lim(effects.mel_to_stft(mel)), settings).data
    local scale = (again:sum(1) / mel.data:sum(1)):narrow(0, 1, 38)
    lu.assertTrue(scale:min():item() > 0.7 and scale:max():item() < 1.4)
  end
end

TestDerivatives = {}

function TestDerivatives:test_any_order_of_a_polynomial()
  local t = torch.arange(30, {dtype = "float64"})
  local cubic = (t * t * t / 6):to "float32"
  close(feature.delta(cubic, {order = 3}), torch.ones {30}, 1e-2)
  close(feature.delta(cubic, {order = 4, width = 11}), torch.zeros {30}, 1e-2)
  local mfcc = feature.mfcc(noise)
  close(feature.delta(mfcc, {order = 3, mode = "wrap"}).data, feature.mfcc_delta(noise, {order = 3, mode = "wrap"}).data, 0)
end

function TestDerivatives:test_refusals()
  local mfcc = feature.mfcc(noise)
  fails("order must be 1..width - 1 (4), got 5", feature.delta, mfcc, {order = 5, width = 5})
  local words = 'feature.delta: mode must be "interp", "nearest", "mirror", "constant" or "wrap", got string "reflect"'
  fails(words, feature.delta, mfcc, {mode = "reflect"})
end

lib.run()
