-- Onsets and tempo: as librosa where they say so, near the truth where they do not, sounds without any.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core".music
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails
local frozen = torch.load "tests/reference/music/onsets.npz"

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

local song = waveform(frozen.samples:float() / 32768)

local function assert_times(made, wanted)
  lu.assertEquals(#made, wanted:size(0))
  for i, time in ipairs(wanted:totable()) do lu.assertAlmostEquals(made.times[i], time, 1e-9) end
end

TestOnsets = {}

function TestOnsets:test_as_librosa()
  assert_times(music.onsets(song, {method = "librosa"}), frozen.onsets)
  assert_times(music.onsets(song, {method = "librosa", backtrack = true}), frozen.backtracked)
end

-- Tones that die away, one every 0.4 s, each a fifth above the one before.
function TestOnsets:test_each_tone_is_found_once()
  local data, t = torch.zeros {22050 * 8}, torch.arange(22050, {dtype = "float32"}) / 22050
  local truth = {}
  for i = 1, 16 do
    truth[i] = 0.4 * i
    local hz = 220 * 1.5 ^ (i % 4)
    local tone = (t * (2 * math.pi * hz)):sin() * (t * -10):exp() * (1 - t) * 0.3
    data:narrow(0, math.floor(truth[i] * 22050), 22050):add_(tone)
  end
  local made = music.onsets(waveform(data))
  lu.assertEquals(#made, #truth)
  for i, time in ipairs(truth) do lu.assertAlmostEquals(made.times[i], time, 0.03) end
end

function TestOnsets:test_sounds_without_onsets()
  for _, method in ipairs {"superflux", "librosa"} do
    lu.assertEquals(#music.onsets(waveform(torch.zeros {22050}), {method = method}), 0)
    for _, samples in ipairs {1, 441, 2205} do
      lu.assertNotNil(music.onsets(waveform(torch.ones {samples}), {method = method, backtrack = true}))
    end
  end
  raises("music.onsets: method must be", music.onsets, song, {method = "ear"})
end

function TestOnsets:test_peaks()
  local curve = torch.tensor({0.5, 0, 1, 1, 0, 0.2, 0, 0, 3}):float()
  local o = {pre_max = 1, post_max = 2, pre_avg = 1, post_avg = 2, delta = 0.1, wait = 0}
  lu.assertEquals(core.peaks(curve, o):totable(), {0, 2, 3, 5, 8})
  o.wait = 3
  lu.assertEquals(core.peaks(curve, o):totable(), {0, 5})
end

TestTempo = {}

function TestTempo:test_as_librosa()
  lu.assertAlmostEquals(music.tempo(song, {method = "librosa"}).bpm, frozen.tempo[0]:item(), 1e-9)
  -- What librosa says of silence.
  lu.assertAlmostEquals(music.tempo(waveform(torch.zeros {5 * 22050}), {method = "librosa"}).bpm, 117.454, 0.001)
end

function TestTempo:test_of_the_beats()
  local tempo = music.tempo(song)
  lu.assertEquals(tempo.bpm, music.beats(song).tempo)
  local sum = 0
  for _, one in ipairs(tempo.candidates) do sum = sum + one.weight end
  lu.assertAlmostEquals(sum, 1, 1e-9)
  local curve = tempo.curve.data
  lu.assertEquals(curve:size(0), 18)
  lu.assertTrue(curve[2]:item() > 1.1 * curve[15]:item()) -- it slows down
  lu.assertStrContains(tostring(tempo), "BPM")
  lu.assertEquals(tostring(music.tempo(waveform(torch.zeros {22050}))), "no tempo")
end

lib.run()
