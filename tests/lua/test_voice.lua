-- Voices by a model: speech and music of ../shared/data with the weights of ../shared/weights, where they are.
local lib = require "lib"
local lu = require "luaunit"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails

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

function TestVoice:test_without_a_model()
  local script = lib.script [[
    local signal, torch = require "moonlark.signal", require "moonlark.torch"
    local quiet = signal.new {data = torch.zeros {1, 22050}, rate = 22050, kind = "waveform"}
    print(pcall(require("moonlark.music").voice, quiet))
    print(require("moonlark.music").analyze(quiet).voice)]]
  local said = lib.moonlark(lib.folder(), {"MOONLARK_MODELS=" .. lib.folder()}, script)
  lu.assertStrContains(said.out, "voice needs a model")
  lu.assertStrContains(said.out, "\nnil")
  raises("steadiness must be", music.voice, nil, {steadiness = -1})
end

lib.run()
