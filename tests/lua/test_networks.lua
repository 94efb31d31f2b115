-- Networks that come with Moonlark: their sizes, what the shipped weights say of plain sounds, and how they are trained.
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local formants = require "scripts.train.voices.formants"
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local lib = require "lib"
local lines = require "scripts.train.voices.lines"
local lu = require "luaunit"
local moonlark = require "moonlark"
local network = require "moonlark.network"
local networks = require "moonlark.music.hearing.networks"
local random = require "moonlark.corpus.random"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"
local whiten = require "moonlark.music.hearing.whiten"

local function count(net)
  local sum = 0
  for _, tensor in ipairs(net:parameters()) do sum = sum + tensor:numel() end
  return sum
end

local function piece_of(data)
  return heard.of(signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"}):pieces()()
end

-- A triad over its root in the bass, six partials a note.
local function triad(root, third, seconds)
  local t, sum = torch.arange(math.floor(seconds * 22050), {dtype = "float32"}) / 22050, 0
  for _, pitch in ipairs {36 + root, 60 + root, 60 + root + third, 67 + root} do
    for partial = 1, 6 do
      sum = sum + (t * (2 * math.pi * 440 * 2 ^ ((pitch - 69) / 12) * partial)):sin() * 0.6 ^ partial
    end
  end
  return sum * 0.05
end

TestNetworks = {}

function TestNetworks:test_sizes()
  lu.assertEquals(count(require("models.beat_tcn") {}), 136026)
  lu.assertEquals(count(require("models.harmony") {}), 39077)
  lu.assertEquals(count(require("models.voice") {}), 76070)
end

function TestNetworks:test_shapes()
  local beats, harmony = require("models.beat_tcn") {}:eval(), require("models.harmony") {}:eval()
  local voice = require("models.voice") {}:eval()
  for _, frames in ipairs {1, 7, 100} do
    lu.assertEquals(beats(torch.randn {2, 80, frames}):shape(), {2, 2, frames})
    local chords, keys = harmony(torch.randn {2, 216, frames})
    lu.assertEquals(chords:shape(), {2, 25, frames})
    lu.assertEquals(keys:shape(), {2, 24, frames})
    lu.assertEquals(voice(torch.randn {2, 80, 5 * frames}):shape(), {2, 2, frames})
  end
end

function TestNetworks:test_folded_networks_say_what_the_plain_ones_say()
  for name, rows in pairs {beats = 80, harmony = 216, voice = 80} do
    local plain = network.load(files.join(moonlark.home, "models/weights", name .. ".safetensors"))
    local x = torch.randn {rows, 40}:abs()
    local wanted, found = plain(x:unsqueeze(0)), networks.ask(name, x)
    lu.assertTrue((wanted:squeeze(0) - found):abs():max():item() < 1e-4, name)
    lu.assertTrue(count(networks.load(name)) < count(plain), name)
  end
end

function TestNetworks:test_a_long_input_is_heard_in_windows()
  for name, input in pairs {beats = {80, {3072, 7001}}, harmony = {216, {161, 1000}}, voice = {80, {1530, 7005}}} do
    local net = networks.load(name)
    for _, frames in ipairs(input[2]) do
      local x = torch.randn {input[1], frames}:abs()
      local found = {networks.ask(name, x)}
      torch.no_grad(function()
        for i, wanted in ipairs {net(x:unsqueeze(0))} do
          lu.assertTrue((wanted:squeeze(0) - found[i]):abs():max():item() < 1e-4, ("%s, %d frames"):format(name, frames))
        end
      end)
    end
  end
end

function TestNetworks:test_harmony_hears_all_triads()
  for root = 0, 11 do
    for mode, third in ipairs {4, 3} do
      local chords = networks.ask("harmony", whiten(frontend.harmony(piece_of(triad(root, third, 3))).data):t())
      local wanted = (root + 3) % 12 + 12 * (mode - 1) -- rows count from A
      lu.assertEquals(chords:argmax(0)[chords:size(1) // 2]:item(), wanted, ("root %d, third %d"):format(root, third))
    end
  end
end

function TestNetworks:test_harmony_hears_no_chord_in_silence()
  local chords, keys = networks.ask("harmony", whiten(frontend.harmony(piece_of(torch.zeros {22050})).data):t())
  lu.assertEquals(chords:argmax(0)[5]:item(), 24)
  lu.assertTrue(keys:isfinite():all():item())
end

function TestNetworks:test_beats_are_heard_in_clicks()
  local sound, step = torch.zeros {10 * 22050}, 11025 -- 120 BPM
  for at = 0, 19 do sound:narrow(0, at * step, 400):copy_(torch.randn {400} * torch.linspace(1, 0, 400)) end
  local beats = networks.ask("beats", frontend.rhythm(piece_of(sound)).data)[0]
  for at = 2, 17 do
    local on, off = beats:narrow(0, at * 25 - 2, 5):max():item(), beats:narrow(0, at * 25 + 10, 5):max():item()
    lu.assertTrue(on > off + 1, ("beat %d: %g, and %g between"):format(at, on, off))
  end
end

function TestNetworks:test_there_is_no_such_network()
  lib.fails("there is no network 'moods'", networks.load, "moods")
end

TestTraining = {}
lib.in_folder {TestTraining}

function TestTraining:test_the_same_seed_gives_the_same_weights()
  local function run(...) return lib.moonlark(self.folder, {"OMP_NUM_THREADS=1"}, ...) end
  lu.assertEquals(run("corpus", "data", "--clips", "1", "--seconds", "30", "--styles", "rock").code, 0)
  for _, name in ipairs {"harmony", "beats"} do
    local script, made = files.join(moonlark.home, "scripts/train/music", name .. ".lua"), {}
    for i, seed in ipairs {"3", "3", "4"} do
      local out = ("%s%d.safetensors"):format(name, i)
      local result = run(script, "data", "--out", out, "--steps", "2", "--seed", seed)
      lu.assertEquals(result.code, 0, result.all)
      made[i] = files.read(files.join(self.folder, out))
    end
    lu.assertEquals(made[1], made[2])
    lu.assertNotEquals(made[1], made[3])
  end
end

-- Of voices that are computed here: those of programs are in scripts/train/voices/make.lua.
function TestTraining:test_voices_are_learnt_alike()
  local function run(...) return lib.moonlark(self.folder, {"OMP_NUM_THREADS=1"}, ...) end
  for i, kind in ipairs {"sung", "spoken", "solo"} do
    torch.manual_seed(i)
    local dice = random.new("training", kind)
    local data = formants(kind == "spoken" and lines.spoken(dice, 15, 120) or lines.sung(dice, 15, 60), dice)
    files.mkdirs(files.join(self.folder, "voices", kind))
    audio.save(files.join(self.folder, "voices", kind, "one.wav"), signal.new {data = data:unsqueeze(0), rate = 22050,
      kind = "waveform"})
  end
  local made = {}
  for i, seed in ipairs {"3", "3", "4"} do
    local out = ("voice%d.safetensors"):format(i)
    local result = run(files.join(moonlark.home, "scripts/train/music/voice.lua"), "voices/solo", "voices", "--out", out,
      "--steps", "2", "--seed", seed)
    lu.assertEquals(result.code, 0, result.all)
    made[i] = files.read(files.join(self.folder, out))
  end
  lu.assertEquals(made[1], made[2])
  lu.assertNotEquals(made[1], made[3])
end

function TestTraining:test_a_folder_without_clips_is_refused()
  files.mkdirs(files.join(self.folder, "none"))
  local result = lib.moonlark(self.folder, {}, files.join(moonlark.home, "scripts/train/music/beats.lua"), "none")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.err, "holds no NAME.wav with NAME.jams beside")
end

lib.run()
