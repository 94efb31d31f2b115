-- Effects against librosa's (tests/reference/effects/generate.py), their errors, and what must hold of any sound.
local lu = require "luaunit"
local effects = require "moonlark.effects"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local RATE = 22050
local frozen = torch.load "tests/reference/effects/effects.safetensors"
local names = {"music", "noise", "silence", "half"}

local function waveform(data) return signal.new {data = data, rate = RATE, kind = "waveform"} end
local function sound(name) return waveform(frozen[name]:unsqueeze(0)) end

-- Relative to the reference's norm, or absolute where that is next to nothing.
local function deviation(made, wanted)
  lu.assertEquals(made.data:shape(), {1, wanted:size(0)})
  local distance = (made.data[0]:to "float64" - wanted:to "float64"):norm():item()
  return distance / math.max(wanted:to "float64":norm():item(), 1e-3)
end

local worst = {}
local function close(what, made, wanted, allowed)
  local d = deviation(made, wanted)
  worst[what] = math.max(worst[what] or 0, d)
  lu.assertTrue(d <= allowed, ("%s: %.2g"):format(what, d))
end

TestReference = {}

function TestReference:test_hpss()
  for _, name in ipairs(names) do
    for suffix, given in pairs {
      [""] = {}, _wide = {kernel_size = {17, 9}, margin = {1.5, 3}}, _hard = {power = math.huge},
    } do
      local harmonic, percussive = effects.hpss(sound(name), given)
      close("hpss" .. suffix, harmonic, frozen[name .. ".harmonic" .. suffix], 1e-5)
      close("hpss" .. suffix, percussive, frozen[name .. ".percussive" .. suffix], 1e-5)
      lu.assertTrue(torch.equal(effects.harmonic(sound(name), given).data, harmonic.data))
      lu.assertTrue(torch.equal(effects.percussive(sound(name), given).data, percussive.data))
    end
  end
end

function TestReference:test_time_stretch()
  for _, name in ipairs(names) do
    for _, rate in ipairs {"0.7", "1.0", "1.6"} do
      close("time_stretch", effects.time_stretch(sound(name), tonumber(rate)), frozen[name .. ".stretch_" .. rate], 1e-3)
    end
  end
end

function TestReference:test_pitch_shift()
  for _, name in ipairs(names) do
    for _, steps in ipairs {-5, 3} do
      close("pitch_shift", effects.pitch_shift(sound(name), steps), frozen[name .. ".shift_" .. steps], 1e-3)
    end
  end
end

TestSense = {}

function TestSense:test_parts_add_up_to_the_song()
  local song = sound "music"
  local harmonic, percussive = effects.hpss(song)
  lu.assertTrue((harmonic.data + percussive.data - song.data):abs():max():item() < 1e-5)
end

-- An octave up doubles the frequency that most energy lies at.
function TestSense:test_pitch_moves()
  local t = torch.arange(RATE, {dtype = "float64"}) / RATE
  local tone = waveform((t * (2 * math.pi * 300)):sin():to "float32":unsqueeze(0))
  local function peak(wave) return require "moonlark.feature".spectrogram(wave).data:mean(1):argmax():item() end
  lu.assertEquals(peak(tone), 28)
  lu.assertEquals(peak(effects.pitch_shift(tone, 12)), 56)
  lu.assertEquals(peak(effects.time_stretch(tone, 0.5)), 28)
end

function TestSense:test_channels_are_worked_on_one_by_one()
  local both = waveform(torch.stack {frozen.music, frozen.noise:flip {0}})
  local harmonic = effects.harmonic(both)
  lu.assertEquals(harmonic.data:shape(), both.data:shape())
  lu.assertTrue(torch.equal(harmonic.data[0], effects.harmonic(sound "music").data[0]))
end

function TestSense:test_short_sounds()
  for _, n in ipairs {1, 5, 600} do
    local click = waveform(torch.ones {1, n} * 0.5)
    lu.assertEquals(effects.harmonic(click):frames(), n)
    lu.assertEquals(effects.time_stretch(click, 2):frames(), math.tointeger(n == 1 and 0 or n == 5 and 2 or n // 2))
    lu.assertTrue(effects.time_stretch(click, 0.5).data:isfinite():all():item())
  end
end

TestErrors = {}

function TestErrors:test_words()
  local song = sound "music"
  for words, call in pairs {
    ["rate must be 0.001..1000.0, got 0"] = function() effects.time_stretch(song, 0) end,
    ["rate must be a number, got nil"] = function() effects.time_stretch(song) end,
    ["margin must be 1.0..1000000000.0, got 0.5"] = function() effects.hpss(song, {margin = 0.5}) end,
    ["kernel_size must be 1..511, got 0"] = function() effects.hpss(song, {kernel_size = 0}) end,
    ["kernel_size must be a number or two, got 3"] = function() effects.hpss(song, {kernel_size = {1, 2, 3}}) end,
    ["unknown option of hpss: 'margn' (did you mean 'margin'?)"] = function() effects.hpss(song, {margn = 2}) end,
    ["song must be a Signal"] = function() effects.hpss "song.wav" end,
    ["n_steps must be a number, got nil"] = function() effects.pitch_shift(song) end,
  } do
    lu.assertErrorMsgContains(words, call)
  end
end

local code = lu.LuaUnit.run()
for what, value in pairs(worst) do print(("%-14s largest deviation %.2g"):format(what, value)) end
os.exit(code)
