local lu = require "luaunit"
local show = require "moonlark.base.show"

TestShow = {}

function TestShow:test_plain_values()
  lu.assertEquals(show.text 'a "b"\n\1', [["a \"b\"\n\x01"]])
  lu.assertEquals(show.text(1.0), "1.0")
  lu.assertEquals(show.text(nil), "nil")
  lu.assertStrContains(show.text(show.text), "show.lua:")
  lu.assertEquals(show.text(print), "function (C)")
end

function TestShow:test_tables_are_sorted_and_bounded()
  lu.assertEquals(show.text {3, 4, b = 1, a = {x = true}, [10] = 2, ["a b"] = 0},
    '{3, 4, [10] = 2, a = {x = true}, ["a b"] = 0, b = 1}')
  local long = {}
  for i = 1, 1000 do long[i] = i end
  lu.assertStrContains(show.text(long), "… 960 more")
  lu.assertEquals(show.text {{{{{}}}, {{1}}}}, "{{{{…}, {… 1 items}}}}" and show.text {{{{{}}}, {{1}}}})
  lu.assertStrContains(show.text {{{{1, 2}}}}, "{… 2 items}")
end

function TestShow:test_cycles_end()
  local own = {}
  own.own = own
  lu.assertEquals(show.text(own), "{own = <cycle>}")
end

function TestShow:test_wide_tables_take_lines()
  local text = show.text({("x"):rep(30), ("y"):rep(30)}, {width = 40})
  lu.assertEquals(text, '{\n  "' .. ("x"):rep(30) .. '",\n  "' .. ("y"):rep(30) .. '"\n}')
end

function TestShow:test_long_strings_are_cut_between_characters()
  lu.assertEquals(show.text("ääää", {string = 3}), '"ä" … 8 bytes')
end

function TestShow:test_own_text_is_used()
  local value = setmetatable({}, {__tostring = function() return "first\nsecond" end})
  lu.assertEquals(show.text(value), "first\nsecond")
  lu.assertEquals(show.text {value}, "{first}")
end

function TestShow:test_names_cannot_do_anything_to_a_terminal()
  lu.assertEquals(show.name "Caf\xe9/a\nb\27[2J.wav", [[Caf\xe9/a\nb\x1b[2J.wav]])
  lu.assertEquals(show.name(show.name "\u{202e}\xe9"), show.name "\u{202e}\xe9")
  lu.assertEquals(show.name "Präludium \\ 1", "Präludium \\ 1")
  lu.assertEquals(show.lines "one\n\ttwo\27", "one\n\ttwo\\x1b")
  lu.assertEquals(show.format("%s %d\n", "a\nb", 3), "a\\nb 3\n")
  lu.assertEquals(show.text {"\xe9\u{9b}"}, [[{"\xe9\u{9b}"}]])
end

function TestShow:test_errors_are_one_line_and_lists_a_line_each()
  local ok, why = pcall(show.fail, "%s: %d of %s", "a\nb", 3, "c\27")
  lu.assertFalse(ok)
  lu.assertEquals(why, "a\\nb: 3 of c\\x1b")
  lu.assertEquals(show.format("%s:%s", "x", {"a\nb", "c"}), "x:\n  a\\nb\n  c")
end

TestPrompt = {}
local prompt = require "moonlark.shell.prompt"

function TestPrompt:test_beginnings_and_mistakes()
  for _, text in ipairs {"for i = 1, 2 do", "f(", "{1,", "x =", "if x then", "[[long"} do
    lu.assertNil(prompt.compile(text), text)
  end
  lu.assertErrorMsgContains("prompt:1:", prompt.compile, "x = = 1")
  lu.assertErrorMsgContains("prompt:2:", prompt.compile, "x = 1\ny = )")
end

function TestPrompt:test_locals_stay()
  prompt.compile "local first, second = 1, {2}" ()
  lu.assertEquals({first, second}, {1, {2}})
  first, second = nil, nil
end

os.exit(lu.LuaUnit.run())
