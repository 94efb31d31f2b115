-- The program's command line, exit codes and messages, by running it.
local lu = require "luaunit"

local program = arg[-1]
TestCommand = {}

-- Runs a shell line in which $M is the program: output, errors, exit code.
local function run(line)
  local out, err = os.tmpname(), os.tmpname()
  local _, kind, code = os.execute(("M='timeout 100 %s'; { %s; } >'%s' 2>'%s' </dev/null"):format(program, line, out,
    err))
  local function read(path)
    local file <close> = io.open(path)
    local text = file:read "a"
    os.remove(path)
    return text
  end
  return read(out), read(err), kind == "exit" and code or -code
end

local function script(text)
  local path = os.tmpname() .. ".lua"
  local file <close> = io.open(path, "w")
  file:write(text)
  return path
end

function TestCommand:test_ways_to_run()
  lu.assertEquals(run [[$M -e 'print(1 + 1)']], "2\n")
  lu.assertEquals(run [[echo 'print("in", ...)' | $M]], "in\n")
  lu.assertEquals(run [[echo 'print(arg[0], ...)' | $M - a b]], "-\ta\tb\n")
  local path = script "print(..., arg[1], #arg, arg[-1] ~= nil)"
  lu.assertEquals(run("$M " .. path .. " x y"), "x\tx\t2\ttrue\n")
  lu.assertEquals(run "$M -e 'x = 5' -e 'print(x)'", "5\n")
  lu.assertEquals(run "$M -l base.json -e 'print(json.encode {1})'", "[1]\n")
  lu.assertEquals(run "$M -v", ("Moonlark %s, Lua 5.4.%s\n"):format(require("moonlark").version,
    run "$M -v":match "5%.4%.(%d+)"))
  os.remove(path)
end

function TestCommand:test_exit_codes()
  lu.assertEquals(select(3, run "$M -e 'os.exit(7)'"), 7)
  lu.assertEquals(select(3, run "$M -e 'error(1)'"), 1)
  lu.assertEquals(select(3, run "$M /nowhere/x.lua"), 1)
  lu.assertEquals(select(3, run "$M -e 'x ='"), 1)
  lu.assertEquals(select(3, run "$M --wrong"), 2)
  lu.assertEquals(select(3, run "$M -e"), 2)
  lu.assertEquals(select(3, run "$M -e 'print(1)' >/dev/full"), 1)
end

function TestCommand:test_unknown_command_names_the_nearest()
  local _, err, code = run "$M docter"
  lu.assertEquals(code, 2)
  lu.assertStrContains(err, "did you mean 'doctor'?")
end

function TestCommand:test_help_lists_the_commands()
  local out, err, code = run "$M --help"
  lu.assertEquals({err, code}, {"", 0})
  lu.assertStrMatches(out, ".*\n  doctor +%u[^\n]+\n.*")
end

function TestCommand:test_every_command_has_a_summary_and_help()
  for _, entry in ipairs(require("moonlark.shell.command").list()) do
    lu.assertStrMatches(entry.summary, "%u.+")
    local out, err, code = run("$M " .. entry.name .. " --help")
    lu.assertEquals({err, code}, {"", 0}, entry.name)
    lu.assertStrContains(out, "Usage: moonlark " .. entry.name)
    _, err, code = run("$M " .. entry.name .. " --no-such-option")
    lu.assertEquals(code, 2, entry.name)
    lu.assertStrContains(err, "moonlark " .. entry.name .. ": ")
  end
end

function TestCommand:test_errors_point_at_the_users_line()
  local path = script("local options = require 'moonlark.base.options'\n" ..
    "local function analyse(n)\n  options.read('mel', {n_mel = n}, {n_mels = 128})\n  return n\nend\n" ..
    "local x = analyse(3)\n")
  local _, err = run("$M " .. path)
  lu.assertEquals(err, (([[
PATH:3: unknown option of mel: 'n_mel' (did you mean 'n_mels'?)
  PATH:3 in function 'analyse'
  PATH:6 in main chunk
]]):gsub("PATH", path)))
  _, err = run("MOONLARK_TRACE=1 $M " .. path)
  lu.assertStrContains(err, "options.lua")
  os.remove(path)
end

function TestCommand:test_any_error_value_is_printed()
  lu.assertEquals(select(2, run "$M -e 'error({code = 3})'"), "-e:1: error value: {code = 3}\n")
  lu.assertEquals(select(2, run "$M -e 'error()'"), "-e:1: error value: nil\n")
  local own = [[$M -e 'error(setmetatable({}, {__tostring = function() return "own text" end}))']]
  lu.assertEquals(select(2, run(own)), "-e:1: own text\n")
  lu.assertStrContains(select(2, run "$M -e 'local function f() return 1 + f() end f()'"), "stack overflow")
end

function TestCommand:test_caught_errors_stay_as_they_are()
  lu.assertEquals(run [[$M -e 'print(pcall(error, {}) , select(2, pcall(error, "x", 0)))']], "false\tx\n")
  lu.assertEquals(run [[$M -e 'print(select("#", pcall(function(...) return ... end, nil, nil)))']], "3\n")
  lu.assertEquals(run [[$M -e 'local f = coroutine.wrap(function(a) local b = coroutine.yield(a) return b end)
    print(f(1), f(2), pcall(f))']], "1\t2\tfalse\tcannot resume dead coroutine\n")
  lu.assertEquals(run [[$M -e 'local co = coroutine.create(function() return pcall(function()
    error(coroutine.yield(1), 0) end) end) print(coroutine.resume(co)) print(coroutine.resume(co, "late"))
    print(coroutine.close(co), coroutine.status(co))']], "true\t1\ntrue\tfalse\tlate\ntrue\tdead\n")
end

function TestCommand:test_children_have_default_signals()
  local out = run [[$M -e 'os.execute "grep SigIgn /proc/self/status"']]
  lu.assertEquals(tonumber(out:match "%x+$" or out:match "(%x+)\n", 16) & 2, 0)
end

function TestCommand:test_interrupted_by_a_signal()
  local _, err, code = run [[env --default-signal=INT timeout --preserve-status -s INT 1 ${M#timeout 100 } -e 'while true do pcall(function() while true do end end) end']]
  lu.assertStrContains(err, "interrupted at -e:1")
  lu.assertEquals(code, 130)
end

function TestCommand:test_nothing_leaks_into_the_globals()
  local _, err, code = run [[$M -e '
    local known = {lfs = true} -- lua-filesystem sets it itself
    for name in pairs(_G) do known[name] = true end
    local moonlark = require "moonlark"
    local files = require("moonlark.shell.help.sources").files(moonlark.home .. "/lua/moonlark")
    for _, file in ipairs(files) do
      local text = io.open(file.path):read "a"
      local module = text:find "\nreturn " -- the others are programs of worker processes
      if module then require(file.module == "moonlark" and "moonlark" or "moonlark." .. file.module) end
      for name in next, _G do
        if not known[name] then error(file.module .. " leaks the global " .. name, 0) end
      end
    end']]
  lu.assertEquals({err, code}, {"", 0})
end

function TestCommand:test_starting_loads_neither_engine_nor_tensors()
  lu.assertEquals(run [[$M -e 'local audio = require "moonlark" for name in pairs(package.loaded) do
    if name:find "_core" or name:find "_torch" then print(name) end end
    for line in io.lines "/proc/self/maps" do if line:find "openblas" or line:find "torch[%w_]*%.so" then print(line) end end']], "")
end

function TestCommand:test_how_threads_wait()
  local show = [[$M -e 'print(os.getenv "OMP_WAIT_POLICY", os.getenv "GOMP_SPINCOUNT")']]
  local bare = "unset OMP_WAIT_POLICY GOMP_SPINCOUNT; "
  lu.assertEquals(run(bare .. "MOONLARK_WAIT=passive " .. show), "passive\tnil\n")
  lu.assertEquals(run(bare .. "MOONLARK_WAIT=active " .. show), "active\tnil\n")
  lu.assertEquals(run(bare .. "OMP_WAIT_POLICY=active MOONLARK_WAIT=passive " .. show), "active\tnil\n")
  lu.assertEquals(run(bare .. "GOMP_SPINCOUNT=7 " .. show), "nil\t7\n")
  local busy = "(while :; do :; done) & other=$!; (while :; do :; done) & more=$!; sleep 0.1; "
  lu.assertEquals(run(bare .. busy .. show .. "; MOONLARK_WAIT=auto " .. show .. "; kill $other $more"),
    "passive\tnil\npassive\tnil\n")
  local out, err, code = run("MOONLARK_WAIT=sometimes " .. show)
  lu.assertEquals({out, err, code}, {"", "moonlark: MOONLARK_WAIT must be active, passive or auto, got 'sometimes'\n",
    2})
end

TestOptions = {}

-- A command whose options come from a description, on the words of a line.
function TestOptions:test_options_of_commands_come_from_descriptions()
  local path = script [[
    local command, options = require "moonlark.shell.command", require "moonlark.base.options"
    local described = options.describe("songs.sing", {
      how_often = options.integer(2, {least = 1, most = 9}, "how often"),
      pace = options.number(nil, {above = 0, unit = "BPM", usual = "the song's own"}, "how fast"),
      voice = options.choice({"alto", "bass"}, "bass", "who sings"),
      parts = options.list(options.integer(nil, {least = 1}), {1, 2}, {}, "which parts"),
      softly = options.boolean(false, "not loudly"),
    })
    local parser = command.parser("sing", "Sings.")
    command.options(parser, described, {"how_often", "pace", "voice", "parts", "softly"}, {how_often = 3})
    local args = parser:parse()
    print(args.how_often, args.pace, args.voice, table.concat(args.parts, "+"), args.softly)]]
  lu.assertEquals(run("$M " .. path), "3\tnil\tbass\t1+2\tnil\n")
  lu.assertEquals(run("$M " .. path .. " --how-often 4 --pace 1.5 --voice alto --parts 3,4,5 --softly"),
    "4\t1.5\talto\t3+4+5\ttrue\n")
  local help = run("$M " .. path .. " --help")
  for _, words in ipairs {"--how-often <n>", "How often. (default: 3)", "How fast; default: the song's own.",
    "<alto|bass>", "--softly"} do
    lu.assertStrContains(help, words)
  end
  for line, words in pairs {
    ["--how-often 0"] = "--how-often must be a whole number 1..9, got '0'",
    ["--pace 0"] = "--pace must be a number above 0",
    ["--pace x"] = "got 'x'", ["--voice alt"] = "(did you mean 'alto'?)", ["--parts 1,0"] = "--parts must be a list",
  } do
    local _, err, code = run("$M " .. path .. " " .. line)
    lu.assertStrContains(err, words)
    lu.assertEquals(code, 2)
  end
  os.remove(path)
end

TestProgress = {}

function TestProgress:test_a_pipe_gets_lines_now_and_then()
  local progress = require("moonlark.base.progress").new(10, "counting")
  progress.columns, progress.wait = nil, 0
  local written = {}
  local stderr = io.stderr
  io.stderr = {write = function(_, ...) written[#written + 1] = table.concat {...} end}
  progress:update(4)
  progress:finish()
  io.stderr = stderr
  lu.assertStrMatches(written[1], "counting  4/10  .*/s  .* left\n")
end

os.exit(lu.LuaUnit.run())
