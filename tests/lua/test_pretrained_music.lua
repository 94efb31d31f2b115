-- Networks that hear music: tags, beats, chords, notes; against what their references gave.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

TestMusicnn = {}

function TestMusicnn:test_the_reference()
  local v = lib.vectors "musicnn"
  for _, name in ipairs {"MSD_musicnn", "MTT_musicnn"} do
    local model = pretrained.open(lib.weights("musicnn/" .. name .. ".safetensors"))
    local song = lib.waveform(v.waveform, 16000)
    lib.close(model:features(song):select(0, 0), v.logmel, 1e-4)
    lib.close(model:forward(v.logmel:unsqueeze(0)):sigmoid():select(0, 0), v[name], 1e-5)
    lib.close(model:forward(model:features(song)):sigmoid():select(0, 0), v[name], 1e-4)
  end
  local said = pretrained.open(lib.weights "musicnn/MTT_musicnn.safetensors"):classify(lib.waveform(v.waveform, 16000))
  lu.assertEquals(said.label, "guitar")
end

function TestMusicnn:test_a_folder_of_two_is_refused()
  lib.fails("holds several files of weights: name one of them", pretrained.open, lib.weights "musicnn")
end

-- The spectrogram of the whole song is cut; what is left behind the last whole piece is dropped.
function TestMusicnn:test_pieces()
  local model = pretrained.open(lib.random_weights("musicnn", {classes = 3}))
  lu.assertEquals(model.names, {"LABEL_0", "LABEL_1", "LABEL_2"})
  local frames = {[0.5] = 1, [2.9] = 1, [5.9] = 1, [6.1] = 2}
  for seconds, count in pairs(frames) do
    lu.assertEquals(model:features(lib.noise(seconds, 16000)):shape(), {count, 187, 96})
  end
  local feature, song = require "moonlark.feature", lib.noise(6.1, 16000)
  local mel = feature.mel(song, {n_fft = 512, hop_length = 256, n_mels = 96}).data
  local whole = (mel * 10000 + 1):log10():transpose(0, 1):narrow(0, 0, 374)
  lib.close(model:features(song):flatten(0, 1), whole, 1e-4)
  lu.assertEquals(model:embed(song):shape(), {200})
end

function TestMusicnn:test_vgg()
  local path = lib.random_weights("musicnn_vgg", {classes = 2}, "MTT_vgg")
  files.write((files.split(path)) .. "/labels.json", '{"MTT": ["a", "b", "c"], "MTT_vgg": ["guitar", "piano"]}')
  local model = pretrained.open(path)
  lu.assertEquals(model.names, {"guitar", "piano"})
  lu.assertEquals(model:embed(lib.noise(4, 16000)):shape(), {256})
  lu.assertEquals(model:classify(lib.noise(4, 16000)).probabilities.guitar > 0, true)
end

TestMusicTagging = {}

local pieces = {jamendo_musicnn = 48000, mtat_musicnn = 48000, jamendo_fcn = 464000, mtat_fcn = 464000,
  jamendo_crnn = 464000}

function TestMusicTagging:test_the_reference()
  local v = lib.vectors "music_tagging_pytorch"
  for name, n in pairs(pieces) do
    local model = pretrained.open(lib.weights("jamendo/" .. name .. ".pth"))
    local x = model:features(lib.waveform(v.waveform:narrow(0, 0, n), 16000))
    lib.close(model:forward(x):sigmoid():select(0, 0), v[name], 1e-4)
    if name == "jamendo_musicnn" then
      local normed = torch.no_grad(function() return model.net.spec_bn(x:unsqueeze(1)) end)
      lib.close(normed:reshape {96, 188}, v.jamendo_musicnn_front, 1e-4)
    end
  end
  local model = pretrained.open(lib.weights "jamendo/mtat_musicnn.pth")
  lu.assertEquals(model:classify(lib.waveform(v.waveform:narrow(0, 0, 48000), 16000)).label, "female")
end

function TestMusicTagging:test_layouts()
  local family = require "moonlark.pretrained.family.music_tagging"
  for layout, width in pairs {musicnn = 200, fcn = 64, crnn = 32} do
    local path = lib.random_weights("music_tagging", {layout = layout, classes = 4}, layout, family.unname)
    local model = pretrained.open(path)
    lu.assertEquals(model.card.options.layout, layout)
    lu.assertEquals(model:embed(lib.noise(4, 16000)):shape(), {width})
    lu.assertEquals(#model.names, 4)
  end
end

TestBeatnet = {}

function TestBeatnet:test_the_front_end()
  local v = torch.load "tests/reference/pretrained/beatnet/features.safetensors"
  local model = pretrained.open(lib.random_weights "beatnet")
  local song = lib.waveform(v.waveform, 22050)
  lib.close(model:features(song):select(0, 0), v.features, 1e-5)
  local heard = model:track(song)
  lu.assertEquals(heard.beat.data:shape(), {1, 50})
  lib.close(heard.beat.data + heard.downbeat.data + heard.neither.data, torch.ones {1, 50}, 1e-5)
  lib.fails("gives what is heard over time (model:track)", model.classify, model, song)
end

function TestBeatnet:test_the_reference()
  local v, model = lib.vectors "beatnet", pretrained.open(lib.weights "beatnet")
  local p = model:forward(v.features:unsqueeze(0)):softmax(-1):select(0, 0)
  lib.close(p:narrow(1, 0, 2), v.activations, 1e-5)
end

lib.run()
