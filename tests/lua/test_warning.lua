-- The channel for warnings: said once a kind, counted, kept by runs, silent or fatal on demand.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lu = require "luaunit"
local moonlark = require "moonlark"
local warning = require "moonlark.base.warning"

local silent = 'local torch, signal = require "moonlark.torch", require "moonlark.signal"\n'
  .. 'local song = signal.new {data = torch.zeros {22050}, rate = 22050, start = 0, kind = "waveform"}\n'

TestWarnings = {}
lib.in_folder {TestWarnings}

local function script(self, code, ...)
  local path = lib.write(self.folder .. "/script.lua", code)
  local words = {...}
  words[#words + 1] = path
  return lib.moonlark(nil, nil, table.unpack(words))
end

function TestWarnings:test_the_first_of_a_kind_is_said_and_the_others_are_counted()
  local ran = script(self, 'local m = require "moonlark"\n'
    .. 'for i = 1, 5 do m.warn("few-songs", "jazz has " .. i) end m.warn("odd-rate", "7 Hz")')
  lu.assertEquals(ran.err, "warning: jazz has 1\nwarning: 7 Hz\nmore warnings: 4 of few-songs\n")
  lu.assertEquals(ran.code, 0)
end

function TestWarnings:test_each_input_of_the_prompt_begins_anew()
  local ran = lib.moonlark(nil, nil, "-e", 'local w = require "moonlark.base.warning" w.say("a", "1") w.say("a", "2") '
    .. 'w.tell_rest() w.say("a", "3")')
  lu.assertEquals(ran.err, "warning: 1\nmore warnings: 1 of a\nwarning: 3\n")
end

function TestWarnings:test_they_are_silenced_or_made_errors()
  local code = 'require "moonlark".warn("few-songs", "jazz has 1") print "on"'
  local quiet = script(self, code, "--warnings", "ignore")
  lu.assertEquals({quiet.out, quiet.err, quiet.code}, {"on\n", "", 0})
  local fatal = script(self, code, "--warnings", "error")
  lu.assertEquals(fatal.out, "")
  lu.assertStrContains(fatal.err, "jazz has 1 (few-songs; warnings are errors here)")
  lu.assertEquals(fatal.code, 1)
  local wrong = script(self, code, "--warnings", "loud")
  lu.assertEquals(wrong.code, 2)
  lu.assertStrContains(wrong.err, 'warnings must be show, ignore, error, got "loud"')
  lu.assertEquals(wrong.out, "")
end

function TestWarnings:test_commands_have_the_option()
  lib.write(self.folder .. "/songs/a/1.wav", "no sound")
  local wrong = lib.moonlark(nil, nil, "index", self.folder .. "/songs", "--warnings", "loud")
  lu.assertEquals(wrong.code, 2)
end

function TestWarnings:test_empty_mel_filters_are_named()
  local code = silent .. 'require "moonlark.feature".mfcc(song, {n_mels = 512, n_fft = 512})'
  local ran = script(self, code)
  lu.assertStrMatches(ran.err, "warning: mfcc: %d+ of the mel bands hold no frequency of the spectrum at 22050 Hz.*\n")
  lu.assertEquals(script(self, silent .. 'require "moonlark.feature".mfcc(song)').err, "")
end

-- As numpy counts rows of zeros in librosa.filters.mel(sr=22050, n_fft=512, n_mels=512, norm=None).
function TestWarnings:test_as_many_bands_are_empty_as_in_librosa()
  lu.assertEquals(core.feature.empty("mel", {n_mels = 512, n_fft = 512}, 22050), 180)
  lu.assertEquals(core.feature.empty("mel", {n_mels = 256, n_fft = 1024, htk = true}, 44100), 20)
  lu.assertEquals(core.feature.empty("mel", {}, 22050), 0)
  lu.assertEquals(core.feature.empty("rms", {}, 22050), 0)
end

function TestWarnings:test_a_recipe_warns_before_the_work()
  local before = warning.policy "error"
  local ok, why = pcall(require "moonlark.feature".recipe, {features = {mel = {n_mels = 512, n_fft = 512}}})
  warning.policy(before)
  lu.assertFalse(ok)
  lu.assertStrContains(why, "empty-mel-filters")
end

function TestWarnings:test_a_run_keeps_them()
  local run = require "moonlark.run"
  local before = warning.policy "ignore"
  local r <close> = run.open(self.folder .. "/r", {})
  for i = 1, 3 do moonlark.warn("few-songs", "jazz *has* " .. i % 2) end
  r:report "# Page"
  r:finish()
  warning.policy(before)
  local record = json.read(self.folder .. "/r/run.json", "object")
  local found
  for _, one in ipairs(record.warnings) do found = one.kind == "few-songs" and one or found end
  lu.assertEquals({found.count, found.texts}, {3, {"jazz *has* 1", "jazz *has* 0"}})
  local page = files.read(self.folder .. "/r/report.md")
  lu.assertStrContains(page, "## Warnings")
  lu.assertStrContains(page, "- jazz \\*has\\* 1 (few-songs)")
  lu.assertStrContains(page, "- 1 more of few-songs")
end

function TestWarnings:test_the_next_run_has_only_its_own()
  local run = require "moonlark.run"
  local before = warning.policy "ignore"
  local first <close> = run.open(self.folder .. "/first", {})
  moonlark.warn("of-the-first", "x")
  first:finish()
  local second <close> = run.open(self.folder .. "/second", {})
  second:finish()
  warning.policy(before)
  lu.assertNil(json.read(self.folder .. "/second/run.json", "object").warnings)
end

function TestWarnings:test_a_bar_stays_whole()
  local output = lib.moonlark(nil, nil, "-e", [[
    local progress, warning = require "moonlark.base.progress", require "moonlark.base.warning"
    local system = require "moonlark_core".system
    system.terminal_columns = function() return 60 end
    local now = 0
    system.clock = function() now = now + 1 return now end
    local bar = progress.new(10, "working")
    bar:update(3)
    warning.say("odd", "something")
    bar:update(4)
    bar:finish()
    warning.say("even", "after")]])
  local lines = {}
  for line in (output.err):gmatch "[^\n]*" do lines[#lines + 1] = line end
  lu.assertStrMatches(lines[1], ".*\rwarning: something\27%[K")
  lu.assertStrMatches(lines[2], "\rworking  3/10.*\rworking  4/10.*")
  lu.assertEquals(lines[3], "warning: after")
end

function TestWarnings:test_wrong_calls_are_refused()
  for _, case in ipairs {{"Bad Kind", "x"}, {7, "x"}, {"kind", 7}} do
    lu.assertErrorMsgContains("must be", warning.say, table.unpack(case))
  end
  lu.assertErrorMsgContains("warnings must be show, ignore, error", moonlark.warnings, "loud")
end

lib.run()
