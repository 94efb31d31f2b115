-- Maps of songs and their tiles: pieces are the whole, pictures are PNG with the colours that they should have.
local core = require "moonlark_core"
local audio = require "moonlark.audio"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local maps = require "moonlark.server.maps"
local png = require "moonlark.base.png"
local signal = require "moonlark.signal"
local tiles = require "moonlark.server.tiles"
local torch = require "moonlark.torch"

local rate = 22050
local folder = lib.folder()

-- A sweep, chords that change, noise that comes and goes.
local function song_of(seconds, name)
  torch.manual_seed(3)
  local t = torch.arange(math.floor(seconds * rate), {dtype = "float64"}) / rate
  local x = (t * (t * 3 + 200) * (2 * math.pi)):sin() * 0.2
  for _, hz in ipairs {261.6, 329.6, 392} do
    x = x + ((t / 7):floor():remainder(3) * 0.12 + 1):mul(t * (2 * math.pi * hz)):sin() * 0.15
  end
  x = x + torch.randn({t:size(0)}, {dtype = "float64"}) * ((t * 0.9):sin():gt(0.5):to "float64") * 0.05
  local path = folder .. "/" .. name
  audio.save(path, signal.new {data = x:to "float32":unsqueeze(0), rate = rate, kind = "waveform"})
  return path
end

-- The columns that maps.make hands on, put together, instead of a file of them.
local function columns_of(path, kind)
  local parts, new = {}, core.pyramid.new
  core.pyramid.new = function()
    return {add = function(_, data, from, to) parts[#parts + 1] = data:narrow(1, from, to - from):clone() end,
      finish = function() return 0 end, close = function() end}
  end
  local ok, why = pcall(maps.make, path, kind, "nowhere")
  core.pyramid.new = new
  assert(ok, why)
  return torch.cat(parts, 1), #parts
end

local function decibels(x, factor) return x:double():clamp(1e-12, 1e12):log10():mul(factor):clamp(-80, 47.5):mul(2) end

-- The same of the whole song at once, in levels.
local function whole(path, kind)
  local song = audio.load(path, {rate = rate})
  song = song:with {data = song.data:dim() == 2 and song.data:select(0, 0) or song.data}
  local piece = song:slice(0, 8192 * 512 / rate)
  local o = {tuning = feature.estimate_tuning(piece, {bins_per_octave = 36})}
  if kind == "mel" then return feature.mel(song).data end
  if kind == "cqt" then return feature.cqt(song, {bins_per_octave = 24, n_bins = 192}).data:abs() end
  return feature[kind == "chroma" and "chroma_cqt" or kind](song, o).data
end

local in_levels = {
  mel = function(x) return decibels(x, 10) end, cqt = function(x) return decibels(x, 20) end,
  chroma = function(x) return x:double() * 255 end, tonnetz = function(x) return x:double() * 127.5 end,
}

TestMaps = {}

function TestMaps:test_pieces_are_the_whole()
  local path = song_of(400, "long.wav")
  for _, kind in ipairs(maps.kinds) do
    local made, count = columns_of(path, kind)
    local expected = whole(path, kind)
    lu.assertEquals(made:shape(), expected:shape(), kind)
    lu.assertTrue(count >= 3, "the song is one piece")
    local apart = (in_levels[kind](made) - in_levels[kind](expected)):abs()
    print(("%s: %d pieces, at most %.4f levels apart"):format(kind, count, apart:max():item()))
    lu.assertTrue(apart:max():item() < 0.5, kind)
  end
end

function TestMaps:test_degenerate_songs_have_maps()
  local sounds = {silence = torch.zeros {1, 44100}, short = torch.rand {1, 2205} - 0.5, one = torch.ones {1, 1}}
  for name, data in pairs(sounds) do
    local path = ("%s/%s.wav"):format(folder, name)
    audio.save(path, signal.new {data = data, rate = rate, kind = "waveform"})
    for _, kind in ipairs(maps.kinds) do
      local place = path .. "." .. kind
      local columns = maps.make(path, kind, place)
      local map = tiles.open(place)
      lu.assertEquals({map.columns, map.zooms}, {columns, 1}, name .. kind)
      lu.assertEquals({png.size(map:png(0, 0), "tile")}, {columns, map.rows, 3})
      lu.assertTrue(map.range[1] < map.range[2])
    end
  end
end

function TestMaps:test_progress_is_told_and_unknown_kinds_are_refused()
  local told = {}
  maps.make(song_of(10, "ten.wav"), "mel", folder .. "/ten.map", function(seconds) told[#told + 1] = seconds end)
  lu.assertAlmostEquals(told[#told], 10, 0.01)
  lib.fails("unknown kind of map: 'mels' (did you mean 'mel'?)", maps.make, folder .. "/ten.wav", "mels", "x")
  lib.fails("missing.wav", maps.make, folder .. "/missing.wav", "mel", folder .. "/missing.map")
  lu.assertFalse(files.exists(folder .. "/missing.map"))
end

TestTiles = {}

local function mel_map()
  local path = folder .. "/thirty.map"
  if not files.exists(path) then maps.make(song_of(30, "thirty.wav"), "mel", path) end
  return tiles.open(path)
end

function TestTiles:test_what_is_said_of_a_map()
  local said = mel_map():plain()
  lu.assertEquals({said.kind, said.columns, said.rows, said.zooms, said.tile, said.unit}, {"mel", 1292, 128, 4, 256,
    "dB"})
  lu.assertAlmostEquals(said.seconds_per_column, 512 / 22050, 1e-9)
  lu.assertEquals({said.axis.kind, #said.axis.values}, {"hz", 128})
  lu.assertTrue(said.axis.values[1] < said.axis.values[128])
  lu.assertAlmostEquals(said.range[2] - said.range[1], 80, 1e-9)
end

function TestTiles:test_tiles_have_their_widths_and_there_are_no_others()
  local map = mel_map()
  local function width(zoom, index)
    local bytes = map:png(zoom, index)
    return bytes and (png.size(bytes, "tile"))
  end
  lu.assertEquals({width(0, 0), width(0, 4), width(0, 5)}, {256, 256, 12})
  lu.assertEquals({width(1, 2), width(2, 1), width(3, 0)}, {134, 67, 162})
  for _, place in ipairs {{0, 6}, {1, 3}, {2, 2}, {3, 1}, {4, 0}, {-1, 0}, {0, -1}} do
    lu.assertNil(width(table.unpack(place)))
  end
end

-- Pictures read by another program: each pixel's colour is that of its level; low frequencies lie at the bottom.
function TestTiles:test_pictures_are_read_by_others()
  local program = [[
import sys
from PIL import Image
for path in sys.argv[1:]:
    image = Image.open(path)
    image.load()
    rgb = image.convert("RGB")
    rows = [sum(sum(rgb.getpixel((x, y))) for x in range(image.width)) for y in range(image.height)]
    print(image.mode, image.width, image.height, rows.index(max(rows)), rgb.getpixel((5, rows.index(max(rows)))))
]]
  local python
  for _, name in ipairs {os.getenv "MOONLARK_TEST_PYTHON" or "python3", "/usr/bin/python3"} do
    local ran = core.process.run({name, "-c", "import PIL"}, 60)
    if ran and ran.code == 0 then python = python or name end
  end
  if not python then lu.skip "no Python with PIL is here" end
  local path = folder .. "/tone.wav"
  local t = torch.arange(4 * rate, {dtype = "float64"}) / rate
  local tone = (t * (2 * math.pi * 440)):sin():to "float32" * 0.5
  audio.save(path, signal.new {data = tone:unsqueeze(0), rate = rate, kind = "waveform"})
  maps.make(path, "cqt", folder .. "/tone.map")
  local map = tiles.open(folder .. "/tone.map")
  files.write(folder .. "/magma.png", map:png(0, 0))
  files.write(folder .. "/grey.png", map:png(0, 0, "grey"))
  local ran = core.process.run({python, "-c", program, folder .. "/magma.png", folder .. "/grey.png"}, 60)
  -- 440 Hz is the A four octaves above A1, nine semitones above C1: bin 24 · 3 + 18 from the bottom.
  lu.assertEquals(ran.out, ("P 173 192 %d (252, 253, 191)\nP 173 192 %d (255, 255, 255)\n"):format(191 - 90, 191 - 90),
    ran.err)
end

function TestTiles:test_what_is_no_map_is_refused()
  lib.fails("there is no map", tiles.open, folder .. "/nothing.map")
  lib.fails("is no map", tiles.open, lib.write(folder .. "/text.map", "not a map"))
  lib.fails("is no map", tiles.open, lib.write(folder .. "/longer.map", ("not a map"):rep(100)))
end

lib.run()
