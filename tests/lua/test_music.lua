-- Loudness, recurrence, alignment: Signals in and out, files, and errors in words. Numbers: tests/core/music/.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local music = require "moonlark.music"
local plot = require "moonlark.plot"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, raises = lib.folder(), lib.fails

-- A feature that repeats every 8 frames, 4 frames a second from 10 s on.
local function feature_signal()
  torch.manual_seed(1)
  local data = torch.randn({6, 8}):tile {1, 4}
  return signal.new {data = data + 0.001 * torch.randn {6, 32}, rate = 4, start = 10, kind = "chroma"}
end

TestLoudness = {}

function TestLoudness:test_file_and_waveform()
  local t = torch.arange(5 * 44100, {dtype = "float64"}) / 44100
  local wave = (10 ^ (-23 / 20) * (t * (2 * math.pi * 1000)):sin()):float()
  local stereo = signal.new {data = torch.stack {wave, wave}, rate = 44100, kind = "waveform"}
  local path = folder .. "/tone.wav"
  audio.save(path, stereo, {subtype = "float"})
  local of_file, of_signal = music.loudness(path), music.loudness(stereo)
  for _, loudness in ipairs {of_file, of_signal} do
    lu.assertAlmostEquals(loudness.integrated, -23, 0.1)
    lu.assertAlmostEquals(loudness.range, 0, 0.1)
    lu.assertAlmostEquals(loudness.sample_peak, -23, 0.01)
    lu.assertAlmostEquals(loudness.true_peak, -23, 0.1)
    lu.assertEquals(loudness.momentary.data:shape(), {47})
    lu.assertEquals(loudness.short_term.data:shape(), {21})
    lu.assertEquals(loudness.momentary.rate, 10)
    lu.assertAlmostEquals(loudness.momentary.start, 0.2, 1e-12)
    lu.assertAlmostEquals(loudness.short_term.start, 1.5, 1e-12)
    lu.assertAlmostEquals(loudness.short_term.data[0]:item(), -23, 0.1)
  end
  lu.assertEquals(of_file.integrated, of_signal.integrated) -- in blocks or at once
  local mono = music.loudness(stereo:with {data = wave:unsqueeze(0)})
  lu.assertAlmostEquals(mono.integrated, -26, 0.1)
end

function TestLoudness:test_odd_sound()
  local short = music.loudness(signal.new {data = torch.zeros {1, 100}, rate = 8000, kind = "waveform"})
  lu.assertEquals(short.integrated, -math.huge)
  lu.assertEquals(short.true_peak, -math.huge)
  lu.assertEquals(short.momentary:frames(), 0)
  raises("song must be a path or a waveform Signal, got a chroma Signal", music.loudness, feature_signal())
  raises("song must be a path or a waveform Signal, got number", music.loudness, 3)
  raises("nowhere.wav", music.loudness, folder .. "/nowhere.wav")
end

TestRecurrence = {}

function TestRecurrence:test_repetitions_are_found()
  local S = feature_signal()
  local R = music.recurrence_matrix(S, {k = 3, mode = "affinity"})
  lu.assertEquals(R.data:shape(), {32, 32})
  for i = 0, 31 do
    for j = 0, 31 do
      lu.assertEquals(R.data[i][j]:item() > 0, i ~= j and i % 8 == j % 8)
    end
  end
  lu.assertEquals({R.rate, R.start, R.axis.values[1], R.axis.values[32]}, {4, 10, 10, 10 + 31 / 4})
  plot.map(R):save(folder .. "/recurrence.png")
  lu.assertTrue(torch.is_tensor(music.recurrence_matrix(S.data)))
end

function TestRecurrence:test_lag_and_back()
  local R = music.recurrence_matrix(feature_signal(), {mode = "affinity"})
  for _, pad in ipairs {true, false} do
    local lag = music.recurrence_to_lag(R, {pad = pad})
    lu.assertEquals(lag.data:shape(), {pad and 64 or 32, 32})
    lu.assertEquals(lag.data[8][3]:item(), R.data[11][3]:item())
    lu.assertTrue(music.lag_to_recurrence(lag).data:equal(R.data))
  end
  lu.assertTrue(music.recurrence_to_lag(R).data[8]:narrow(0, 0, 24):gt(0):all():item())
end

function TestRecurrence:test_self_similarity()
  local S = feature_signal()
  local cosine = music.self_similarity(S)
  lu.assertTrue((cosine.data:diagonal() - 1):abs():max():item() < 1e-6)
  lu.assertEquals(cosine.axis.unit, "s")
  local far = music.self_similarity(torch.tensor {{0, 3}, {0, 4.0}}, {metric = "euclidean"})
  lu.assertEquals(far:totable(), {{0, 5}, {5, 0}})
  plot.map(cosine):save(folder .. "/similarity.png")
end

function TestRecurrence:test_mistakes()
  local S = feature_signal()
  raises("did you mean 'metric'", music.recurrence_matrix, S, {metrik = "cosine"})
  raises('metric must be "euclidean" or "cosine", got', music.recurrence_matrix, S, {metric = "manhattan"})
  raises('mode must be "connectivity", "distance" or', music.recurrence_matrix, S, {mode = "links"})
  raises("width must be 1..(frames - 1)//2 - 1 (14), got 15", music.recurrence_matrix, S, {width = 15})
  raises("music.recurrence_matrix: k must be a whole number 1 or more, got 0", music.recurrence_matrix, S, {k = 0})
  raises("bandwidth must be a number above 0, got -1", music.recurrence_matrix, S, {bandwidth = -1})
  raises("S must have 5 frames or more, got 4", music.recurrence_matrix, torch.ones {2, 4})
  raises("row 1 of frame 2 is NaN", music.recurrence_matrix, torch.tensor {{1, 2, 3, 4, 5}, {1, 2, 0 / 0, 4, 5}})
  raises("no bandwidth", music.recurrence_matrix, torch.ones {2, 9}, {mode = "affinity"})
  raises("S must be a Signal or a tensor", music.recurrence_matrix, "song.mp3")
  raises("R must be square, got 2 × 9", music.recurrence_to_lag, torch.ones {2, 9})
  raises("L must be", music.lag_to_recurrence, torch.ones {3, 9})
end

TestDtw = {}

function TestDtw:test_slower_version()
  local X = torch.tensor {{1, 2, 3, 4.0}}
  local Y = torch.tensor {{1, 1, 2, 2, 3, 3, 4, 4.0}}
  local cost, path = music.dtw(X, Y)
  lu.assertEquals(cost[3][7]:item(), 0)
  lu.assertEquals(path:totable(), {{3, 7}, {3, 6}, {2, 5}, {2, 4}, {1, 3}, {1, 2}, {0, 1}, {0, 0}})
end

function TestDtw:test_part_of_a_longer_one()
  local whole = torch.tensor {{9, 9, 1, 5, 2, 9, 9.0}}
  local part = torch.tensor {{1, 5, 2.0}}
  local _, path = music.dtw(part, whole, {subseq = true})
  lu.assertEquals(path:totable(), {{2, 4}, {1, 3}, {0, 2}})
  _, path = music.dtw(whole, part, {subseq = true})
  lu.assertEquals(path:totable(), {{4, 2}, {3, 1}, {2, 0}})
end

function TestDtw:test_mistakes()
  local X, Y = torch.ones {2, 3}, torch.ones {2, 9}
  raises("X and Y must have as many rows, got 2 and 1", music.dtw, X, torch.ones {1, 4})
  raises("no path leads", music.dtw, X, Y, {step_sizes = {{1, 1}}})
  raises("step_sizes[1] must be a pair of whole numbers", music.dtw, X, Y, {step_sizes = {{1, 0.5}}})
  raises("step 1 must go on", music.dtw, X, Y, {step_sizes = {{0, 0}}})
  raises("weights_mul must have one number for each of the 3 steps, got 1", music.dtw, X, Y, {weights_mul = {1}})
  raises("band_rad must be a number 0..1, got 2", music.dtw, X, Y, {global_constraints = true, band_rad = 2})
  raises("a frame of zeros has no cosine distance: frame 0 of Y", music.dtw, X, Y * 0, {metric = "cosine"})
  raises("X must have 1 row and 1 frame or more", music.dtw, torch.ones {2, 0}, Y)
end

lib.run()
