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
end

function TestAnalyze:test_degenerate_sounds()
  for _, samples in ipairs {1, 441, 2205, 44100} do
    local about = music.analyze(silence(samples))
    lu.assertNotNil(tostring(about))
    lu.assertNotNil(json.encode(about:plain()))
    about:save(files.join(folder, "silence.html"))
  end
end

function TestAnalyze:test_errors()
  raises("parts must be", music.analyze, tone(1), {parts = {"colour"}})
  raises("song must be a path or a waveform Signal, got nil", music.analyze, nil)
end

lib.run()
