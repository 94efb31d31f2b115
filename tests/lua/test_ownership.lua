-- Folders that belong to somebody: one process writes a run at a time, and nothing of a person's is removed,
-- overwritten or written through a link.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local run = require "moonlark.run"

local folder = lib.folder()
local fresh = lib.fresh(folder .. "/runs")
local program, shell, script = lib.program, lib.shell, lib.script

TestLock = {}

function TestLock:test_the_second_is_told_by_whom()
  local path = fresh()
  local first = run.open(path)
  local process = lfs.symlinkattributes("/proc/self", "target")
  for _, exists in ipairs {"refuse", "overwrite", "resume"} do
    lu.assertErrorMsgContains(path .. " is being written by process " .. process, run.open, path, {}, {exists = exists})
  end
  lu.assertErrorMsgContains("is being written by process", run.check, path, "overwrite")
  local other = run.open(path, {}, {exists = "number"})
  lu.assertEquals(other.path, path .. "-2")
  first:finish()
  lu.assertEquals(run.open(path, {}, {exists = "overwrite"}).path, path)
end

function TestLock:test_a_run_that_could_not_be_opened_holds_nothing()
  local path = fresh()
  pcall(run.open, path, {}, {data = 3})
  run.open(path, {}, {exists = "overwrite"}):finish()
end

function TestLock:test_a_finished_run_that_writes_again_takes_the_folder_again()
  local path = fresh()
  local first = run.open(path)
  first:finish()
  local second = run.open(path, {}, {exists = "resume"})
  lu.assertErrorMsgContains("is being written by process", first.metrics, first, {a = 1})
  second:finish()
  first:metrics {a = 1}
  lu.assertErrorMsgContains("is being written by process", run.open, path, {}, {exists = "resume"})
  first:finish()
end

-- Two processes, one folder: one has it, the other says so; and neither when both are gone.
function TestLock:test_two_processes_race()
  local path = fresh()
  local racer = script(([[
    local run, core = require "moonlark.run", require "moonlark_core"
    local ok, why = pcall(function()
      local r <close> = run.open(%q, {}, {exists = "overwrite"})
      r:log {a = 1}
      core.system.sleep(1.5)
    end)
    print(ok and "had it" or why)]]):format(path))
  local result = shell([["$0" "$1" & "$0" "$1" & "$0" "$1" & wait]], program, racer)
  local _, had = result.out:gsub("had it\n", "")
  local _, told = result.out:gsub("is being written by process %d+ on %S+ since [%d%-T:]+Z %(moonlark script%)", "")
  lu.assertEquals({had, told}, {1, 2}, result.out .. result.err)
  lu.assertEquals(run.load(path).log, {{a = 1}})
  lu.assertNil(files.kind(path .. "/.run.lock"))
end

function TestLock:test_a_killed_process_is_followed()
  local path = fresh()
  local victim = script(([[
    local r <close> = require "moonlark.run".open(%q)
    r:log {a = 1}
    require "moonlark.base.files".write(%q, "")
    require "moonlark_core".system.sleep(60)]]):format(path, folder .. "/ready"))
  local result = shell([["$0" "$1" & pid=$!
    while [ ! -e "$2/ready" ]; do sleep .02; done
    kill -KILL $pid; wait $pid; echo $?]], program, victim, folder)
  lu.assertEquals(result.out, "137\n")
  lu.assertEquals(run.load(path).record.status, "running")
  lu.assertEquals(files.kind(path .. "/.run.lock"), "file")
  local resume = script(([[
    local r <close> = require "moonlark.run".open(%q, nil, {exists = "resume"})
    r:log {a = 2}]]):format(path))
  result = shell([["$0" "$1"]], program, resume)
  lu.assertEquals(result.code, 0)
  lu.assertEquals(result.err, ("moonlark: the process that wrote %s was killed\n"):format(path))
  lu.assertEquals(run.load(path).record.status, "finished")
  lu.assertEquals(run.load(path).log, {{a = 1}, {a = 2}})
end

function TestLock:test_a_stop_is_told_in_run_json()
  for _, signal in ipairs {"TERM", "HUP", "INT"} do
    local path = fresh()
    files.remove(folder .. "/ready")
    local stopped = script(([[
      local r <close> = require "moonlark.run".open(%q)
      require "moonlark.base.files".write(%q, "")
      require "moonlark_core".system.sleep(60)
      while true do end]]):format(path, folder .. "/ready"))
    shell([["$0" "$1" & pid=$!
      while [ ! -e "$2/ready" ]; do sleep .02; done
      kill -$3 $pid; wait $pid]], program, stopped, folder, signal)
    lu.assertEquals(run.load(path).record.status, "interrupted", signal)
    lu.assertNil(files.kind(path .. "/.run.lock"))
  end
end

TestOwnership = {}

function TestOwnership:test_a_folder_of_other_files_is_refused()
  local path = fresh()
  files.mkdirs(path .. "/deep/er")
  files.write(path .. "/deep/er/thesis.txt", "mine")
  for _, exists in ipairs {"refuse", "overwrite", "resume"} do
    lu.assertErrorMsgContains(path .. " holds files that are no run's, such as " .. path .. "/deep/er/thesis.txt",
      run.open, path, {}, {exists = exists})
  end
  lu.assertErrorMsgContains("holds files that are no run's", run.check, path, "overwrite")
  lu.assertEquals(run.open(path, {}, {exists = "number"}).path, path .. "-2")
  lu.assertEquals(files.list(path), {"deep"})
  local empty = fresh()
  files.mkdirs(empty .. "/plots")
  files.write(empty .. "/.gitignore", "*")
  run.open(empty):finish()
end

function TestOwnership:test_another_programs_run_json()
  local path = fresh()
  files.mkdirs(path)
  files.write(path .. "/run.json", '{"mine": 1}')
  lu.assertErrorMsgContains("run.json was not written by Moonlark", run.open, path, {}, {exists = "overwrite"})
  lu.assertErrorMsgContains("run.json was not written by Moonlark", run.open, path, {}, {exists = "resume"})
  lu.assertEquals(files.read(path .. "/run.json"), '{"mine": 1}')
end

-- A file of a person's in a place that the run needs later is moved, and the result is not lost.
function TestOwnership:test_a_place_that_is_taken()
  local path = fresh()
  local r = run.open(path)
  files.write(path .. "/report.md", "mine")
  files.write(path .. "/report.md~", "mine too")
  r:report "# Report"
  r:report "# Report 2"
  r:finish()
  lu.assertEquals(files.read(path .. "/report.md"), "# Report 2\n")
  lu.assertEquals(files.read(path .. "/report.md~"), "mine too")
  lu.assertEquals(files.read(path .. "/report.md~2"), "mine")
end

function TestOwnership:test_links_lead_no_writing_elsewhere()
  local path, elsewhere = fresh(), folder .. "/elsewhere"
  files.mkdirs(elsewhere)
  local names = {"metrics.jsonl", "metrics.json", "report.md", "run.json"}
  for _, name in ipairs(names) do files.write(files.join(elsewhere, name), "kept") end
  local r = run.open(path)
  r:log {a = 1}
  r:metrics {a = 1}
  r:report "# Report"
  for _, name in ipairs(names) do
    files.remove(r:file(name))
    lfs.link(files.join(elsewhere, name), r:file(name), true)
  end
  r:log {a = 2}
  r:metrics {a = 2}
  r:report "# Report 2"
  r:finish()
  for _, name in ipairs(names) do
    lu.assertEquals(files.read(files.join(elsewhere, name)), "kept", name)
    lu.assertEquals(lfs.symlinkattributes(r:file(name), "mode"), "file", name)
  end
  -- A folder within: refused when opened, and not emptied by --overwrite.
  files.remove(path .. "/plots")
  lfs.link(elsewhere, path .. "/plots", true)
  files.write(elsewhere .. "/confusion.png", "kept")
  lfs.link(elsewhere, path .. "/fold-1", true)
  lu.assertErrorMsgContains(path .. "/plots is a link", run.open, path, {}, {exists = "overwrite"})
  lu.assertEquals(files.list(elsewhere), {"confusion.png", "metrics.json", "metrics.jsonl", "report.md", "run.json"})
  -- The folder that a person names may be one.
  local far = files.mkdirs(fresh())
  lfs.link(far, path .. "-link", true)
  run.open(path .. "-link"):finish()
  lu.assertEquals(files.kind(far .. "/run.json"), "file")
end

-- A list that somebody else wrote names nothing outside.
function TestOwnership:test_a_list_that_leads_outside()
  local path = fresh()
  files.write(files.join(folder, "outside.txt"), "kept")
  files.mkdirs(path .. "/inner")
  files.write(path .. "/run.json",
    '{"status": "finished", "files": ["../../outside.txt", "inner", "/etc/hostname", ""]}')
  run.open(path, {}, {exists = "overwrite"}):finish()
  lu.assertEquals(files.read(files.join(folder, "outside.txt")), "kept")
  lu.assertEquals(files.kind(path .. "/inner"), "directory")
end

function TestOwnership:test_runs_without_a_list()
  local path = fresh()
  files.mkdirs(path .. "/plots")
  files.mkdirs(path .. "/fold-1/plots")
  for _, name in ipairs {"report.md", "plots/confusion.png", "plots/mine.png",
    "events.out.tfevents.1700000000.moonlark.0",
    "events.out.tfevents.1700000000.other", "fold-1/model.json", "fold-1/notes.txt"} do
    files.write(files.join(path, name), "x")
  end
  for _, inner in ipairs {"", "fold-1"} do
    files.write(files.join(path, inner, "run.json"), '{"status": "finished"}')
  end
  run.open(path, {}, {exists = "overwrite"}):finish()
  local left = files.tree(path)
  for i, name in ipairs(left) do left[i] = name:sub(#path + 2) end
  lu.assertEquals(left, {"events.out.tfevents.1700000000.other", "fold-1/notes.txt", "plots/mine.png", "run.json"})
end

-- 0.1 s of silence as WAV.
local function sound(path) files.write(path, lib.wav(("\0\0"):rep(2205))) end

function TestOwnership:test_extract()
  local songs, out = folder .. "/songs", folder .. "/features"
  files.mkdirs(songs .. "/a")
  for i = 1, 2 do sound(("%s/a/%d.wav"):format(songs, i)) end
  local function extract(more)
    return shell([["$0" extract "$1" --features rms,zero_crossing_rate --no-cache --out "$2" ]] .. more .. " 2>&1",
      program, songs, out)
  end
  files.mkdirs(out .. "/a")
  files.write(out .. "/a/1.rms.npy", "mine")
  files.write(out .. "/notes.txt", "mine")
  local result = extract "--format npy"
  lu.assertStrContains(result.out, out .. "/a/1.rms.npy is there already, and no extraction wrote it")
  lu.assertEquals(result.code, 1)
  lu.assertEquals(#files.tree(out), 2)
  files.remove(out .. "/a/1.rms.npy")
  result = extract "--format npy"
  lu.assertEquals(result.code, 0, result.out)
  lu.assertEquals(extract "--format npy".code, 0) -- over its own
  lu.assertEquals(extract "--pool mean --format csv".code, 0)
  lu.assertEquals(extract "--pool mean --format csv".code, 0)
  lu.assertEquals(files.read(out .. "/notes.txt"), "mine")
  -- A table is one file, of several features too; a merged one as well.
  files.remove(out)
  files.mkdirs(out)
  files.write(out .. "/features.npy", "mine")
  result = extract "--pool mean --format npy"
  lu.assertStrContains(result.out, out .. "/features.npy is there already, and no extraction wrote it")
  lu.assertEquals(extract "--pool mean --format npy --shard 1/1".code, 0)
  result = shell([["$0" merge "$1" 2>&1]], program, out)
  lu.assertStrContains(result.out, out .. "/features.npy is there already, and no extraction wrote it")
  lu.assertEquals(files.read(out .. "/features.npy"), "mine")
  files.remove(out .. "/features.npy")
  lu.assertEquals(shell([["$0" merge "$1" 2>&1]], program, out).code, 0)
  lu.assertEquals(extract "--pool mean --format npy".code, 0)
  -- A link in a folder's place.
  files.remove(out)
  files.mkdirs(folder .. "/other")
  files.mkdirs(out)
  lfs.link(folder .. "/other", out .. "/a", true)
  lu.assertStrContains(extract "--format npz".out, out .. "/a is a link: nothing is written through it")
  lu.assertEquals(files.list(folder .. "/other"), {})
  for name in lfs.dir(out) do lu.assertNotStrContains(name, ".lock") end
end

function TestOwnership:test_corpus()
  local out = folder .. "/corpus"
  files.mkdirs(out .. "/blues")
  files.write(out .. "/blues/blues.00000.wav", "mine")
  local result = shell([["$0" corpus "$1" --styles blues --clips 1 --seconds 1 2>&1]], program, out)
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.out, out .. "/blues/blues.00000.wav is there already, and " .. out .. " holds no corpus")
  lu.assertEquals(files.read(out .. "/blues/blues.00000.wav"), "mine")
  files.remove(out .. "/blues")
  files.mkdirs(folder .. "/styles")
  lfs.link(folder .. "/styles", out .. "/blues", true)
  result = shell([["$0" corpus "$1" --styles blues --clips 1 --seconds 1 2>&1]], program, out)
  lu.assertStrContains(result.out, "blues is a link")
  lu.assertEquals(files.list(folder .. "/styles"), {})
end

lib.run()
