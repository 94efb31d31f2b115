-- Pictures are drawn whole, hold what was asked for, and run nothing that a title says.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local gnuplot = require "moonlark.plot.gnuplot"
local plot = require "moonlark.plot"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

if not gnuplot.terminals() then
  print "skipped: gnuplot is not installed"
  os.exit(77)
end

local folder = lib.folder()

local function matrix(rows, columns, f)
  local list = {}
  for r = 1, rows do
    list[r] = {}
    for c = 1, columns do list[r][c] = f(r - 1, c - 1) end
  end
  return list
end

local function wave(n)
  local list = {}
  for i = 1, n do list[i] = math.sin(i / 7) end
  return list
end

-- Width and height that a PNG's header states.
local function png_size(bytes)
  lu.assertEquals(bytes:sub(1, 8), "\137PNG\r\n\26\n")
  return (">I4I4"):unpack(bytes, 17)
end

-- The texts of an SVG, in the order drawn.
local function texts(figure)
  local list = {}
  for words in figure:bytes "svg":gmatch "<text>(.-)</text>" do
    local plain = words:gsub("<.->", ""):gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&amp;", "&"):gsub("\u{A0}", " ")
    list[#list + 1] = plain
  end
  return list
end

local function contains(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then return true end
  end
  return false
end

local function assert_shows(figure, ...)
  local list = texts(figure)
  for _, wanted in ipairs {...} do
    if not contains(list, wanted) then lu.fail(("'%s' is not among %s"):format(wanted, table.concat(list, " | "))) end
  end
end

local function chroma(frames)
  return signal.new {data = matrix(12, frames, function(r, c) return (r + c) % 12 / 12 end), kind = "chroma", rate = 10}
end

-- One of each kind, with a word in every place that takes one.
local function each_kind(word)
  local labels = {word, word .. " 2", "c"}
  return {
    map = plot.map(matrix(3, 5, function(r, c) return r * c end),
      {title = word, xlabel = word, ylabel = word, unit = word, values = labels}),
    waveform = plot.waveform(wave(500), {rate = 100, title = word, xlabel = word, ylabel = word}),
    lines = plot.lines({wave(20), wave(30)}, {title = word, xlabel = word, ylabel = word, labels = labels}),
    scatter = plot.scatter({{1, 2}, {3, 4}, {5, 6}}, {0, 1, 2},
      {title = word, xlabel = word, ylabel = word, classes = labels}),
    confusion = plot.confusion(matrix(3, 3, function(r, c) return r + c end),
      {title = word, xlabel = word, ylabel = word, classes = labels}),
    bars = plot.bars({{1, 2, 3}}, {title = word, xlabel = word, ylabel = word, labels = labels, series = {word}}),
    histogram = plot.histogram(wave(100), {title = word, xlabel = word, ylabel = word}),
    curves = plot.curves({{epoch = 1, loss = 1, [word] = 2}, {epoch = 2, loss = 0.5, [word] = 1}}, {title = word}),
    grid = plot.grid({plot.lines(wave(5), {title = word}), plot.lines(wave(5), {title = word})}, {title = word}),
  }
end

TestSaving = {}

function TestSaving:test_every_kind_in_every_format()
  for kind, figure in pairs(each_kind "words") do
    for _, format in ipairs {"png", "svg", "pdf"} do
      local path = ("%s/%s.%s"):format(folder, kind, format)
      figure:save(path)
      local bytes = files.read(path)
      if format == "png" then
        local width, height = png_size(bytes)
        lu.assertAlmostEquals(width, 2 * figure.width, 1)
        lu.assertAlmostEquals(height, 2 * figure.height, 1)
      end
      lu.assertTrue(#bytes > 1000, kind)
      if format == "pdf" then lu.assertEquals(bytes:sub(1, 5), "%PDF-") end
      if format == "svg" then lu.assertStrContains(bytes, "</svg>") end
    end
  end
end

function TestSaving:test_tensors_and_tables_draw_the_same()
  local list = matrix(6, 9, function(r, c) return r * c - 20 end)
  local tensor = torch.tensor(list)
  local function same(a, b)
    lu.assertEquals(a.panels[1].panel.elements, b.panels[1].panel.elements)
  end
  same(plot.map(list), plot.map(tensor))
  same(plot.lines(list), plot.lines(tensor))
  same(plot.histogram(list), plot.histogram(tensor))
  same(plot.scatter(list, {0, 1, 0, 1, 0, 1}), plot.scatter(tensor, torch.tensor {0, 1, 0, 1, 0, 1}))
  same(plot.waveform(list, {rate = 2}), plot.waveform(tensor, {rate = 2}))
  local counts = matrix(3, 3, function(r, c) return r + c end)
  same(plot.confusion(counts), plot.confusion(torch.tensor(counts)))
end

function TestSaving:test_errors()
  local figure = plot.lines {1, 2}
  lu.assertErrorMsgContains("path must end in .png, .svg or .pdf, got x.gif", figure.save, figure, "x.gif")
  lu.assertErrorMsgContains("no-such-folder", figure.save, figure, folder .. "/no-such-folder/x.png")
  lu.assertErrorMsgContains("unknown option of plot.map: 'titel' (did you mean 'title'?)", plot.map, {{1}}, {titel = "x"})
  lu.assertErrorMsgContains('palette must be "blues", "diverging", "grey", "magma" or "viridis", got string "jet"',
    function() plot.map({{1, 2}}, {palette = "jet"}):bytes "png" end)
  lu.assertErrorMsgContains("signal must be a Signal, a tensor or a table of numbers, got string", plot.map, "x")
  lu.assertErrorMsgContains("signal must not be empty", plot.map, {})
  lu.assertErrorMsgContains("rows of one length", plot.map, {{1, 2}, {3}})
  lu.assertErrorMsgContains("one or two axes", plot.map, torch.zeros {2, 2, 2})
  lu.assertErrorMsgContains("confusion must be a square matrix, got 1 × 2", plot.confusion, {{1, 2}})
  lu.assertErrorMsgContains("confusion must hold counts", plot.confusion, {{1, -2}, {1, 1}})
  lu.assertErrorMsgContains("needs the option 'rate'", plot.waveform, {1, 2, 3})
  lu.assertErrorMsgContains("plot.lines: width must be a number 60..10000, got 1000000", plot.lines, {1, 2}, {width = 1e6})
  lu.assertErrorMsgContains("figures[1] must be a figure", plot.grid, {1})
  lu.assertErrorMsgContains('colour must be a colour: "#rrggbb", black, blue', plot.waveform, {1, 2}, {rate = 1, colour = "red'"})
  lu.assertErrorMsgContains("marker_size must be a number above 0 and at most 100, got string", plot.scatter, {{1, 2}}, {0},
    {marker_size = "1 lc rgb 'x'"})
  lu.assertErrorMsgContains("high must be a finite number, got inf", plot.map, {{1, 2}}, {high = math.huge})
  lu.assertErrorMsgContains("rate must be a number above 0, got 0", plot.map, {{1, 2}}, {rate = 0})
end

TestContent = {}

function TestContent:test_map_axes_come_from_the_signal()
  assert_shows(plot.map(chroma(600), {title = "Chroma"}), "Chroma", "C", "F♯", "B", "0:00", "0:30", "time (min:s)")
  local tonnetz = signal.new {data = matrix(6, 30, function(r, c) return r - c end), kind = "tonnetz", rate = 1}
  assert_shows(plot.map(tonnetz), "fifth x", "major third y")
  local hz = {}
  for i = 1, 84 do hz[i] = 32.703 * 2 ^ ((i - 1) / 12) end
  local cqt = signal.new {
    data = matrix(84, 20, function(r, c) return r + c end), kind = "cqt", rate = 43,
    axis = {name = "frequency", unit = "Hz", scale = "log", values = hz},
  }
  assert_shows(plot.map(cqt, {db = "amplitude"}), "C1", "C4", "pitch", "dB", "−80", "0")
  assert_shows(plot.map(cqt, {ticks = "hz"}), "500", "2k", "frequency (Hz)")
end

-- A tone must lie at the tick that names its frequency, on every scale.
function TestContent:test_lags_and_tempi_have_their_unit()
  local lags = {}
  for i = 1, 40 do lags[i] = (i - 1) * 0.1 end
  local tempogram = signal.new {
    data = torch.rand {40, 20}, rate = 10, kind = "tempogram",
    axis = {name = "lag", unit = "s", scale = "linear", values = lags},
  }
  assert_shows(plot.map(tempogram), "lag (s)", "3.5")
end

function TestContent:test_rows_lie_where_the_axis_says()
  local hz = {}
  for i = 1, 513 do hz[i] = (i - 1) * 22050 / 1024 end
  local tone = signal.new {
    data = matrix(513, 8, function(r) return r == 93 and 1 or 0 end), kind = "stft", rate = 43, -- 2002.6 Hz
    axis = {name = "frequency", unit = "Hz", scale = "linear", values = hz},
  }
  local scale = require "moonlark.plot.scale"
  for _, name in ipairs {"linear", "log", "mel"} do
    local shown = plot.map(tone, {scale = name}).panels[1].panel
    local image = shown.elements[1].image
    local at
    for row = 0, image.rows - 1 do
      local value = ("<f"):unpack(shown.elements[1].bytes, 4 * row * image.columns + 1)
      if value == 1 then at = at or image.y + row * image.dy end
    end
    local tick
    for _, candidate in ipairs(shown.y.ticks) do
      if candidate.text == "2k" then tick = candidate.at end
    end
    lu.assertNotNil(tick, name)
    local bin = scale.frequency(name, hz[95]) - scale.frequency(name, hz[94])
    lu.assertAlmostEquals(at, tick, bin / 2 + image.dy, name)
  end
end

-- Pictures of one song below each other show the same moment at the same place.
function TestContent:test_pages_line_up()
  local page = plot.grid({plot.waveform(wave(600), {rate = 10}), plot.map(chroma(600))}, {columns = 1})
  local script = page:script()
  local left, right = {}, {}
  for margin in script:gmatch "set lmargin at screen (%S+)" do left[#left + 1] = margin end
  for margin in script:gmatch "set rmargin at screen (%S+)" do right[#right + 1] = margin end
  lu.assertEquals({left[1], right[1]}, {left[2], right[2]})
  lu.assertEquals(#left, 2)
end

function TestContent:test_words_are_drawn()
  assert_shows(plot.scatter({{1, 2}, {3, 4}}, {"rock", "jazz"}), "jazz", "rock")
  assert_shows(plot.confusion({{8, 2}, {0, 5}}, {classes = {"dog", "cat"}}), "dog", "cat", "8", "80 %", "20 %", "100 %")
  assert_shows(plot.confusion {confusion = torch.tensor {{8, 2}, {0, 5}}, classes = {"dog", "cat"}, accuracy = 13 / 15},
    "accuracy 86.7 %", "dog")
  assert_shows(plot.bars({svm = 0.5, knn = 0.25}, {errors = {svm = 0.1}}), "knn", "svm", "0.5", "0.25")
  assert_shows(plot.curves {{epoch = 1, loss = 1, valid_loss = 2}, {epoch = 2, loss = 0.5, valid_loss = 1}},
    "loss", "training", "validation", "epoch")
  local rows = {{epoch = 1, loss = 1, accuracy = 0.2, f1 = 0.3}, {epoch = 2, loss = 0.5, accuracy = 0.4, f1 = 0.4}}
  assert_shows(plot.curves(rows, {measures = {"accuracy", "loss"}}), "accuracy", "loss")
  lu.assertNotStrContains(plot.curves(rows, {measures = {"accuracy", "loss"}}):script(), "'f1'")
  lu.assertErrorMsgContains("unknown measure: 'los' (did you mean 'loss'?)", plot.curves, rows, {measures = {"los"}})
  assert_shows(plot.lines({wave(9), wave(9)}, {labels = {"one", "zwei ♯ß"}}), "one", "zwei ♯ß")
end

function TestContent:test_unicode_title()
  assert_shows(plot.lines(wave(9), {title = "Dvořák: Žalov ♯ π"}), "Dvořák: Žalov ♯ π")
  plot.lines(wave(9), {title = "bytes \xFF\xFE that are not UTF-8, 日本語"}):save(folder .. "/odd.png")
end

TestOddInput = {}

function TestOddInput:test_what_is_tiny_constant_or_not_finite()
  local nan, inf = 0 / 0, math.huge
  for name, figure in pairs {
    one = plot.map {{1}}, frame = plot.map {{1}, {2}, {3}}, row = plot.map {{1, 2, 3}}, list = plot.map {1, 2, 3},
    one_frame = plot.map(chroma(1)), constant = plot.map {{5, 5}, {5, 5}}, zero = plot.map {{0, 0}, {0, 0}},
    gaps = plot.map {{1, nan}, {inf, 2}}, nothing = plot.map {{nan, nan}}, silent = plot.map({{0, 0}}, {db = true}),
    huge = plot.map {{1e30, -1e30}}, small = plot.map {{1e-30, 2e-30}},
    line = plot.lines {1}, flat = plot.lines {2, 2}, gap = plot.lines {1, nan, 3}, none = plot.lines {nan, nan},
    infinite = plot.lines {1, inf, -inf, 2}, same_x = plot.lines {x = {1, 1}, y = {1, 2}},
    quiet = plot.waveform({0, 0, 0}, {rate = 1}), sample = plot.waveform({0.5}, {rate = 8000}),
    torn = plot.waveform({nan, 1, nan}, {rate = 1}), lost = plot.waveform({nan, nan}, {rate = 1}),
    point = plot.scatter {{1, 2}}, points = plot.scatter({{1, nan}, {2, 3}}, {0, 0}),
    class = plot.confusion {{3}}, empty = plot.confusion {{0, 0}, {0, 0}},
    bar = plot.bars {0}, negative = plot.bars {-1, nan, 2}, same = plot.histogram {1, 1}, no = plot.histogram {nan},
  } do
    local ok, why = pcall(figure.bytes, figure, "png")
    lu.assertTrue(ok, name .. ": " .. tostring(why))
    ok, why = pcall(figure.text, figure, 60, 12)
    lu.assertTrue(ok, name .. " as text: " .. tostring(why))
  end
end

function TestOddInput:test_gaps_are_told()
  assert_shows(plot.map {{1, 0 / 0}}, "grey: not a finite number")
  assert_shows(plot.lines {1, 0 / 0, 2}, "gaps: not finite numbers")
end

-- A peak of one sample among a million must reach the picture.
function TestOddInput:test_long_input_keeps_its_peaks()
  local samples = torch.zeros {1000000}
  samples[123456] = 0.75
  local shown = plot.waveform(samples, {rate = 22050}).panels[1].panel
  local most = 0
  local bytes = shown.elements[1].bytes
  for at = 1, #bytes, 12 do most = math.max(most, (("<f"):unpack(bytes, at + 8))) end
  lu.assertEquals(most, 0.75)
  lu.assertTrue(#bytes / 12 < 4000)
  local map = torch.zeros {64, 50000}
  map[10][43210] = 3
  local element = plot.map(map, {pool = "max"}).panels[1].panel.elements[1]
  local found = false
  for at = 1, #element.bytes, 4 do found = found or ("<f"):unpack(element.bytes, at) == 3 end
  lu.assertTrue(found)
  lu.assertTrue(element.image.columns < 2500)
end

function TestOddInput:test_confusion_of_fifty_classes()
  local names = {}
  for i = 1, 50 do names[i] = ("a rather long class name %02d"):format(i) end
  local figure = plot.confusion(matrix(50, 50, function(r, c) return r == c and 40 or (r + c) % 3 end),
    {classes = names})
  lu.assertTrue(figure.width > 800 and figure.height > 800)
  local width = png_size(figure:bytes "png")
  lu.assertTrue(width > 1600)
end

TestHostile = {}

local proof = folder .. "/proof"
local payloads = {
  "`touch PROOF`", "\"`touch PROOF`\"", "'; system('touch PROOF'); '", "x'\n!touch PROOF\n'", "\n!touch PROOF\n",
  "\r!touch PROOF\r", "\nset output '|touch PROOF'\nplot x\n", "'.system('touch PROOF').'", "\\\n!touch PROOF",
  "@macros @GPVAL_VERSION", "100 % %g %s %n %%", "$(touch PROOF)", "${HOME}", "|touch PROOF", "< touch PROOF",
  "{/Symbol a}_b^c", "\"", "'", "''", "\\", "\\'", "#", ";!touch PROOF", "\0!touch PROOF", "\u{2028}!touch PROOF",
  "\u{85}!touch PROOF", "\xFF\n!touch PROOF", "%", "<script>alert(1)</script>", "</text><x>", "&lt;",
}

-- That the payloads are live ammunition: unquoted by our function, gnuplot runs them.
-- (Each string is closed: what gnuplot makes of an open one depends on the memory behind it.)
function TestHostile:test_the_payloads_work_when_not_quoted()
  for _, script in ipairs {
    "set title \"`touch PROOF`\"\n",
    "set title 'x'\nnothing = system('touch PROOF')\n",
    "set terminal svg\nset output '|touch PROOF'\nplot x\nset output\n", -- the last line waits for the command
  } do
    files.remove(proof)
    local place = folder .. "/attack.gp"
    files.write(place, (script:gsub("PROOF", proof)))
    local result = core.process.run({"gnuplot", "-d", place}, 20, folder)
    lu.assertTrue(files.exists(proof), script .. result.err)
  end
  files.remove(proof)
end

function TestHostile:test_they_are_drawn_as_text_and_run_nothing()
  for _, payload in ipairs(payloads) do
    local word = payload:gsub("PROOF", proof)
    for kind, figure in pairs(each_kind(word)) do
      local ok, why = pcall(figure.bytes, figure, "svg")
      lu.assertTrue(ok, ("%s with %q: %s"):format(kind, payload, why))
      lu.assertFalse(files.exists(proof), ("%s ran %q"):format(kind, payload))
    end
  end
end

-- Whatever the text, gnuplot reads one string and it is that text.
function TestHostile:test_quoting_holds_for_any_text()
  math.randomseed(5)
  local alphabet = {"'", "'", "'", '"', "`", "\\", ";", "!", "%", "@", "$", "a", " b", "\n", "#", "{", "(", ".", "|"}
  local script, expected = {"set print '-'"}, {}
  for i = 1, 3000 do
    local parts = {}
    for k = 1, math.random(0, 9) do parts[k] = alphabet[math.random(#alphabet)] end
    local quoted = gnuplot.quote(table.concat(parts))
    script[i + 1] = "print " .. quoted
    expected[i] = quoted:sub(2, -2):gsub("''", "'")
  end
  local place = folder .. "/fuzz.gp"
  files.write(place, table.concat(script, "\n") .. "\n")
  local result = core.process.run({"gnuplot", "-d", place}, 60, folder)
  lu.assertEquals({result.code, result.err}, {0, ""})
  lu.assertEquals(result.out, table.concat(expected, "\n") .. "\n")
end

function TestHostile:test_text_arrives_as_it_is()
  for _, word in ipairs {"`date`", "it's \"so\"", "50 % of %g", "@macros", "a_b^c {x}", "<b>&amp;", "\\n", "$(x)"} do
    assert_shows(plot.lines({wave(5), wave(5)}, {title = word, labels = {word, "b"}}), word)
    assert_shows(plot.confusion({{1, 0}, {0, 1}}, {classes = {word, "b"}}), word)
  end
end

function TestHostile:test_paths()
  local odd = files.mkdirs(folder .. "/it's `touch PROOF`\n!q %d \"x\"")
  for _, name in ipairs {"|touch PROOF.png", "<x.png", "a'b\n.svg", "`id`.pdf", "-e.png"} do
    plot.lines({1, 2}):save(odd .. "/" .. name)
    lu.assertTrue(files.exists(odd .. "/" .. name))
  end
  lu.assertFalse(files.exists(proof))
  lu.assertEquals(#files.list(odd), 5) -- and nothing else is left there
end

TestGnuplot = {}

-- Runs Lua code in a fresh program whose PATH holds what the function puts there.
local function with_path(path, code)
  local result = lib.moonlark(nil, {"PATH=" .. path}, lib.script(code))
  lu.assertEquals(result.code, 0, result.err)
  return result.out, result.err
end

local attempt = [[
  local gnuplot = require "moonlark.plot.gnuplot"
  gnuplot.time_limit = 0.5
  local ok, why = pcall(function() require("moonlark.plot").lines({1, 2}):save "]] .. folder .. [[/never.png" end)
  io.write(tostring(ok), " ", tostring(why), "\n")]]

function TestGnuplot:test_missing_is_one_clear_line()
  lu.assertEquals(with_path("/nonexistent", attempt),
    "false plots need gnuplot, which is not installed or not in PATH: apt-get install gnuplot-nox\n")
end

-- Programs that behave as gnuplot has been seen to when it fails.
function TestGnuplot:test_failures_leave_no_file()
  local bin = files.mkdirs(folder .. "/bin")
  for script, message in pairs {
    ["exit 0"] = "gnuplot wrote no picture",
    ["touch picture"] = "gnuplot wrote no picture",
    ["echo half >picture; exit 1"] = "exit code 1",
    ["echo half >picture; kill -SEGV $$"] = "signal 11",
    ["echo '\"script.gp\", line 3: warning: odd' >&2"] = "gnuplot wrote no picture: warning: odd",
    ["echo half >picture; sleep 60"] = "did not finish",
  } do
    lib.stand_in(bin, "gnuplot", script)
    lu.assertStrContains(with_path(bin .. ":/usr/bin:/bin", attempt), message)
    lu.assertFalse(files.exists(folder .. "/never.png"))
  end
end

function TestGnuplot:test_font_complaints_are_no_failure()
  local bin = files.mkdirs(folder .. "/bin")
  lib.stand_in(bin, "gnuplot", "echo picture >picture; echo 'Fontconfig error: No writable cache directories' >&2")
  lu.assertStrContains(with_path(bin .. ":/usr/bin:/bin", attempt), "true")
end

-- What it only warned of is said once, however many pictures there are.
function TestGnuplot:test_warnings_are_no_failure()
  local bin = files.mkdirs(folder .. "/bin")
  lib.stand_in(bin, "gnuplot", "echo picture >picture\n" ..
    "printf 'gnuplot> set odd\n         ^\n\"script.gp\", line 3: warning: odd\n' >&2")
  local out, err = with_path(bin .. ":/usr/bin:/bin", attempt:gsub("never", "first") .. attempt:gsub("never", "second"))
  lu.assertEquals(out, "true nil\ntrue nil\n")
  lu.assertEquals(err, "moonlark: gnuplot says: warning: odd\n")
  lu.assertEquals(files.read(folder .. "/second.png"), "picture\n")
end

-- As containers and cron start programs, without a locale or with one that is not there: titles stay what they are.
function TestGnuplot:test_no_locale_is_needed()
  local script = lib.script([[
    local plot = require "moonlark.plot"
    plot.lines({-1, 2}, {title = "Größe ♯ 音"}):save "]] .. folder .. [[/bare.svg"]])
  for _, variable in ipairs {"A=", "LC_ALL=C", "LANG=xx_XX.UTF-8"} do
    local result = core.process.run {"env", "-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG", variable, lib.program, script}
    lu.assertEquals({result.code, result.err}, {0, ""}, variable)
    lu.assertStrContains(files.read(folder .. "/bare.svg"), "Größe ♯ 音")
  end
end

function TestGnuplot:test_nothing_is_left_behind()
  local place = files.mkdirs(folder .. "/tmp")
  local script = lib.script [[require("moonlark.plot").lines({1, 2}):bytes "png"
    pcall(function() require("moonlark.plot.gnuplot").render("nonsense", "") end)]]
  lu.assertEquals(lib.moonlark(nil, {"TMPDIR=" .. place}, script).code, 0)
  lu.assertEquals(files.list(place), {})
end

TestTerminal = {}

function TestTerminal:test_text_fits_the_width()
  for kind, figure in pairs(each_kind "some words") do
    for _, width in ipairs {40, 80, 132} do
      for line in figure:text(width, 16):gmatch "[^\n]+" do
        lu.assertTrue(utf8.len(line) <= width, ("%s %d: %s"):format(kind, width, line))
      end
    end
  end
end

function TestTerminal:test_map_is_shaded()
  local shown = plot.map {{0, 0, 1, 1}, {1, 1, 0, 0}}:text(30, 10)
  lu.assertStrContains(shown, "@@@")
  lu.assertStrContains(shown, "└──")
end

function TestTerminal:test_sixel()
  lu.assertEquals(plot.lines({1, 2}):bytes("sixel"):sub(1, 2), "\27P")
end

function TestTerminal:test_show_in_a_pipe_is_text()
  local script = lib.script [[require("moonlark.plot").lines({1, 2, 1}, {title = "Shown"}):show()]]
  local result = lib.moonlark(nil, {"DISPLAY=", "TERM=xterm"}, script)
  lu.assertEquals(result.code, 0, result.err)
  lu.assertStrContains(result.out, "Shown")
  lu.assertFalse(result.out:find "\27" ~= nil)
end

-- A stand-in that claims to have a window writes down what it is asked for.
function TestTerminal:test_show_opens_a_window_or_falls_back()
  local bin = files.mkdirs(folder .. "/window")
  local real = core.process.run({"sh", "-c", "command -v gnuplot"}).out:match "%S+"
  local stand_in = "case \"$*\" in\n*GPVAL_TERMINALS*) echo 'dumb qt pngcairo' >&2;;\n" ..
    "*--persist*) cp script.gp " .. folder .. "/asked; %s;;\n*) exec " .. real .. " \"$@\";;\nesac"
  local script = lib.script [[require("moonlark.plot").lines({1, 2, 1}, {title = "Shown"}):show()]]
  for ending, text in pairs {["exit 0"] = false, ["echo no display >&2; exit 1"] = true} do
    lib.stand_in(bin, "gnuplot", stand_in:format(ending))
    local result = lib.moonlark(nil, {"DISPLAY=:7", "PATH=" .. bin .. ":/usr/bin:/bin"}, script)
    lu.assertEquals(result.code, 0, result.err)
    lu.assertStrContains(files.read(folder .. "/asked"), "set terminal qt noenhanced")
    lu.assertEquals(result.out:find "Shown" ~= nil, text)
  end
end

function TestTerminal:test_script_is_gnuplot()
  local script = plot.map(chroma(10)):script()
  lu.assertStrContains(script, "set terminal pngcairo noenhanced")
  lu.assertStrContains(script, "with image")
end

lib.run()
