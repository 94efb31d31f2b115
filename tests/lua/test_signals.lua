-- SIGTERM, SIGHUP and a reader that goes away stop the program in order, wherever it is; a second signal at once.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"

local folder = lib.folder()
files.mkdirs(folder .. "/tmp")

-- Starts the program with a script, sends it signals once the script has made the file `ready`, and gives what the
-- shell says of its end (128 + the signal that killed it) and what it wrote.
local function stop(script, signals)
  for _, name in ipairs {"ready", "closed"} do files.remove(folder .. "/" .. name) end
  files.write(folder .. "/script.lua", script)
  local shell = ([[cd "$0"
    TMPDIR="$0/tmp" "$1" script.lua >out 2>err & pid=$!
    tries=0
    while [ ! -e ready ] && [ $tries -lt 3000 ]; do sleep .02; tries=$((tries + 1)); done
    %s
    wait $pid; echo $?]]):format(signals)
  local result = core.process.run({"sh", "-c", shell, folder, lib.program}, 120)
  return tonumber(result.out:match "%d+"), files.read(folder .. "/out") .. files.read(folder .. "/err")
end

local head = [[
  local files = require "moonlark.base.files"
  local here = require "lfs".currentdir()
  local closes <close> = setmetatable({}, {__close = function() files.write(here .. "/closed", "yes") end})
  local function ready() files.write(here .. "/ready", "") end
]]

TestSignals = {}

local places = {
  loop = "ready() while true do end",
  caught = "ready() while true do pcall(function() while true do end end) end",
  coroutine = "ready() coroutine.wrap(function() while true do coroutine.isyieldable() end end)()",
  engine = "ready() require('moonlark_core').system.sleep(60)",
  child = "ready() require('moonlark_core').process.run({'sleep', '60'})",
  temporary = "files.temporary_folder() ready() while true do end",
  making = "ready() while true do files.remove(files.temporary_folder()) end",
  pipe = "local p <close> = io.popen('sleep 2') ready() p:read 'a' while true do end",
}

function TestSignals:test_what_is_open_is_closed_and_the_parent_told()
  for _, signal in ipairs {{"TERM", 143}, {"HUP", 129}} do
    for name, code in pairs(places) do
      local ended, said = stop(head .. code, ("kill -%s $pid"):format(signal[1]))
      lu.assertEquals(ended, signal[2], name .. ": " .. said)
      lu.assertEquals(files.exists(folder .. "/closed"), true, name)
      lu.assertEquals(files.list(folder .. "/tmp"), {}, name)
      lu.assertStrContains(said, "interrupted")
    end
  end
end

function TestSignals:test_one_wish_that_comes_twice_is_one()
  local ended = stop(head .. places.loop, "kill -TERM $pid; kill -HUP $pid")
  lu.assertTrue(ended == 143 or ended == 129, tostring(ended)) -- the system may hand over either first
  lu.assertEquals(files.exists(folder .. "/closed"), true)
end

function TestSignals:test_a_second_wish_is_obeyed_at_once()
  local deaf = "os.execute 'touch ready; sleep 5'" -- a call that does not hear of the first
  lu.assertEquals(stop(head .. deaf, "kill -TERM $pid; sleep .3; kill -TERM $pid"), 143)
  lu.assertEquals(files.exists(folder .. "/closed"), false)
end

function TestSignals:test_nohup()
  local script = head .. "ready() require('moonlark_core').system.sleep(.5)"
  files.write(folder .. "/nohup.lua", script)
  local result = core.process.run({"sh", "-c", [[cd "$0"; trap '' HUP; "$1" nohup.lua & pid=$!
    while [ ! -e ready ]; do sleep .02; done; kill -HUP $pid; wait $pid; echo $?]], folder,
    lib.program}, 60)
  lu.assertEquals(result.out, "0\n")
end

-- What reads the output has gone: no line on standard error, the usual end, and everything closed.
function TestSignals:test_a_reader_that_goes_away()
  files.remove(folder .. "/closed")
  files.write(folder .. "/talk.lua", head .. "files.temporary_folder() while true do print(('x'):rep(1000)) end")
  local result = core.process.run({"bash", "-c", [[cd "$0"; export TMPDIR="$0/tmp"; "$1" talk.lua | head -1 >out
    echo ${PIPESTATUS[0]}]], folder, lib.program}, 60)
  lu.assertEquals(result.out, "141\n")
  lu.assertEquals(files.exists(folder .. "/closed"), true)
  lu.assertEquals(files.list(folder .. "/tmp"), {})
end

-- Whenever the signal comes, nothing is left in the folder for temporary files, no file is half written, and a run says
-- that it was interrupted, unless it was done by then.
function TestSignals:test_commands()
  local json = require "moonlark.base.json"
  require "moonlark.corpus".generate(folder .. "/songs", {styles = {"blues", "house"}, clips = 8, seconds = 1})
  local features = " --features rms,mfcc --no-cache --run "
  local commands = {
    "extract songs --features mfcc --no-cache --out RUN", "corpus RUN --styles blues,jazz --clips 4 --seconds 1",
    "classify songs --folds 2" .. features .. "RUN", "cluster songs --seeds 3 --components 3" .. features .. "RUN",
    "train songs --model cnn --no-cache --epochs 2 --split .5,.5 --run RUN",
  }
  for _, command in ipairs(commands) do
    for i, delay in ipairs {0.1, 0.4, 0.8, 1.6} do
      files.remove(folder .. "/RUN")
      local signal = i % 2 == 0 and "HUP" or "TERM"
      local result = core.process.run({"sh", "-c", ([[cd "$0"; TMPDIR="$0/tmp" "$1" %s >out 2>err & pid=$!
        sleep %g; kill -%s $pid; wait $pid; echo $?]]):format(command, delay, signal), folder, lib.program}, 240)
      local code = tonumber(result.out:match "%d+")
      local about = ("%s after %g s: %s %s"):format(command, delay, tostring(code), files.read(folder .. "/err"))
      lu.assertTrue(code == 0 or code == (signal == "HUP" and 129 or 143), about)
      lu.assertEquals(files.list(folder .. "/tmp"), {}, about)
      if files.exists(folder .. "/RUN") then
        for _, path in ipairs(files.tree(folder .. "/RUN")) do lu.assertNotStrContains(path, ".tmp") end
        for name in require "lfs".dir(folder .. "/RUN") do lu.assertNotStrContains(name, ".lock") end
      end
      if files.exists(folder .. "/RUN/run.json") then
        local status = json.decode(files.read(folder .. "/RUN/run.json")).status
        -- A signal may come when the work is done and the program on its way out.
        lu.assertTrue(status == "finished" or code ~= 0 and status == "interrupted", status .. ": " .. about)
      end
    end
  end
end

lib.run()
