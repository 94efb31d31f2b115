-- moonlark plot: features of songs in a file or in the terminal, on scales that can be compared.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local gnuplot = require "moonlark.plot.gnuplot"
local plot = require "moonlark.plot"
local png = require "moonlark.base.png"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local place = lib.folder()

local function write_tone(path, seconds, hz, size)
  lib.write_wav(files.join(place, path), math.floor(seconds * 22050), function(i)
    return size * math.sin(2 * math.pi * hz * i / 22050)
  end)
end

write_tone("loud.wav", 1, 440, 20000)
write_tone("it's a quiet one.wav", 2, 880, 2000)
files.write(place .. "/bad.wav", "no sound")

local function moonlark(...) return lib.moonlark(place, {"DISPLAY="}, "plot", ...) end

TestSongs = {}

local function waveform(size, seconds)
  return signal.new {data = torch.ones {1, 1000 * seconds} * size, rate = 1000, kind = "waveform"}
end

local function mel(power)
  return signal.new {data = torch.ones {4, 20} * power, rate = 10, kind = "mel",
    axis = {name = "frequency", unit = "Hz", scale = "mel", values = {100, 200, 300, 400}}}
end

function TestSongs:test_scales_are_shared()
  local page = plot.songs({{waveform(0.5, 1), mel(1)}, {waveform(0.1, 2), mel(1e-3)}}, {names = {"a", "b"}})
  local panels = {}
  for i, part in ipairs(page.panels) do panels[i] = part.panel end
  lu.assertEquals(#panels, 4)
  lu.assertEquals({panels[1].title, panels[2].title, panels[3].title}, {"a", "b", "mel"})
  for i = 1, 3, 2 do
    lu.assertEquals({panels[i].y.low, panels[i].y.high}, {panels[i + 1].y.low, panels[i + 1].y.high})
    lu.assertEquals(panels[i].x.high, panels[i + 1].x.high)
  end
  lu.assertAlmostEquals(panels[1].y.high, 1.05 * 0.5, 1e-6)
  lu.assertEquals(panels[1].x.high, 2)
  lu.assertAlmostEquals(panels[3].colours.low, -30, 1e-4)
  lu.assertAlmostEquals(panels[4].colours.high, 0, 1e-4)
  lu.assertEquals(panels[3].colours.palette, "magma")
end

function TestSongs:test_each_its_own()
  local page = plot.songs({{waveform(0.5, 1)}, {waveform(0.1, 2)}}, {scales = "own"})
  local a, b = page.panels[1].panel, page.panels[2].panel
  lu.assertEquals({a.x.high, b.x.high}, {1, 2})
  lu.assertAlmostEquals(b.y.high, 0.105, 1e-6)
end

-- Silence has one level everywhere, and no largest amplitude.
function TestSongs:test_silence()
  local page = plot.songs({{waveform(0, 1), mel(0)}, {waveform(0, 1), mel(0)}})
  lu.assertEquals({page.panels[1].panel.y.low, page.panels[1].panel.y.high}, {-1, 1})
  local colours = page.panels[3].panel.colours
  lu.assertEquals(colours.high - colours.low, 80)
  lu.assertStrContains(plot.signal(mel(0)):text(60, 12), "dB")
end

function TestSongs:test_errors()
  lu.assertErrorMsgContains("songs[2] must hold the same kinds", plot.songs, {{mel(1)}, {waveform(1, 1)}})
  lu.assertErrorMsgContains("songs[1] must be a list of Signals", plot.songs, {mel(1)})
  lu.assertErrorMsgContains("songs[1][1] must be a Signal", plot.songs, {{3}})
  lu.assertErrorMsgContains("names must be one for each of the 1 songs, got 2", plot.songs, {{mel(1)}},
    {names = {1, 2}})
end

TestCommand = {}

function TestCommand:test_shown_in_the_terminal()
  local result = moonlark("loud.wav", "--features", "mel,rms", "--duration", "0.5")
  lu.assertEquals({result.code, result.err}, {0, ""})
  for _, words in ipairs {"loud.wav", "amplitude", "mel", "rms", "dB", "⣿"} do
    lu.assertStrContains(result.out, words)
  end
end

function TestCommand:test_several_songs_side_by_side()
  if not gnuplot.terminals() then lu.skip "gnuplot is not installed" end
  local result = moonlark("loud.wav", "it's a quiet one.wav", "--features", "mel,chroma_cqt,tonnetz,mfcc", "--set",
    "mfcc.n_mfcc=13", "--out", "songs.png")
  lu.assertEquals({result.code, result.out, result.err}, {0, "", ""})
  local width, height = png.size(files.read(place .. "/songs.png"), "songs.png")
  lu.assertEquals(width, 2 * 2 * 520)
  lu.assertTrue(height > 2 * 4 * 300)
  result = moonlark("loud.wav", "--no-waveform", "--features", "mel", "--width-mm", "85", "--dpi", "600", "--out",
    "a.png")
  lu.assertEquals({result.code, result.err}, {0, ""})
  lu.assertAlmostEquals(png.size(files.read(place .. "/a.png"), "a.png"), 85 / 25.4 * 600, 1)
end

function TestCommand:test_what_cannot_be_read()
  local result = moonlark("bad.wav", "loud.wav", "--features", "rms")
  lu.assertEquals(result.code, 3)
  lu.assertStrContains(result.err, "left out: bad.wav")
  lu.assertStrContains(result.out, "loud.wav")
  result = moonlark("bad.wav")
  lu.assertEquals({result.code, result.out}, {1, ""})
  lu.assertStrContains(result.err, "bad.wav")
end

function TestCommand:test_wrong_words_are_told_before_the_work()
  for words, given in pairs {
    ["path must end in .png, .svg or .pdf, got x.gif"] = {"loud.wav", "--out", "x.gif"},
    ["unknown feature: 'mell' (did you mean 'mel'?)"] = {"loud.wav", "--features", "mell"},
    ["--scales must be"] = {"loud.wav", "--scales", "common"},
  } do
    local result = moonlark(table.unpack(given))
    lu.assertTrue(result.code == 1 or result.code == 2, words)
    lu.assertStrContains(result.err, words)
    lu.assertEquals(result.out, "")
  end
end

lib.run()
