-- Live: what a session says of a sound on the way is what is said of the whole, in time, however the sound is cut.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local base64 = require "moonlark.base.base64"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local json = require "moonlark.base.json"
local live = require "moonlark.live"
local model = require "moonlark.model"
local music = require "moonlark.music"
local segment = require "moonlark.live.segment"
local torch = require "moonlark.torch"

local raises = lib.fails

-- All events of a sound, pushed in pieces of random sizes; `check` is called with each, and how far the session is.
local function events_of(o, data, check)
  local session, events, at = live.session(o), {}, 0
  local function take(list)
    for _, event in ipairs(list) do
      events[#events + 1] = event
      if check then check(event, session.heard) end
    end
  end
  while at < data:size(1) do
    local count = math.min(data:size(1) - at, math.random(1, 1 << math.random(0, 11)))
    at = at + count
    take(session:push(data:narrow(1, at - count, count)))
  end
  take(session:finish())
  lu.assertAlmostEquals(session.heard, data:size(1) / session.rate, 1e-9)
  return events
end

local function of_kind(events, kind)
  local list = {}
  for _, event in ipairs(events) do
    if event.kind == kind then list[#list + 1] = event end
  end
  return list
end

-- Clicks, one every 60 / bpm seconds.
local function clicks(seconds, bpm, rate)
  local data, t = torch.zeros {1, math.floor(seconds * rate)}, torch.arange(rate // 50, {dtype = "float32"}) / rate
  local click = (t * (2 * math.pi * 1000)):sin() * (t * -200):exp() * 0.8
  for i = 1, math.floor(seconds * bpm / 60) - 1 do
    data:narrow(1, math.floor(i * 60 / bpm * rate), click:size(0)):add_(click)
  end
  return data
end

-- Three notes at once.
local function triad(seconds, rate, ...)
  local t, sum = torch.arange(math.floor(seconds * rate), {dtype = "float64"}) / rate, 0
  for _, note in ipairs {...} do
    for harmonic = 1, 4 do sum = sum + (t * (2 * math.pi * harmonic * 440 * 2 ^ ((note - 69) / 12))):sin() / harmonic end
  end
  return (sum * 0.08):float():unsqueeze(0)
end

TestLive = {}

function TestLive:setUp() math.randomseed(4) end

function TestLive:test_level_is_the_loudness_of_the_whole()
  local data = torch.stack {lib.clip(6, 44100).data, lib.clip(6, 44100).data * 0.3}
  local whole = music.loudness(lib.waveform(data, 44100))
  local levels = of_kind(events_of({rate = 44100, channels = 2, events = "level"}, data, function(event, heard)
    if event.kind == "level" then lu.assertTrue(heard - event.time < 0.5) end
  end), "level")
  lu.assertEquals(#levels, 60)
  lu.assertNil(levels[3].loudness)
  local momentary, short_term = whole.momentary.data:totable(), whole.short_term.data:totable()
  local peak = -120
  for i, level in ipairs(levels) do
    lu.assertAlmostEquals(level.time, i / 10, 1e-9)
    if i >= 4 then lu.assertAlmostEquals(level.loudness, momentary[i - 3], 1e-4) end
    if i >= 30 then lu.assertAlmostEquals(level.short_term, short_term[i - 29], 1e-4) end
    peak = math.max(peak, level.peak)
  end
  lu.assertAlmostEquals(peak, whole.sample_peak, 1e-4)
end

function TestLive:test_columns_are_those_of_the_whole()
  local song = lib.waveform(lib.clip(3, 22050).data:unsqueeze(0), 22050)
  local mel = feature.mel(song, {n_mels = 32, hop_length = 1024, norm = "none", fmin = 30})
  local db = feature.power_to_db(mel.data:reshape {32, -1}, {ref = 512 ^ 2, top_db = false, amin = 1e-3})
  local columns = of_kind(events_of({rate = 22050, events = "columns", rows = 32}, song.data, function(event, heard)
    lu.assertTrue(event.kind ~= "columns" or heard - event.time < 0.5)
  end), "columns")
  local bytes = {}
  for i, event in ipairs(columns) do
    lu.assertEquals(#event.data, event.rows * event.columns)
    bytes[i] = event.data
  end
  lu.assertEquals(table.concat(bytes), core.live.shades(db, -80, 0))
  lu.assertEquals(columns[1].time, 0)
  local told = json.decode(live.text(columns[2]))
  lu.assertEquals(told.data, base64.encode(columns[2].data))
end

function TestLive:test_events_do_not_depend_on_pieces()
  local o = {rate = 16000, events = {"level", "columns", "beat", "key", "chord"}}
  local data = clicks(7, 120, 16000) + triad(7, 16000, 60, 64, 67)
  local first = events_of(o, data)
  math.randomseed(77)
  lu.assertEquals(events_of(o, data), first)
  lu.assertEquals(first[#first].kind, "end")
end

function TestLive:test_beats()
  local early, beats = 0, of_kind(events_of({rate = 44100, events = "beat"}, clicks(16, 125, 44100), function(event, heard)
    lu.assertTrue(heard - event.time <= 0.5)
  end), "beat")
  local late = 0
  for _, beat in ipairs(beats) do
    if beat.time > 6 then
      local off = beat.time / 0.48 - math.floor(beat.time / 0.48 + 0.5)
      lu.assertTrue(math.abs(off * 0.48) < 0.06, ("a beat at %.3f s"):format(beat.time))
      lu.assertAlmostEquals(beat.tempo, 125, 3)
      late = late + 1
    else
      early = early + 1
    end
  end
  lu.assertTrue(late >= 19 and late <= 22, late .. " beats in 10 s")
  lu.assertTrue(early >= 3)
end

function TestLive:test_harmony()
  local rate = 22050
  local data = torch.cat({triad(4, rate, 60, 64, 67), triad(4, rate, 65, 69, 72), triad(4, rate, 67, 71, 74)}, 1)
  local events = events_of({rate = rate, events = {"key", "chord"}}, data)
  local keys, chords = of_kind(events, "key"), of_kind(events, "chord")
  lu.assertEquals(keys[#keys].tonic .. " " .. keys[#keys].mode, "C major")
  lu.assertEquals(chords[1].label, "C:maj")
  lu.assertEquals(chords[#chords].label, "G:maj")
end

-- Silence, noise and hardly any sound give sane answers.
function TestLive:test_degenerate()
  for _, data in ipairs {torch.zeros {1, 80000}, torch.randn {1, 80000} * 0.1, torch.ones {1, 80000}, torch.zeros {1, 1},
    torch.zeros {1, 0}} do
    local events = events_of({rate = 8000}, data)
    lu.assertEquals(events[#events], {kind = "end", time = data:size(1) / 8000})
    for _, event in ipairs(events) do
      for _, value in pairs(json.decode(live.text(event))) do lu.assertEquals(value, value) end
    end
  end
  local silent = events_of({rate = 8000}, torch.zeros {1, 80000})
  lu.assertEquals(#of_kind(silent, "beat"), 0)
  lu.assertEquals(#of_kind(silent, "key"), 0)
  lu.assertEquals(of_kind(silent, "level")[40].loudness, -120)
end

function TestLive:test_bytes()
  local data = (lib.clip(0.5, 8000).data:unsqueeze(0) * 32768):round():clamp(-32768, 32767) / 32768
  data = torch.cat({data, -data}, 0)
  local whole = events_of({rate = 8000, channels = 2}, data)
  local samples = data:t():contiguous():flatten():totable()
  local writers = {
    s16 = function(x) return ("<i2"):pack(math.floor(x * 32768 + 0.5)) end,
    s24 = function(x) return ("<i3"):pack(math.floor(x * 8388608 + 0.5)) end,
    s32 = function(x) return ("<i4"):pack(math.floor(x * 2147483648 + 0.5)) end,
    f32 = function(x) return ("<f"):pack(x) end,
  }
  for format, write in pairs(writers) do
    local bytes, session, events = {}, live.session {rate = 8000, channels = 2, format = format}, {}
    for i, x in ipairs(samples) do bytes[i] = write(math.min(x, 32767 / 32768)) end
    bytes = table.concat(bytes)
    for at = 1, #bytes, 777 do -- within a sample, too
      for _, event in ipairs(session:push(bytes:sub(at, at + 776))) do events[#events + 1] = event end
    end
    for _, event in ipairs(session:finish()) do events[#events + 1] = event end
    lu.assertEquals(events, whole, format)
  end
end

-- --- predictions -------------------------------------------------------------------------

-- A network with random weights that seems to have learnt from segments of a song.
local function network_of(features, decibel)
  torch.manual_seed(1)
  local net = require("models.res_cnn") {classes = 3, n_mels = 24}
  local statistics = {mean = {}, std = {}}
  for i = 1, 24 do statistics.mean[i], statistics.std[i] = -30 + i, 10 + i / 2 end
  net.card = {architecture = "res_cnn", options = {classes = 3, n_mels = 24}, classes = {"a", "b", "c"},
    statistics = statistics, input = {features = features, rate = 16000, segment = 1.5, hop = 1.5, batch_size = 4,
      normalize = true, decibel = decibel}}
  net:eval()
  return model.open(net)
end

-- The batches of a file, beside what was heard when its segments had just ended.
function TestLive:test_networks_hear_what_they_hear_in_files()
  local song, path = lib.clip(6.5, 16000), lib.folder() .. "/clip.wav"
  audio.save(path, lib.waveform(song.data:unsqueeze(0), 16000), {subtype = "float"})
  for _, decibel in ipairs {true, false, {amin = 1e-6, top_db = 40}} do
    local opened = network_of({mel = {n_mels = 23}, rms = {}}, decibel)
    local heard, at = segment(opened.card), 0
    local batch = opened:batches(dataset.files {path}, {shuffle = false}):epoch(1)()
    lu.assertEquals(#batch.starts, 4)
    for i, start in ipairs(batch.starts) do
      local stop = (math.floor(start * 16000 / 512 + 0.5) + heard.frames - 1) * 512 + 1024
      heard:hear {mono = song.data:narrow(0, at, stop - at)}
      at = stop
      lu.assertTrue(torch.equal(heard:batch({}).x:select(0, 0), batch.x:select(0, i - 1)))
    end
  end
end

function TestLive:test_predictions()
  local data = lib.clip(4, 44100).data:unsqueeze(0)
  for _, features in ipairs {{mel = {n_mels = 24}}, {mfcc = {n_mfcc = 24}}} do -- the second waits for the whole clip
    local opened = network_of(features, true)
    local list = of_kind(events_of({rate = 44100, model = opened, events = "prediction", every = 0.5}, data,
      function(event, heard) lu.assertTrue(heard - event.time <= 0.5) end), "prediction")
    lu.assertTrue(#list >= 6 and #list <= 7, #list)
    for _, one in ipairs(list) do
      local sum = 0
      for _, p in pairs(one.probabilities) do sum = sum + p end
      lu.assertAlmostEquals(sum, 1, 1e-5)
      lu.assertEquals(one.probability, one.probabilities[one.label])
    end
  end
end

-- Models that are no networks of segments hear the last seconds as a file.
function TestLive:test_other_models()
  local list = of_kind(events_of({rate = 16000, model = lib.tiny_whisper(lib.folder()), events = "prediction", window = 1},
    lib.clip(2.2, 16000).data:unsqueeze(0)), "prediction")
  lu.assertEquals(#list, 2)
  lu.assertNotNil(list[1].probabilities[list[1].label])
end

function TestLive:test_errors()
  raises('"prediction" needs a model', live.session, {events = {"prediction"}})
  raises("does not exist", live.session, {model = "/nowhere/run", offline = true})
  local session = live.session {rate = 8000, channels = 2, events = "level"}
  raises("2 channels × samples, got a tensor of 1 × 10", session.push, session, torch.zeros {1, 10})
  raises("the session's rate of 8000 Hz", session.push, session, lib.waveform(torch.zeros {2, 10}, 16000))
  raises("bytes, a tensor or a waveform, got number", session.push, session, 3)
  raises("got NaN", session.push, session, torch.zeros {2, 10} / 0)
  raises("within ±10000 (full scale is ±1), got 1e+30", session.push, session, torch.ones {2, 10} * 1e30)
  session:finish()
  raises("the session is finished", session.push, session, torch.zeros {2, 1})
end

lib.run()
