-- A kernel from end to end: the program on one side of the sockets, these tests on the other.
package.path = "tests/lua/?.lua;" .. package.path
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
if not core.system.libraries().libzmq then
  print "skipped: libzmq is not here"
  os.exit(77)
end
local client = require "kernel_client"

TestKernel = {}

local kernel

function TestKernel:setUp() kernel = kernel or client.start() end

local function run(code, more) return kernel:run(code, more) end

local function types(told)
  local list = {}
  for i, message in ipairs(told) do list[i] = message.type end
  return list
end

function TestKernel:test_it_says_what_it_is()
  local info, told = kernel:ask("kernel_info_request", {})
  lu.assertEquals(info.protocol_version, "5.4")
  lu.assertEquals(info.language_info.file_extension, ".lua")
  lu.assertEquals(types(told), {"status", "status"})
  lu.assertEquals(kernel:ask("kernel_info_request", {}, "control"), info)
end

function TestKernel:test_the_heart_beats()
  kernel.channels:send_frames("heartbeat", {"", "ping"})
  lu.assertEquals(kernel:next {"heartbeat"}.frames, {"", "ping"})
end

function TestKernel:test_cells_share_a_state_and_show_their_last_value()
  local reply, told = run "local x = {1, 2}\ny = 3"
  lu.assertEquals(reply.status, "ok")
  lu.assertEquals(types(told), {"status", "execute_input", "status"})
  _, told = run "z = #x + y\nx[z]\n"
  lu.assertEquals(client.of_type(told, "execute_result")[1].data, {["text/plain"] = "nil"})
  reply, told = run "x, y"
  local result = client.of_type(told, "execute_result")[1]
  lu.assertEquals(result.data, {["text/plain"] = "{1, 2}\n3"})
  lu.assertEquals(result.execution_count, reply.execution_count)
end

function TestKernel:test_prints_of_lua_of_c_and_of_programs_arrive_in_order()
  local _, told, printed = run 'print "one"\nos.execute "echo two; echo three >&2"\nio.write("four", 5, "\\n")\n'
  lu.assertEquals(printed, "one\ntwo\nfour5\n")
  lu.assertEquals(client.printed(told, "stderr"), "three\n")
  _, _, printed = run 'io.write("a\\xe9b \\xe2\\x82"); io.stdout:flush(); io.write "\\xac"'
  lu.assertEquals(printed, "a\u{FFFD}b €")
end

function TestKernel:test_much_is_printed_whole()
  local _, _, printed = run 'for i = 1, 200000 do print(i) end'
  lu.assertEquals(#printed, 1288895)
  lu.assertEquals(printed:sub(-14), "199999\n200000\n")
end

function TestKernel:test_errors_name_the_cells_line_and_show_it()
  local reply, told = run "x = 1\nlocal function f()\n  return nothing.at_all\nend\nf()"
  lu.assertEquals(reply.status, "error")
  lu.assertEquals(reply.ename, "error")
  lu.assertStrContains(reply.evalue, (":3: attempt to index a nil value (global 'nothing')"))
  lu.assertStrContains(reply.evalue, ("In [%d]"):format(reply.execution_count))
  local shown = table.concat(client.of_type(told, "error")[1].traceback, "\n")
  lu.assertStrContains(shown, "→\27[0m   3    return nothing.at_all")
  lu.assertStrContains(shown, "in function 'f'")
  reply = run "x = = 1"
  lu.assertEquals(reply.ename, "syntax error")
  lu.assertStrContains(reply.evalue, ":1: unexpected symbol near '='")
  reply = run "for i = 1, 2 do"
  lu.assertStrContains(reply.evalue, "'end' expected near <eof>")
end

function TestKernel:test_a_picture_is_png_and_svg()
  local _, told = run "plot.lines({{1, 2, 4}})"
  local result = client.of_type(told, "execute_result")[1]
  lu.assertEquals(result.data["image/png"]:sub(1, 8), "iVBORw0K")
  lu.assertStrContains(result.data["image/svg+xml"], "<svg")
  lu.assertStrContains(result.data["text/plain"], "figure")
  lu.assertTrue(result.metadata["image/png"].width > 100)
end

function TestKernel:test_an_interrupt_ends_the_cell_and_nothing_else()
  for _, code in ipairs {"kept = 7\nwhile true do end", "pcall(function() while true do end end)", "time(core_sleep)"} do
    run 'core_sleep = function() require("moonlark_core").system.sleep(1000) end'
    local header = kernel:send("execute_request", {code = code})
    repeat until kernel:next {"iopub"}.type == "execute_input"
    core.system.sleep(0.2)
    local began = core.system.clock()
    kernel:signal "INT"
    local reply = kernel:reply(header, "shell")
    lu.assertTrue(core.system.clock() - began < 10)
    lu.assertEquals(reply.ename, "interrupted")
    lu.assertStrContains(reply.evalue, "interrupted at In [")
  end
  local _, told = run "kept"
  lu.assertEquals(client.of_type(told, "execute_result")[1].data["text/plain"], "7")
  kernel:signal "INT" -- while nothing runs it means nothing
  lu.assertEquals(run "kept = nil".status, "ok")
end

function TestKernel:test_zz_it_ends_when_it_is_told_to()
  lu.assertEquals(kernel:stop(), 0)
  kernel = nil
end

lib.run()
