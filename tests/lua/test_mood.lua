-- Moods and rules of genre: they follow what they say they rest on, and stay in bounds for any sound.
local lib = require "lib"
local core = require "moonlark_core".music
local lu = require "luaunit"
local figures = require "moonlark.music.character.figures"
local heard = require "moonlark.music.hearing.heard"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

-- A kick on each beat, noise on the second and fourth, a chord that stays; `late` is where the eighths lie in the beat.
local function groove(bpm, seconds, late, level)
  torch.manual_seed(1)
  local data = 0.001 * torch.randn {math.floor(seconds * 22050)}
  local t = torch.arange(6000, {dtype = "float32"}) / 22050
  local kick, snare = (t * (2 * math.pi * 70)):sin() * (t * -18):exp(), torch.randn {6000} * (t * -25):exp() * 0.7
  local hat = torch.randn {6000} * (t * -80):exp() * 0.3
  local function hit(sound, time)
    local at = math.floor(time * 22050)
    if at + 6000 < data:size(0) then data:narrow(0, at, 6000):add_(sound) end
  end
  local beat = 60 / bpm
  for i = 0, math.floor(seconds / beat) - 1 do
    hit(i % 2 == 0 and kick or snare, 0.2 + i * beat)
    hit(hat, 0.2 + (i + late) * beat)
  end
  local long = torch.arange(data:size(0), {dtype = "float32"}) / 22050
  for _, hz in ipairs {220, 277.2, 329.6} do data = data + 0.05 * (long * (2 * math.pi * hz)):sin() end
  return waveform(data * level)
end

TestMood = {}

function TestMood:test_values_and_what_they_rest_on()
  local mood = music.mood(groove(118, 20, 0.5, 0.3))
  for _, name in ipairs {"energy", "arousal", "valence", "danceability"} do
    local one = mood[name]
    lu.assertTrue(one.value >= 0 and one.value <= 1, name)
    lu.assertTrue(#one.formula > 10 and next(one.rests_on) ~= nil)
  end
  lu.assertTrue(mood.valence.experimental)
  lu.assertAlmostEquals(mood.arousal.value, 0.75 * mood.energy.value + 0.25 * (mood.arousal.rests_on.tempo - 60) / 100, 1e-9)
  lu.assertTrue(mood.danceability.value > 0.7)
end

function TestMood:test_louder_is_more_energetic_and_steadier_more_danceable()
  local soft, loud = music.mood(groove(118, 15, 0.5, 0.02)), music.mood(groove(118, 15, 0.5, 0.5))
  lu.assertTrue(loud.energy.value > soft.energy.value)
  torch.manual_seed(3)
  local noise = music.mood(waveform(0.1 * torch.randn {15 * 22050}))
  lu.assertTrue(noise.danceability.value < loud.danceability.value)
end

TestFigures = {}

-- Essentia's Danceability of four levels, of samples that are the level or less it in turn.
function TestFigures:test_steadiness_as_essentia_has_danceability()
  local frozen = torch.load "tests/reference/music/fluctuation.npz"
  local turns = torch.tensor({1, -1}, {dtype = "float32"}):tile {110}
  for row = 0, 3 do
    local levels = frozen.levels[row]
    local exponents = core.fluctuation(levels:contiguous(), 100)
    lu.assertEquals(exponents:size(0), 35)
    lu.assertTrue((exponents - frozen.exponents[row]):abs():max():item() < 2e-3)
    local sound = waveform((levels:unsqueeze(1) * turns:unsqueeze(0)):reshape {-1})
    lu.assertAlmostEquals(figures.of(heard.of(sound)).steadiness / frozen.danceability[row]:item(), 1, 1e-3)
  end
end

function TestFigures:test_steadiness_of_little()
  local function count(data) return core.fluctuation(data, 100):size(0) end
  lu.assertEquals(count(torch.zeros {3000}), 0)
  lu.assertEquals(count(torch.ones {3000}), 0)
  lu.assertEquals(count(torch.zeros {0}), 0)
  lu.assertEquals(count(torch.rand {31}), 0)
  lu.assertEquals(count(torch.rand {40}), 2)
  lu.assertEquals(figures.of(heard.of(waveform(torch.zeros {2205}))).steadiness, 0)
end

function TestFigures:test_swing_and_backbeat()
  local even, swung = figures.of(heard.of(groove(110, 20, 0.5, 0.3))), figures.of(heard.of(groove(110, 20, 0.66, 0.3)))
  lu.assertAlmostEquals(even.swing, 0.5, 0.05)
  lu.assertAlmostEquals(swung.swing, 0.66, 0.05)
  lu.assertAlmostEquals(even.tempo, 110, 2)
  lu.assertTrue(even.bass + even.treble <= 1)
end

TestRules = {}

function TestRules:test_shares_and_reasons()
  local song = groove(120, 20, 0.5, 0.3)
  local made = music.genre_rules(song, {explain = true})
  local sum = 0
  for _, score in pairs(made.scores) do sum = sum + score end
  lu.assertAlmostEquals(sum, 1, 1e-9)
  local said = {}
  for i, rule in ipairs(made.rules) do
    said[rule.says] = rule
    lu.assertTrue(rule.truth > 0 and rule.truth <= 1)
    if i > 1 then lu.assertTrue(rule.truth <= made.rules[i - 1].truth) end
  end
  lu.assertNotNil(said["a steady beat of 110 to 132 BPM"])
  lu.assertNil(said.swing)
  lu.assertNil(music.genre_rules(song).rules)
  lu.assertNotNil((function()
    for _, rule in ipairs(music.genre_rules(groove(120, 20, 0.66, 0.3), {explain = true}).rules) do
      if rule.says == "swing" then return rule end
    end
  end)())
end

function TestRules:test_any_sound()
  for _, data in ipairs {torch.zeros {22050}, torch.ones {1}, torch.zeros {2205}, torch.randn {22050}} do
    local made, mood = music.genre_rules(waveform(data)), music.mood(waveform(data))
    for _, score in pairs(made.scores) do lu.assertTrue(score == score) end
    for _, one in pairs(mood) do lu.assertTrue(one.value >= 0 and one.value <= 1) end
  end
  raises("explain must be", music.genre_rules, waveform(torch.zeros {22050}), {explain = "yes"})
end

lib.run()
