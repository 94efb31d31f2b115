-- Damaged sound files of every format that our own writer makes are read or refused in words, and one never ends a job.
-- The long measurement over all formats is robustness.lua.
local here = arg[0]:match "^(.*)/" or "."
package.path = here .. "/?.lua;" .. package.path

local files = require "moonlark.base.files"
local lu = require "luaunit"
local originals = require "originals"
local random = require "random"
local reading = require "reading"

TestMutants = {}

function TestMutants:test_the_same_numbers_everywhere()
  local dice = random.new "wav_pcm16:1"
  lu.assertEquals({dice:below(1000), dice:below(1000), dice:below(1000)}, {98, 126, 19})
end

function TestMutants:test_mutants_are_read_or_refused_in_words()
  local folder = files.temporary_folder()
  local made, skipped = originals.write(folder, false)
  print(("skipped %d formats that need ffmpeg or another libsndfile, and ffmpeg's lengths"):format(#skipped))
  local total = reading.run(reading.mutants(made, 20 * #made), {ffmpeg = false, batch = 170})
  files.remove(folder)
  local said = {}
  for _, finding in ipairs(total.findings) do said[#said + 1] = finding.id .. ": " .. finding.what end
  lu.assertEquals(table.concat(said, "\n"), "")
  lu.assertTrue(total.accepted >= #made and total.refused >= #made, "nothing was accepted or nothing was refused")
end

os.exit(lu.LuaUnit.run())
