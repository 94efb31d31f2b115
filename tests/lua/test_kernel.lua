-- A kernel from end to end: the program on one side of the sockets, these tests on the other.
package.path = "tests/lua/?.lua;" .. package.path
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local client = require "kernel_client"

TestKernel = {}

local kernel

function TestKernel:setUp() kernel = kernel or client.start() end

local function run(...) return kernel:run(...) end

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

function TestKernel:test_an_interrupt_ends_the_cell_and_nothing_else()
  for _, code in ipairs {"kept = 7\nwhile true do end", "pcall(function() while true do end end)", "time(core_sleep)",
    "x = torch.ones {400, 400} while true do x = x:matmul(x):tanh() end", "while true do print 'again' end"} do
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

function TestKernel:test_queued_cells_are_given_up_after_a_failure()
  local function send_three(stop)
    local headers = {}
    for i, code in ipairs {'require("moonlark_core").system.sleep(0.5) error "wrong"', "print 'second'", "kept = 3"} do
      headers[i] = kernel:send("execute_request", {code = code, stop_on_error = stop})
    end
    local states = {}
    for i, header in ipairs(headers) do states[i] = kernel:reply(header, "shell").status end
    return states
  end
  lu.assertEquals(send_three(true), {"error", "aborted", "aborted"})
  lu.assertEquals(send_three(false), {"error", "ok", "ok"})
  local _, told = run "kept"
  lu.assertEquals(client.of_type(told, "execute_result")[1].data["text/plain"], "3")
end

function TestKernel:test_warnings_are_told_in_the_words_of_lua()
  local code = 'require "moonlark".warn("odd-names", "{name = 3} is odd, prefix = 4, too")'
  local _, told = run(code .. "\n" .. code:gsub("3", "5"))
  lu.assertEquals(client.printed(told, "stderr"),
    "warning: {name = 3} is odd, prefix = 4, too\nmore warnings: 1 of odd-names\n")
end

function TestKernel:test_silent_cells_leave_no_trace()
  local before = run("1").execution_count
  local reply, told = run("x = 5\nx", {silent = true})
  lu.assertEquals(types(told), {"status", "status"})
  lu.assertEquals(reply.execution_count, before)
  lu.assertEquals(run("1", {store_history = false}).execution_count, before)
  lu.assertEquals(run("1").execution_count, before + 1)
end

function TestKernel:test_expressions_beside_a_cell()
  local reply = run("x = 5", {user_expressions = {twice = "2 * x", wrong = "nothing.x", broken = "= ="}})
  lu.assertEquals(reply.user_expressions.twice.data["text/plain"], "10")
  lu.assertEquals(reply.user_expressions.wrong.status, "error")
  lu.assertEquals(reply.user_expressions.broken.status, "error")
end

function TestKernel:test_the_history_is_told()
  local last = run("first_of_all = 1").execution_count
  run "first_of_all"
  local function ask(content) return kernel:ask("history_request", content).history end
  lu.assertEquals(ask {hist_access_type = "tail", n = 2, output = false},
    {{1, last, "first_of_all = 1"}, {1, last + 1, "first_of_all"}})
  lu.assertEquals(ask({hist_access_type = "tail", n = 1, output = true})[1][3], {"first_of_all", "1"})
  lu.assertEquals(ask {hist_access_type = "range", session = 0, start = last, stop = last + 1},
    {{1, last, "first_of_all = 1"}})
  lu.assertEquals(#ask {hist_access_type = "search", pattern = "first_of_al? = *"}, 1)
  run "first_of_all"
  lu.assertEquals(#ask {hist_access_type = "search", pattern = "first_of_all", unique = true}, 1)
  lu.assertEquals(ask {hist_access_type = "range", session = 5, start = 0}, {})
end

function TestKernel:test_completion_counts_characters()
  local function complete(code, at)
    return kernel:ask("complete_request", {code = code, cursor_pos = at or utf8.len(code)})
  end
  local reply = complete "x = 'é𝄞' .. string.form"
  lu.assertEquals(reply.matches, {"format"})
  lu.assertEquals({reply.cursor_start, reply.cursor_end}, {19, 23})
  reply = complete("string.f -- é", 8)
  lu.assertItemsEquals(reply.matches, {"find", "format"})
  lu.assertEquals(complete("-- don't\nx = string.form").matches, {"format"})
  lu.assertEquals(complete("feature.mel(song, {\n  n_mel").matches, {"n_mels"})
  lu.assertEquals(complete("zzzz", 99).matches, {})
  lu.assertEquals(complete("zzzz", -3).status, "ok")
end

function TestKernel:test_help_is_told()
  local function inspect(code, at)
    return kernel:ask("inspect_request", {code = code, cursor_pos = at or utf8.len(code), detail_level = 0})
  end
  lu.assertStrContains(inspect("audio.load").data["text/plain"], "audio.load(")
  lu.assertStrContains(inspect("é = audio.load('x')", 12).data["text/plain"], "audio.load(")
  lu.assertStrContains(inspect("audio.load(path, {").data["text/plain"], "audio.load(")
  lu.assertFalse(inspect("no_such_name").found)
  lu.assertFalse(inspect("").found)
  local reply = run "audio.load?"
  lu.assertStrContains(reply.payload[1].data["text/plain"], "audio.load(")
end

function TestKernel:test_what_is_complete()
  local function state(code) return kernel:ask("is_complete_request", {code = code}) end
  lu.assertEquals(state "x = 1", {status = "complete"})
  lu.assertEquals(state "x = 1\nx", {status = "complete"}) -- its last line is shown
  lu.assertEquals(state "if x then", {status = "incomplete", indent = "  "})
  lu.assertEquals(state "  f({1,", {status = "incomplete", indent = "  "})
  lu.assertEquals(state "x = )", {status = "invalid"})
end

function TestKernel:test_a_cell_can_ask()
  local function answer(message)
    lu.assertEquals(message.type, "input_request")
    return {value = "12 é"}
  end
  local _, _, printed = run('io.write "who? "\nprint(io.read())\nprint(io.read("L", 5))\nprint(io.stdin:read "n")',
    {allow_stdin = true}, answer)
  lu.assertEquals(printed, "who? 12 é\n12 é\n\t12 é\nnil\n")
  lu.assertStrContains(run("io.read()", {allow_stdin = false}).evalue, "gives no input")
  local _, _, read = run "print(io.popen('cat'):read 'a')" -- programs have nothing to read, and do not wait
  lu.assertEquals(read, "\n")
end

function TestKernel:test_waiting_for_an_answer_can_be_interrupted()
  local header = kernel:send("execute_request", {code = "io.read()", allow_stdin = true})
  repeat until kernel:next {"stdin", "iopub"}.type == "input_request"
  lu.assertEquals(kernel:ask("interrupt_request", {}, "control").status, "ok")
  lu.assertEquals(kernel:reply(header, "shell").ename, "interrupted")
end

function TestKernel:test_comms_are_refused_politely()
  local header = kernel:send("comm_open", {comm_id = "x", target_name = "widget", data = {}})
  local types_told = {}
  repeat
    local message = kernel:next {"iopub"}
    lu.assertEquals(message.parent.msg_id, header.msg_id)
    types_told[#types_told + 1] = message.type
  until #types_told == 3
  lu.assertEquals(types_told, {"status", "comm_close", "status"})
  kernel:send("comm_msg", {comm_id = "x"})
  for _ = 1, 2 do kernel:next {"iopub"} end
  lu.assertEquals(kernel:ask("comm_info_request").comms, {})
  lu.assertEquals(kernel:ask("no_such_request").status, "error")
  lu.assertEquals(kernel:ask("debug_request", {}, "control").status, "error")
end

-- Signed as ours, so that it comes through to what reads JSON.
local hostile_contents = {"", "[]", "null", "{", '{"code":3}', '{"code":', '{"code":"\\ud800"}', '"x"', "\0", "words",
  '{"code":"x","silent":"no","user_expressions":3}', ("["):rep(5000), '{"cursor_pos":1e300,"code":"x"}',
  '{"code":{"a":1},"cursor_pos":"x"}'}

function TestKernel:test_hostile_bytes_are_survived()
  local raw = {{}, {""}, {"<IDS|MSG>"}, {"<IDS|MSG>", "", "", "", ""},
    {"<IDS|MSG>", ("0"):rep(64), "{}", "{}", "{}", "{}"},
    {"\xff\0", "<IDS|MSG>", "short", '{"msg_type":"execute_request"}', "{}", "{}", '{"code":"hacked = 1"}'},
    {("x"):rep(1 << 20)}}
  for _, channel in ipairs {"shell", "control", "stdin"} do
    for _, frames in ipairs(raw) do kernel.channels:send_frames(channel, frames) end
    for _, kind in ipairs {"execute_request", "complete_request", "inspect_request", "is_complete_request",
      "history_request", "comm_open", "input_reply", "kernel_info_request"} do
      for _, content in ipairs(hostile_contents) do
        kernel.channels:send {channel = channel, type = kind, content = content}
      end
    end
  end
  kernel.channels:send {channel = "shell", type = "execute_request", content = '{"code":"hacked = 2"}', parent = "\xff"}
  local header = kernel:send("execute_request", {code = "hacked"})
  local result
  repeat -- until the cell that came last is through
    local message = kernel:next {"shell", "iopub", "control"}
    local ours = message.parent.msg_id == header.msg_id
    if ours and message.type == "execute_result" then result = message.content.data["text/plain"] end
  until ours and message.type == "status" and message.content.execution_state == "idle"
  lu.assertEquals(result, "nil")
  while kernel:next({"shell", "control", "iopub"}, 0.2) do end
end

function TestKernel:test_it_says_where_it_is()
  lu.assertEquals(kernel:ask "connect_request", {status = "ok", shell_port = 1, control_port = 2, stdin_port = 3,
    iopub_port = 4, hb_port = 5})
end

function TestKernel:test_a_cell_does_not_end_the_program()
  lu.assertStrContains(run("os.exit(3)").evalue, "os.exit would end the kernel")
  lu.assertEquals(run("1").status, "ok")
end

function TestKernel:test_zz_it_ends_when_it_is_told_to()
  lu.assertEquals(#kernel.kept, 0) -- each message had a request of ours as its parent
  lu.assertEquals(kernel:stop(), 0)
  kernel = nil
end

lib.run()
