-- Models from elsewhere: recognised by their files, heard, embedded.
local lib = dofile "tests/lua/lib.lua"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local pretrained = require "moonlark.pretrained"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local function tone(seconds, rate)
  local n = math.floor(seconds * (rate or 16000))
  local times = torch.arange(n, {dtype = "float32"}) / (rate or 16000)
  return signal.new {data = (times * (2 * math.pi * 440)):sin() * 0.3, rate = rate or 16000, kind = "waveform"}
end

TestTiny = {}

function TestTiny:setUp() self.model = pretrained.open(lib.tiny_whisper(lib.folder())) end

function TestTiny:test_labels_come_from_the_config()
  lu.assertEquals(self.model.names, {"blues", "jazz", "rock"})
  lu.assertEquals(tostring(self.model):match "^whisper: 3 classes", "whisper: 3 classes")
end

function TestTiny:test_windows_are_averaged()
  local song = tone(2.5)
  local logits = torch.cat {self.model:forward(self.model:features(song)),
    self.model:forward(self.model:features(song:slice(2)))}
  local mean, said = logits:softmax(-1):mean {0}, self.model:classify(song)
  for i, name in ipairs(self.model.names) do
    lu.assertAlmostEquals(said.probabilities[name], mean[i - 1]:item(), 1e-6)
  end
  lu.assertEquals(#self.model:classify(song, {segments = true}).segments, 3)
end

function TestTiny:test_layers_and_pooling()
  local song = tone(2)
  local over_time = self.model:embed(song, {layer = -1, pool = false})
  lu.assertEquals(over_time.data:shape(), {16, 100})
  lu.assertEquals(over_time.rate, 50)
  lib.close(self.model:embed(song), over_time.data:mean {1}, 1e-6)
  lib.close(self.model:embed(song, {layer = 2}), self.model:embed(song, {layer = -1}), 0)
  lib.fails("layer must be -3..2, got 3", self.model.embed, self.model, song, {layer = 3})
end

function TestTiny:test_a_network_alone_gives_embeddings_only()
  local folder = lib.tiny_whisper(lib.folder())
  local state = torch.load(folder .. "/model.safetensors")
  for name in pairs(state) do
    if name:find "^classifier" or name:find "^projector" then state[name] = nil end
  end
  torch.save(folder .. "/model.safetensors", state)
  local model = pretrained.open(folder)
  lu.assertEquals(model:embed(tone(1)):shape(), {16})
  lib.fails("tells no classes", model.classify, model, tone(1))
end

function TestTiny:test_times_are_those_of_the_signal()
  local part = tone(6):slice(3, 5)
  lu.assertEquals(self.model:embed(part, {pool = false}).start, 3)
  lu.assertEquals(self.model:attention(part).start, 3)
  lu.assertEquals(self.model:classify(part, {segments = true}).segments[1].start, 3)
  lu.assertEquals(self.model:attention(tone(6):slice(3, 3.001)).data:size(1), 1)
end

TestFaults = {}

-- The tiny model with a change of its config.json.
local function with_config(change)
  local folder = lib.tiny_whisper(lib.folder())
  local config = json.read(folder .. "/config.json")
  change(config)
  files.write(folder .. "/config.json", json.encode(config))
  return folder
end

function TestFaults:test_labels_must_be_different_words()
  local folder = with_config(function(config) config.id2label["2"] = "jazz" end)
  lib.fails(folder .. ": labels 2 and 3 are both 'jazz'", pretrained.open, folder)
end

function TestFaults:test_other_values_are_refused()
  lib.fails("what to open must be a folder, a file or a name, got", pretrained.open, {})
  local model = pretrained.open(lib.tiny_whisper(lib.folder()))
  lib.fails("x must be a tensor, got", model.forward, model, 3)
end

function TestFaults:test_what_the_family_would_not_do_is_refused()
  local folder = lib.tiny_whisper(lib.folder())
  lib.fails("pca is an option of vggish, this is a whisper", pretrained.open, folder, {pca = true})
end

function TestFaults:test_answers_that_are_no_numbers_are_set_aside()
  local model = pretrained.open(lib.tiny_whisper(lib.folder()))
  torch.no_grad(function()
    for _, parameter in ipairs(model.net:parameters()) do parameter:fill_(0 / 0) end
  end)
  lib.fails("the network's answer is NaN", model.classify, model, tone(1))
  local said, rejected = model:classify {tone(1), tone(1)}
  lu.assertEquals({#said, #rejected}, {0, 2})
end

function TestFaults:test_what_is_not_known_is_named()
  local folder = lib.tiny_whisper(lib.folder())
  local config = files.read(folder .. "/config.json")
  files.write(folder .. "/config.json", (config:gsub('"whisper"', '"bert"')))
  lib.fails("model_type 'bert', which is not known here; known: ", pretrained.open, folder)
  os.remove(folder .. "/config.json")
  lib.fails("no model that is known here has such tensors", pretrained.open, folder)
  os.remove(folder .. "/model.safetensors")
  lib.fails("holds no weights", pretrained.open, folder)
  lib.fails("does not exist", pretrained.open, folder .. "/none")
end

function TestFaults:test_all_that_does_not_fit_is_listed()
  local folder = lib.tiny_whisper(lib.folder())
  local state = torch.load(folder .. "/model.safetensors")
  state["encoder.layer_norm.weight"], state["encoder.conv1.bias"] = torch.zeros {3}, nil
  torch.save(folder .. "/model.safetensors", state)
  lib.fails("shape: encoder.layer_norm.weight", pretrained.open, folder)
  lib.fails("missing: encoder.conv1.bias", pretrained.open, folder)
end

TestYamnet = {}

function TestYamnet:test_the_reference()
  local model = pretrained.open(lib.weights "yamnet")
  local vectors = torch.load(lib.weights "vectors/yamnet.safetensors")
  local song = signal.new {data = vectors.waveform, rate = 16000, kind = "waveform"}
  lib.close(model:features(song):select(0, 0), vectors.logmel, 2e-5) -- libtorch 2 rounds its FFT otherwise
  lib.close(model:embed(song), vectors.embedding, 1e-5)
  lib.close(model:forward(model:features(song)):select(0, 0):sigmoid(), vectors.scores, 1e-5)
  lu.assertEquals(model:classify(song).label, "Music")
end

lib.run()
