-- Beats and pulses as librosa where they say so (tests/reference/music/pulses.py), and sounds that have none.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local core = require "moonlark_core".music
local feature = require "moonlark.feature"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails
local frozen = torch.load "tests/reference/music/pulses.npz"

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

local song = waveform(torch.load "tests/reference/music/onsets.npz".samples:float() / 32768)

local function click(samples)
  local data = torch.zeros {samples}
  data:narrow(0, samples // 2, 1):fill_(1)
  return waveform(data)
end

TestBeatTrack = {}

function TestBeatTrack:test_curves_as_librosa()
  for i = 0, 5 do
    local beats = core.beat_track(frozen["curve" .. i], frozen["period" .. i]:item())
    lu.assertEquals(beats:totable(), frozen["beats" .. i]:totable(), "curve " .. i)
  end
end

function TestBeatTrack:test_a_song_as_librosa()
  local beats = music.beats(song, {method = "librosa"})
  lu.assertEquals(#beats, frozen.beats:size(0))
  for i, frame in ipairs(frozen.beats:totable()) do lu.assertAlmostEquals(beats.times[i], frame * 512 / 22050, 1e-9) end
  lu.assertAlmostEquals(beats.tempo, frozen.tempo[0]:item(), 1e-9)
end

function TestBeatTrack:test_curves_without_beats()
  lu.assertEquals(core.beat_track(torch.zeros {100}, 20):size(0), 0)
  lu.assertEquals(core.beat_track(torch.ones {100}, 20):size(0), 0)
  lu.assertEquals(core.beat_track(torch.ones {1}, 20):size(0), 0)
  local two = core.beat_track(torch.tensor({0, 1}):float(), 20):totable()
  lu.assertTrue(#two <= 2)
  raises("period must be", core.beat_track, torch.ones {100}, 1)
end

TestPulse = {}

function TestPulse:test_as_librosa()
  local made = feature.plp(song)
  lu.assertEquals(made:shape(), {1, frozen.plp:size(0)})
  lu.assertAlmostEquals((made.data:flatten() - frozen.plp):abs():max():item(), 0, 5e-6)
  local slow = feature.plp(song, {win_length = 256, tempo_min = 40, tempo_max = 100})
  lu.assertAlmostEquals((slow.data:flatten() - frozen.plp_slow):abs():max():item(), 0, 5e-6)
end

function TestPulse:test_of_an_onset_strength_and_of_channels()
  local onsets = feature.onset_strength(song, {aggregate = "median"})
  local made = feature.plp(song)
  lu.assertEquals((feature.plp(onsets).data - made.data):abs():max():item(), 0)
  lu.assertEquals(made.rate, onsets.rate)
  local both = feature.plp(song:with {data = torch.cat({song.data, song.data * 0}, 0)})
  lu.assertEquals(both:shape(), {2, 1, made:frames()})
  lu.assertEquals((both.data:select(0, 0) - made.data):abs():max():item(), 0)
  lu.assertEquals(both.data:select(0, 1):abs():max():item(), 0)
end

function TestPulse:test_beats_are_its_heights()
  local beats, values = music.beats(song, {method = "plp"}), feature.plp(song).data:flatten():totable()
  lu.assertTrue(#beats > 10)
  for _, time in ipairs(beats.times) do
    local i = math.floor(time * 22050 / 512 + 0.5) + 1
    lu.assertTrue(values[i] > values[i - 1] and values[i] >= (values[i + 1] or 0))
  end
end

function TestPulse:test_bad_values()
  raises("feature.plp: win_length must be even, got 383", feature.plp, song, {win_length = 383})
  raises("tempo_max must lie above tempo_min (30 BPM), got 20", feature.plp, song, {tempo_max = 20})
  raises("song must be a Signal", feature.plp, 3)
end

TestNothingToTapTo = {}

function TestNothingToTapTo:test_odd_sounds()
  torch.manual_seed(3)
  for _, method in ipairs {"bar pointer", "librosa", "plp"} do
    local silence = music.beats(waveform(torch.zeros {5 * 22050}), {method = method})
    lu.assertEquals(#silence, 0, method)
    lu.assertEquals(silence.tempo, 0, method)
    for _, sound in ipairs {click(3 * 22050), waveform(torch.randn {5 * 22050}), waveform(torch.randn {2205}),
      waveform(torch.ones {1})} do
      local beats = music.beats(sound, {method = method})
      lu.assertTrue(annotation.is(beats))
      for i, time in ipairs(beats.times) do
        lu.assertTrue(time >= 0 and time <= sound:duration() + 0.03, method)
        lu.assertTrue(i == 1 or time > beats.times[i - 1], method)
      end
    end
  end
end

-- Five beats a bar, and seven halves of one: the meter is 3 or 4, whatever is played, and beats still come.
function TestNothingToTapTo:test_odd_meters()
  torch.manual_seed(4)
  local burst = torch.randn {900} * torch.linspace(1, 0, 900)
  for _, meter in ipairs {{5, 0.5}, {7, 0.25}} do
    local data = 0.001 * torch.randn {20 * 22050}
    for i = 0, math.floor(19 / meter[2]) do
      data:narrow(0, math.floor((0.3 + i * meter[2]) * 22050), 900):add_(burst * (i % meter[1] == 0 and 0.6 or 0.25))
    end
    for _, method in ipairs {"bar pointer", "librosa", "plp"} do
      local beats = music.beats(waveform(data), {method = method})
      lu.assertTrue(#beats > 15, method)
      lu.assertTrue(beats.meter == 3 or beats.meter == 4, method)
    end
  end
end

lib.run()
