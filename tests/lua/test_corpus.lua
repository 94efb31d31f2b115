local lib = require "lib"
local lu = require "luaunit"
local compose = require "moonlark.corpus.compose"
local corpus = require "moonlark.corpus"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local random = require "moonlark.corpus.random"
local styles = require "moonlark.corpus.styles"
local theory = require "moonlark.corpus.theory"

-- Scores are cheap to write without playing them.
local function scores(style, n, seconds)
  local list = {}
  for index = 0, n - 1 do
    list[index + 1] = compose.piece(styles[style], random.new(0, style, index):fork "score", seconds or 12)
  end
  return list
end

TestTruth = {}

function TestTruth:test_beats_lie_within_the_clip_one_beat_apart()
  for _, style in ipairs(corpus.styles()) do
    for _, piece in ipairs(scores(style, 10)) do
      lu.assertTrue(#piece.beats >= 10)
      local low, high = table.unpack(styles[style].tempo)
      lu.assertTrue(piece.tempo >= low and piece.tempo <= high)
      for i, beat in ipairs(piece.beats) do
        lu.assertTrue(beat.time >= 0 and beat.time < piece.duration)
        lu.assertTrue(beat.position >= 1 and beat.position <= piece.meter)
        if i > 1 then
          lu.assertAlmostEquals(beat.time - piece.beats[i - 1].time, 60 / piece.tempo, 1e-9)
          lu.assertEquals(beat.position, piece.beats[i - 1].position % piece.meter + 1)
        end
      end
      -- No beat is missing at either end.
      lu.assertTrue(piece.beats[1].time < 60 / piece.tempo + 1e-9)
      lu.assertTrue(piece.duration - piece.beats[#piece.beats].time <= 60 / piece.tempo + 1e-9)
    end
  end
end

function TestTruth:test_chords_and_sections_cover_the_clip_and_change_on_beats()
  for _, style in ipairs(corpus.styles()) do
    for _, piece in ipairs(scores(style, 10)) do
      for _, spans in ipairs {piece.chords, piece.sections} do
        local time = 0
        for i, span in ipairs(spans) do
          lu.assertAlmostEquals(span.time, time, 1e-6)
          time = span.time + span.duration
          if i > 1 then lu.assertNotEquals(span.value, spans[i - 1].value) end
        end
        lu.assertAlmostEquals(time, piece.duration, 1e-6)
      end
      for i = 2, #piece.sections do
        local nearest = math.huge
        for _, beat in ipairs(piece.beats) do
          if beat.position == 1 then nearest = math.min(nearest, math.abs(beat.time - piece.sections[i].time)) end
        end
        lu.assertTrue(nearest < 1e-6)
      end
      lu.assertTrue(#piece.sections >= 2)
    end
  end
end

function TestTruth:test_key_is_one_of_24_and_chords_are_spelt_as_harte_says()
  for _, style in ipairs(corpus.styles()) do
    for _, piece in ipairs(scores(style, 10)) do
      lu.assertStrMatches(piece.key, "[A-G][b#]?:%a+")
      lu.assertTrue(piece.mode == "major" or piece.mode == "minor")
      for _, chord in ipairs(piece.chords) do
        local quality = chord.value:match "^[A-G][b#]?:(%w+)$"
        lu.assertNotNil(theory.qualities[quality])
      end
    end
  end
end

function TestTruth:test_notes_played_belong_to_the_chord_that_is_named()
  for _, style in ipairs {"rock", "classical", "jazz"} do
    for _, piece in ipairs(scores(style, 5)) do
      local classes = {C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11}
      local checked = 0
      for _, event in ipairs(piece.events) do
        for _, chord in ipairs(event.part == "comp" and piece.chords or {}) do
          if event.at > chord.time + 0.05 and event.at < chord.time + chord.duration - 0.05 then
            local root, sign, quality = chord.value:match "^(%u)([b#]?):(%w+)$"
            root = classes[root] + (sign == "b" and -1 or sign == "#" and 1 or 0)
            local tones = {}
            for _, interval in ipairs(theory.qualities[quality]) do tones[(root + interval) % 12] = true end
            for _, pitch in ipairs(event.pitches) do lu.assertTrue(tones[pitch % 12]) end
            checked = checked + 1
          end
        end
      end
      lu.assertTrue(checked > 5)
    end
  end
end

-- Most of a pair's pieces lie where the other's do too: the middle 80 % of tempos intersect, and so do keys.
function TestTruth:test_most_pairs_of_styles_overlap_in_tempo_and_in_key()
  local names, tempos, keys = corpus.styles(), {}, {}
  lu.assertEquals(#names, 10)
  for _, style in ipairs(names) do
    tempos[style], keys[style] = {}, {}
    for i, piece in ipairs(scores(style, 60)) do
      tempos[style][i] = piece.tempo
      keys[style][piece.key] = true
    end
    table.sort(tempos[style])
  end
  local pairs_of_styles, tempo_overlaps, key_overlaps = 0, 0, 0
  for i, a in ipairs(names) do
    for j = i + 1, #names do
      local b = names[j]
      pairs_of_styles = pairs_of_styles + 1
      if math.max(tempos[a][6], tempos[b][6]) < math.min(tempos[a][54], tempos[b][54]) then
        tempo_overlaps = tempo_overlaps + 1
      end
      local shared, all = 0, {}
      for key in pairs(keys[a]) do
        all[key] = true
        if keys[b][key] then shared = shared + 1 end
      end
      for key in pairs(keys[b]) do all[key] = true end
      local union = 0
      for _ in pairs(all) do union = union + 1 end
      if shared * 2 > union then key_overlaps = key_overlaps + 1 end
    end
  end
  print(("%d pairs: %d overlap in tempo, %d share most keys"):format(pairs_of_styles, tempo_overlaps, key_overlaps))
  lu.assertTrue(tempo_overlaps > pairs_of_styles / 2)
  lu.assertTrue(key_overlaps > pairs_of_styles / 2)
end

TestSound = {}

function TestSound:test_the_same_seed_gives_the_same_samples_and_another_seed_others()
  local a = corpus.clip("blues", 2, {seconds = 2})
  corpus.clip("metal", 0, {seconds = 1})
  math.randomseed(7)
  local b = corpus.clip("blues", 2, {seconds = 2})
  lu.assertEquals(#a, 2 * corpus.rate)
  for i = 1, #a do if a[i] ~= b[i] then lu.fail(("sample %d differs"):format(i)) end end
  for _, other in ipairs {corpus.clip("blues", 3, {seconds = 2}), (corpus.clip("blues", 2, {seconds = 2, seed = 1}))} do
    local same = 0
    for i = 1, #a do if a[i] == other[i] then same = same + 1 end end
    lu.assertTrue(same < #a / 10)
  end
end

function TestSound:test_levels_are_sound_in_every_style()
  for _, style in ipairs(corpus.styles()) do
    local samples = corpus.clip(style, 0, {seconds = 3})
    local peak, sum = 0, 0
    for _, x in ipairs(samples) do
      if x ~= x then lu.fail(style .. " holds NaN") end
      peak, sum = math.max(peak, math.abs(x)), sum + x
    end
    lu.assertTrue(peak <= 10 ^ (-0.3 / 20) + 1e-9)
    lu.assertTrue(peak >= 10 ^ (-6 / 20) * 0.7)   -- the loudest moment may lie in the ramp at an end
    lu.assertTrue(math.abs(sum / #samples) < 0.01)
    lu.assertTrue(math.abs(samples[1]) < 1e-3 and math.abs(samples[#samples]) < 1e-3)
  end
end

-- A3 repeats after 100.2 samples: no other lag near it may fit better.
function TestSound:test_every_instrument_is_in_tune_and_ends_without_a_click()
  local synth = require "moonlark.corpus.synth"
  for name, sound in pairs(synth.sounds) do
    local instrument = synth.instrument(sound, random.new(0, name), corpus.rate)
    local note, best, best_lag = instrument:note(57, 0.4), 0, 0
    local first = #note // 3
    local last = math.min(first + 2500, #note - 130)
    for lag = 80, 130 do
      local product, here, there = 0, 1e-9, 1e-9
      for i = first, last do
        product, here, there = product + note[i] * note[i + lag], here + note[i] ^ 2, there + note[i + lag] ^ 2
      end
      local fit = product / math.sqrt(here * there)
      if fit > best then best, best_lag = fit, lag end
    end
    lu.assertEquals({name, best_lag}, {name, 100})
    lu.assertTrue(best > 0.9)
    for _, seconds in ipairs {0.1, 8} do
      local chord = instrument:chord({48, 55, 60}, seconds, 0.01)
      lu.assertTrue(math.abs(chord[#chord]) < 0.002)
    end
  end
end

TestFolder = {}

lib.in_folder {TestFolder}

local function hashes(folder)
  local found = {}
  for _, path in ipairs(files.tree(folder)) do
    found[path:sub(#folder + 2)] = require("moonlark_core").store.hash_file(path)
  end
  return found
end

function TestFolder:test_workers_and_interruptions_change_nothing()
  local one, two = files.join(self.folder, "one"), files.join(self.folder, "two's")
  local settings = {clips = 2, seconds = 1.5, styles = {"jazz", "house"}, workers = 1}
  lu.assertEquals(corpus.generate(one, settings), {made = 4, kept = 0})
  settings.workers = 2
  local told = {}
  settings.progress = function(done, total) told[#told + 1] = done .. "/" .. total end
  corpus.generate(two, settings)
  lu.assertEquals(told, {"1/4", "2/4", "3/4", "4/4"})
  lu.assertEquals(hashes(two), hashes(one))

  -- What a killed run may leave: a clip without its truth, a clip that is missing.
  local before = hashes(one)
  files.remove(files.join(two, "jazz/jazz.00001.jams"))
  files.write(files.join(two, "jazz/jazz.00001.wav"), "half")
  files.remove(files.join(two, "house/house.00000.wav"))
  lu.assertEquals(corpus.generate(two, settings), {made = 2, kept = 2})
  lu.assertEquals(hashes(two), before)
  lu.assertEquals(corpus.generate(two, settings), {made = 0, kept = 4})
end

function TestFolder:test_files_are_wav_and_jams()
  corpus.generate(self.folder, {clips = 1, seconds = 2, styles = {"bossa"}})
  local base = files.join(self.folder, "bossa/bossa.00000")
  local wav = files.read(base .. ".wav")
  lu.assertEquals(#wav, 44 + 2 * 2 * corpus.rate)
  lu.assertEquals({wav:sub(1, 4), (("<I4"):unpack(wav, 25)), (("<I2"):unpack(wav, 35))}, {"RIFF", corpus.rate, 16})
  local samples, piece = corpus.clip("bossa", 0, {seconds = 2})
  for i = 1, #samples, 97 do
    lu.assertTrue(math.abs(("<i2"):unpack(wav, 43 + 2 * i) / 32767 - samples[i]) <= 0.5 / 32767 + 1e-9)
  end
  local truth, data = json.decode(files.read(base .. ".jams")), {}
  for _, annotation in ipairs(truth.annotations) do data[annotation.namespace] = annotation.data end
  lu.assertEquals(truth.file_metadata.duration, 2)
  lu.assertEquals(data.tag_open[1].value, "bossa")
  lu.assertEquals(data.tempo[1].value, piece.tempo)
  lu.assertEquals(data.key_mode[1].value, piece.key)
  lu.assertEquals(#data.beat, #piece.beats)
  lu.assertEquals(data.chord[1].value, piece.chords[1].value)
  lu.assertEquals(data.segment_open[1].value, piece.sections[1].value)
end

function TestFolder:test_a_folder_holds_one_kind_of_corpus()
  corpus.generate(self.folder, {clips = 1, seconds = 1, styles = {"rock"}})
  lu.assertErrorMsgContains("holds a corpus of seconds 1, not 2", corpus.generate, self.folder,
    {clips = 1, seconds = 2, styles = {"rock"}})
  lu.assertErrorMsgContains('did you mean "jazz"', corpus.generate, self.folder, {styles = {"jaz"}})
  lu.assertErrorMsgContains("clips must be", corpus.generate, self.folder, {clips = 0})
  lu.assertErrorMsgContains("seconds must be a number 1..600, got 0", corpus.generate, self.folder .. "/x", {seconds = 0.0, clips = 1})
end

lib.run()
