local lu = require "luaunit"
local complete = require "moonlark.complete"
local help = require "moonlark.help"
local moonlark = require "moonlark"

TestHelp = {}

-- A LuaCATS comment with words; "---@class" alone says nothing to a reader of `name?`.
local function says_something(entry)
  return entry.doc ~= nil and table.concat(entry.doc.text):find "%a" ~= nil
end

function TestHelp:test_every_public_name_has_a_comment()
  local silent = {}
  for _, entry in ipairs(help.entries()) do
    local public = entry.kind == "module" or entry.kind == "function" or entry.code and entry.code:find "^function"
    local inside = entry.module:find(".", 1, true) -- parts of a module, which its own file offers
    if public and not inside and not says_something(entry) then
      silent[#silent + 1] = ("%s (%s:%d)"):format(entry.name, entry.path:match "lua/moonlark/.*", entry.line)
    end
  end
  lu.assertEquals(silent, {}, "public names without a LuaCATS comment")
end

function TestHelp:test_every_file_says_what_it_is()
  local described, silent = {}, {}
  for _, entry in ipairs(help.entries()) do
    if entry.line <= 40 and says_something(entry) then described[entry.path] = true end
  end
  for _, entry in ipairs(help.entries()) do
    if not described[entry.path] then silent[entry.path] = true end
  end
  lu.assertEquals(silent, {})
end

function TestHelp:test_every_function_of_a_loaded_module_is_explained()
  local silent = {}
  for _, name in ipairs(moonlark.modules) do
    local module = moonlark.module(name)
    for key, value in pairs(module or {}) do
      if type(value) == "function" and type(key) == "string" and not key:find "^_" then
        local _, found = help.text(name .. "." .. key)
        if not found then silent[#silent + 1] = name .. "." .. key end
      end
    end
  end
  table.sort(silent)
  lu.assertEquals(silent, {}, "functions that `name?` cannot explain")
end

function TestHelp:test_values_and_names_lead_to_the_same_page()
  local show = require "moonlark.show"
  local by_name = help.text "show.text"
  lu.assertStrContains(by_name, "show.text(value, limits)")
  lu.assertStrContains(by_name, "`width` (100) columns")
  lu.assertEquals(help.text(show.text), by_name)
  lu.assertEquals(help.text(show), (help.text "show"))
  lu.assertEquals(help.text "moonlark.show.text", by_name)
end

function TestHelp:test_methods_of_objects()
  song = require("moonlark.signal").new {data = {}, rate = 1, kind = "waveform"}
  lu.assertStrContains(help.text "song:slice", "Signal:slice(from, to)")
  lu.assertStrContains(help.text "song", "whose last axis is time")
  song = nil
end

function TestHelp:test_operators_show_their_schemas()
  lu.assertStrContains(help.text "torch.conv2d", "conv2d(Tensor input, Tensor weight")
end

function TestHelp:test_what_is_not_there()
  local text, found = help.text "show.txet"
  lu.assertFalse(found)
  lu.assertStrContains(text, "did you mean 'show.text'")
  text = help.text "slice"
  lu.assertStrContains(text, "Signal:slice")
end

function TestHelp:test_pages_fit_the_width()
  for _, name in ipairs {"audio", "audio.load", "Signal"} do
    for line in help.text(name, 70):gmatch "[^\n]+" do
      lu.assertTrue(utf8.len(line) <= 70, line)
    end
  end
end

TestComplete = {}

local function candidates(text)
  local list, start = complete.candidates(text)
  return list, start
end

function TestComplete:test_globals_keywords_and_modules()
  lu.assertEquals(candidates "cor", {"coroutine", moonlark.module "corpus" and "corpus"})
  lu.assertEquals(candidates "x = funct", {"function"})
  lu.assertEquals({candidates "audio.lo"}, {{"load"}, 7})
end

function TestComplete:test_fields_and_methods()
  thing = {name = "x", open = print, inner = setmetatable({}, {__index = {method = print, size = 3}})}
  lu.assertEquals(candidates "thing.", {"inner", "name", "open"})
  lu.assertEquals(candidates "thing:", {"open"})
  lu.assertEquals(candidates "f(thing.inner:", {"method"})
  lu.assertEquals(candidates "thing.absent.", {})
  lu.assertEquals(candidates "call().", {})
  text = "abc"
  lu.assertEquals(candidates "text:upp", {"upper"})
  thing, text = nil, nil
end

function TestComplete:test_files_inside_strings()
  lu.assertEquals({candidates 'audio.load "tests/core/test.'}, {{'test.h"'}, 24})
  lu.assertEquals(candidates "x = 'tes", {"tests/"})
  lu.assertEquals(candidates "x = 'nowhere/", {})
  lu.assertEquals(candidates [["it\"s" .. string.rev]], {"reverse"})
  lu.assertEquals(candidates "-- it's string.rev", {"reverse"})
end

function TestComplete:test_tensors_complete_without_loading_anything_first()
  local torch = require "moonlark.torch"
  grid = torch.zeros {2, 2}
  lu.assertItemsEquals(candidates "grid:conv2", {"conv2d"})
  lu.assertTableContains(candidates "grid:", "totable")
  grid = nil
end

os.exit(lu.LuaUnit.run())
