-- Beats: numbers as the reference's (tests/reference/music/beats.py), real curves, and sounds without a beat.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local core = require "moonlark_core".music
local files = require "moonlark.base.files"
local metrics = require "moonlark.metrics"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

-- Clicks of noise at these times.
local function clicks(times, seconds)
  torch.manual_seed(2)
  local data = 0.001 * torch.randn {math.floor(seconds * 22050)}
  local burst = torch.randn {1100} * torch.linspace(1, 0, 1100) * 0.5
  for _, time in ipairs(times) do
    local at = math.floor(time * 22050)
    if at + 1100 < data:size(0) then data:narrow(0, at, 1100):add_(burst) end
  end
  return waveform(data)
end

local function every(interval, seconds)
  local times = {}
  for i = 1, math.floor(seconds / interval) - 1 do times[i] = i * interval end
  return times
end

TestBeats = {}

function TestBeats:test_as_the_reference()
  local frozen = torch.load("tests/reference/music/beats.npz")
  local flux = core.flux(frozen.mel:float():contiguous())
  lu.assertAlmostEquals((flux - frozen.flux):abs():max():item(), 0, 1e-5)
  local activation = core.flux_activation(frozen.flux:contiguous())
  lu.assertAlmostEquals((activation - frozen.activation):abs():max():item(), 0, 1e-5)
  local beats = core.bar_pointer(frozen.activation, 50, {})
  lu.assertEquals(beats:shape(), frozen.beats:shape())
  lu.assertAlmostEquals((beats - frozen.beats):abs():max():item(), 0, 1e-4)
end

function TestBeats:test_clicks_are_found_at_their_tempo()
  for _, bpm in ipairs {72, 100, 128, 150} do
    local times = every(60 / bpm, 20)
    local beats = music.beats(clicks(times, 20))
    lu.assertAlmostEquals(beats.tempo, bpm, 0.01 * bpm)
    lu.assertEquals(beats.kind, "beats")
    local near = 0
    for _, time in ipairs(beats.times) do
      for _, truth in ipairs(times) do if math.abs(time - truth) < 0.03 then near = near + 1 end end
    end
    lu.assertTrue(near >= 0.95 * #times, ("%d of %d at %d BPM"):format(near, #times, bpm))
    lu.assertTrue(beats.confidence > 0.3)
  end
end

function TestBeats:test_a_tempo_that_changes()
  local times, at = {}, 0.5
  while at < 29 do
    times[#times + 1] = at
    at = at + 60 / (90 + at) -- from 90 to 119
  end
  local beats = music.beats(clicks(times, 30))
  local near = 0
  for _, time in ipairs(beats.times) do
    for _, truth in ipairs(times) do if math.abs(time - truth) < 0.07 then near = near + 1 end end
  end
  lu.assertTrue(near >= 0.85 * #times, near .. " of " .. #times)
end

-- How likely a beat is to a strong tracker, 100 times a second, for real songs. All 222 give 0.878.
function TestBeats:test_real_songs()
  local root = lib.music "activations/hainsworth"
  local folder, sum, songs = root .. "/activations/multi_task", 0, 0
  for i, name in ipairs(files.list(folder)) do
    if i % 8 == 0 then
      local beats, truth = core.bar_pointer(torch.load(folder .. "/" .. name):float():flatten(), 100, {}), {}
      local annotated = files.read(root .. "/annotations/beats/" .. name:gsub("%.npy$", ""))
      for time in annotated:gmatch "([%d.]+)[^\n]*" do truth[#truth + 1] = tonumber(time) end
      local times = (beats:select(1, 0) / 100):totable()
      sum = sum + metrics.beat.f_measure(metrics.beat.trim(truth), metrics.beat.trim(times))
      songs = songs + 1
    end
  end
  lu.assertTrue(songs > 20)
  lu.assertTrue(sum / songs > 0.84, ("%.3f"):format(sum / songs))
end

-- Low drums and a new chord on every third or fourth beat.
local function accented(meter, seconds)
  torch.manual_seed(4)
  local data = clicks(every(0.5, seconds), seconds).data:flatten() * 0.5
  local t = torch.arange(math.floor(0.5 * meter * 22050), {dtype = "float32"}) / 22050
  local bar = 0
  for time = 0.5, seconds - 0.5 * meter, 0.5 * meter do
    local hz = 110 * 2 ^ (({0, 5, 7, 9})[bar % 4 + 1] / 12)
    local chord = (t * (2 * math.pi * hz)):sin() + (t * (2 * math.pi * hz * 1.5)):sin() + (t * (2 * math.pi * hz * 2.52)):sin()
    local drum = (t * (2 * math.pi * 60)):sin() * (t * -15):exp() * 4
    data:narrow(0, math.floor(time * 22050), t:size(0)):add_((chord + drum) * 0.1)
    bar = bar + 1
  end
  return waveform(data)
end

function TestBeats:test_bars()
  for _, case in ipairs {{3, true}, {4, true}, {3, false}, {4, false}} do
    local meter = case[1]
    local beats = music.beats(accented(meter, 26), {network = case[2]})
    lu.assertEquals(beats.meter, meter)
    for i, item in ipairs(beats) do
      if i > 1 then lu.assertEquals(item.position, beats[i - 1].position % meter + 1) end
    end
    local off = (beats.downbeats[3] - 0.5) / (0.5 * meter)
    lu.assertAlmostEquals(off, math.floor(off + 0.5), 0.05)
  end
  lu.assertNil(music.beats(waveform(torch.zeros {22050})).meter)
  lu.assertEquals(music.beats(waveform(torch.zeros {22050})).downbeats, {})
end

function TestBeats:test_sounds_without_a_beat()
  lu.assertEquals(#music.beats(waveform(torch.zeros {22050})), 0)
  lu.assertEquals(music.beats(waveform(torch.zeros {22050})).tempo, 0)
  lu.assertTrue(#music.beats(clicks({1}, 3), {network = false}) <= 3)
  for _, samples in ipairs {1, 441, 2205} do
    torch.manual_seed(1)
    lu.assertTrue(annotation.is(music.beats(waveform(torch.randn {samples}))))
  end
  for _, time in ipairs(music.beats(waveform(torch.randn {10 * 22050})).times) do
    lu.assertTrue(time >= 0 and time <= 10)
  end
end

function TestBeats:test_options()
  local song = clicks(every(0.5, 20), 20)
  lu.assertAlmostEquals(music.beats(song, {max_bpm = 100}).tempo, 60, 1)
  local alone = music.beats(song, {network = false})
  lu.assertAlmostEquals(alone.tempo, 120, 1.2)
  lu.assertNotEquals(alone[3].confidence, music.beats(song)[3].confidence)
  raises("min_bpm must lie below max_bpm (215 BPM), got 300", music.beats, song, {min_bpm = 300})
  raises("music.beats: steadiness must be", music.beats, song, {steadiness = -1})
end

lib.run()
