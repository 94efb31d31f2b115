-- Music that is made to train networks with: MIDI back and forth, the same seed, and truth that fits what is played.
local lib = require "lib"
local lu = require "luaunit"
local arrange = require "scripts.train.rendered.arrange"
local midi = require "moonlark.base.midi"
local pop909 = require "scripts.train.rendered.pop909"
local progressions = require "scripts.train.rendered.progressions"
local random = require "moonlark.corpus.random"

local raises = lib.fails

TestMidi = {}

function TestMidi:test_back_and_forth()
  local tracks = {
    {program = 5, channel = 2, notes = {{start = 0.25, stop = 1, pitch = 60, velocity = 90},
      {start = 1, stop = 1.5, pitch = 60, velocity = 80}, {start = 1, stop = 200.125, pitch = 67, velocity = 1}}},
    {channel = 9, notes = {{start = 0, stop = 0.1, pitch = 36, velocity = 127}}},
  }
  local made, tempi = midi.read(midi.write(tracks), "written")
  lu.assertEquals(tempi, {{start = 0, bpm = 120}})
  for i, track in ipairs(tracks) do
    lu.assertEquals(made[i + 1].program, track.program)
    lu.assertEquals(made[i + 1].channel, track.channel)
    for k, note in ipairs(track.notes) do
      for name, value in pairs(note) do lu.assertAlmostEquals(made[i + 1].notes[k][name], value, 1e-9) end
    end
  end
end

-- Running status, a tempo that changes in another track, a note on of velocity 0, and one that never stops.
function TestMidi:test_what_others_write()
  local head = "MThd" .. (">I4I2I2I2"):pack(6, 1, 2, 96)
  local tempo = "\0\xFF\x51\3\7\xA1\x20" .. "\x60\xFF\x51\3\x0F\x42\x40" .. "\0\xFF\x2F\0" -- 120 BPM, then 60 after a quarter
  local notes = "\0\xFF\3\2hi" .. "\0\x90\x3C\x40" .. "\x60\x3C\0" .. "\0\x3E\x40" .. "\x60\xB0\7\x64" .. "\0\xFF\x2F\0"
  local function chunk(data) return "MTrk" .. (">s4"):pack(data) end
  local made, tempi = midi.read(head .. chunk(tempo) .. chunk(notes), "other")
  lu.assertEquals(made[2].name, "hi")
  lu.assertEquals(#made[2].notes, 2)
  lu.assertAlmostEquals(made[2].notes[1].stop, 0.5, 1e-9)
  lu.assertAlmostEquals(made[2].notes[2].start, 0.5, 1e-9)
  lu.assertAlmostEquals(made[2].notes[2].stop, 1.5, 1e-9)
  lu.assertEquals(tempi[2], {start = 0.5, bpm = 60})
end

function TestMidi:test_damaged()
  raises("x is no MIDI file", midi.read, "RIFF", "x")
  local whole = midi.write {{channel = 0, notes = {{start = 0, stop = 1, pitch = 60, velocity = 90}}}}
  for length = 14, #whole - 1 do
    local ok, message = pcall(midi.read, whole:sub(1, length), "cut")
    lu.assertTrue(ok or tostring(message):find "cut is damaged" ~= nil, message)
  end
  raises("film", midi.read, "MThd" .. (">I4I2I2I2"):pack(6, 1, 1, 0xE728), "x")
end

TestArrange = {}

local function song()
  local chords, notes = {}, {}
  for bar = 0, 39 do
    chords[bar + 1] = {start = 4 * bar, length = 4, root = ({0, 9, 5, 7})[bar % 4 + 1], quality = bar % 4 == 1 and "min" or "maj"}
    for beat = 0, 3 do notes[#notes + 1] = {start = 4 * bar + beat, length = 1, pitch = 60 + chords[bar + 1].root % 12, velocity = 90} end
  end
  return {meter = 4, runs = {{start = 0, stop = 160}}, chords = chords, melody = notes, piano = notes,
    keys = {{start = 0, stop = 160, tonic = 0, mode = "major"}}}
end

-- The place in its bar of the beat at a time; nil between beats.
local function place_of(truth, time)
  for _, beat in ipairs(truth.beats) do
    if math.abs(beat.time - time) < 1e-9 then return beat.value end
  end
end

function TestArrange:test_the_same_seed_gives_the_same_bytes()
  for seed = 1, 6 do
    local function made() return midi.write((arrange.piece(random.new("test", seed), 20, seed % 2 == 0 and song() or nil))) end
    lu.assertEquals(made(), made())
  end
end

function TestArrange:test_the_truth_fits()
  for seed = 1, 40 do
    local tracks, truth = arrange.piece(random.new("truth", seed), 20, seed % 2 == 0 and song() or nil)
    local at = 0
    for _, chord in ipairs(truth.chords) do
      lu.assertAlmostEquals(chord.time, at, 1e-9)
      at = chord.time + chord.duration
    end
    lu.assertAlmostEquals(at, 20, 1e-9)
    for i = 2, #truth.beats do
      lu.assertTrue(truth.beats[i].time > truth.beats[i - 1].time)
      lu.assertTrue(truth.beats[i].value == truth.beats[i - 1].value + 1 or truth.beats[i].value == 1)
    end
    lu.assertTrue(#tracks > 0)
  end
end

-- Of a song all parts are moved together: its melody, whose notes are the roots, lies on the roots of the truth.
function TestArrange:test_a_song_is_transposed_as_a_whole()
  local roots, checked = {}, 0
  for class, name in pairs(progressions.names) do roots[name] = class end
  for seed = 1, 30 do
    local tracks, truth = arrange.piece(random.new("song", seed), 20, song())
    for _, track in ipairs(tracks) do
      for _, note in ipairs((track.channel == 4 or track.channel == 5) and track.notes or {}) do
        for _, chord in ipairs(truth.chords) do
          local middle = (note.start + note.stop) / 2
          if middle >= chord.time and middle < chord.time + chord.duration and chord.value ~= "N" then
            lu.assertEquals(note.pitch % 12, roots[chord.value:match "^[^:]+"])
            checked = checked + 1
          end
        end
      end
    end
  end
  lu.assertTrue(checked > 200)
end

-- Chords that are made up change with the bars that are told, whatever the beat at which the clip begins.
function TestArrange:test_chords_change_with_bars()
  local places, begun = {}, {}
  for seed = 1, 120 do
    local _, truth = arrange.piece(random.new("bars", seed), 20)
    begun[truth.beats[1].value] = true
    for i = 2, truth.style ~= "waltz" and #truth.chords or 0 do
      local place = place_of(truth, truth.chords[i].time)
      places[place] = (places[place] or 0) + 1
    end
  end
  lu.assertEquals(#begun, 4) -- clips begin at any beat
  lu.assertEquals({places[2], places[4]}, {})
  lu.assertTrue(places[1] > 2 * places[3], "half bars are rare")
end

-- A song whose bars are whole only in the middle, where it is in another key: passages are of there, in that key.
function TestArrange:test_songs_are_taken_where_their_bars_are_whole()
  local taken = 0
  for seed = 1, 40 do
    local given = song()
    for _, chord in ipairs(given.chords) do chord.start = chord.start + 42 end
    for _, note in ipairs(given.melody) do note.start = note.start + 42 end
    given.runs = {{start = 0, stop = 16}, {start = 42, stop = 202}}
    given.keys = {{start = 0, stop = 42, tonic = 1, mode = "minor"}, {start = 42, stop = 202, tonic = 0, mode = "major"}}
    local tracks, truth = arrange.piece(random.new("runs", seed), 20, given)
    lu.assertTrue(#tracks > 0)
    for i = 2, #truth.chords do lu.assertEquals(place_of(truth, truth.chords[i].time), 1) end
    if truth.key then
      taken = taken + 1
      lu.assertStrContains(truth.key, ":major")
    end
  end
  lu.assertTrue(taken > 20)
end

-- Where a song has no passage as long, harmony is made up; one in three is played in three.
function TestArrange:test_songs_that_do_not_fit()
  local given = song()
  given.runs = {{start = 0, stop = 8}}
  local _, truth = arrange.piece(random.new("short", 1), 20, given)
  lu.assertAlmostEquals(truth.chords[#truth.chords].time + truth.chords[#truth.chords].duration, 20, 1e-9)
  given = song()
  given.meter = 3
  _, truth = arrange.piece(random.new("three", 1), 20, given)
  lu.assertEquals(truth.style, "waltz")
end

-- A chord that is told sounds: hardly ever is there a bar of which nothing is heard but the melody.
function TestArrange:test_chords_that_are_told_sound()
  local told, mute = 0, 0
  for seed = 1, 60 do
    local tracks, truth = arrange.piece(random.new("sound", seed), 20)
    for _, chord in ipairs(truth.chords) do
      local heard = chord.value == "N"
      for _, track in ipairs(tracks) do
        for _, note in ipairs(track.channel ~= 9 and track.channel ~= 4 and track.notes or {}) do
          heard = heard or note.start < chord.time + chord.duration and note.stop > chord.time
        end
      end
      told, mute = told + 1, mute + (heard and 0 or 1)
    end
  end
  lu.assertTrue(mute <= 0.01 * told, ("%d of %d"):format(mute, told))
end

TestPop909 = {}

-- Of the collection, where it is there: passages lie in bars that the song's own file marks.
function TestPop909:test_bars_are_as_the_song_marks_them()
  local folder = lib.music "POP909"
  local songs = {[5] = 4, [32] = 4, [34] = 3, [801] = 4}
  for number, meter in pairs(songs) do
    local given = pop909.read(folder, number)
    lu.assertEquals(given.meter, meter)
    lu.assertTrue(#given.runs > 0 and #given.keys > 0 and #given.chords > 20 and #given.melody > 50)
    for i, run in ipairs(given.runs) do
      lu.assertEquals((run.stop - run.start) % meter, 0)
      lu.assertTrue(i == 1 or run.start >= given.runs[i - 1].stop)
    end
  end
  -- The first bar of song 32 is of another length than four: who counts on from it is wrong to the end.
  lu.assertNotEquals(pop909.read(folder, 32).runs[1].start % 4, 0)
end

lib.run()
