-- Voices: computed ones by the network that comes with Moonlark; speech and music of ../shared/data, by it and with the
-- weights of ../shared/weights, where they are.
local formants = require "scripts.train.voices.formants"
local lib = require "lib"
local lines = require "scripts.train.voices.lines"
local lu = require "luaunit"
local music = require "moonlark.music"
local random = require "moonlark.corpus.random"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local function model() return lib.weights "speech-music" end

TestVoice = {}

function TestVoice:test_speech_and_music()
  local said = music.voice(lib.shared "music/198-209-0000.ogg", {model = model()})
  lu.assertEquals(said[1].start, 0)
  lu.assertAlmostEquals(said[#said].stop, 13.91, 0.01)
  lu.assertTrue(said.share > 0.6)
  local spoken = 0
  for i, item in ipairs(said) do
    if item.label == "spoken" then spoken = spoken + item.stop - item.start end
    if i > 1 then lu.assertEquals(item.start, said[i - 1].stop) end
  end
  lu.assertTrue(spoken > 8)
  local played = music.voice(lib.shared "music/Kevin_MacLeod_-_Vibe_Ace.ogg", {model = model()})
  lu.assertTrue(played.share < 0.2)
end

function TestVoice:test_no_sound()
  local quiet = signal.new {data = torch.zeros {1, 22050}, rate = 22050, kind = "waveform"}
  lu.assertEquals(music.voice(quiet, {model = model()}).labels, {"instrumental"})
end

local rate = 22050

local function own(data)
  data = data * (0.5 / math.max(data:abs():max():item(), 1e-9))
  return music.voice(signal.new {data = data:reshape {1, -1}, rate = rate, kind = "waveform"}, {model = "own"})
end

-- The share of the time with a label.
local function share(said, label)
  local sum = 0
  for _, item in ipairs(said) do if item.label == label then sum = sum + item.stop - item.start end end
  return sum / said.duration
end

-- Somebody who sings or speaks, as scripts/train/voices computes it; nobody whom the network has heard.
local function somebody(kind, seed, height)
  torch.manual_seed(seed)
  local dice = random.new("tests of voices", seed)
  return formants(lines[kind](dice, 12, height), dice)
end

-- Chords of plucked tones with eight partials each, twice a second.
local function played(seconds)
  local sum, step = torch.zeros {seconds * rate}, rate // 2
  local t = torch.arange(step, {dtype = "float32"}) / rate
  for i = 0, 2 * seconds - 1 do
    for _, semitones in ipairs {0, 4, 7, 12} do
      local hz = 110 * 2 ^ ((semitones + ({0, 5, 7, 3})[i // 2 % 4 + 1]) / 12)
      for k = 1, 8 do
        sum:narrow(0, i * step, step):add_((t * (2 * math.pi * k * hz)):sin() * (t * (-3 - k)):exp() * (0.2 / k))
      end
    end
  end
  return sum
end

TestOwn = {}

function TestOwn:test_computed_voices()
  for seed, height in ipairs {50, 57, 64} do
    lu.assertTrue(share(own(somebody("sung", seed, height)), "sung") > 0.5, "sung " .. seed)
  end
  for seed, hz in ipairs {100, 140, 210} do
    lu.assertTrue(share(own(somebody("spoken", seed, hz)), "spoken") > 0.5, "spoken " .. seed)
  end
end

function TestOwn:test_what_is_no_voice()
  torch.manual_seed(2)
  local click = torch.zeros {5 * rate}
  click:narrow(0, 2 * rate, 1):fill_(1)
  for name, data in pairs {chords = played(10), silence = torch.zeros {5 * rate}, noise = torch.randn {5 * rate},
    click = click, short = 0.1 * torch.randn {2205}, shorter = torch.zeros {1}} do
    local said = own(data)
    lu.assertEquals(said.labels, {"instrumental"}, name)
    lu.assertEquals(said.share, 0)
    lu.assertTrue(said.confidence >= 0 and said.confidence <= 1, name)
  end
end

function TestOwn:test_segments_cover_the_song()
  local said = own(torch.cat({played(8), somebody("spoken", 5, 120), played(8)}, 0))
  lu.assertEquals(said[1].start, 0)
  lu.assertAlmostEquals(said[#said].stop, said.duration, 1e-9)
  for i, item in ipairs(said) do
    lu.assertTrue(item.stop > item.start and item.confidence > 0 and item.confidence <= 1)
    if i > 1 then lu.assertEquals(item.start, said[i - 1].stop) end
  end
  lu.assertTrue(said.share > 0.2 and said.share < 0.7)
  lu.assertEquals(said.model, "own")
end

-- Where no other model has been brought, and what an analysis says of it.
function TestOwn:test_the_usual_model()
  local script = lib.script [[
    local signal, torch = require "moonlark.signal", require "moonlark.torch"
    local quiet = signal.new {data = torch.zeros {1, 22050}, rate = 22050, kind = "waveform"}
    print(require("moonlark.music").voice(quiet).model)
    local about = require("moonlark.music").analyze(quiet)
    print(about:plain().voice[1].label, tostring(about):match "voice[^\n]*")]]
  local said = lib.moonlark(lib.folder(), {"MOONLARK_MODELS=" .. lib.folder()}, script)
  lu.assertStrContains(said.out, "own\ninstrumental\tvoice          instrumental 100 % (confidence ")
  lib.fails("steadiness must be", music.voice, nil, {steadiness = -1})
end

function TestOwn:test_people_who_read()
  for _, name in ipairs {"198-209-0000", "3436-172162-0000", "5703-47212-0000"} do
    local said = music.voice(lib.shared("music/" .. name .. ".ogg"), {model = "own"})
    lu.assertTrue(share(said, "spoken") > 0.45, name)
  end
end

lib.run()
