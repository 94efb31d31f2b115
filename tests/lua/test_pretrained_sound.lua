-- Networks that hear voices and all kinds of sound: against what their references gave.
local lib = dofile "tests/lua/lib.lua"
local audio = require "moonlark.audio"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

TestGpvad = {}

function TestGpvad:test_the_reference()
  local v, model = lib.vectors "gpv_teacher2", pretrained.open(lib.weights "gpvad/model.pth")
  local song = lib.waveform(v.waveform, 22050)
  local x = model:features(song)
  lib.close(x:select(0, 0), v.logmel, 1e-4)
  local p = model:forward(v.logmel:unsqueeze(0)):sigmoid()
  lib.close(p:select(0, 0):index_select(0, torch.arange(0, 501, 50)), v.frames_every_50, 1e-4)
  lib.close(model.family.summary(p):select(0, 0), v.clip, 1e-4)
  local said = model:classify(song)
  lu.assertEquals(said.label, "Music")
  lu.assertAlmostEquals(said.probability, v.clip:max():item(), 1e-3)
end

function TestGpvad:test_speech_or_not()
  local path = lib.random_weights("gpvad", {classes = 2})
  local model, song = pretrained.open(path), lib.noise(1, 22050)
  lu.assertEquals(model.names, {"non-Speech", "Speech"})
  local heard = model:track(song)
  lu.assertEquals(heard.classes.data:shape(), {2, 51})
  lu.assertEquals(heard.speech.rate, 50)
  lu.assertEquals(type(heard.segments), "table")
  lu.assertEquals(model:embed(song):shape(), {256})
  lib.fails("needs 1323 samples at least, got 1000", model.track, model, lib.noise(1000 / 22050 + 1e-6, 22050))
end

TestCrepe = {}

function TestCrepe:test_the_reference()
  local v, model = lib.vectors "crepe_tiny", pretrained.open(lib.weights "crepe")
  local heard = model:track(lib.waveform(v.waveform, 16000))
  lib.close(heard.salience.data:transpose(0, 1), v.probabilities, 1e-4)
  lib.close(heard.pitch.data:narrow(1, 40, 6), torch.tensor {{482.42, 483.28, 485.99, 487.80, 488.22, 488.95}}, 0.01)
end

-- Windows of five seconds make no difference.
function TestCrepe:test_long_songs()
  local model, song = pretrained.open(lib.random_weights "crepe"), lib.noise(6.5, 16000)
  local heard = model:track(song)
  lu.assertEquals(heard.pitch.data:shape(), {1, 651})
  local part = model:track(song:slice(4, 6.5))
  lib.close(heard.salience.data:narrow(1, 410, 200), part.salience.data:narrow(1, 10, 200), 1e-5)
end

TestSilero = {}

function TestSilero:test_the_reference()
  local model = pretrained.open(lib.weights "silero")
  local heard = model:track(audio.load(lib.shared "music/198-209-0000.ogg", {rate = 16000}))
  -- resampled by another resampler than the reference was
  lib.close(heard.speech.data:narrow(1, 0, 5), torch.tensor {{.0209, .0090, .0054, .0049, .0057}}, 1e-3)
  lib.close(heard.speech.data:narrow(1, 100, 4), torch.tensor {{1.0, 1.0, 1.0, .9999}}, 1e-3)
  lu.assertAlmostEquals(heard.speech.data:gt(0.5):float():mean():item(), 0.821, 5e-4)
  lu.assertEquals(heard.segments[1].label, "speech")
end

function TestSilero:test_shapes()
  local family = require "moonlark.pretrained.family.silero"
  local model = pretrained.open(lib.random_weights("silero", {}, "any", family.unname))
  lu.assertEquals(model:track(lib.noise(1, 16000)).speech.data:shape(), {1, 32}) -- the last chunk is filled
  lu.assertEquals(model.names, {"speech"})
end

TestFireRed = {}

function TestFireRed:test_the_reference()
  local v = torch.load "tests/reference/pretrained/onnx_models/outputs.safetensors"
  local model = pretrained.open(lib.weights "speech-music")
  local song = lib.waveform(lib.vectors "musicnn".waveform, 16000)
  local x = model:features(song):select(0, 0)
  lib.close(x:index_select(0, torch.arange(0, x:size(0), 8)), v.features, 1e-3)
  lib.close(model:forward(x:unsqueeze(0)):sigmoid():select(0, 0), v.events, 1e-4)
  local said = model:classify(song)
  lu.assertEquals(said.label, "music")
  lu.assertAlmostEquals(said.probability, v.events:mean({0})[2]:item(), 1e-3)
end

-- A file of our own network, and statistics of its features made here: mean 1, deviation 2.
local function tiny_dfsmn()
  local path = lib.random_weights("dfsmn", {classes = 1, width = 8, projection = 4, blocks = 2, order = 3})
  local rows = {}
  for i = 1, 80 do rows[i], rows[81 + i] = 10, 50 end
  rows[81], rows[162] = 10, 0
  local sums = ("<i4Bi4" .. ("d"):rep(162)):pack(2, 4, 81, table.unpack(rows))
  files.write((files.split(path)) .. "/cmvn.ark", "\0BDM \4" .. sums)
  return path
end

function TestFireRed:test_statistics()
  local model = pretrained.open(tiny_dfsmn())
  local song = lib.noise(1, 16000)
  local loud = song:with {data = song.data * 32768}
  local kaldi = feature.kaldi_fbank(loud, {n_mels = 80, window = "povey", n_frames = false, normalize = false})
  lib.close(model:features(song):select(0, 0), (kaldi.data:transpose(0, 1) - 1) / 2, 1e-4)
  lu.assertEquals(model:track(song).speech.data:shape(), {1, 98})
end

function TestFireRed:test_statistics_that_are_not_there()
  local path = tiny_dfsmn()
  local statistics = (files.split(path)) .. "/cmvn.ark"
  files.write(statistics, files.read(statistics):sub(1, 200))
  lib.fails("cmvn.ark is no binary matrix of Kaldi of 2 × 81 doubles", pretrained.open, path)
  os.remove(statistics)
  lib.fails("cmvn.ark must lie beside the weights", pretrained.open, path)
end

TestSpeakerEncoder = {}

function TestSpeakerEncoder:test_the_reference()
  local folder = "tests/reference/pretrained/speaker_encoder/"
  local v, model = torch.load(folder .. "embeddings.safetensors"), pretrained.open(folder .. "tiny.pt")
  for name, seconds in pairs {short = 1.0, dropped = 3.3, padded = 2.9} do
    local t = torch.arange(math.floor(seconds * 16000), {dtype = "float64"}) / 16000
    local song = lib.waveform(((t * 400 + 200) * t * (2 * math.pi)):sin():float() * 0.01, 16000)
    lib.close(model:forward(model:features(song)), v[name .. "_partials"], 1e-4)
    local mean = model:embed(song)
    lib.close(mean / mean:norm(), v[name], 1e-4)
  end
end

TestSegments = {}

local function curve(values)
  return signal.new {data = torch.tensor {values}, rate = 10, start = 1, kind = "speech"}
end

function TestSegments:test_a_stretch_lasts_until_the_low_threshold()
  local segments = require "moonlark.pretrained.segments"
  local speech = curve {0, 0.3, 0.6, 0.3, 0.1, 0.6, 0.1, 0.1, 0.6}
  local list = segments.above(speech, {threshold = 0.5, low = 0.2, label = "x"})
  lu.assertEquals(list, {{start = 1.2, stop = 1.4, label = "x"}, {start = 1.5, stop = 1.6, label = "x"},
    {start = 1.8, stop = 1.9, label = "x"}})
end

function TestSegments:test_gaps_and_short_ones()
  local segments = require "moonlark.pretrained.segments"
  local list = segments.above(curve {1, 1, 0, 1, 0, 0, 0, 1}, {threshold = 0.5, gap = 0.1, least = 0.2, label = "x"})
  lu.assertEquals(list, {{start = 1, stop = 1.4, label = "x"}})
  lu.assertEquals(segments.runs({"a", "a", "b"}, 2, 0), {{start = 0, stop = 1, label = "a"},
    {start = 1, stop = 1.5, label = "b"}})
end

TestTrack = {}

function TestTrack:test_the_command()
  local folder = lib.folder()
  local path = lib.random_weights("silero", {}, "any", require "moonlark.pretrained.family.silero".unname)
  lib.write_beat(folder .. "/a.wav", 1.5, 300, 16000)
  local said = lib.moonlark(folder, nil, "track", path, "a.wav", "--json", "--out", "curves.npz")
  lu.assertEquals(said.code, 0)
  lu.assertStrContains(said.out, '"segments"')
  local curves = torch.load(folder .. "/curves.npz")
  lu.assertEquals(curves.speech:shape(), {1, 47})
  lu.assertAlmostEquals(curves.times[1]:item(), 0.032, 1e-6)
  lib.write_beat(folder .. "/b.wav", 1.5, 300, 8000)
  said = lib.moonlark(folder, nil, "track", lib.random_weights "crepe", "b.wav", "--start", "1", "--out", "late.npz")
  lu.assertStrContains(said.out, "pitch  1 × 51  100 Hz")
  lu.assertStrContains(said.err, "heard at 16000 Hz: 1 file of 8000 Hz resampled")
  lu.assertEquals(torch.load(folder .. "/late.npz").times[0]:item(), 1)
end

function TestTrack:test_other_models_are_refused()
  local model = pretrained.open(lib.random_weights("musicnn", {classes = 2}))
  lib.fails("does not answer frame by frame", model.track, model, lib.noise(1, 16000))
  model = pretrained.open(lib.random_weights "crepe")
  lib.fails("song must be a Signal", model.track, model, 3)
  local said = lib.moonlark(lib.folder(), nil, "predict", lib.random_weights "crepe", "a.wav")
  lu.assertStrContains(said.err, "what is heard over time: moonlark track")
end

lib.run()
