-- What a machine lacks costs no result: no locale, no home, no gnuplot, folders that cannot be written.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

local place, bin

-- A program of the machine that does something else than it should.
local function stand_in(name, line) lib.stand_in(bin, name, line) end

-- Runs a command with these variables and, but for PATH and the sanitizers', no others.
local function moonlark(variables, ...)
  local argv = {"env", "-i", "PATH=" .. bin .. ":" .. os.getenv "PATH"}
  for _, name in ipairs {"ASAN_OPTIONS", "LSAN_OPTIONS"} do
    if os.getenv(name) then argv[#argv + 1] = name .. "=" .. os.getenv(name) end
  end
  table.move(variables, 1, #variables, #argv + 1, argv)
  table.move({lib.program, ...}, 1, 1 + select("#", ...), #argv + 1, argv)
  return assert(core.process.run(argv, 300, place))
end

local function classify(variables, ...)
  return moonlark(variables, "classify", "songs", "--features", "rms,spectral_centroid", "--models", "svm", "--folds",
    "2", "--run", "run", ...)
end

local function read(name) return files.read(place .. "/" .. name) end

-- How often a text is in another one.
local function times(text, part)
  local count, at = 0, 1
  while true do
    local from, to = text:find(part, at, true)
    if not from then return count end
    count, at = count + 1, to + 1
  end
end

TestBare = {}

lib.in_folder({TestBare}, function(folder)
  place, bin = folder, files.mkdirs(folder .. "/bin")
  for c, class in ipairs {"low", "high"} do
    for i = 1, 4 do
      lib.write_tone(("%s/songs/%s/%d.wav"):format(place, class, i), 11025, 150 * 5 ^ c + 10 * i)
    end
  end
end)

function TestBare:test_an_empty_environment_is_enough()
  if not require "moonlark.plot.gnuplot".terminals() then
    print "skipped in part: gnuplot is not installed"
    return
  end
  local result = classify {}
  lu.assertEquals({result.code, result.err}, {0, ""})
  lu.assertEquals(files.list(place .. "/run/plots"), {"accuracy.png", "confusion.png", "precision_recall.png",
    "roc.png"})
  lu.assertStrContains(read "run/report.md", "![Confusion matrix](plots/confusion.png)")
end

-- However gnuplot fails, everything else is there, and the report links to nothing that is not.
function TestBare:test_pictures_that_fail_cost_nothing()
  for script, why in pairs {
    ["exit 1"] = "gnuplot could not draw the picture: exit code 1",
    ["kill -KILL $$"] = "gnuplot could not draw the picture: signal 9",
    ["exit 0"] = "gnuplot wrote no picture",
  } do
    stand_in("gnuplot", script)
    local result = classify({}, "--overwrite")
    lu.assertEquals(result.code, 0, result.err)
    local said, drawn = "", {"accuracy", "confusion", "roc", "precision_recall"}
    for _, name in ipairs(drawn) do said = said .. ("moonlark: plots/%s.png left out: %s\n"):format(name, why) end
    lu.assertEquals(result.err, said)
    lu.assertStrContains(result.out, "run folder: run")
    lu.assertEquals(json.decode(read "run/run.json").status, "finished")
    lu.assertEquals(json.decode(read "run/metrics.json").n, 8)
    lu.assertTrue(files.exists(place .. "/run/model.json"))
    local page = read "run/report.md"
    lu.assertStrContains(page, "- plots/accuracy.png, plots/confusion.png, plots/roc.png, "
      .. "plots/precision_recall.png: " .. why)
    lu.assertFalse(page:find("](", 1, true) ~= nil)
  end
end

function TestBare:test_training_ends_without_pictures()
  stand_in("gnuplot", "exit 1")
  local result = moonlark({}, "train", "songs", "--model", "mlp", "--epochs", "1", "--split", "0.5,0.25,0.25", "--run",
    "run")
  lu.assertEquals(result.code, 0, result.err)
  lu.assertStrContains(result.err, "plots/curves.png left out: gnuplot could not draw the picture: exit code 1")
  lu.assertTrue(files.exists(place .. "/run/model.safetensors"))
  lu.assertStrContains(read "run/report.md", "Pictures left out")

  result = moonlark({}, "evaluate", "run", "songs", "--json", "--plot", "confusion.png")
  lu.assertEquals(result.code, 0, result.err)
  lu.assertEquals(json.decode(result.out).tracks, 8)
  lu.assertStrContains(result.err, "confusion.png left out: ")
  result = moonlark({}, "evaluate", "run", "songs", "--plot", "confusion.gif")
  lu.assertEquals({result.code, result.out}, {1, ""})
  lu.assertStrContains(result.err, "must end in .png")
end

function TestBare:test_a_cache_that_cannot_be_written_is_left_out_with_one_warning()
  stand_in("gnuplot", "exit 1")
  for _, variable in ipairs {"MOONLARK_CACHE=/dev/null/cache", "XDG_CACHE_HOME=/dev/null", "HOME=/dev/null/home"} do
    local result = classify({variable}, "--overwrite")
    lu.assertEquals(result.code, 0, result.err)
    lu.assertEquals(times(result.err, "results are not kept between runs: cannot make the cache folder /dev/null"), 1,
      result.err)
    lu.assertEquals(times(result.err, "\n"), 5, result.err) -- and four pictures
  end
end

-- Root may write anywhere but on a read-only disk: only others meet this.
function TestBare:test_a_cache_of_somebody_else()
  files.mkdirs(place .. "/theirs/features")
  core.process.run {"chmod", "a-w", place .. "/theirs/features"}
  if core.system.writable(place .. "/theirs/features") then
    print "skipped in part: this user may write to folders that are read-only"
    return
  end
  local result = classify({}, "--cache", "theirs")
  lu.assertEquals(result.code, 0, result.err)
  lu.assertStrContains(result.err, "results are not kept between runs: cannot write to the cache folder theirs: ")
end

function TestBare:test_a_run_folder_that_cannot_be_written_is_refused_before_any_work()
  files.write(place .. "/file", "mine")
  local cached = {"MOONLARK_CACHE=" .. place .. "/cache"}
  for _, case in ipairs {{"file", "classify"}, {"file/run", "cluster"}, {"file/a/b", "train", "--model", "mlp"}} do
    local result = moonlark(cached, case[2], "songs", "--run", case[1], table.unpack(case, 3))
    lu.assertEquals({result.code, result.out, result.err}, {1, "",
      ("moonlark %s: the run folder %s cannot be written: file: it is no folder\n"):format(case[2], case[1])})
  end
  local result = moonlark({}, "extract", "songs", "--features", "rms", "--out", "file/x")
  lu.assertEquals({result.code, result.err},
    {1, "moonlark extract: the folder file/x cannot be written: file: it is no folder\n"})
  lu.assertFalse(files.exists(place .. "/cache"))
  lu.assertEquals(read "file", "mine")
end

function TestBare:test_no_home_is_needed()
  for _, variables in ipairs {{}, {"HOME="}, {"HOME=/dev/null/home"}} do
    local result = moonlark(variables, "features", "songs/low/1.wav", "--features", "rms", "--out", "rms.npz")
    lu.assertEquals({result.code, result.err}, {0, ""})
    lu.assertEquals(moonlark(variables, "-i", "-e", "print(6 * 7)").out:sub(1, 3), "42\n")
  end
  lu.assertStrContains(moonlark({"HOME=/dev/null/home"}, "doctor").out, "ok       engine")
end

lib.run()
