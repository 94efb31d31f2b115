-- How a kernel begins and ends: its connection, its spec, shutdowns, signals, the end of who started it.
package.path = "tests/lua/?.lua;" .. package.path
local client = require "kernel_client"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lu = require "luaunit"

TestKernelStart = {}

function TestKernelStart:test_a_connection_must_be_right()
  local good = {transport = "tcp", ip = "127.0.0.1", key = "k", signature_scheme = "hmac-sha256", shell_port = 1,
    control_port = 2, stdin_port = 3, iopub_port = 4, hb_port = 5}
  for words, change in pairs {
    ["shell_port must be"] = {shell_port = 0}, ["ip must be"] = {ip = 3}, ["transport must be"] = {transport = "pgm"},
    ["signature_scheme must be hmac-sha256, got hmac-md5"] = {signature_scheme = "hmac-md5"},
    ["cannot listen at tcp://127.0.0.999:1"] = {ip = "127.0.0.999"},
  } do
    local file = {}
    for key, value in pairs(good) do file[key] = value end
    for key, value in pairs(change) do file[key] = value end
    local ran = lib.moonlark(nil, nil, "kernel", "start", lib.write(lib.folder() .. "/c.json", json.encode(file)))
    lu.assertEquals(ran.code, 1)
    lu.assertStrContains(ran.err, words)
  end
  lu.assertEquals(lib.moonlark(nil, nil, "kernel", "start").code, 2)
  lu.assertEquals(lib.moonlark(nil, nil, "kernel", "install", "file").code, 2)
  lu.assertStrContains(lib.moonlark(nil, nil, "kernel", "start", "/no/such/file").err, "/no/such/file")
end

function TestKernelStart:test_without_libzmq_it_says_what_to_install()
  local folder = lib.folder()
  lib.write(folder .. "/libzmq.so.5")
  local settings = {"LD_LIBRARY_PATH=" .. folder}
  local ran = lib.moonlark(nil, settings, "-e", [[
    require "moonlark_core".kernel.open {transport = "ipc", ip = "x", key = "", ports = {1, 2, 3, 4, 5}}]])
  lu.assertEquals(ran.code, 1)
  lu.assertStrContains(ran.err, "apt-get install libzmq5")
  lu.assertStrContains(lib.moonlark(nil, settings, "doctor").out, "no kernel for notebooks")
end

function TestKernelStart:test_the_spec_is_installed_where_jupyter_looks()
  local folder = lib.folder()
  local place = folder .. "/share/jupyter/kernels/mine"
  local ran = lib.moonlark(nil, nil, "kernel", "install", "--prefix", folder, "--name", "mine")
  lu.assertEquals(ran.out:match "^[^\n]*", place)
  local spec = json.read(place .. "/kernel.json")
  lu.assertEquals(spec.argv, {lib.program, "kernel", "start", "{connection_file}"})
  lu.assertEquals({spec.language, spec.interrupt_mode}, {"lua", "signal"})
  for name, width in pairs {["logo-32x32.png"] = 32, ["logo-64x64.png"] = 64} do
    lu.assertEquals(require "moonlark.base.png".size(files.read(place .. "/" .. name), name), width)
  end
  lu.assertStrContains(files.read(place .. "/logo-svg.svg"), "<svg")
  for _, case in ipairs {{"JUPYTER_DATA_DIR=" .. folder .. "/data", folder .. "/data/kernels/moonlark"},
    {"XDG_DATA_HOME=" .. folder .. "/xdg", folder .. "/xdg/jupyter/kernels/moonlark"},
    {"HOME=" .. folder .. "/home", folder .. "/home/.local/share/jupyter/kernels/moonlark"}} do
    local line = "env -u JUPYTER_DATA_DIR -u XDG_DATA_HOME \"$0\" \"$1\" kernel install"
    local user = lib.shell(line, case[1], lib.program)
    lu.assertEquals(user.out:match "^[^\n]*", case[2])
  end
  local active = lib.moonlark(nil, {"VIRTUAL_ENV=" .. folder .. "/venv"}, "kernel", "install", "--sys-prefix")
  lu.assertStrContains(active.out, folder .. "/venv/share/jupyter/kernels/moonlark\n")
  lu.assertStrContains(lib.moonlark(nil, {"HOME=" .. folder}, "kernel", "install", "--name", "a/b").err, "name must be letters")
end

TestKernelEnd = {}

-- Wherever an interrupt strikes, each cell is answered, and the kernel lives.
function TestKernelEnd:test_a_storm_of_interrupts()
  local one, random, seen = client.start(), lib.random(1), {}
  local cells = {"for i = 1, 1e6 do x = i end", "print(('x'):rep(1000))", "plot.lines({{1, 2, 3}})",
    "display(1, 'a') display(2, 'a')", "error 'x'", "os.execute 'true'", "pcall(function() for i = 1, 1e6 do end end) 5",
    "for _ in coroutine.wrap(function() for i = 1, 1e5 do coroutine.yield(i) end end) do end"}
  for _ = 1, 60 do
    local code = cells[math.floor(random() * #cells) + 1]
    local header = one:send("execute_request", {code = code, stop_on_error = false})
    for _ = 1, math.floor(random() * 4) do
      core.system.sleep(random() * 0.02)
      one:signal "INT"
    end
    local reply = one:reply(header, "shell")
    seen[reply.ename or reply.status] = true
  end
  lu.assertTrue(seen.interrupted and seen.ok)
  local _, told = one:run "6 * 7"
  lu.assertEquals(client.of_type(told, "execute_result")[1].data["text/plain"], "42")
  lu.assertEquals(one:stop(), 0)
end

function TestKernelEnd:test_it_ends_in_the_midst_of_a_cell()
  for _, code in ipairs {"while true do end", "while true do pcall(error) end", "os.execute 'sleep 100'"} do
    local one = client.start()
    one:send("execute_request", {code = code})
    repeat until one:next {"iopub"}.type == "execute_input"
    local began = core.system.clock()
    local header = one:send("shutdown_request", {restart = true}, "control")
    lu.assertEquals(one:next_of(header, {"control"}).content, {restart = true, status = "ok"})
    lu.assertEquals(one:ended(), 0)
    lu.assertTrue(core.system.clock() - began < 20)
  end
end

function TestKernelEnd:test_a_signal_ends_it()
  for _, code in ipairs {"x = 1", "while true do end"} do
    local one = client.start()
    one:send("execute_request", {code = code})
    repeat until one:next {"iopub"}.type == "execute_input"
    core.system.sleep(0.3)
    one:signal "TERM"
    local code_or_signal, how = one:ended()
    lu.assertEquals({how, code_or_signal}, {"signal", 15})
  end
end

function TestKernelEnd:test_it_does_not_outlive_who_started_it()
  local folder = lib.folder()
  local settings = ("sh -c '\"$@\" & echo $! >%s/pid; while [ ! -e %s/go ]; do sleep 0.1; done' sh"):format(folder,
    folder)
  local one = client.start(settings)
  lu.assertEquals(one:run("1").status, "ok")
  lib.write(folder .. "/go")
  local pid = files.read(folder .. "/pid"):match "%d+"
  for _ = 1, 300 do
    local state = lib.shell("ps -o stat= -p " .. pid).out
    if state == "" or state:find "^Z" then return end
    core.system.sleep(0.1)
  end
  os.execute("kill -9 " .. pid)
  lu.fail "the kernel is still there"
end

lib.run()
