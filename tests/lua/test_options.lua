local lu = require "luaunit"
local options = require "moonlark.base.options"

TestOptions = {}

local defaults = {n_mels = 128, fmin = 0.0, name = options.none, path = options.required}

function TestOptions:test_defaults_are_filled_in()
  lu.assertEquals(options.read("mel", {path = "a", n_mels = 40}, defaults), {n_mels = 40, fmin = 0.0, path = "a"})
end

function TestOptions:test_unknown_key_names_the_nearest()
  lu.assertErrorMsgContains("unknown option of mel: 'n_mel' (did you mean 'n_mels'?)",
    options.read, "mel", {path = "a", n_mel = 40}, defaults)
  lu.assertErrorMsgContains("known: fmin, n_mels, name, path", options.read, "mel", {zzzzzzzz = 1}, defaults)
end

function TestOptions:test_wrong_type_and_missing()
  lu.assertErrorMsgContains("n_mels must be a number, got string", options.read, "mel", {path = "a", n_mels = "4"}, defaults)
  lu.assertErrorMsgContains("mel needs the option 'path'", options.read, "mel", nil, defaults)
end

os.exit(lu.LuaUnit.run())
