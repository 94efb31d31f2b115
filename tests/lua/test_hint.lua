-- Names that are not there: what the person may have meant.
local lib = require "lib"
local lu = require "luaunit"

-- What a script says when it stops, without its own path.
local function stops(code)
  local ran = lib.moonlark(nil, nil, lib.script(code))
  lu.assertEquals(ran.code, 1)
  return ran.err:gsub("^.-script%.lua", "script.lua")
end

local function says(expected, code) lu.assertStrContains(stops(code), expected) end

TestHint = {}

function TestHint:test_a_misspelt_function_of_a_module()
  says("script.lua:2: attempt to call a nil value (field 'laod') (audio has no 'laod': did you mean 'load'?)",
    'local audio = require "moonlark.audio"\naudio.laod "x.wav"')
  says("(nn has no 'Conv2D': did you mean 'Conv2d'?)", 'local nn = require "moonlark.nn"\nnn.Conv2D(1, 2, 3)')
end

function TestHint:test_a_misspelt_method()
  says("(x has no 'matmull': did you mean 'matmul'?)",
    'local x = require "moonlark.torch".zeros {2, 2}\nx:matmull(x)')
  says("(model has no 'fitt': did you mean 'fit'?)", 'local model = require "moonlark.classify".svm()\nmodel:fitt()')
  says("(s.song has no 'slize': did you mean 'slice'?)", 'local s = {song = require "moonlark.signal".new '
    .. '{data = require "moonlark.torch".zeros {1, 4}, rate = 1, kind = "waveform"}}\ns.song:slize(1)')
end

function TestHint:test_an_upvalue_and_a_field_that_is_indexed()
  says("(net has no 'layrs': did you mean 'layers'?)",
    'local net = {layers = {}}\nlocal function f() return net.layrs[1] end\nprint(f())')
end

function TestHint:test_a_global_of_the_prompt_is_explained()
  says([['feature' is a global at the prompt only; a script begins with: local feature = require "moonlark.feature"]],
    "feature.mel(1)")
  says("'reload' is there at the prompt only", 'reload "x"')
end

function TestHint:test_a_misspelt_global() says("(did you mean 'print'?)", "prnt(3)") end

function TestHint:test_no_guess_where_nothing_is_near()
  lu.assertNotStrContains(stops "foo()", "mean")
  lu.assertNotStrContains(stops 'local a = {b = 1}\na.something()', "mean")
  lu.assertNotStrContains(stops "error 'attempt to call a nil value'", "(")
end

function TestHint:test_at_the_prompt()
  local ran = lib.shell("printf 'audio.laod(1)\\nhelp\\n' | \"$0\" -i", lib.program)
  lu.assertStrContains(ran.err, "audio has no 'laod': did you mean 'load'?")
  lu.assertStrContains(ran.out, "Moonlark's modules")
end

TestSession = {}

local function at_prompt(lines)
  return lib.shell("printf '%s\\n' \"$@\" | \"$0\" -i", lib.program, table.unpack(lines))
end

function TestSession:test_help_answers()
  lu.assertStrContains(at_prompt({"help()"}).out, "Moonlark's modules")
  lu.assertStrContains(at_prompt({"help(audio.load)"}).out, "audio.load(path, given)")
  lu.assertStrContains(at_prompt({'help "audio.load"'}).out, "audio.load(path, given)")
end

function TestSession:test_time_gives_the_results()
  local ran = at_prompt {"a, b = time(function(x) return x, 2 end, 1)", "a + b", "time(3)"}
  lu.assertEquals(ran.out, "3\n")
  lu.assertStrContains(ran.err, "s\n")
  lu.assertStrContains(ran.err, "time takes a function, got number")
end

function TestSession:test_reload_takes_the_changed_file()
  local folder = lib.folder()
  lib.write(folder .. "/mine.lua", "return {x = 1, old = true}")
  local ran = at_prompt {
    ("package.path = %q .. package.path"):format(folder .. "/?.lua;"), 'kept = require "mine"',
    ("_ = io.open(%q, 'w'):write('return {x = 2}'):close()"):format(folder .. "/mine.lua"),
    'reload "mine" == kept', "kept.x, kept.old, mine.x",
    ("_ = io.open(%q, 'w'):write('return {'):close()"):format(folder .. "/mine.lua"), 'reload "mine"', "kept.x",
  }
  lu.assertEquals(ran.out, "true\n2\nnil\n2\n2\n")
end

lib.run()
