-- Sections of a song whose form is known, groups, features by beats; sounds without any form.
local lib = require "lib"
local lu = require "luaunit"
local annotation = require "moonlark.annotation"
local feature = require "moonlark.feature"
local groups = require "moonlark.music.form.groups"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises = lib.fails

local function waveform(data) return signal.new {data = data:reshape {1, -1}, rate = 22050, kind = "waveform"} end

-- 16 s with a click every half second: chords on the given roots, two seconds each; bright or dark.
local function part(roots, partials)
  local beat, list = torch.arange(11025, {dtype = "float32"}) / 22050, {}
  local click = (beat * -60):exp() * torch.randn {11025} * 0.3
  for i = 0, 31 do
    local sum, root = 0, roots[i // 4 % #roots + 1]
    for _, over in ipairs {0, 4, 7} do
      for partial = 1, partials do
        sum = sum + (beat * (2 * math.pi * 220 * 2 ^ ((root + over) / 12) * partial)):sin() / partial
      end
    end
    list[i + 1] = sum * 0.1 + click
  end
  return torch.cat(list, 0)
end

TestSections = {}

function TestSections:test_a_form_is_found()
  torch.manual_seed(3)
  local a, b, c = part({0, 5, 7, 0}, 2), part({9, 2, 4, 9}, 12), part({3, 8, 10, 3}, 5)
  local song = waveform(torch.cat({a, b, a, c, a, b}, 0))
  local sections = music.sections(song)
  lu.assertEquals(sections.labels, {"A", "B", "A", "C", "A", "B"})
  for i, section in ipairs(sections) do
    lu.assertAlmostEquals(section.start, 16 * (i - 1), 1.1)
    lu.assertEquals(section.stop, sections[i + 1] and sections[i + 1].start or song:duration())
  end
  local similarity = sections.similarity.data
  lu.assertEquals(similarity:size(0), similarity:size(1))
  lu.assertAlmostEquals(similarity:diagonal():min():item(), 1, 1e-3)
end

function TestSections:test_a_form_is_found_by_its_repetitions()
  torch.manual_seed(3)
  local a, b = part({0, 5, 7, 0}, 2), part({9, 2, 4, 9}, 12)
  local song = waveform(torch.cat({a, b, a, b, a, b}, 0))
  local sections = music.sections(song, {method = "spectral"})
  local near = 0
  for _, section in ipairs(sections) do
    for i = 1, 5 do if math.abs(section.start - 16 * i) < 3 then near = near + 1 end end
  end
  lu.assertTrue(near >= 4, near .. " of 5")
  lu.assertEquals(sections[#sections].stop, song:duration())
  lu.assertEquals(#music.sections(waveform(torch.zeros {22050}), {method = "spectral"}), 1)
  lu.assertTrue(#music.sections(waveform(torch.randn {22050 * 20} * 0.1), {method = "spectral"}) >= 1)
end

function TestSections:test_sounds_without_form()
  for _, data in ipairs {torch.zeros {22050 * 8}, torch.randn {22050 * 8} * 0.1, torch.ones {1}, torch.zeros {2205}} do
    local sections = music.sections(waveform(data))
    lu.assertEquals(sections[1].start, 0)
    lu.assertAlmostEquals(sections[#sections].stop, data:size(0) / 22050, 1e-9)
  end
  raises("music.sections: width must be", music.sections, waveform(torch.zeros {22050}), {width = 1})
end

TestGroups = {}

function TestGroups:test_average_linkage()
  local d = {{0, 1, 9, 8}, {1, 0, 9, 8}, {9, 9, 0, 2}, {8, 8, 2, 0}}
  lu.assertEquals(groups(d, 0.5), {1, 2, 3, 4})
  lu.assertEquals(groups(d, 1.5), {1, 1, 2, 3})
  lu.assertEquals(groups(d, 3), {1, 1, 2, 2})
  lu.assertEquals(groups(d, 8.5), {1, 1, 1, 1}) -- the mean of 9, 8, 9, 8
  lu.assertEquals(groups({}, 1), {})
end

TestSync = {}

-- librosa.util.sync(x, librosa.util.fix_frames([2, 5], x_min=0, x_max=8)) of these rows gives the same.
function TestSync:test_as_librosa()
  local x = signal.new {data = torch.tensor({{1, 2, 3, 4, 8, 6, 7, 8}, {8, 1, 6, 5, 0, 3, 2, 1}}):float(), rate = 4,
    kind = "mel", start = 1}
  local wanted = {mean = {{1.5, 5, 7}, {4.5, 11 / 3, 2}}, median = {{1.5, 4, 7}, {4.5, 5, 2}},
    max = {{2, 8, 8}, {8, 6, 3}}, min = {{1, 3, 6}, {1, 0, 1}}}
  for way, rows in pairs(wanted) do
    local made, times = feature.sync(x, {1.5, 2.25}, way)
    lu.assertTrue((made - torch.tensor(rows)):abs():max():item() < 1e-6, way)
    lu.assertEquals(times, {1, 1.5, 2.25, 3})
  end
  local std = feature.sync(x, {1.5, 2.25}, "std")
  lu.assertAlmostEquals(std[0][0]:item(), 0.5, 1e-6)
  local beats = annotation.events("beats", {1.5, 1.5, 2.25})
  lu.assertEquals(feature.sync(x, beats):shape(), {2, 3})
  lu.assertEquals(feature.sync(x, {}):shape(), {2, 1})
  lu.assertEquals(feature.sync(x, {0, 99}):shape(), {2, 1})
end

function TestSync:test_errors()
  local x = signal.new {data = torch.ones {2, 8}, rate = 4, kind = "mel"}
  raises("unknown aggregate: 'middle'", feature.sync, x, {1}, "middle")
  raises("times must ascend, got 0.5 s as number 2", feature.sync, x, {1, 0.5})
  raises("times must be an Annotation or a list of seconds, got number", feature.sync, x, 3)
  raises("feature must be a Signal", feature.sync, 3, {1})
end

lib.run()
