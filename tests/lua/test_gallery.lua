-- Every picture of tests/gallery is drawn: as PNG of its size, as SVG without what gnuplot warns of, and as text.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local gnuplot = require "moonlark.plot.gnuplot"
local plot = require "moonlark.plot"
local png = require "moonlark.base.png"

if not gnuplot.terminals() then
  print "skipped: gnuplot is not installed"
  os.exit(77)
end

local here = files.split(arg[0])
local gallery = dofile(here .. "/../gallery/gallery.lua")

local least_bytes = 10000

TestGallery = {}

function TestGallery:test_every_function_of_plot_is_in_it()
  local drawn, missing = {}, {}
  for _, entry in ipairs(gallery) do drawn[entry.name:match "^%a+"] = true end
  for name, f in pairs(plot) do
    if type(f) == "function" and not drawn[name:match "^%a+"] then missing[#missing + 1] = name end
  end
  lu.assertEquals(missing, {})
end

function TestGallery:test_pictures()
  local seen = {}
  for _, entry in ipairs(gallery) do
    local figure = entry.make()
    local bytes = figure:bytes "png"
    local width, height = png.size(bytes, entry.name)
    lu.assertAlmostEquals(width, figure.width * figure.dpi / 96, 1, entry.name)
    lu.assertAlmostEquals(height, figure.height * figure.dpi / 96, 1, entry.name)
    lu.assertTrue(#bytes > least_bytes, entry.name .. " shows nothing")
    lu.assertNil(seen[bytes], entry.name .. " looks like " .. tostring(seen[bytes]))
    seen[bytes] = entry.name
    for line in figure:text(70, 16):gmatch "[^\n]+" do
      lu.assertTrue(utf8.len(line) <= 70, entry.name .. ": " .. line)
    end
  end
end

-- What the test above takes for nothing: a page without a mark is smaller than any picture.
function TestGallery:test_an_empty_picture()
  local bytes = plot.lines({0 / 0}, {xticks = {}, yticks = {}}):bytes "png"
  lu.assertTrue(#bytes < least_bytes, #bytes)
end

-- The words of an SVG with their sizes: on paper none is smaller than five points.
function TestGallery:test_words_on_paper_can_be_read()
  for _, entry in ipairs(gallery) do
    local figure = entry.make()
    if figure.dpi == 300 then
      local svg = figure:bytes "svg"
      local count = 0
      for size in svg:gmatch 'font%-size="([%d.]+)"' do
        count = count + 1
        lu.assertTrue(tonumber(size) >= 5 * 96 / 72, ("%s: %s pixels"):format(entry.name, size))
      end
      lu.assertTrue(count > 0, entry.name)
    end
  end
end

TestSize = {}

-- 85 mm at 300 dots an inch, and a PNG that says so.
function TestSize:test_millimetres()
  local figure = plot.lines({1, 2, 3}, {width_mm = 85})
  local bytes = figure:bytes "png"
  lu.assertAlmostEquals(png.size(bytes, "it"), 85 / 25.4 * 300, 1)
  local at = bytes:find("pHYs", 1, true)
  local across, along, unit = (">I4I4B"):unpack(bytes, at + 4)
  lu.assertEquals({across, along, unit}, {11811, 11811, 1})
  lu.assertAlmostEquals(figure.width / 96 * 25.4, 85, 1e-9)
  local folder = lib.folder()
  figure:save(folder .. "/it.png", {dpi = 600})
  lu.assertAlmostEquals(png.size(files.read(folder .. "/it.png"), "it"), 85 / 25.4 * 600, 1)
  lu.assertErrorMsgContains("width and width_mm say the same", plot.lines, {1, 2}, {width = 300, width_mm = 85})
end

function TestSize:test_a_pages_width_scales_its_height()
  local one = plot.lines({1, 2}, {width = 600, height = 300})
  local page = plot.grid({one, one}, {columns = 1, width = 300})
  lu.assertEquals({page.width, page.height}, {300, 300})
  page = plot.grid({one, one}, {columns = 1, width = 300, height = 500})
  lu.assertEquals({page.width, page.height}, {300, 500})
end

-- The title that a picture gives itself can be changed and left out.
function TestSize:test_titles_can_be_left_out()
  local found = {confusion = {{1, 0}, {0, 1}}, accuracy = 1}
  lu.assertEquals(plot.confusion(found).panels[1].panel.title, "accuracy 100.0 %")
  lu.assertNil(plot.confusion(found, {title = false}).panels[1].panel.title)
  lu.assertNil(plot.lines({1, 2}, {xlabel = false}).panels[1].panel.xlabel)
end

TestAxes = {}

local function ticks(axis)
  local list = {}
  for i, tick in ipairs(axis.ticks) do list[i] = tick.text end
  return list
end

function TestAxes:test_ticks_and_names()
  local figure = plot.lines({1, 2, 3}, {xticks = {"a", "b", "c"}, yticks = {1, {2.5, "high"}}})
  local panel = figure.panels[1].panel
  lu.assertEquals(ticks(panel.x), {"a", "b", "c"})
  lu.assertEquals(ticks(panel.y), {"1", "high"})
  lu.assertEquals(panel.y.ticks[2].at, 2.5)
  lu.assertEquals(ticks(plot.lines({1, 2}, {xticks = {}}).panels[1].panel.x), {})
end

function TestAxes:test_logarithmic()
  local panel = plot.lines({1, 10, 100, -5}, {yscale = "log"}).panels[1].panel
  lu.assertTrue(panel.y.log and panel.y.low > 0 and panel.y.low < 1 and panel.y.high > 100)
  lu.assertEquals(panel.note, "gaps: not finite positive numbers")
  lu.assertErrorMsgContains("low must be above 0", plot.lines, {1, 10}, {yscale = "log", low = 0})
end

-- Epochs begin at 1: there is no tick at 0, however many there are.
function TestAxes:test_epochs_are_counted_from_one()
  for _, epochs in ipairs {1, 2, 7, 30, 60, 300} do
    local rows = {}
    for i = 1, epochs do rows[i] = {epoch = i, loss = 1 / i} end
    local names = ticks(plot.curves(rows).panels[1].panel.x)
    lu.assertEquals(names[1], "1", tostring(epochs))
  end
end

-- What Whisper and VGGish hear are logarithms: zero is no middle of theirs.
function TestAxes:test_spectra_keep_their_palette()
  local signal = require "moonlark.signal"
  local hz, data = {}, {}
  for i = 1, 80 do hz[i], data[i] = 100 * i, {i / 40 - 1, 0.5} end
  for kind, wanted in pairs {whisper_mel = "magma", vggish_mel = "magma", tonnetz = "diverging"} do
    local axis = kind ~= "tonnetz" and {name = "frequency", unit = "Hz", scale = "mel", values = hz} or nil
    local panel = plot.map(signal.new {data = data, rate = 100, kind = kind, axis = axis}).panels[1].panel
    lu.assertEquals(panel.colours.palette, wanted, kind)
  end
end

function TestAxes:test_a_mel_axis_shows_500_hz()
  local scale = require "moonlark.plot.scale"
  for _, case in ipairs {{0, 8000}, {0, 11025}, {20, 22050}, {125, 7500}} do
    for _, height in ipairs {150, 200, 330, 600} do
      local found = false
      for _, tick in ipairs(scale.frequency_ticks("mel", case[1], case[2], height / 34)) do
        found = found or tick.text == "500"
      end
      lu.assertTrue(found, ("%d to %d Hz in %d pixels"):format(case[1], case[2], height))
    end
  end
end

TestInput = {}

function TestInput:test_errors_say_what_is_wrong()
  local wide = {}
  for i = 1, 401 do wide[i] = i end
  for words, call in pairs {
    ["values must be numbers 0 or more, b is -1"] = {plot.pie, {a = 1, b = -1}},
    ["values must not all be 0"] = {plot.pie, {0, 0}},
    ["labels must be one for each of the 2 slices, got 1"] = {plot.pie, {1, 2}, {labels = {"a"}}},
    ["rows must be one name for each of 2, got 1"] = {plot.heat, {{1}, {2}}, {rows = {"a"}}},
    ["at most 400 rows and columns"] = {plot.heat, {wide}},
    ["linkage row 0 must join two clusters 0..1 that no row before it joined, got 2"] =
      {plot.dendrogram, {{0, 2, 1, 2}}},
    ["linkage row 1 must join two clusters"] = {plot.dendrogram, {{0, 1, 1, 2}, {0, 2, 2, 2}}},
    ["labels must be one for each of the 2 leaves, got 1"] = {plot.dendrogram, {{0, 1, 1, 2}}, {labels = {"a"}}},
    ["curves must be {fpr = …, tpr = …}"] = {plot.roc, {}},
    ["curves[2] must have the fields fpr and tpr"] = {plot.roc, {{fpr = {0, 1}, tpr = {0, 1}}, {fpr = {0, 1}}}},
    ["fpr and tpr must be of one length, got 2 and 3"] = {plot.roc, {fpr = {0, 1}, tpr = {0, 0.5, 1}}},
    ["names must be one for each of the 2 points, got 1"] = {plot.embedding, {{0, 1}, {1, 2}}, nil, {names = {"a"}}},
    ["labels must be class ids 0, 1, 2 … (−1: none) or names, got -2"] = {plot.scatter, {{0, 1}}, {-2}},
    ["annotations: 'here' lies beside the picture: the axis goes from"] =
      {plot.lines, {1, 2}, {annotations = {{text = "here", x = 100, y = 1}}}},
    ["annotations needs the option 'text'"] = {plot.lines, {1, 2}, {annotations = {{x = 1, y = 1}}}},
  } do
    lu.assertErrorMsgContains(words, table.unpack(call, 1, 4))
  end
end

function TestInput:test_areas_under_curves()
  local jazz, rock = {fpr = {0, 0, 1}, tpr = {0, 0.5, 1}}, {fpr = {0, 1}, tpr = {0, 1}, auc = 0.5}
  local entries = plot.roc({jazz = jazz, rock = rock}).panels[1].panel.legend
  lu.assertEquals({entries[1].name, entries[2].name}, {"jazz  AUC 0.750", "rock  AUC 0.500"})
end

-- SciPy's example: ((0 1) ((2 3) 4)) with heights 1, 2, 3 and 5.
function TestInput:test_dendrograms_have_their_heights()
  local figure = plot.dendrogram({{0, 1, 1, 2}, {2, 3, 2, 2}, {4, 6, 3, 3}, {5, 7, 5, 5}}, {threshold = 4})
  local panel = figure.panels[1].panel
  local high, count = 0, 0
  for _, e in ipairs(panel.elements) do
    count = count + 1
    for at = 1, #e.bytes, 8 do
      local _, y = ("<ff"):unpack(e.bytes, at)
      if y == y then high = math.max(high, y) end
    end
  end
  lu.assertEquals({high, count}, {5, 3}) -- the root in grey, two clusters in colours
  lu.assertEquals(ticks(panel.x), {"0", "1", "4", "2", "3"})
end

lib.run()
