-- moonlark analyze: words, JSON and the page, of files, waveforms and what is no sound.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, raises = lib.folder(), lib.fails

local function tone(seconds)
  local t = torch.arange(math.floor(seconds * 22050), {dtype = "float64"}) / 22050
  return signal.new {data = (0.3 * (2 * math.pi * 440 * t):sin()):float():unsqueeze(0), rate = 22050, kind = "waveform"}
end

local function silence(samples)
  return signal.new {data = torch.zeros {1, samples}, rate = 22050, kind = "waveform"}
end

TestAnalyze = {}

function TestAnalyze:test_words_and_plain_numbers()
  local path = files.join(folder, "tone.wav")
  audio.save(path, tone(5))
  local about = music.analyze(path)
  lu.assertAlmostEquals(about.duration, 5, 1e-6)
  lu.assertStrContains(tostring(about), "LUFS")
  local plain = about:plain()
  lu.assertEquals(plain.path, path)
  lu.assertAlmostEquals(plain.loudness.integrated, -14.1, 0.1) -- RMS of -13.5 dB; 440 Hz weighs 0.6 dB less than 1 kHz
  lu.assertNil(plain.loudness.momentary) -- curves are not told
  about:save(files.join(folder, "tone.json"))
  lu.assertEquals(json.read(files.join(folder, "tone.json")).duration, 5)
  about:save(files.join(folder, "tone.jams"))
  lu.assertEquals(annotation.load(files.join(folder, "tone.jams"), {kind = "key"}).labels, about.key.labels)
  local tempo = annotation.load(files.join(folder, "tone.jams"), {kind = "tempo"})
  lu.assertEquals(#tempo, #about.tempo.candidates)
  raises("must end in .json", about.save, about, files.join(folder, "tone.xml"))
end

function TestAnalyze:test_the_page_is_one_file_and_holds_no_markup_of_names()
  local path = files.join(folder, "a <b> & 'c'.wav")
  audio.save(path, tone(2))
  local about = music.analyze(path)
  local page = files.join(folder, "page.html")
  about:save(page)
  local html = files.read(page)
  lu.assertStrContains(html, "a &lt;b&gt; &amp;")
  lu.assertNil(html:find("<b> &", 1, true))
  lu.assertNil(html:find "src=\"[^d]") -- nothing is loaded
  lu.assertNil(html:find("https?://"))
  local data = html:match '<script id="song" type="application/json">(.-)</script>'
  local song = json.decode(data)
  lu.assertAlmostEquals(song.duration, 2, 1e-6)
  lu.assertEquals(song.envelope.rows, 2)
  lu.assertEquals(song.mel.rows, 40)
  local first = about.genre_rules.rules[1]
  lu.assertStrContains(html, ("<li>%s (%.0f %%); "):format(first.says, 100 * first.truth))
end

-- Each part prints itself in words, not as a table of digits.
function TestAnalyze:test_what_the_prompt_prints()
  local about = music.analyze(tone(5))
  lu.assertStrMatches(tostring(about.loudness), "%-14%.%d LUFS, range 0%.0 LU, true peak %-10%.%d dBTP")
  lu.assertStrContains(tostring(about.quality), "22050 Hz, 1 channel, 5.0 s, true peak -10.")
  lu.assertStrMatches(tostring(about.mood), "energy +0%.%d%d  of flux .*loudness %-14%.%d.*\nvalence +0%.%d%d  experimental; of mode .*")
  lu.assertStrMatches(tostring(about.genre_rules), "%l+ +%d+ %%\n.*\nheard, by %d+ %%: %l.*")
  lu.assertEquals(tostring(about.key), about.key.tonic .. " " .. about.key.mode)
  local beats = annotation.new {kind = "beats", tempo = 120, meter = 4, duration = 2, {start = 0.5, position = 1}}
  lu.assertEquals(tostring(beats), "1 beats  2.000 s  120.0 BPM  4 in a bar\n    0.500  1")
  local keys = annotation.new {kind = "key", tonic = "A", mode = "minor", {start = 0, stop = 1, label = "A minor"},
    {start = 1, stop = 2, label = "C major"}}
  lu.assertStrMatches(tostring(keys), "A minor\n +0%.000 +1%.000  A minor\n +1%.000 +2%.000  C major")
end

-- The figures of eleven songs, one of which is long and one a copy.
function TestAnalyze:test_the_overview()
  local overview, plains = require "moonlark.music.analysis.page.overview", {}
  for i = 1, 10 do
    plains[i] = {path = "songs/<" .. i .. ">.wav", duration = i == 7 and 600 or 120, tempo = 100 + i, meter = 4,
      loudness = {integrated = -14 - i / 10}, quality = {faults = i == 3 and {"clipped"} or {}}}
  end
  plains[11] = plains[1]
  local html = overview.of(plains, {{path = "x.wav", reason = "is empty"}}, "Songs & more")
  for _, words in ipairs {"Songs &amp; more", "11 songs, 30 minutes.", "median 105.0 BPM", "median 2:00",
    "<li>&lt;7&gt;.wav: length 10:00, usually 2:00</li>", "<li>&lt;1&gt;.wav = &lt;1&gt;.wav</li>",
    "<li>&lt;3&gt;.wav: clipped</li>", "<li>x.wav: is empty</li>", "<td>10:00</td><td>107.0</td><td>4</td>"} do
    lu.assertStrContains(html, words)
  end
  -- Songs of one name are told apart by their folders; the same file twice cannot be.
  local function names(...)
    local list = {}
    for i, path in ipairs {...} do list[i] = {path = path} end
    local cells = {}
    for name in overview.of(list, {}, ""):gmatch "<tr><td>([^<]*)" do cells[#cells + 1] = name end
    return cells
  end
  lu.assertEquals(names("x/a/s.wav", "x/b/s.wav", "t.wav"), {"a/s.wav", "b/s.wav", "t.wav"})
  lu.assertEquals(names("s.wav", "a/s.wav", "/a/s.wav", "a/s.wav"), {"s.wav", "a/s.wav", "/a/s.wav", "a/s.wav"})
  lu.assertStrContains(overview.of({}, {}, "none"), "0 songs, 0 minutes.")
end

function TestAnalyze:test_degenerate_sounds()
  local path = files.join(folder, "silence.wav")
  for _, samples in ipairs {0, 1, 441, 2205, 44100} do
    audio.save(path, silence(samples))
    for _, song in ipairs {silence(samples), path} do
      local about = music.analyze(song)
      lu.assertStrContains(tostring(about), "silence all through")
      lu.assertStrContains(json.encode(about:plain()), '"tempo_candidates":[]')
      about:save(files.join(folder, "silence.html"))
    end
  end
end

function TestAnalyze:test_a_sound_too_short_for_its_loudness_is_not_called_silent()
  local about = music.analyze(tone(0.1))
  lu.assertStrContains(tostring(about), "loudness       too short or too quiet to tell, true peak -10.")
  lu.assertNil(tostring(about):find(" 0.0 BPM", 1, true))
  lu.assertStrContains(json.encode(about:plain().quality), '"faults":[]')
end

function TestAnalyze:test_errors()
  raises("parts must be", music.analyze, tone(1), {parts = {"colour"}})
  raises("song must be a path or a waveform Signal, got nil", music.analyze, nil)
end

TestCommand = {}

-- Two songs and a file that is none, in a folder of their own.
local function collection()
  local place = files.join(folder, "songs")
  files.mkdirs(place)
  audio.save(files.join(place, "a.wav"), tone(3))
  audio.save(files.join(place, "b.wav"), tone(4))
  files.write(files.join(place, "broken.wav"), "no sound")
  return place
end

local function analyze(...)
  return lib.moonlark(folder, {"MOONLARK_CACHE=" .. files.join(folder, "cache")}, "analyze", ...)
end

function TestCommand:test_one_song()
  local place = collection()
  local song = files.join(place, "a.wav")
  local said = analyze(song)
  lu.assertEquals(said.code, 0, said.all)
  lu.assertStrContains(said.out, "LUFS")
  local report, annotations = files.join(folder, "a.html"), files.join(folder, "a.jams")
  said = analyze(song, "--json", "--jams", annotations, "--report", report)
  lu.assertEquals(said.code, 0, said.all)
  lu.assertAlmostEquals(json.decode(said.out).duration, 3, 1e-6)
  lu.assertTrue(files.exists(report) and files.exists(annotations))
  lu.assertEquals(analyze(files.join(place, "broken.wav")).code, 1)
end

function TestCommand:test_a_folder()
  local place = collection()
  local csv, report = files.join(folder, "songs.csv"), files.join(folder, "songs.html")
  local said = analyze(place, "--csv", csv, "--report", report)
  lu.assertEquals(said.code, 3, said.all)
  lu.assertStrContains(said.err, "broken.wav: is not a sound file of a known format")
  lu.assertStrContains(said.err, "2 songs analysed, 0 of them before")
  local lines = files.read(csv)
  lu.assertStrContains(lines, "path,duration,tempo")
  lu.assertStrContains(lines, "a.wav,3,")
  lu.assertStrContains(files.read(report), "broken.wav")
  -- The second time nothing is computed, and the table is the same.
  said = analyze(place, "--csv", csv)
  lu.assertStrContains(said.err, "2 songs analysed, 2 of them before")
  lu.assertEquals(files.read(csv), lines)
  said = analyze(place, "--json")
  local count = 0
  for line in said.out:gmatch "[^\n]+" do
    lu.assertNotNil(json.decode(line).loudness)
    count = count + 1
  end
  lu.assertEquals(count, 2)
end

function TestCommand:test_each_song_lies_in_one_shard()
  local place, seen = collection(), {}
  for i = 1, 3 do
    local said = analyze(place, "--json", "--shard", i .. "/3")
    for line in said.out:gmatch "[^\n]+" do
      local path = json.decode(line).path
      lu.assertNil(seen[path])
      seen[path] = true
    end
  end
  lu.assertTrue(seen[files.join(place, "a.wav")] and seen[files.join(place, "b.wav")])
end

function TestCommand:test_wrong_usage()
  local place = collection()
  for _, words in ipairs {{"--shard", "4/3"}, {"--csv", "x.txt"}, {"--jams", "x.jams"}, {"--parts", "colour"}} do
    local said = analyze(place, table.unpack(words))
    lu.assertEquals(said.code, 2, said.all)
  end
end

lib.run()
