-- moonlark score: one song, folders, files without a partner or of another kind, wrong usage.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local audio = require "moonlark.audio"
local comparison = require "moonlark.metrics.comparison"
local judging = require "moonlark.shell.judging"

local folder = lib.folder()

local function place(...) return files.join(folder, ...) end

local function beats(times) return annotation.events("beats", times) end

local function score(...) return lib.moonlark(folder, nil, "score", ...) end

TestScore = {}

function TestScore:test_one_song_of_each_task()
  local segments = annotation.new {kind = "chords", {start = 0, stop = 2, label = "C:maj"}, {start = 2, stop = 4, label = "N"}}
  local bars = annotation.new {kind = "beats", {start = 6, position = 1}, {start = 7, position = 2}, {start = 8, position = 1}}
  local made = {
    beats = beats {6, 7, 8}, downbeats = bars, onsets = beats({1, 2}):with {kind = "onsets"}, chords = segments,
    sections = segments:with {kind = "sections"}, key = annotation.new {kind = "key", {start = 0, stop = 1, label = "A minor"}},
    tempo = annotation.new {kind = "tempo", {start = 0, stop = 1, value = 120}},
    notes = annotation.new {kind = "notes", {start = 0, stop = 1, pitch = 60}, {start = 1, stop = 2, pitch = 62}},
  }
  for _, task in ipairs(comparison.names) do
    local path = place(task .. ".jams")
    made[task]:save(path)
    local figures = judging.score(task, path, path)
    lu.assertEquals(figures[comparison.order(figures)[1]], 1, task)
  end
  local said = score("beats", place "beats.jams", place "beats.jams")
  lu.assertEquals(said.code, 0, said.all)
  lu.assertStrMatches(said.out, "F%-measure +1%.0000\n.*")
end

function TestScore:test_folders()
  files.mkdirs(place "truth")
  files.mkdirs(place "made")
  beats({6, 7, 8, 9}):save(place("truth", "a.beats"))
  beats({6, 7, 8, 9}):save(place("made", "a.jams"))
  beats({6, 7, 8, 9}):save(place("truth", "b.beats"))
  beats({6, 7}):save(place("made", "b.beats"))
  beats({6}):save(place("truth", "alone.beats"))
  files.write(place("truth", "c.beats"), "6\n")
  files.write(place("made", "c.beats"), "no time\n")
  local said = score("beats", place "truth", place "made", "--json")
  lu.assertEquals(said.code, 3)
  lu.assertStrContains(said.err, "alone.beats: nothing was estimated")
  lu.assertStrContains(said.err, "c.beats")
  local made = json.decode(said.out)
  lu.assertEquals(#made.songs, 2)
  lu.assertAlmostEquals(made.means["F-measure"].mean, (1 + 2 / 3) / 2, 1e-9)
  lu.assertAlmostEquals(made.means["F-measure"].interval, 2 * math.sqrt(2 * (1 / 6) ^ 2 / 2), 1e-9)
  said = score("beats", place "truth", place "made", "--csv", place "scores.csv")
  lu.assertStrContains(files.read(place "scores.csv"), "song,F-measure,")
  lu.assertStrContains(score("beats", place "truth", place "made").out, "2 songs, mean")
end

function TestScore:test_melodies()
  files.write(place "truth.csv", "time,hz\n0.0,220\n0.1,220\n0.2,0\n0.3,220\n")
  files.write(place "made.txt", "0.0 220\n0.1\t440\n0.2 0\n0.3 220\n")
  local said = score("melody", place "truth.csv", place "made.txt", "--json")
  local figures = json.decode(said.out).songs[1].figures
  lu.assertAlmostEquals(figures["Overall Accuracy"], 0.75, 1e-9)
  lu.assertEquals(figures["Raw Chroma Accuracy"], 1)
  files.write(place "bad.txt", "0.0 220\n0.1\n")
  lu.assertStrContains(score("melody", place "truth.csv", place "bad.txt").err,
    "bad.txt, line 2: there must be a time and a frequency, got '0.1'")
end

function TestScore:test_separation()
  local torch, signal = require "moonlark.torch", require "moonlark.signal"
  torch.manual_seed(1)
  for _, song in ipairs {"one", "two"} do
    for _, stem in ipairs {"voice", "band"} do
      local sound, grain = torch.randn {1, 3000} * 0.1, torch.randn {1, 3000} * 0.01
      for folder, data in pairs {stems = sound, found = sound + grain} do
        files.mkdirs(place(folder, song))
        audio.save(place(folder, song, stem .. ".wav"), signal.new {data = data, rate = 8000, kind = "waveform"},
          {subtype = "float"})
      end
    end
  end
  local one = score("separation", place("stems", "one"), place("found", "one"))
  lu.assertEquals(one.code, 0, one.all)
  lu.assertStrMatches(one.out, "SDR +19%.%d+\n.*SI%-SDR +20?.*\n", nil)
  local both = json.decode(score("separation", place "stems", place "found", "--json").out)
  lu.assertEquals(#both.songs, 2)
  lu.assertAlmostEquals(both.songs[2].figures["SI-SDR"], 20, 0.5)
  files.remove(place("found", "two", "band.wav"))
  local said = score("separation", place "stems", place "found")
  lu.assertEquals(said.code, 3)
  lu.assertStrContains(said.err, "holds no sound of the name band")
  lu.assertStrContains(score("separation", place "x.wav", place "x.wav").err, "must be a folder of sounds")
end

function TestScore:test_wrong_usage()
  lu.assertEquals(score("beat", "a", "b").code, 2)
  lu.assertEquals(score("beats", place "nowhere.jams", place "nowhere.jams").code, 1)
  files.mkdirs(place "empty")
  lu.assertEquals(score("beats", place "empty", place "empty").code, 1)
  files.write(place "x.beats", "1\n")
  local said = score("beats", place "x.beats", place "empty")
  lu.assertEquals(said.code, 1)
  lu.assertStrContains(said.err, "two files or two folders")
end

lib.run()
