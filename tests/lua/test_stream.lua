-- Features of sound as it comes: the bits of the whole sound's, however it is cut.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails

-- Features that know nothing of the end, by name.
local causal = {
  mel = {n_mels = 64}, mfcc = {top_db = false}, log_mel = {top_db = false}, pcen = {}, chroma_stft = {tuning = 0},
  spectral_centroid = {}, spectral_flux = {}, spectral_contrast = {linear = true}, rms = {}, zero_crossing_rate = {},
  onset_strength = {top_db = false, lag = 2, detrend = true}, onset_strength_multi = {top_db = false}, stft = {n_fft = 512},
}

-- Everything a stream says of a sound that comes in random pieces, put together.
local function streamed(o, samples)
  local stream, parts = feature.stream(o), {}
  local function take(signals)
    for name, part in pairs(signals) do
      local one = parts[name] or {list = {}}
      parts[name] = one
      lu.assertAlmostEquals(part.start, one.expected or part.start, 1e-9)
      table.insert(one.list, part.data)
      one.expected, one.signal = part.start + part:frames() / part.rate, part
    end
  end
  local at, n = 0, samples:size(0)
  while at < n do
    local count = math.min(n - at, math.random(1, 1 << math.random(0, 15)))
    take(stream:push(samples:narrow(0, at, count)))
    at = at + count
  end
  lu.assertAlmostEquals(stream.heard, n / (o.from or o.rate), 1e-6)
  take(stream:finish())
  for _, one in pairs(parts) do one.data = torch.cat(one.list, -1) end
  return parts
end

local function assert_same(o, song)
  song = song:with {data = signal.channels(song)}
  local parts = streamed(o, song.data:select(0, 0))
  local heard = o.from and audio.resample(song, o.rate) or song
  for name, settings in pairs(o.features) do
    local whole = feature.compute(name, heard, settings)
    lu.assertTrue(torch.equal(parts[name].data, whole.data), name)
    lu.assertEquals(parts[name].signal.made, whole.made)
    lu.assertEquals(parts[name].signal.axis, whole.axis)
    lu.assertEquals(parts[name].signal.unit, whole.unit)
  end
end

TestStream = {}

function TestStream:setUp() math.randomseed(3) end

function TestStream:test_all_in_one_stream() assert_same({features = causal, rate = 22050}, lib.clip(2.3, 22050)) end

function TestStream:test_resampled()
  for _, rates in ipairs {{44100, 22050}, {48000, 22050}, {16000, 22050}, {44100, 16000}} do
    assert_same({features = {mel = {}, rms = {}}, from = rates[1], rate = rates[2]}, lib.clip(1.7, rates[1]))
  end
end

function TestStream:test_recordings()
  local folder = lib.shared "music"
  for _, name in ipairs(files.list(folder)) do
    if name:find "%.ogg$" then
      assert_same({features = causal, rate = 22050}, audio.load(files.join(folder, name), {rate = 22050, duration = 10}))
    end
  end
end

-- A centred frame waits for half a window, and for what the filter of another rate holds back.
function TestStream:test_look_ahead()
  local stream = feature.stream {features = {mel = {}}, rate = 22050}
  lu.assertEquals(stream.look_ahead, 1024 / 22050)
  lu.assertEquals(feature.stream {features = {mel = {center = false}}, rate = 22050}.look_ahead, 2048 / 22050)
  lu.assertEquals(stream:push(torch.zeros {1023}), {})
  lu.assertEquals(stream:push(torch.zeros {1}).mel.start, 0)
  lu.assertStrContains(tostring(stream), "stream of mel at 22050 Hz, 46.4 ms behind")
  for _, from in ipairs {16000, 32000, 44100, 48000, 96000} do
    local slow, frames, pushed = feature.stream {features = {rms = {}}, rate = 22050, from = from}, 0, 0
    for _ = 1, 300 do
      local part = slow:push(torch.zeros {from // 100}).rms
      pushed = pushed + from // 100
      if part then frames = frames + part:frames() end
      local complete = math.floor((pushed / from - 0.1 - slow.look_ahead) * 22050 / 512)
      lu.assertTrue(frames >= complete, ("%d Hz: %d frames after %.2f s"):format(from, frames, pushed / from))
    end
  end
end

function TestStream:test_errors()
  raises("mfcc of a stream cannot know the clip's loudest decibel: give top_db = false",
    feature.stream, {features = {"mfcc"}})
  raises("chroma_cqt cannot be had of a stream", feature.stream, {features = {"chroma_cqt"}})
  raises("embedding cannot be had of a stream", feature.stream, {features = {embedding = {model = "x"}}})
  raises("did you mean 'mel'", feature.stream, {features = {"mal"}})
  raises("fmax must not exceed half the sample rate", feature.stream, {features = {mel = {fmax = 20000}}, rate = 8000})
  raises("at least one feature", feature.stream, {features = {}})
  local stream = feature.stream {features = {"mel"}, rate = 8000}
  raises("the stream's rate of 8000 Hz, got 22050 Hz", stream.push, stream, lib.clip(0.1, 22050))
  raises("one channel", stream.push, stream, torch.zeros {2, 10})
  raises("a tensor, a waveform or a list", stream.push, stream, "x")
  raises("samples must be finite, got NaN at sample 2", stream.push, stream, {0.0, 0.0, 0 / 0})
  stream:finish()
  raises("the stream is finished", stream.push, stream, {0.0})
  local short = feature.stream {features = {mel = {center = false}}, rate = 8000}
  short:push {0.5, 0.25}
  raises("must not exceed the clip's 2 samples", short.finish, short)
end

lib.run()
