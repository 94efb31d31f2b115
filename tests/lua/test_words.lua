-- Messages speak of options on the command line, of fields in Lua.
local lib = require "lib"
local lu = require "luaunit"

TestWords = {}

function TestWords:test_messages_speak_of_the_commands_options()
  local folder = lib.folder()
  local path = lib.write_wav(folder .. "/a/1.wav", 8000, function(i) return math.sin(i) / 2 end)
  local function says(expected, ...)
    local ran = lib.moonlark(nil, nil, ...)
    lu.assertStrContains(ran.err, expected)
    return ran
  end
  local out = folder .. "/x.npz"
  says("--pad needs --duration", "features", path, "--features", "rms", "--pad", "--out", out)
  says("--pool must be mean", "extract", folder, "--features", "rms", "--pool", "foo", "--out", folder .. "/out")
  lib.write(folder .. "/b/cut.wav", lib.wav(("\0\1"):rep(500), 8000, 1, 16, 1, 2000))
  local cut = says("--partial keep takes what is there", "extract", folder, "--features", "rms", "--out", folder .. "/o")
  lu.assertNotStrContains(cut.err, "partial = ")
end

function TestWords:test_a_number_below_zero_is_a_value()
  local ran = lib.moonlark(nil, nil, "corpus", lib.folder(), "--seed", "-1")
  lu.assertStrContains(ran.err, "--seed must be a whole number 0 or more, got '-1'")
  lu.assertEquals(ran.code, 2)
end

function TestWords:test_without_a_command_they_stay()
  local command = require "moonlark.shell.command"
  local message = 'feature.recipe: rate must be 1, partial = "keep", load it with {rate = 3}'
  lu.assertEquals(command.translate(message), message)
end

function TestWords:test_each_form_is_translated()
  local command = require "moonlark.shell.command"
  local parser = command.parser("test", "x")
  parser:option "--batch-size"
  parser:option "--folds"
  parser:flag "--pad"
  for message, expected in pairs {
    ["train.fit: batch_size must be 1 or more, got 0"] = "--batch-size must be 1 or more, got 0",
    ["batch_size must be 1 or more"] = "--batch-size must be 1 or more",
    ["load it with {batch_size = 3}, or batch_size = 4"] = "load it with --batch-size 3, or --batch-size 4",
    ["fewer than k = 5 folds"] = "fewer than --folds 5 folds", ["pad needs batch_size: x"] = "--pad needs --batch-size: x",
    ["other must be 3, other = 5"] = "other must be 3, other = 5", ["the pad must go"] = "the pad must go",
  } do
    lu.assertEquals(command.translate(message), expected)
  end
end

lib.run()
