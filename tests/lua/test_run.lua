-- A run folder holds what the tour says, and is never half written or silently overwritten.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local report = require "moonlark.run.report"
local run = require "moonlark.run"

local folder = lib.folder()
local fresh = lib.fresh(folder .. "/runs")

TestRun = {}

function TestRun:test_folder_holds_what_was_given()
  local path = fresh()
  local r = run.open(path, {model = "svm", C = 1, seed = 7}, {data = ("ab"):rep(16)})
  r:log {fold = 1, accuracy = 0.5}
  r:log {fold = 2, accuracy = 0.75}
  r:metrics {accuracy = {svm = 0.625}, ari = 0.25}
  r:metrics {accuracy = 0.625}
  r:report "# Report"
  r:finish()
  local record = json.decode(files.read(path .. "/run.json"))
  lu.assertEquals(record.settings, {model = "svm", C = 1, seed = 7})
  lu.assertEquals(record.seed, 7)
  lu.assertEquals(record.data.hash, ("ab"):rep(16))
  lu.assertEquals(record.status, "finished")
  lu.assertEquals(record.versions.moonlark, core.system.version)
  lu.assertStrMatches(record.started, "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ")
  lu.assertTrue(record.finished >= record.started)
  lu.assertEquals(files.read(path .. "/metrics.jsonl"), '{"accuracy":0.5,"fold":1}\n{"accuracy":0.75,"fold":2}\n')
  lu.assertEquals(files.read(path .. "/metrics.json"),
    '{\n  "accuracy": 0.625,\n  "accuracy.svm": 0.625,\n  "ari": 0.25\n}\n')
  lu.assertEquals(files.read(path .. "/report.md"), "# Report\n")
  lu.assertEquals(files.list(path), {"metrics.json", "metrics.jsonl", "plots", "report.html", "report.md", "run.json"})
end

function TestRun:test_another_run_is_not_overwritten()
  local path = fresh()
  run.open(path, {a = 1}):finish()
  lu.assertErrorMsgContains(path .. " holds a run already", run.open, path, {a = 2})
  lu.assertEquals(run.load(path).record.settings, {a = 1})
  lu.assertEquals(run.open(path, {}, {exists = "number"}).path, path .. "-2")
  lu.assertEquals(run.open(path .. "/", {}, {exists = "number"}).path, path .. "-3")
  lu.assertErrorMsgContains('exists must be "refuse", "number", "overwrite" or "resume", got string "resum" '
    .. '(did you mean "resume"?)', run.open, path, {}, {exists = "resum"})
end

function TestRun:test_overwrite_removes_the_run_and_nothing_else()
  local path = fresh()
  local old = run.open(path)
  old:log {a = 1}
  old:metrics {a = 1}
  files.write(old:own "plots/old.png", "x")
  files.write(old:own "own.txt", "x")
  files.write(path .. "/plots/mine.png", "mine")
  files.write(path .. "/notes.txt", "mine")
  old:finish()
  lu.assertEquals(run.load(path).record.files, {"metrics.jsonl", "metrics.json", "plots/old.png", "own.txt"})
  local new = run.open(path, {b = 2}, {exists = "overwrite"})
  lu.assertFalse(new.resumed)
  lu.assertEquals(files.list(path), {"notes.txt", "plots", "run.json"})
  lu.assertEquals(files.list(path .. "/plots"), {"mine.png"})
end

function TestRun:test_resume_goes_on()
  local path = fresh()
  local first = run.open(path, {lr = 0.1, seed = 3})
  first:log {epoch = 1}
  first:metrics {best = 0.5}
  local started = first.record.started
  first:release() -- killed here
  local file = io.open(path .. "/metrics.jsonl", "ab")
  file:write '{"epoch": 2, "lo'
  file:close()
  local second = run.open(path, nil, {exists = "resume"})
  lu.assertTrue(second.resumed)
  lu.assertEquals(second.settings.lr, 0.1)
  second:log {epoch = 2}
  second:metrics {last = 0.6}
  second:finish()
  local loaded = run.load(path)
  lu.assertEquals(loaded.log, {{epoch = 1}, {epoch = 2}})
  lu.assertEquals(loaded.metrics, {best = 0.5, last = 0.6})
  lu.assertEquals(#loaded.record.resumed, 1)
  lu.assertEquals(loaded.record.started, started)
  lu.assertEquals(loaded.record.files, {"metrics.jsonl", "metrics.json"})
end

function TestRun:test_a_failure_is_marked()
  local path = fresh()
  pcall(function()
    local r <close> = run.open(path)
    error "broken"
  end)
  lu.assertEquals(run.load(path).record.status, "failed")
end

-- A run that came to nothing is in nobody's way.
function TestRun:test_a_run_without_a_result_gives_way()
  local path = fresh()
  local function failed(...)
    local write = {...}
    pcall(function()
      local r <close> = run.open(path, {a = 1}, {exists = "overwrite"})
      for _, name in ipairs(write) do files.write(r:own(name), "x") end
      error "broken"
    end)
  end
  for _, beginnings in ipairs {{}, {"splits.json", "checkpoint.safetensors", "events.out.tfevents.1.moonlark.1"}} do
    failed(table.unpack(beginnings))
    lu.assertFalse(run.holds(path))
    run.check(path, "refuse")
    local next_one = run.open(path, {a = 2}, {exists = "number"})
    next_one:finish()
    lu.assertEquals(next_one.path, path)
    lu.assertEquals(run.load(path).record.settings, {a = 2})
    lu.assertEquals(files.list(path), {"plots", "run.json"})
  end
  for _, result in ipairs {"metrics.jsonl", "metrics.json", "model.safetensors", "plots/a.png", "notes.txt"} do
    failed(result)
    lu.assertTrue(run.holds(path), result)
    lu.assertErrorMsgContains("holds a run already", run.open, path, {a = 3})
  end
  failed()
  lu.assertFalse(run.holds(path))
  run.open(path .. "/fold-1"):finish() -- a training that is done, within one that is not
  lu.assertErrorMsgContains("holds a run already", run.open, path, {a = 3})
  lu.assertErrorMsgContains("holds a run already", run.check, path, "refuse")
end

-- The process is gone, nothing but run.json is there.
function TestRun:test_a_killed_run_without_a_result_gives_way()
  local path = fresh()
  run.open(path, {a = 1}):release()
  lu.assertFalse(run.holds(path))
  run.open(path, {a = 2}):finish()
  lu.assertEquals(run.load(path).record.settings, {a = 2})
  lu.assertTrue(run.holds(path))
end

function TestRun:test_plots()
  local gnuplot = require "moonlark.plot.gnuplot"
  local plot = require "moonlark.plot"
  local path = fresh()
  local r = run.open(path)
  lu.assertErrorMsgContains("name must be letters", r.plot, r, "../x", plot.lines {1, 2})
  if not gnuplot.terminals() then
    print "skipped in part: gnuplot is not installed"
    return
  end
  lu.assertEquals(r:plot("curve", plot.lines {1, 2}), "plots/curve.png")
  lu.assertEquals(files.list(path .. "/plots"), {"curve.png"})
end

-- The run goes on without pictures where there is no gnuplot, and says so.
function TestRun:test_plots_without_gnuplot()
  local path = fresh()
  local script = lib.script(([[
    local r = require("moonlark.run").open(%q)
    print(r:plot("curve", require("moonlark.plot").lines {1, 2}), #r.left_out)
    r:report "# Report"
    r:finish()]]):format(path))
  local result = lib.moonlark(nil, {"PATH=/nonexistent"}, script)
  lu.assertEquals(result.out, "nil\t1\n")
  lu.assertEquals(result.err,
    "moonlark: plots/curve.png left out: plots need gnuplot, which is not installed or not in PATH: "
    .. "apt-get install gnuplot-nox\n")
  lu.assertEquals(files.read(path .. "/report.md"), "# Report\n\n## Pictures left out\n\n- plots/curve.png: plots need "
    .. "gnuplot, which is not installed or not in PATH: apt-get install gnuplot-nox\n")
  lu.assertEquals(run.load(path).record.status, "finished")
end

-- Nor does a figure that cannot be made cost a run anything, or a gnuplot that fails.
function TestRun:test_pictures_that_fail_are_named_in_the_report()
  local path, bin = fresh(), folder .. "/bin"
  lib.stand_in(bin, "gnuplot", "kill -KILL $$")
  local script = lib.script(([[
    local plot = require "moonlark.plot"
    local r = require("moonlark.run").open(%q)
    print(r:plot("a", plot.lines, {1, 2}), r:plot("b", plot.lines {1, 2}), r:plot("c", plot.lines, "no numbers"))
    r:report "# Report"
    r:finish()]]):format(path))
  local result = lib.moonlark(nil, {"PATH=" .. bin .. ":/usr/bin:/bin"}, script)
  lu.assertEquals(result.out, "nil\tnil\tnil\n")
  lu.assertStrContains(result.err, "plots/a.png left out: gnuplot could not draw the picture: signal 9\n")
  local text = files.read(path .. "/report.md")
  lu.assertStrContains(text,
    "- plots/a.png, plots/b.png: gnuplot could not draw the picture: signal 9\n- plots/c.png: ")
  lu.assertEquals(run.load(path).record.status, "finished")
end

function TestRun:test_errors()
  lu.assertErrorMsgContains("holds no run", run.load, folder)
  lu.assertErrorMsgContains("path must be a folder's name", run.open, 3)
  files.write(folder .. "/file", "x")
  lu.assertErrorMsgContains("is a file", run.open, folder .. "/file")
  lu.assertErrorMsgContains("data must be a dataset or a hash", run.open, fresh(), {}, {data = 3})
end

TestReport = {}

function TestReport:test_page()
  local page = report.new "Ten *genres*"
  page:text "Some **words**.":heading "Result"
  page:metrics {b = 2, a = 0.84375, c = 1e-9}
  page:table({"class", "recall"}, {{"a|b\n<x>", 0.5}, {"pop", 1}})
  page:figure("plots/a b.png", "The [figure]"):figure(nil, "Lost")
  lu.assertEquals(tostring(page), [==[
# Ten \*genres\*

Some **words**.

## Result

| figure | value |
|---|---:|
| a | 0.8438 |
| b | 2 |
| c | 1e-09 |

| class | recall |
|---|---:|
| a\|b\\n\<x\> | 0.5 |
| pop | 1 |

![The \[figure\]](plots/a%20b.png)

*(no picture: Lost)*
]==])
end

lib.run()
