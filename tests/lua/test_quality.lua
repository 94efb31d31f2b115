-- Quality: signals whose figures follow from a formula, each fault alone, files and waveforms, sounds of no length.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, raises = lib.folder(), lib.fails
local rate = 44100

-- Channels, each a tensor of samples.
local function sound(...) return signal.new {data = torch.stack({...}, 0):float(), rate = rate, kind = "waveform"} end

local function sine(seconds, hz, amplitude)
  return (torch.arange(math.floor(seconds * rate), {dtype = "float64"}) * (2 * math.pi * hz / rate)):sin() * amplitude
end

local function noise(seconds, deviation, seed)
  torch.manual_seed(seed or 1)
  return torch.randn({math.floor(seconds * rate)}, {dtype = "float64"}) * deviation
end

local function faults(q) return table.concat(q.faults, "; ") end

TestQuality = {}

function TestQuality:test_a_clean_sine()
  local q = music.quality(sound(sine(10, 997, 0.5)))
  lu.assertEquals(q.faults, {})
  lu.assertAlmostEquals(q.crest_db, 3.0103, 1e-3)
  lu.assertEquals(q.dynamic_range_db, 0) -- a sine's peak is sqrt(2) of its root mean square
  lu.assertEquals(q.clipped_samples, 0)
  lu.assertAlmostEquals(q.dc[1], 0, 1e-5)
  lu.assertAlmostEquals(q.duration, 10, 1e-9)
  lu.assertNil(q.correlation)
end

function TestQuality:test_clipping_at_any_level()
  for _, gain in ipairs {1, 0.3} do
    local q = music.quality(sound(sine(4, 441, 1.3):clamp(-1, 1) * gain * 0.99))
    -- Of each half period of 50 samples those with 1.3 sin > 1: the sample times repeat every period.
    local x = sine(1 / 441, 441, 1.3)
    lu.assertEquals(q.clipped_samples, x:abs():ge(1):sum():item() * 4 * 441)
    lu.assertStrContains(faults(q), "clipped")
  end
  lu.assertEquals(music.quality(sound(noise(4, 0.1))).clipped_samples, 0)
end

function TestQuality:test_offset_balance_and_phase()
  local a, b = noise(5, 0.1, 1), noise(5, 0.1, 2)
  local q = music.quality(sound(a + 0.02, b))
  lu.assertAlmostEquals(q.dc[1], 0.02, 1e-3)
  lu.assertStrContains(faults(q), "DC offset of")
  q = music.quality(sound(a, a))
  lu.assertTrue(q.same_channels)
  lu.assertAlmostEquals(q.correlation, 1, 1e-9)
  q = music.quality(sound(a, a * -1))
  lu.assertAlmostEquals(q.correlation, -1, 1e-9)
  lu.assertStrContains(faults(q), "out of phase")
  q = music.quality(sound(a, b * 0.25))
  lu.assertAlmostEquals(q.balance_db, 12.04, 0.1)
  lu.assertStrContains(faults(q), "off balance")
  lu.assertAlmostEquals(music.quality(sound(a, b)).correlation, 0, 0.01)
end

function TestQuality:test_silence()
  local quiet = torch.zeros({3 * rate}, {dtype = "float64"})
  local q = music.quality(sound(torch.cat({quiet, sine(2, 400, 0.3), quiet, sine(1, 400, 0.3), quiet, quiet}, 0)))
  lu.assertAlmostEquals(q.silence_start_s, 3, 0.001)
  lu.assertAlmostEquals(q.longest_gap_s, 3, 0.001)
  lu.assertAlmostEquals(q.silence_end_s, 6, 0.001)
  lu.assertStrContains(faults(q), "3.0 s of silence before")
  lu.assertEquals(faults(music.quality(sound(quiet))), "silence all through")
end

-- White noise under a tone: what is heard of it lies near what was mixed.
function TestQuality:test_noise()
  for _, snr in ipairs {10, 20, 30} do
    local tone = sine(10, 997, 0.5)
    local q = music.quality(sound(tone + noise(10, math.sqrt(0.125) * 10 ^ (-snr / 20))))
    lu.assertAlmostEquals(q.snr_db, snr, 2.2)
    lu.assertAlmostEquals(q.noise_floor_dbfs, 10 * math.log(0.125, 10) - snr, 2.2)
    lu.assertEquals(faults(q):find("noise", 1, true) ~= nil, snr < 20)
  end
end

function TestQuality:test_a_wall_in_the_spectrum()
  local full = noise(6, 0.1)
  lu.assertNil(faults(music.quality(sound(full))):find("lossy", 1, true))
  local narrow = audio.resample(audio.resample(sound(full), 32000), rate)
  local q = music.quality(narrow)
  lu.assertAlmostEquals(q.cutoff_hz, 15500, 700)
  lu.assertStrContains(faults(q), "lossy or resampled")
end

function TestQuality:test_hum()
  local hum = 0
  for multiple = 1, 5 do hum = hum + sine(8, 50 * multiple, 0.02 / multiple) end
  lu.assertEquals(music.quality(sound(noise(8, 0.003) + hum)).hum_hz, 50)
  lu.assertNil(music.quality(sound(noise(8, 0.003))).hum_hz)
end

function TestQuality:test_a_file_is_its_waveform()
  local song = sound(noise(13, 0.1, 1), noise(13, 0.05, 2))
  local path = files.join(folder, "noise.wav")
  audio.save(path, song, {subtype = "float"})
  local a, b = music.quality(song), music.quality(path)
  for name, value in pairs(a) do
    if type(value) == "number" then lu.assertAlmostEquals(b[name], value, 1e-9, name) end
  end
end

function TestQuality:test_sounds_of_no_length()
  for _, samples in ipairs {1, 100, 4410} do
    local q = music.quality(sound(torch.ones {samples} * 0.1))
    lu.assertNil(q.snr_db)
    lu.assertAlmostEquals(q.duration, samples / rate, 1e-9)
  end
  raises("song must be a path or a waveform Signal, got number", music.quality, 3)
end

lib.run()
