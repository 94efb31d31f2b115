-- Annotations: items in order, lists of their fields, slices, and errors in words.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local files = require "moonlark.base.files"

local folder, raises = lib.folder(), lib.fails

local function path_of(name) return files.join(folder, name) end

local function write(name, text)
  files.write(path_of(name), text)
  return path_of(name)
end

TestAnnotation = {}

function TestAnnotation:test_events()
  local beats = annotation.new {kind = "beats", duration = 2, tempo = 120,
    {start = 1, position = 2}, {start = 0.5, position = 1}}
  lu.assertEquals(beats.times, {0.5, 1})
  lu.assertEquals(beats.positions, {1, 2})
  lu.assertEquals(beats.stops, {1, 2})
  lu.assertEquals(beats.intervals, {{0.5, 1}, {1, 2}})
  lu.assertEquals(beats.tempo, 120)
  lu.assertNil(beats.meter)
  lu.assertEquals(annotation.events("onsets", {0.25, 0.1}).times, {0.1, 0.25})
  lu.assertEquals(annotation.events("onsets", {}).times, {})
end

function TestAnnotation:test_segments()
  local key = annotation.segments("key", {0, 10, 20, 30}, {"A minor", "A minor", "C major"})
  lu.assertEquals(#key, 2)
  lu.assertEquals(key.intervals, {{0, 20}, {20, 30}})
  lu.assertEquals(key.labels, {"A minor", "C major"})
  lu.assertEquals(key.duration, 30)
  local part = key:slice(15, 25)
  lu.assertEquals(part.intervals, {{15, 20}, {20, 25}})
  lu.assertEquals(key[1].stop, 20) -- the items of the whole are not touched
  lu.assertStrContains(tostring(key), "A minor")
  lu.assertEquals(#annotation.events("beats", {1, 2, 3}):slice(2, 3), 1)
end

function TestAnnotation:test_errors()
  raises("kind must be text, such as beats, got nil", annotation.new, {})
  raises("item 1: start must be a finite number of seconds, got nil", annotation.new, {kind = "beats", {}})
  raises("item 1: stop must be a time of at least 2 s", annotation.new, {kind = "beats", {start = 2, stop = 1}})
  raises("item 1: label must be text, got number", annotation.new, {kind = "chords", {start = 2, label = 1}})
  raises("boundaries must be one more than the labels (1), got 1", annotation.segments, "key", {0}, {"C major"})
  raises("beats must be an Annotation, such as music.beats returns, got table", annotation.check, "beats", {})
  raises("chords must be an Annotation of chords, got one of beats", annotation.check, "chords",
    annotation.new {kind = "beats"}, "chords")
  raises("to must not lie before from (3 s), got 1 s", annotation.new {kind = "beats"}.slice,
    annotation.new {kind = "beats"}, 3, 1)
end

TestFiles = {}

local chords = annotation.new {kind = "chords", duration = 4, {start = 0, stop = 1.5, label = "C:maj", confidence = 0.75},
  {start = 1.5, stop = 4, label = "A:min7/b3, \"quoted\""}}
local beats = annotation.new {kind = "beats", duration = 2, {start = 0.25, position = 1}, {start = 0.75, position = 2},
  {start = 1.25}}

function TestFiles:test_back_and_forth()
  for _, name in ipairs {"c.jams", "c.csv", "c.lab", "c.txt"} do
    chords:save(path_of(name))
    local made = annotation.load(path_of(name), {kind = "chords"})
    lu.assertEquals(made.intervals, chords.intervals, name)
    lu.assertEquals(made.labels, chords.labels, name)
    lu.assertEquals(made.kind, "chords")
  end
  lu.assertEquals(annotation.load(path_of "c.jams")[1].confidence, 0.75)
  lu.assertEquals(annotation.load(path_of "c.jams").duration, 4)
  chords:save(path_of "c.TextGrid")
  lu.assertEquals(annotation.load(path_of "c.TextGrid").labels, chords.labels)
  lu.assertEquals(annotation.load(path_of "c.TextGrid").intervals, chords.intervals)
  chords:save(path_of "c.rttm")
  lu.assertEquals(annotation.load(path_of "c.rttm").intervals, chords.intervals)
  chords:with({sound = "c.mp3"}):save(path_of "c.m3u8")
  lu.assertEquals(annotation.load(path_of "c.m3u8").intervals, chords.intervals)
  local notes = annotation.new {kind = "notes", {start = 0.5, stop = 1, pitch = 69, velocity = 100 / 127},
    {start = 1, stop = 1.25, pitch = 72.2}}
  notes:save(path_of "n.mid")
  local played = annotation.load(path_of "n.mid", {kind = "notes"})
  lu.assertEquals(played.intervals, notes.intervals)
  lu.assertEquals(played.pitches, {69, 72})
  lu.assertAlmostEquals(played[1].velocity, 100 / 127, 1e-9)
  for _, name in ipairs {"b.jams", "b.csv", "b.beats"} do
    beats:save(path_of(name))
    local made = annotation.load(path_of(name), {kind = "beats"})
    lu.assertEquals(made.times, beats.times, name)
    lu.assertEquals({made[1].position, made[2].position, made[3].position}, {1, 2, nil}, name)
  end
  annotation.save_all(path_of "all.jams", {beats, chords}, {title = "song"})
  lu.assertEquals(annotation.load(path_of "all.jams", {kind = "beats"}).times, beats.times)
  lu.assertEquals(#annotation.load_all(path_of "all.jams"), 2)
end

function TestFiles:test_what_others_write()
  local lab = annotation.load(write("a.lab", "\239\187\1910.000 2.5 N\r\n2.5\t5\tC:maj\r\n\r\n# end\r\n"))
  lu.assertEquals(lab.labels, {"N", "C:maj"})
  lu.assertEquals(lab.kind, "segments")
  local audacity = annotation.load(write("a.txt", "1.5\t1.5\tclick\n\\\t100\t200\n2\t3\tlong label\n"))
  lu.assertEquals(audacity.labels, {"click", "long label"})
  local gtzan = annotation.load(write("a.beats", "0.5 1.1\n1.0 1.2\n"))
  lu.assertEquals(gtzan.positions, {1, 2})
  local times = annotation.load(write("onsets.txt", "0.5\n0.75\n"), {kind = "onsets"})
  lu.assertEquals(times.times, {0.5, 0.75})
  -- JAMS before 0.3 kept columns, and its beats may hold more than a position.
  local old = write("old.jams", [[{"file_metadata": {"duration": 3}, "annotations": [
    {"namespace": "key_mode", "data": {"time": [0], "duration": [3], "value": ["A:minor"], "confidence": [null]}},
    {"namespace": "beat_position", "data": [{"time": 1, "duration": 0, "confidence": null,
      "value": {"position": 3, "measure": 1, "num_beats": 4, "beat_units": 4}}]}, {"namespace": "pitch_contour", "data": []}]}]])
  lu.assertEquals(annotation.load(old, {kind = "key"}).labels, {"A minor"})
  lu.assertEquals(annotation.load(old, {kind = "beats"}).positions, {3})
end

-- As Praat writes it, with gaps, doubled quotes, points, and in UTF-16.
function TestFiles:test_textgrids()
  local long = [[File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.3
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2.3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.25
            text = "say ""hé"" 2"
        intervals [3]:
            xmin = 1.25
            xmax = 2.3
            text = "x"
    item [2]:
        class = "TextTier"
        name = "taps"
        xmin = 0
        xmax = 2.3
        points: size = 1
        points [1]:
            number = 0.75
            mark = "tap"
]]
  local units = {}
  for _, code in utf8.codes(long) do units[#units + 1] = ("<I2"):pack(code) end
  for _, text in ipairs {long, "\xFF\xFE" .. table.concat(units)} do
    local path = write("praat.TextGrid", text)
    local words, taps = annotation.load(path, {kind = "words"}), annotation.load(path, {kind = "taps"})
    lu.assertEquals(words.intervals, {{0.5, 1.25}, {1.25, 2.3}})
    lu.assertEquals(words.labels, {'say "hé" 2', "x"})
    lu.assertEquals(taps.times, {0.75})
    lu.assertEquals(words.duration, 2.3)
  end
  raises("line 17: the stop must be a number, got the end of the file", annotation.load, write("cut.TextGrid", long:sub(1, 300)))
  raises("is no TextGrid", annotation.load, write("no.TextGrid", "x"))
end

function TestFiles:test_click()
  local made = annotation.new({kind = "beats", duration = 1, {start = 0.25}, {start = 0.5, position = 1}}):click {rate = 8000}
  lu.assertEquals(made.data:shape(), {1, 8000})
  lu.assertEquals(made.data:narrow(1, 0, 2000):abs():max():item(), 0)
  -- librosa.clicks(times=[0.25], sr=8000, length=8000)[2003] * 0.5
  local x = 3 / 799 * -10
  lu.assertAlmostEquals(made.data[0][2003]:item(), 0.5 * 2 ^ x * math.sin(2 * math.pi * 1000 * 3 / 8000), 1e-6)
  lu.assertEquals(annotation.new({kind = "beats"}):click():frames(), 1)
end

TestSound = {}

-- The greatest difference from every seventh sample of the reference.
local function apart(wave, frozen, list)
  local torch = require "moonlark.torch"
  local made = wave.data[0]:double():index_select(0, torch.arange(0, wave:frames(), frozen.step):long())
  lu.assertEquals(made:size(0), #list)
  return (made - torch.tensor(list, {dtype = "float64"})):abs():max():item()
end

-- mir_eval begins segments at the next sample, and its sines are rounded to 1 mHz.
function TestSound:test_tones_as_mir_eval()
  local frozen = require("moonlark.base.json").read "tests/reference/annotation/tones.json"
  local how = {rate = frozen.rate, level = 1, harmonics = 1}
  local chords = annotation.new {kind = "chords", duration = 1.5, {start = 0.1, stop = 0.5, label = "C:maj"},
    {start = 0.5, stop = 0.9, label = "A:min7/b3"}, {start = 0.9, stop = 1.1, label = "N"},
    {start = 1.1, stop = 1.4, label = "F#:sus4"}}
  lu.assertTrue(apart(chords:tones(how), frozen, frozen.chords) < 5e-3)
  local notes = annotation.new {kind = "notes", duration = 0.9, {start = 0, stop = 0.6, pitch = 60},
    {start = 0.3, stop = 0.8, pitch = 67, velocity = 0.5}}
  lu.assertTrue(apart(notes:tones(how), frozen, frozen.notes) < 5e-3)
  local torch, signal = require "moonlark.torch", require "moonlark.signal"
  local f0 = signal.new {data = torch.tensor(frozen.hz, {dtype = "float64"}):unsqueeze(0), rate = 20, kind = "f0"}
  local contour = annotation.tones(f0, how)
  lu.assertTrue(apart(contour, frozen, frozen.contour) < 5e-3)
end

function TestSound:test_tones_of_other_things()
  local function loud(a) return a:tones({rate = 8000}).data:abs():max():item() end
  local key = annotation.new {kind = "key", {start = 0, stop = 1, label = "A minor"}}
  local chord = annotation.new {kind = "chords", {start = 0, stop = 1, label = "A:min"}}
  lu.assertEquals((key:tones().data - chord:tones().data):abs():max():item(), 0)
  lu.assertAlmostEquals(loud(chord), 0.5, 1e-6)
  lu.assertEquals(loud(annotation.new {kind = "chords", {start = 0, stop = 1, label = "N"}}), 0)
  lu.assertEquals(annotation.new({kind = "notes"}):tones():frames(), 1)
  -- A pitch above half the rate is silent.
  lu.assertEquals(loud(annotation.new {kind = "notes", {start = 0, stop = 1, pitch = 127}}), 0)
  raises("an annotation of beats can click", beats.tones, beats)
  raises("'H:maj' is no chord", chord.tones, annotation.new {kind = "chords", {start = 0, stop = 1, label = "H:maj"}})
  raises("'A dorian' is no key such as A minor", key.tones,
    annotation.new {kind = "key", {start = 0, stop = 1, label = "A dorian"}})
end

-- Silent where there is no pitch, and at its pitch where there is one.
function TestSound:test_contours_with_gaps()
  local torch, signal = require "moonlark.torch", require "moonlark.signal"
  local hz = {0 / 0, 0, 220, 220, 220, 0, 0, 0}
  local made = annotation.tones(signal.new {data = torch.tensor(hz):unsqueeze(0), rate = 10, kind = "f0"}, {rate = 8000})
  lu.assertEquals(made:frames(), 5600)
  lu.assertEquals(made.data:narrow(1, 0, 800):abs():max():item(), 0)
  lu.assertEquals(made.data:narrow(1, 4001, 1599):abs():max():item(), 0)
  lu.assertAlmostEquals(made.data:narrow(1, 1600, 1600):abs():max():item(), 0.5, 1e-3)
  raises("f0 must be a Signal", annotation.tones, {})
end

TestTimes = {}

local function segments(kind, rows)
  local made = {kind = kind}
  for i, row in ipairs(rows) do made[i] = {start = row[1], stop = row[2], label = row[3]} end
  return annotation.new(made)
end

function TestTimes:test_segments_at_beats()
  local given = segments("chords", {{0, 1.1, "C"}, {1.1, 1.3, "D"}, {1.3, 1.6, "E"}, {1.6, 4, "C"}})
  local made = given:with({tempo = 60}):align(annotation.events("beats", {0, 1, 2, 3}, {duration = 3.5}))
  -- From 1 to 2 C sounds for .1 and .4 s, in two parts.
  lu.assertEquals(made.intervals, {{0, 1}, {1, 3.5}})
  lu.assertEquals(made.labels, {"C", "C"})
  lu.assertEquals(made.tempo, 60)
  lu.assertEquals(given:align({1.1, 1.3, 1.6, 9}).labels, {"D", "E", "C"})
  lu.assertEquals(given:align({5, 6}).labels, {})
  lu.assertEquals(given[1].stop, 1.1) -- the given ones are not touched
end

function TestTimes:test_events_at_beats()
  local onsets = annotation.events("onsets", {0.1, 0.45, 0.55, 1.9, 5})
  lu.assertEquals(onsets:align({0, 0.5, 1, 1.5, 2}).times, {0, 0.5, 2})
  lu.assertEquals(onsets:align({}).times, {})
  lu.assertEquals(annotation.events("onsets", {}):align({1}).times, {})
  raises("onto must ascend, got 1 as number 2", onsets.align, onsets, {2, 1})
  raises("onto must be an Annotation or a list of seconds, got number", onsets.align, onsets, 3)
  raises("onto must be seconds, got string as number 1", onsets.align, onsets, {"1"})
end

-- mir_eval.util.adjust_intervals([[1, 2], [2, 5]], ["a", "b"], 0, 4): 0-1 start, 1-2 a, 2-4 b.
function TestTimes:test_fit()
  local given = segments("sections", {{1, 2, "a"}, {2, 5, "b"}})
  lu.assertEquals(given:fit(0, 4, "start").intervals, {{0, 1}, {1, 2}, {2, 4}})
  lu.assertEquals(given:fit(0, 4, "start").labels, {"start", "a", "b"})
  lu.assertEquals(given:fit(4, 7).labels, {"b", ""})
  lu.assertEquals(segments("chords", {{0, 1, "C"}, {2, 3, "D"}}):fit(0, 3, "N").labels, {"C", "N", "D"})
  lu.assertEquals(segments("chords", {}):fit(0, 3, "N").intervals, {{0, 3}})
  raises("to must not lie before from (3 s), got 1 s", given.fit, given, 3, 1)
end

function TestTimes:test_compare()
  local metrics = require "moonlark.metrics"
  local truth, made = annotation.events("beats", {6, 7, 8, 9}), annotation.events("beats", {6, 7, 8.5})
  local figures = truth:compare(made)
  lu.assertEquals(figures["F-measure"], metrics.beat.f_measure(truth, made))
  lu.assertStrMatches(tostring(figures), "F%-measure +0%.5714\nAny Metric .*")
  local chord = segments("chords", {{0, 2, "C"}, {2, 4, "G"}})
  lu.assertEquals(chord:compare(segments("chords", {{0, 2, "C"}})).majmin, 0.5)
  local bars = annotation.new {kind = "beats", {start = 6, position = 1}, {start = 7, position = 2}, {start = 8, position = 1}}
  lu.assertEquals(bars:compare(annotation.new {kind = "beats", {start = 6, position = 1}}, "downbeats")["F-measure"], 2 / 3)
  lu.assertEquals(metrics.compare({bpm = 100}, {bpm = 50})["Accuracy 2"], 1)
  raises("unknown task: 'lyrics'", segments("lyrics", {}).compare, segments("lyrics", {}), chord)
  raises("estimate must be an Annotation", truth.compare, truth, {1, 2})
end

function TestFiles:test_errors()
  raises("must end in .jams, .lab, .beats, .csv, .txt, .TextGrid", beats.save, beats, path_of "b.xml")
  raises("a.lab, line 2: the start must be a number of seconds, got 'x 2 C'", annotation.load, write("a.lab", "0 1 C\nx 2 C\n"))
  raises("line 1: the stop must not lie before the start", annotation.load, write("a.lab", "2 1 C\n"))
  raises("line 3: start must be a number, got 'one'", annotation.load, write("a.csv", "start,label\n0,a\none,b\n"))
  raises("is no JAMS file", annotation.load, write("a.jams", "[]"))
  annotation.save_all(path_of "two.jams", {beats, chords})
  raises("holds several annotations (beats, chords): kind must name one", annotation.load, path_of "two.jams")
  raises("holds no sections (beats, chords)", annotation.load, path_of "two.jams", {kind = "sections"})
end

lib.run()
