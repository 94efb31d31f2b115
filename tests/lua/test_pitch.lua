local lib = require "lib"
local lu = require "luaunit"
local feature = require "moonlark.feature"
local torch = require "moonlark.torch"

local RATE = 22050
local waveform, fails = lib.waveform, lib.fails

-- Seconds of a tone with three harmonics, then as much silence.
local function tone(hz, seconds)
  local n = math.floor(seconds * RATE)
  local t = torch.arange(2 * n, {dtype = "float64"}) * (2 * math.pi * hz / RATE)
  local y = t:sin() * 0.5 + (t * 2):sin() * 0.2 + (t * 3):sin() * 0.1
  y:narrow(0, n, n):zero_()
  return waveform(y:float():reshape {1, 2 * n})
end

TestPitch = {}

function TestPitch:test_a_tone_has_its_pitch()
  local song = tone(220, 1)
  local pitch, voiced, probability = feature.pyin(song)
  lu.assertEquals({pitch.kind, pitch.unit, voiced.kind, probability.kind},
    {"pyin", "Hz", "voiced_flag", "voiced_probability"})
  for frame = 5, 38 do
    lu.assertAlmostEquals(pitch.data[{0, frame}]:item(), 220, 220 * (2 ^ (0.05 / 12) - 1)) -- half a bin
    lu.assertEquals(voiced.data[{0, frame}]:item(), 1)
    lu.assertTrue(probability.data[{0, frame}]:item() > 0.9)
    lu.assertAlmostEquals(feature.yin(song).data[{0, frame}]:item(), 220, 0.5)
  end
  for frame = 48, pitch:frames() - 1 do
    lu.assertEquals(pitch.data[{0, frame}]:item(), 0)
    lu.assertEquals(voiced.data[{0, frame}]:item(), 0)
    lu.assertEquals(probability.data[{0, frame}]:item(), 0)
  end
end

function TestPitch:test_unvoiced_frames_hold_what_is_asked_for()
  local song = tone(220, 1)
  local _, voiced = feature.pyin(song)
  local unvoiced = voiced.data:eq(0)
  local function where(given) return feature.pyin(song, given).data:masked_select(unvoiced) end
  lu.assertTrue(where {fill_na = false}:isnan():all():item())
  lu.assertTrue(where {fill_na = -1}:eq(-1):all():item())
  lu.assertTrue(where {best_guess = true}:ge(65.4):all():item())
  local pitch = feature.pyin(song, {fill_na = false})
  lu.assertIsNil(pitch.made.fill_na)
  lu.assertEquals(pitch.made.feature, "pyin")
end

function TestPitch:test_one_by_one_is_the_same()
  local song = tone(311, 0.5)
  local given = {n_thresholds = 50, hop_length = 256}
  local pitch, voiced, probability = feature.pyin(song, given)
  lu.assertTrue(feature.compute("pyin", song, given).data:equal(pitch.data))
  lu.assertTrue(feature.voiced_flag(song, given).data:equal(voiced.data))
  lu.assertTrue(feature.voiced_probability(song, given).data:equal(probability.data))
  lu.assertEquals(voiced.made.n_thresholds, 50)
  lu.assertAlmostEquals(pitch.rate, RATE / 256, 1e-9)
end

function TestPitch:test_channels_are_analysed_by_themselves()
  local low, high = tone(110, 0.3), tone(440, 0.3)
  local both = waveform(torch.cat({low.data, high.data}, 0))
  local pitch, voiced = feature.pyin(both)
  lu.assertEquals(pitch.data:shape(), {2, 1, pitch:frames()})
  lu.assertTrue(pitch.data:select(0, 0):equal((feature.pyin(low).data)))
  lu.assertTrue(pitch.data:select(0, 1):equal((feature.pyin(high).data)))
  lu.assertEquals(voiced.data:shape(), pitch.data:shape())
end

function TestPitch:test_what_cannot_be_is_said()
  local song = tone(220, 0.5)
  fails("fmax must not exceed half the sample rate (11025 Hz), got 12000", feature.pyin, song, {fmax = 12000})
  fails("fmin must lie below fmax (100 Hz), got 200", feature.yin, song, {fmin = 200, fmax = 100})
  fails("frame_length must exceed a period of fmin (65.4064 Hz: 338 samples) by more than 1, got 300",
    feature.yin, song, {frame_length = 300})
  fails("resolution must leave at most 32768 pitches between fmin and fmax, got 0.001: 60001",
    feature.pyin, song, {resolution = 0.001})
  fails("resolution must leave at most 16777216 moves from pitch to pitch, got 0.005: 12001 pitches that reach 2001",
    feature.pyin, song, {resolution = 0.005})
  fails("max_transition_rate must not lead beyond fmin..fmax (601 pitches) within hop_length, "
    .. "got 35.92 octaves per second: 801 pitches", feature.pyin, song, {hop_length = 4096})
  fails("did you mean 'fill_na'", feature.pyin, song, {fil_na = 0})
  fails("song must be a Signal", feature.pyin, nil)
  fails("frame_length (2048) must not exceed the clip's 100 samples", feature.yin, waveform(torch.zeros {1, 100}),
    {center = false})
end

TestRhythm = {}

-- Clicks every `period` seconds.
local function clicks(period, seconds)
  local y = torch.zeros {1, math.floor(seconds * RATE)}
  for k = 0, math.floor(seconds / period) do
    local at = math.floor(k * period * RATE)
    if at + 50 < y:size(1) then y:narrow(1, at, 50):fill_(0.8) end
  end
  return waveform(y)
end

function TestRhythm:test_onsets_lie_on_clicks()
  local curve = feature.onset_strength(clicks(0.5, 4))
  lu.assertEquals(curve.kind, "onset_strength")
  local times, values = curve:times():totable(), curve.data:select(0, 0):totable()
  local highest = math.max(table.unpack(values))
  for i = 2, #values - 1 do
    if values[i] > highest / 2 and values[i] >= values[i - 1] and values[i] > values[i + 1] then
      local off = (times[i] + 0.25) % 0.5 - 0.25
      lu.assertTrue(math.abs(off) < 0.05, times[i])
    end
  end
end

function TestRhythm:test_several_ranges_of_bands()
  local song = clicks(0.5, 2)
  local four = feature.onset_strength_multi(song)
  lu.assertEquals(four.data:size(0), 4)
  lu.assertEquals(#four.axis.values, 4)
  local mean = four.data:mean(0)
  lu.assertTrue((mean - feature.onset_strength(song).data:select(0, 0)):abs():max():item() < 1e-4)
  fails("n_channels must be 1..n_mels (40), got 41", feature.onset_strength_multi, song, {n_mels = 40, n_channels = 41})
  fails("aggregate", feature.onset_strength, song, {aggregate = "max"})
  fails("feature.onset_strength: lag must be 1 or more, got 0", feature.onset_strength, song, {lag = 0})
end

function TestRhythm:test_tempograms_know_the_tempo()
  local song = clicks(0.5, 12)
  local lags = feature.tempogram(song)
  lu.assertEquals({lags.axis.name, lags.axis.unit}, {"lag", "s"})
  local mean = lags.data:mean(1):totable()
  local best = 20
  for k = 15, 35 do if mean[k] > mean[best] then best = k end end
  lu.assertAlmostEquals(lags.axis.values[best], 0.5, 0.025)

  local tempi = feature.fourier_tempogram(song)
  lu.assertEquals({tempi.axis.name, tempi.axis.unit}, {"tempo", "BPM"})
  local strength = feature.magnitude(tempi).data:mean(1):totable()
  best = 8
  for k = 8, 25 do if strength[k] > strength[best] then best = k end end
  lu.assertAlmostEquals(tempi.axis.values[best], 120, 7)
  fails("win_length (384) must not exceed the 44 frames of the onset strength when center is false",
    feature.tempogram, clicks(0.5, 1), {center = false})
end

function TestRhythm:test_onsets_of_a_spectrogram()
  local song = clicks(0.3, 2)
  local given = {lag = 2, max_size = 3, aggregate = "median"}
  local db = feature.log_mel(song)
  lu.assertTrue(feature.onset_strength(db, given).data:equal(feature.onset_strength(song, given).data))
  lu.assertEquals(feature.onset_strength(db).rate, db.rate)
  local four = feature.onset_strength_multi(song)
  local ranges = feature.onset_strength_multi(song, {channels = {0, 32, 64, 96, 128}})
  lu.assertTrue(ranges.data:equal(four.data))
  lu.assertEquals(ranges.axis, four.axis)
  lu.assertTrue(feature.onset_strength_multi(db, {channels = {32, 64}}).data:equal(four.data:narrow(0, 1, 1)))
  local few = feature.onset_strength_multi(song, {channels = {0, 5, 20}, n_mels = 20, n_fft = 1024, lag = 2})
  lu.assertEquals(few.data:shape(), {2, four:frames()})
  fails("channels must be 33..128, got 20", feature.onset_strength_multi, song, {channels = {0, 32, 20}})
  fails("channels must be two bands or more, got 1", feature.onset_strength_multi, song, {channels = {3}})
  fails("n_mels", feature.onset_strength, db, {n_mels = 40})
  fails("n_mels", feature.onset_strength_multi, db, {n_mels = 40, channels = {0, 9}})
  fails("lag must be", feature.onset_strength, db, {lag = 0})
end

function TestRhythm:test_tempograms_of_onsets()
  local song = clicks(0.4, 6)
  local curve = feature.onset_strength(song)
  for _, given in ipairs {{}, {win_length = 100}, {win_length = 51, center = false}} do
    for _, name in ipairs {"tempogram", "fourier_tempogram"} do
      local a, b = feature[name](song, given), feature[name](curve, given)
      lu.assertTrue(a.data:equal(b.data))
      lu.assertEquals(a.rate, b.rate)
      lu.assertEquals(a.made.hop_length, b.made.hop_length)
      lu.assertAlmostEquals(a.axis.values[20], b.axis.values[20], 1e-9)
    end
  end
  local four = feature.tempogram(feature.onset_strength_multi(song), {win_length = 80})
  lu.assertEquals(four.data:shape(), {4, 80, curve:frames()})
  fails("hop_length is the onset strength's", feature.tempogram, curve, {hop_length = 256})
  fails("win_length must not exceed the", feature.tempogram, curve, {win_length = 2000, center = false})
  fails("did you mean 'win_length'", feature.fourier_tempogram, curve, {winlength = 2})
end

function TestRhythm:test_recipes_pool_them()
  local song = tone(220, 1)
  local recipe = feature.recipe {
    features = {onset_strength = {}, pyin = {}, voiced_flag = {}, voiced_probability = {}, fourier_tempogram = {}},
    rate = RATE, pool = {"mean", "max"},
  }
  local row = recipe:row(song)
  lu.assertTrue(row:isfinite():all():item())
  local at = {}
  for i, name in ipairs(recipe.names) do at[name] = row[i - 1]:item() end
  local pitch, voiced = feature.pyin(song)
  lu.assertAlmostEquals(at.pyin_max, pitch.data:max():item(), 1e-4)
  lu.assertAlmostEquals(at.voiced_flag_mean, voiced.data:mean():item(), 1e-6)
end

lib.run()
