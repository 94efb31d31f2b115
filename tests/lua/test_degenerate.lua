-- Every function of music on sound that is hardly music, and on music that is hardly regular: sane answers, never a failure.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local json = require "moonlark.base.json"
local metrics = require "moonlark.metrics"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local rate = 22050

local function waveform(data) return signal.new {data = data:float():reshape {1, -1}, rate = rate, kind = "waveform"} end
local function silence(seconds) return torch.zeros {math.floor(seconds * rate)} end

local function noise(seconds, deviation)
  torch.manual_seed(3)
  return torch.randn {math.floor(seconds * rate)} * deviation
end

local function sine(seconds, hz)
  return (torch.arange(math.floor(seconds * rate), {dtype = "float64"}) * (2 * math.pi * hz / rate)):sin() * 0.3
end

-- Clicks at these times, the first of each `accent` louder, in hiss of that deviation.
local function clicks(times, seconds, hiss, accent)
  local data = noise(seconds, hiss)
  local burst = torch.randn {800} * torch.linspace(1, 0, 800)
  for i, time in ipairs(times) do
    local at = math.floor(time * rate)
    local n = math.min(800, data:size(0) - at)
    if n > 0 then data:narrow(0, at, n):add_(burst:narrow(0, 0, n) * ((i - 1) % (accent or 1) == 0 and 0.5 or 0.2)) end
  end
  return data
end

-- Times that lie interval(i) seconds apart.
local function walk(seconds, interval)
  local times, at = {}, 0.5
  while at < seconds - 0.2 do
    times[#times + 1], at = at, at + interval(#times + 1)
  end
  return times
end

-- Sound in which nothing is beaten.
local still = {
  ["no sample"] = torch.zeros {0}, ["one sample"] = torch.ones {1} * 0.5,
  ["silence"] = silence(5), ["0.1 s of silence"] = silence(0.1), ["0.1 s of noise"] = noise(0.1, 0.2),
  ["one click"] = clicks({2}, 6, 0), ["one click at once"] = clicks({0}, 6, 0), ["0.1 s with a click"] = clicks({0.02}, 0.1, 0),
  ["one click in faint noise"] = clicks({3}, 8, 1e-4), ["three clicks in noise"] = clicks({2, 2.5, 3}, 8, 1e-3),
  ["a tone"] = sine(8, 440), ["an offset"] = torch.ones {4 * rate} * 0.5, ["a square"] = sine(4, 110):sign(),
}

-- Where beats lie in what is hardly regular, and how far beats of Moonlark agree with them (F), at least.
local moving = {
  rubato = {walk(20, function(i) return 0.5 * (1 + 0.2 * math.sin(0.35 * i)) end), 1, 0.85},
  ["5/4"] = {walk(20, function() return 0.5 end), 5, 0.95},
  ["7/8"] = {walk(20, function() return 60 / 200 end), 7, 0},
  swing = {walk(20, function(i) return i % 2 == 1 and 0.36 or 0.18 end), 2, 0},
}

local ways = {
  beats = {{}, {network = false}, {method = "librosa"}, {method = "plp"}}, tempo = {{}, {method = "librosa"}},
  onsets = {{}, {method = "librosa", backtrack = true}}, key = {{}, {window = 4}, {network = false}},
  chords = {{}, {beats = false}, {network = false}}, sections = {{}, {method = "spectral"}}, notes = {{}},
  quality = {{}}, loudness = {{}}, mood = {{}}, genre_rules = {{}}, analyze = {{}},
}

local function check_items(found, seconds, name)
  local before = 0
  for _, item in ipairs(found) do
    lu.assertTrue(item.start >= before and item.start <= seconds + 1e-6, name)
    if item.stop then lu.assertTrue(item.stop >= item.start and item.stop <= seconds + 0.1, name) end
    before = item.start
  end
end

-- What all functions say of a song in all ways: what is told over time lies in it.
local function ask_all(song, name)
  for fname, list in pairs(ways) do
    for _, o in ipairs(list) do
      local said = next(o) and music[fname](song, o) or music[fname](song)
      lu.assertNotNil(said, name)
      if annotation.is(said) then check_items(said, song:duration(), name .. ": " .. fname) end
    end
  end
end

TestDegenerate = {}

function TestDegenerate:test_all_answer()
  for name, data in pairs(still) do ask_all(waveform(data), name) end
  ask_all(waveform(noise(8, 0.1)), "noise")
  for name, case in pairs(moving) do ask_all(waveform(clicks(case[1], 20, 1e-3, case[2])), name) end
end

function TestDegenerate:test_nothing_beats_in_them()
  for name, data in pairs(still) do
    local song = waveform(data)
    local beats = music.beats(song)
    lu.assertEquals({#beats, beats.tempo, beats.confidence, beats.meter}, {0, 0, 0, nil}, name)
    lu.assertEquals(music.tempo(song).bpm, 0, name)
    lu.assertTrue(#music.onsets(song) <= 3, name)
    local sections = music.sections(song)
    lu.assertEquals({#sections, sections[1].start}, {1, 0}, name)
    lu.assertAlmostEquals(sections[1].stop, song:duration(), 1e-6, name)
    lu.assertEquals(music.mood(song).danceability.value, 0, name)
  end
end

function TestDegenerate:test_noise_and_clicks_have_no_chords_and_silence_no_key()
  for _, data in ipairs {noise(8, 0.1), still["silence"], still["one click"], still["one click in faint noise"]} do
    local chords = music.chords(waveform(data))
    lu.assertEquals({#chords, chords[1].label}, {1, "N"})
  end
  for _, name in ipairs {"no sample", "silence", "0.1 s of silence"} do
    lu.assertNil(music.key(waveform(still[name])).tonic, name)
    lu.assertEquals(music.quality(waveform(still[name])).faults, {"silence all through"}, name)
    lu.assertEquals(music.loudness(waveform(still[name])).integrated, -math.huge, name)
  end
end

function TestDegenerate:test_what_is_hardly_regular_is_followed()
  for name, case in pairs(moving) do
    local beats = music.beats(waveform(clicks(case[1], 20, 1e-3, case[2])))
    lu.assertTrue(metrics.beat.f_measure(metrics.beat.trim(case[1]), metrics.beat.trim(beats.times)) >= case[3], name)
    lu.assertTrue(#beats >= 20, name)
    local off = 0
    for _, time in ipairs(beats.times) do -- on what sounds, be it every one or every other
      local nearest = math.huge
      for _, at in ipairs(case[1]) do nearest = math.min(nearest, math.abs(at - time)) end
      off = off + (nearest > 0.05 and 1 or 0)
    end
    lu.assertTrue(off <= 0.1 * #beats, ("%s: %d of %d"):format(name, off, #beats))
  end
end

function TestDegenerate:test_analyses_of_them_are_told_and_written()
  for _, name in ipairs {"no sample", "0.1 s of noise", "one click", "a square"} do
    local about = music.analyze(waveform(still[name]))
    lu.assertStrContains(tostring(about), "loudness", true)
    lu.assertEquals(json.decode(json.encode(about:plain())).tempo, 0, name)
  end
end

lib.run()
