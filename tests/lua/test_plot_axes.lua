-- Ticks, scales, text and colours: what pictures are made of, without gnuplot.
local lu = require "luaunit"
local palette = require "moonlark.plot.palette"
local gnuplot = require "moonlark.plot.gnuplot"
local picture = require("moonlark_core").picture
local scale = require "moonlark.plot.scale"
local text = require "moonlark.plot.text"

local function words(ticks)
  local list = {}
  for i, tick in ipairs(ticks) do list[i] = tick.text end
  return list
end

TestScale = {}

function TestScale:test_linear_ticks_are_round()
  lu.assertEquals(words(scale.linear(-1, 1, 5)), {"−1.0", "−0.5", "0", "0.5", "1.0"})
  lu.assertEquals(words(scale.linear(0, 97, 4)), {"0", "25", "50", "75"})
  lu.assertEquals(words(scale.linear(-90, 90, 3.5)), {"−50", "0", "50"})
  lu.assertEquals(words(scale.linear(-0.7, 0.7, 1)), {"−0.5", "0", "0.5"})
  lu.assertEquals(words(scale.linear(-95, 95, 3)), {"−50", "0", "50"}) -- of hundreds, only 0 would be there
  lu.assertEquals(words(scale.linear(0, 3e-6, 3)), {"0", "1e−6", "2e−6", "3e−6"})
  lu.assertEquals(words(scale.linear(0, 2.5e7, 3)), {"0", "1e7", "2e7"})
end

function TestScale:test_whole_ticks_have_no_halves()
  lu.assertEquals(words(scale.whole(0, 2, 10)), {"0", "1", "2"})
end

function TestScale:test_time_is_minutes_and_seconds()
  local ticks, label = scale.time(0, 600, 6)
  lu.assertEquals(words(ticks), {"0:00", "2:00", "4:00", "6:00", "8:00", "10:00"})
  lu.assertEquals(label, "time (min:s)")
  lu.assertEquals(words((scale.time(0, 30, 7))), {"0:00", "0:05", "0:10", "0:15", "0:20", "0:25", "0:30"})
  lu.assertEquals(words((scale.time(59, 61.5, 5))), {"0:59.0", "0:59.5", "1:00.0", "1:00.5", "1:01.0", "1:01.5"})
  ticks, label = scale.time(0, 7200, 4)
  lu.assertEquals(words(ticks), {"0:00:00", "0:30:00", "1:00:00", "1:30:00", "2:00:00"})
  lu.assertEquals(label, "time (h:min:s)")
  ticks, label = scale.time(0, 0.01, 2)
  lu.assertEquals({words(ticks), label}, {{"0", "5", "10"}, "time (ms)"})
  lu.assertAlmostEquals(ticks[2].at, 0.005, 1e-12)
end

function TestScale:test_mel_is_slaney()
  lu.assertAlmostEquals(scale.frequency("mel", 500), 7.5, 1e-9)
  lu.assertAlmostEquals(scale.frequency("mel", 6400), 42, 1e-9)
  lu.assertAlmostEquals(scale.frequency("log", 440) - scale.frequency("log", 220), 1, 1e-12)
end

function TestScale:test_frequency_ticks_lie_where_they_say()
  for _, name in ipairs {"log", "mel"} do
    for _, tick in ipairs(scale.frequency_ticks(name, 20, 11025, 9)) do
      local hz = tick.text:find "k" and 1000 * tonumber((tick.text:gsub("k", ""))) or tonumber(tick.text)
      lu.assertAlmostEquals(tick.at, scale.frequency(name, hz), 1e-9)
    end
  end
  lu.assertEquals(words(scale.frequency_ticks("linear", 0, 11025, 6)), {"0", "2k", "4k", "6k", "8k", "10k"})
end

function TestScale:test_note_ticks()
  local ticks = scale.note_ticks(32.703, 32.703 * 2 ^ (83 / 12), 9)
  lu.assertEquals(words(ticks), {"C1", "C2", "C3", "C4", "C5", "C6", "C7"})
  lu.assertAlmostEquals(2 ^ ticks[4].at, 261.6256, 1e-3)
end

function TestScale:test_ranges_are_never_empty()
  for _, case in ipairs {{0, 0}, {5, 5}, {-1e9, -1e9}, {1, 1 + 1e-9}} do
    local low, high = scale.widen(case[1], case[2])
    lu.assertTrue(low < case[1] and high > case[2])
  end
  lu.assertEquals({scale.widen(nil, nil)}, {0, 1})
end

TestText = {}

function TestText:test_clean()
  lu.assertEquals(text.clean "a\nb\tc\0d\27[31m\127e", "a b c\\x00d\\x1b[31m\\x7fe")
  lu.assertEquals(text.clean "Motörhead ♯ 日本", "Motörhead ♯ 日本")
  lu.assertEquals(text.clean "bad \xFF\xC3 end", "bad \\xff\\xc3 end")
  lu.assertEquals(text.clean "nel\u{85}x\u{202e}", "nel\\u{85}x\\u{202e}")
  lu.assertNotNil(utf8.len(text.clean(("\xE4\xB8"):rep(50))))
end

function TestText:test_shorten_and_wrap()
  local long = ("a long title "):rep(20)
  lu.assertTrue(text.width(text.shorten(long, 12, 100), 12) <= 100)
  lu.assertStrMatches(text.shorten(long, 12, 100), ".*…")
  lu.assertEquals(text.shorten("short", 12, 100), "short")
  local lines = text.wrap(long, 12, 200, 2)
  lu.assertEquals(#lines, 2)
  for _, line in ipairs(lines) do lu.assertTrue(text.width(line, 12) <= 200) end
  lu.assertEquals(text.wrap("one two", 12, 1000, 2), {"one two"})
end

-- A terminal gives Chinese, Japanese and Korean characters two columns, and accents that stand alone none.
function TestText:test_columns()
  for s, columns in pairs {abc = 3, ["ümläut"] = 6, ["音楽"] = 4, ["케이팝"] = 6, ["e\u{301}"] = 1, [""] = 0} do
    lu.assertEquals(text.columns(s), columns, s)
  end
  lu.assertEquals(text.cut("音楽の本", 5), "音楽…")
  lu.assertEquals(text.cut("音楽", 4), "音楽")
end

function TestText:test_quoting()
  lu.assertEquals(gnuplot.quote "it's", "'it''s'")
  lu.assertEquals(gnuplot.quote "'a''b'", "'\u{2019}a\u{2019}\u{2019}b'''")
  lu.assertEquals(gnuplot.quote "a\n!touch x", "'a !touch x'")
  lu.assertEquals(gnuplot.quote_tick "50 % %g", "'50 %% %%g'")
  lu.assertErrorMsgContains("cannot place the number", gnuplot.number, 0 / 0)
end

TestPalette = {}

-- Maps for amounts must read in grey: lightness never falls.
function TestPalette:test_amounts_grow_lighter()
  for _, name in ipairs {"viridis", "magma", "grey"} do
    local last = -1
    for i = 0, 20 do
      local lightness = palette.lightness(name, i / 20)
      lu.assertTrue(lightness >= last, name)
      last = lightness
    end
  end
end

function TestPalette:test_a_hundred_and_forty_classes_differ()
  local seen = {}
  for i = 1, 140 do
    local key = palette.colour(i) .. palette.shape(i).number
    lu.assertNil(seen[key])
    seen[key] = true
  end
end

-- Björn Ottosson's Oklab of linear red, green and blue: distances there are about as large as they look.
local function oklab(r, g, b)
  local l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ^ (1 / 3)
  local m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ^ (1 / 3)
  local s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ^ (1 / 3)
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s}
end

-- What is seen of linear red, green and blue without, and with the two frequent kinds of colour-blindness (Machado,
-- Oliveira and Fernandes 2009, severity 1).
local sights = {
  normal = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
  deuteranope = {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
  protanope = {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
}

local function seen_as(colour, sight)
  local linear = {}
  for part in colour:gmatch "%x%x" do
    local c = tonumber(part, 16) / 255
    linear[#linear + 1] = c <= 0.04045 and c / 12.92 or ((c + 0.055) / 1.055) ^ 2.4
  end
  local seen = {}
  for i, row in ipairs(sight) do
    seen[i] = math.max(0, math.min(1, row[1] * linear[1] + row[2] * linear[2] + row[3] * linear[3]))
  end
  return oklab(table.unpack(seen))
end

-- Of ten classes no two look alike, of twenty no two that have the same shape.
function TestPalette:test_classes_are_told_apart_by_everyone()
  for name, sight in pairs(sights) do
    for i = 1, 20 do
      for j = i + 1, 20 do
        local a, b = seen_as(palette.colour(i), sight), seen_as(palette.colour(j), sight)
        local apart = math.sqrt((a[1] - b[1]) ^ 2 + (a[2] - b[2]) ^ 2 + (a[3] - b[3]) ^ 2)
        local least = j <= 10 and 0.075 or palette.shape(i) == palette.shape(j) and 0.06 or 0.03
        lu.assertTrue(apart >= least, ("%s: classes %d and %d are %.3f apart"):format(name, i, j, apart))
      end
    end
  end
end

function TestPalette:test_unknown_name()
  lu.assertErrorMsgContains("unknown palette: 'virids' (did you mean 'viridis'?)", palette.define, "virids")
end

TestPicture = {}

local function floats(bytes)
  local list = {}
  for at = 1, #bytes, 4 do list[#list + 1] = (("<f"):unpack(bytes, at)) end
  return list
end

function TestPicture:test_shapes()
  lu.assertEquals({picture.shape {1, 2, 3}}, {1, 1, 3})
  lu.assertEquals({picture.shape {{1, 2, 3}, {4, 5, 6}}}, {2, 2, 3})
  lu.assertErrorMsgContains("rows of one length", picture.shape, {{1, 2}, {3}})
  lu.assertErrorMsgContains("must hold numbers, got string", picture.shape, {1, "x"})
end

function TestPicture:test_image_and_range()
  local bytes, finite, low, high = picture.image({{1, 2}, {3, 0 / 0}}, {pool = "mean", rows = 2, columns = 2})
  lu.assertEquals({finite, low, high}, {3, 1, 3})
  lu.assertEquals({table.unpack(floats(bytes), 1, 3)}, {1, 2, 3})
  bytes = picture.image({bytes = bytes, rows = 2, columns = 2}, {pool = "max", rows = 1, columns = 1})
  lu.assertEquals(floats(bytes), {3})
  lu.assertErrorMsgContains("edges must ascend", picture.image, {{1}, {2}},
    {edges = {0, 2, 1}, rows = 2, columns = 1})
end

function TestPicture:test_points_by_class()
  local bytes, count = picture.points({{1, 2, 3}, {4, 5, math.huge}}, {0, 1, 1}, 1)
  lu.assertEquals(count, 2)
  local list = floats(bytes)
  lu.assertEquals({list[1], list[2], list[3]}, {2, 5, 3})
  lu.assertTrue(list[4] ~= list[4])
  lu.assertErrorMsgContains("one length", picture.points, {{1, 2}, {1}})
  lu.assertErrorMsgContains("labels must be one for each of the 2 points, got 1", picture.points, {{1, 2}}, {0}, 0)
end

os.exit(lu.LuaUnit.run())
