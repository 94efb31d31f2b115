-- Networks that hear music: tags, chords, notes, beats; against what their references gave.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

local function vectors(name) return torch.load(lib.weights("vectors/" .. name .. ".safetensors")) end

local function noise(seconds, rate)
  torch.manual_seed(1)
  return lib.waveform(torch.randn {math.floor(seconds * rate)} * 0.1, rate)
end

-- A network of models/ with random weights, in a file that is opened by its tensors.
local function random(architecture, o, name)
  torch.manual_seed(2)
  local path = lib.folder() .. "/" .. (name or "model") .. ".safetensors"
  torch.save(path, require("models." .. architecture)(o or {}):state_dict())
  return path
end

TestMusicnn = {}

function TestMusicnn:test_the_reference()
  local v = vectors "musicnn"
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
  local model = pretrained.open(random("musicnn", {classes = 3}))
  lu.assertEquals(model.names, {"LABEL_0", "LABEL_1", "LABEL_2"})
  local frames = {[0.5] = 1, [2.9] = 1, [5.9] = 1, [6.1] = 2}
  for seconds, count in pairs(frames) do
    lu.assertEquals(model:features(noise(seconds, 16000)):shape(), {count, 187, 96})
  end
  local feature, song = require "moonlark.feature", noise(6.1, 16000)
  local mel = feature.mel(song, {n_fft = 512, hop_length = 256, n_mels = 96}).data
  local whole = (mel * 10000 + 1):log10():transpose(0, 1):narrow(0, 0, 374)
  lib.close(model:features(song):flatten(0, 1), whole, 1e-4)
  lu.assertEquals(model:embed(song):shape(), {200})
end

function TestMusicnn:test_vgg()
  local path = random("musicnn_vgg", {classes = 2}, "MTT_vgg")
  files.write((files.split(path)) .. "/labels.json", '{"MTT": ["a", "b", "c"], "MTT_vgg": ["guitar", "piano"]}')
  local model = pretrained.open(path)
  lu.assertEquals(model.names, {"guitar", "piano"})
  lu.assertEquals(model:embed(noise(4, 16000)):shape(), {256})
  lu.assertEquals(model:classify(noise(4, 16000)).probabilities.guitar > 0, true)
end

lib.run()
