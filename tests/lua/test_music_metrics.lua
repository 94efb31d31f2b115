-- Beats, onsets, keys, tempi, sections and notes: mir_eval's figures (tests/reference/music_metrics), and edges.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local events = require "moonlark.metrics.events"
local json = require "moonlark.base.json"
local matching = require "moonlark.metrics.matching"
local metrics = require "moonlark.metrics"
local torch = require "moonlark.torch"
local warning = require "moonlark.base.warning"

local raises = lib.fails
local frozen = json.read "tests/reference/music_metrics/events.json"

local function sections_of(rows)
  local made = {kind = "sections"}
  for i, row in ipairs(rows) do made[i] = {start = row[1], stop = row[2], label = row[3]} end
  return annotation.new(made)
end

TestEvents = {}

function TestEvents:test_beats_as_mir_eval()
  for i, case in ipairs(frozen.beats) do
    local made = metrics.beat.evaluate(case.reference, case.estimate)
    for name, value in pairs(made) do
      lu.assertAlmostEquals(value, case.scores[name], 1e-9, ("%s of case %d"):format(name, i))
    end
  end
end

function TestEvents:test_onsets_as_mir_eval()
  for _, case in ipairs(frozen.onsets) do
    local made = {metrics.onset.f_measure(case.reference, case.estimate)}
    for i = 1, 3 do lu.assertAlmostEquals(made[i], case.scores[i], 1e-9) end
  end
end

function TestEvents:test_keys_as_mir_eval()
  for _, case in ipairs(frozen.keys) do
    lu.assertEquals(metrics.key.weighted(case[1], case[2]), case[3], case[1] .. " and " .. case[2])
  end
  local found = annotation.new {kind = "key", tonic = "A", mode = "minor", {start = 0, stop = 1, label = "A minor"}}
  lu.assertEquals(metrics.key.weighted("A:minor", found), 1)
  lu.assertEquals(metrics.key.weighted("A minor", annotation.new {kind = "key"}), 0)
end

function TestEvents:test_tempi_as_mir_eval()
  for _, case in ipairs(frozen.tempi) do
    local p, one, both = metrics.tempo.detection(case[1], case[2], case[3])
    lu.assertAlmostEquals(p, case[4], 1e-9)
    lu.assertEquals({one, both}, {case[5], case[6]})
    lu.assertAlmostEquals(metrics.tempo.evaluate(case[1], case[2], case[3])["P-score"], case[4], 1e-9)
  end
  lu.assertEquals({metrics.tempo.accuracy(100, 104)}, {true, true})
  lu.assertEquals({metrics.tempo.accuracy(100, 104.1)}, {false, false})
  lu.assertEquals({metrics.tempo.accuracy(100, 50)}, {false, true})
  lu.assertEquals({metrics.tempo.accuracy(100, {bpm = 300})}, {false, true})
  lu.assertEquals({metrics.tempo.accuracy(100, 0)}, {false, false})
end

-- The truth may tell two tempi and how many people tap each; what music.tempo gives has candidates.
function TestEvents:test_tempi_of_annotations()
  local truth = annotation.new {kind = "tempo", {start = 0, value = 60, confidence = 0.2},
    {start = 0, value = 120, confidence = 0.6}}
  local made = metrics.compare(truth, {bpm = 121, candidates = {{bpm = 121, weight = 0.9}, {bpm = 80, weight = 0.1}}})
  lu.assertAlmostEquals(made["P-score"], 0.75, 1e-12)
  lu.assertEquals({made["Accuracy 1"], made["One-correct"], made["Both-correct"]}, {1, 1, 0})
  local one = annotation.new {kind = "tempo", {start = 0, value = 120}}
  lu.assertEquals(metrics.compare(one, truth)["P-score"], 1)
  lu.assertEquals(metrics.compare(one, truth)["Accuracy 1"], 0)
  raises("estimate tells no tempo", metrics.compare, one, annotation.new {kind = "tempo"})
end

-- mir_eval warns where it gives 0 because there is nothing.
function TestEvents:test_warnings()
  local before = warning.policy "error"
  local function says(words, f, ...)
    local fine, why = pcall(f, ...)
    lu.assertFalse(fine)
    lu.assertStrContains(why, words)
  end
  local none, one = sections_of {}, sections_of {{0, 10, "A"}}
  says("the reference has no beats", metrics.beat.f_measure, {}, {1})
  says("the estimate has no beats", metrics.beat.goto_score, {1}, {})
  says("the estimate has one beat only", metrics.beat.p_score, {1, 2}, {1})
  says("the reference has one beat only", metrics.beat.information_gain, {1}, {1, 2})
  says("the estimate has no onsets", metrics.onset.f_measure, {1}, {})
  says("the estimate has no segments", metrics.segment.detection, one, none)
  says("the reference has no chords", metrics.chord.accuracy, none, one)
  says("the estimate has no notes", metrics.transcription.notes, annotation.new {kind = "notes", {start = 0, stop = 1,
    pitch = 60}}, annotation.new {kind = "notes"})
  says("the reference has no frames", metrics.melody.evaluate, {times = {}, hz = {}}, {times = {1}, hz = {1}})
  warning.policy(before)
end

function TestEvents:test_sections_as_mir_eval()
  for i, case in ipairs(json.read "tests/reference/music_metrics/segments.json") do
    local made = metrics.segment.evaluate(sections_of(case.reference), sections_of(case.estimate))
    for name, value in pairs(case.scores) do
      lu.assertAlmostEquals(made[name], value, 1e-9, ("%s of case %d"):format(name, i))
    end
  end
end

function TestEvents:test_sections_within_sections_as_mir_eval()
  local function levels(list)
    local made = {}
    for i, rows in ipairs(list) do made[i] = sections_of(rows) end
    return made
  end
  for i, case in ipairs(json.read "tests/reference/music_metrics/hierarchies.json") do
    local made = metrics.hierarchy.evaluate(levels(case.reference), levels(case.estimate))
    for name, value in pairs(case.scores) do
      lu.assertAlmostEquals(made[name], value, 1e-9, ("%s of case %d"):format(name, i))
    end
  end
  local none = sections_of {}
  lu.assertEquals({metrics.hierarchy.l_measure({none}, {none})}, {0, 0, 0})
  raises("reference must be a list of Annotations, from coarse to fine", metrics.hierarchy.t_measure, none, {none})
end

function TestEvents:test_sections_of_nothing()
  local none, one = sections_of {}, sections_of {{0, 10, "A"}}
  lu.assertEquals(metrics.segment.detection(none, one), 0)
  lu.assertEquals({metrics.segment.detection(one, one, 0.5, true)}, {0, 0, 0})
  lu.assertEquals(metrics.segment.pairwise(none, none), 0)
  lu.assertEquals({metrics.segment.rand(one, one)}, {1, 1})
  lu.assertEquals(metrics.segment.nce(sections_of {{0, 0.05, "A"}}, one), 0)
  lu.assertNaN((metrics.segment.deviation(none, one)))
  lu.assertEquals({metrics.segment.mutual_information(none, one)}, {0, 0, 0})
  lu.assertEquals({metrics.segment.mutual_information(one, one)}, {0, 1, 1})
  raises("estimate must be an Annotation of segments, got nil", metrics.segment.pairwise, one)
end

local function notes_of(rows)
  local made = {kind = "notes"}
  for i, row in ipairs(rows) do
    made[i] = {start = row[1], stop = row[2], pitch = row[3], velocity = row[4] and row[4] / 127}
  end
  return annotation.new(made)
end

function TestEvents:test_notes_as_mir_eval()
  for i, case in ipairs(json.read "tests/reference/music_metrics/notes.json") do
    local made = metrics.transcription.evaluate(notes_of(case.reference), notes_of(case.estimate))
    for name, value in pairs(case.scores) do
      lu.assertAlmostEquals(made[name], value, 1e-9, ("%s of case %d"):format(name, i))
    end
  end
  local note = notes_of {{0, 1, 60}}
  lu.assertNil(metrics.transcription.evaluate(note, note)["Velocity_F-measure"])
  raises("reference must have a velocity for each note", metrics.transcription.with_velocities, note, note)
  lu.assertEquals({metrics.transcription.notes(note, note)}, {1, 1, 1, 1})
  lu.assertEquals({metrics.transcription.notes(note, notes_of {})}, {0, 0, 0, 0})
  local event = annotation.events("notes", {1})
  raises("estimate: note 1 must have a stop and a pitch", metrics.transcription.notes, note, event)
end

function TestEvents:test_a_largest_matching()
  local partner, size = matching.of {{1, 2}, {1}}
  lu.assertEquals({partner, size}, {{2, 1}, 2})
  lu.assertEquals(select(2, matching.of {{1, 2}, {1}, {1, 2}, {}}), 2)
  lu.assertEquals(select(2, matching.of {}), 0)
end

function TestEvents:test_what_times_may_be()
  local beats = annotation.events("beats", {6, 7, 8})
  lu.assertEquals(metrics.beat.f_measure(beats, torch.tensor({6, 7, 8}, {dtype = "float64"})), 1)
  lu.assertEquals(metrics.beat.f_measure(beats, {}), 0)
  lu.assertEquals({metrics.beat.continuity({6}, {6, 7})}, {0, 0, 0, 0})
  lu.assertEquals(metrics.beat.p_score({6}, {6}), 0)
  lu.assertEquals(events.matches({1, 1.05, 1.1}, {1.05, 1.12}, 0.05), 2)
  raises("reference must ascend, got 1 as number 2", metrics.beat.f_measure, {2, 1}, {1})
  raises("estimate must be an Annotation or a list of seconds, got nil", metrics.onset.f_measure, {1})
  raises("estimate must be a key such as A minor, got 'H dur'", metrics.key.weighted, "A minor", "H dur")
end

TestChords = {}

local function chords_of(list)
  local made = {kind = "chords"}
  for i, one in ipairs(list) do made[i] = {start = one[1], stop = one[2], label = one[3]} end
  return annotation.new(made)
end

function TestChords:test_as_mir_eval()
  for i, case in ipairs(json.read "tests/reference/music_metrics/chords.json") do
    local made = metrics.chord.evaluate(chords_of(case.reference), chords_of(case.estimate))
    for name, value in pairs(case.scores) do
      lu.assertAlmostEquals(made[name], value, 1e-9, ("%s of case %d"):format(name, i))
    end
  end
end

function TestChords:test_edges()
  local some, none = chords_of {{0, 2, "C:maj"}, {2, 4, "N"}}, annotation.new {kind = "chords"}
  lu.assertEquals(metrics.chord.accuracy(some, some), 1)
  lu.assertEquals(metrics.chord.accuracy(some, none), 0.5) -- nothing said is "N"
  lu.assertEquals(metrics.chord.accuracy(none, some), 0)
  lu.assertEquals(metrics.chord.accuracy(chords_of {{0, 1, "X"}}, some), 0)
  raises("'H:maj' is no chord in Harte's notation", metrics.chord.accuracy, chords_of {{0, 1, "H:maj"}}, some)
  raises("'C:maj(9' is no chord", metrics.chord.accuracy, chords_of {{0, 1, "C:maj(9"}}, some)
  raises("unknown vocabulary: 'minmaj'", metrics.chord.accuracy, some, some, "minmaj")
  raises("reference must be an Annotation", metrics.chord.accuracy, {}, some)
end

TestMelodies = {}

function TestMelodies:test_as_mir_eval()
  for i, case in ipairs(json.read "tests/reference/music_metrics/melodies.json") do
    local made = metrics.melody.evaluate(case.reference, case.estimate)
    for name, value in pairs(case.scores) do
      lu.assertAlmostEquals(made[name], value, 1e-9, ("%s of case %d"):format(name, i))
    end
  end
  raises("reference must be a Signal of Hz or {times, hz}, got nil", metrics.melody.evaluate)
  raises("reference must have as many times as hz, got 1 and 0", metrics.melody.evaluate, {times = {1}, hz = {}}, {})
end

TestSeparation = {}

-- By the formula: noise at right angles to the truth, a tenth of its power.
function TestSeparation:test_si_sdr()
  local truth, noise = torch.tensor({1, -1, 1, -1}):float(), torch.tensor({1, 1, -1, -1}):float()
  local db = metrics.separation.si_sdr(truth, 3 * (truth + math.sqrt(0.1) * noise))
  lu.assertAlmostEquals(db, 10, 1e-5)
  lu.assertEquals(metrics.separation.si_sdr(truth, truth * 0.5), math.huge)
  lu.assertAlmostEquals(metrics.separation.si_sdr(torch.stack {truth, truth},
    torch.stack {truth + math.sqrt(0.1) * noise, truth + 0.1 * noise}), 15, 1e-5)
  raises("reference must not be silent", metrics.separation.si_sdr, truth * 0, truth)
  raises("estimate must have the shape of reference, 1 × 4, got 1 × 3", metrics.separation.si_sdr, truth, truth:narrow(0, 0, 3))
end

-- The sounds of tests/reference/music_metrics/separation.py.
local function noise(seed, n)
  local list = {}
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) % (1 << 31)
    list[i] = seed / 2 ^ 30 - 1
  end
  return torch.tensor(list, {dtype = "float64"})
end

local function source(seed, n, pole)
  local list, last = noise(seed, n):totable(), 0
  for i, x in ipairs(list) do
    last = x + pole * last
    list[i] = last
  end
  return torch.tensor(list, {dtype = "float64"})
end

local samples = 6000
local truth = torch.stack {source(1, samples, .9), source(2, samples, -.5)}
local delayed = torch.constant_pad_nd(truth, {3, 0}):narrow(1, 0, samples)
local guess = torch.stack {.8 * delayed[1] + .05 * truth[0] + .02 * noise(3, samples),
  truth[0] + .1 * truth[1] + .03 * noise(4, samples)}

local function image(i) return torch.stack {truth[i], .4 * delayed[i] + .1 * noise(5 + i, samples)} end
local images = torch.stack {image(0), image(1)}

local function grain(i) return torch.stack {noise(7 + i, samples), noise(9 + i, samples)} end
local heard = images + .1 * images:flip {0} + .03 * torch.stack {grain(0), grain(1)}

function TestSeparation:test_bss_eval_as_mir_eval()
  local expected = json.read "tests/reference/music_metrics/separation.json"
  local bss_eval = metrics.separation.bss_eval
  local made = {
    sources = bss_eval(truth, guess, {method = "sources", permutation = true}),
    fixed = bss_eval(truth, guess:flip {0}, {method = "sources"}),
    images = bss_eval(images, heard, {permutation = true}),
    framewise = bss_eval(images, heard, {window = 4000, hop = 2000}),
  }
  for name, figures in pairs(expected) do
    for figure, list in pairs(figures) do
      local move = figure == "permutation" and 1 or 0
      for i, value in ipairs(list) do
        local got, wanted = made[name][figure][i], value
        for k = 1, type(value) == "table" and #value or 1 do
          if type(value) == "table" then got, wanted = made[name][figure][i][k], value[k] end
          lu.assertAlmostEquals(got - move, wanted, 1e-6, ("%s %s %d %d"):format(name, figure, i, k))
        end
      end
    end
  end
end

function TestSeparation:test_edges()
  local bss_eval = metrics.separation.bss_eval
  local made = metrics.separation.evaluate(images, heard)
  lu.assertTrue(made.SDR > 15 and made.SDR < 25 and made["SI-SDR"] > 15)
  -- A channel that is silent cannot be projected on; the other one can.
  local half = images:clone()
  half:select(1, 1):zero_()
  lu.assertTrue(bss_eval(half, heard).sar[1] > 0)
  local silent = truth:clone()
  silent[0]:zero_()
  raises("estimate must have no silent source", bss_eval, truth, silent)
  local windows = bss_eval(torch.cat({truth, truth}, 1), torch.cat({guess, guess * torch.tensor {{0}, {1}}}, 1),
    {method = "sources", window = 6000, hop = 3000})
  lu.assertTrue(windows.sdr[2][1] == windows.sdr[2][1])
  lu.assertNaN(windows.sdr[2][3])
  raises("estimate must have as many samples as reference, 6000, got 100", bss_eval, truth, guess:narrow(1, 0, 100))
  raises("sources must have one channel", bss_eval, images, heard, {method = "sources"})
  raises("reference must be a list of waveforms", bss_eval, 3, guess)
  raises("estimate must have a source or more, got none", bss_eval, truth, {})
  raises("reference must have at most 10 sources, got 11", bss_eval, torch.ones {11, 5}, torch.ones {11, 5})
end

lib.run()
