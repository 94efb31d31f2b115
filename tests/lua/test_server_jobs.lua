-- What works behind the service: files of strangers are decoded apart, processes that die take one task with them, jobs
-- wait, go on, end and are forgotten; no process stays behind.
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local jobs = require "moonlark.server.jobs"
local lfs = require "lfs"
local lib = require "lib"
local lu = require "luaunit"
local music = require "moonlark.music"
local songs = require "moonlark.server.songs"
local torch = require "moonlark.torch"
local workers = require "moonlark.server.workers"

-- Tasks of the tests' own.
local tasks = lib.folder()
local crash = "os.execute 'kill -KILL $PPID' require('moonlark_core').system.sleep(60)"
for name, text in pairs {
  echo = "return function(options, about) return {options = options, name = about.song and about.song.name} end",
  large = "return function() return {text = ('x'):rep(5000000)} end",
  slow = "return function(_, about) about.say(0.5, 'sleeping') require('moonlark_core').system.sleep(60) return {} end",
  crash = "return function() " .. crash .. " end",
  wrong = "return function() error('the moon is full', 0) end",
  strange = "return function() return {f = print} end",
} do
  lib.write(tasks .. "/" .. name .. ".lua", text)
end

local opened = {}

local function new_pool(given)
  given = given or {}
  given.songs, given.tasks = given.songs or songs.new(), given.tasks or tasks
  local pool = workers.new(given)
  opened[#opened + 1] = pool
  return pool, given.songs
end

local function close_all()
  for _, pool in ipairs(opened) do
    pool:close()
    pool.songs:close()
  end
  opened = {}
end

local function wait_until(pool, done)
  for _ = 1, 600 do
    if done() then return end
    pool:wait(0.1)
  end
  error "it does not end"
end

-- A task's result, or problem.
local function ask(pool, task)
  local result, problem
  task.on_done, task.on_failed = function(r) result = r end, function(p) problem = p end
  local ticket, why = pool:submit(task)
  lu.assertNil(why)
  wait_until(pool, function() return result or problem end)
  return result, problem, ticket
end

local function tone(folder, name, seconds, hz, rate)
  return lib.write_wav(folder .. "/" .. name, math.floor(seconds * (rate or 22050)), function(i)
    return 9000 * math.sin(2 * math.pi * (hz or 440) * i / (rate or 22050))
  end, rate)
end

-- --- decoding --------------------------------------------------------------------------

TestDecoding = {}

-- Every sample of the decoded file is the one that audio.load gives.
local function check_equal(pool, path)
  local song = pool.songs:link(path)
  local result, problem = ask(pool, {task = "decode", song = song.id})
  local fine, direct = pcall(audio.load, path, {rate = "native", mono = false})
  if not fine then
    lu.assertNil(result, path)
    lu.assertEquals(problem.status, 422, path)
    lu.assertStrContains(problem.detail, (select(2, files.split(path))))
    return
  end
  lu.assertNil(problem and path .. ": " .. problem.detail)
  local decoded = audio.load(song.sound, {rate = "native", mono = false})
  lu.assertEquals(result.rate, direct.rate, path)
  lu.assertEquals(result.frames, direct:frames(), path)
  lu.assertEquals(decoded.data:shape(), direct.data:shape(), path)
  lu.assertTrue(torch.equal(decoded.data, direct.data), path)
end

function TestDecoding:test_samples_are_those_of_audio_load()
  local pool = new_pool()
  local noise = lib.noise(0.5, 44100)
  local stereo = noise:with {data = torch.stack {noise.data, noise.data:flip {-1} * 0.7}}
  for _, ending in ipairs {"wav", "flac", "ogg", "opus", "mp3", "aiff", "w64", "caf", "au"} do
    local wave = ending == "opus" and audio.resample(stereo, 48000) or stereo
    local path = ("%s/noise.%s"):format(self.folder, ending)
    audio.save(path, wave)
    check_equal(pool, path)
  end
end

function TestDecoding:test_tags_come_along()
  local path = self.folder .. "/a.mp3"
  audio.save(path, lib.noise(0.3, 22050))
  local title = "\3Mondl\u{e4}rm <b>"
  lib.write(path, "ID3\3\0\0\0\0\0" .. string.char(#title + 10) .. "TIT2" .. (">I4"):pack(#title) .. "\0\0" .. title
    .. files.read(path))
  local pool, shelf = new_pool()
  local result = ask(pool, {task = "decode", song = shelf:link(path).id})
  lu.assertEquals(result.tags, audio.tags(path))
  lu.assertEquals(result.tags.title, "Mondl\u{e4}rm <b>")
end

function TestDecoding:test_odd_files_are_read_or_refused_as_audio_load_does()
  local pool, odd = new_pool(), {}
  for _, folder in ipairs {"reports", "odd/flac", "odd/wav"} do
    table.move(files.tree(lib.shared(folder)), 1, 1000, #odd + 1, odd)
  end
  lu.assertTrue(#odd > 40)
  for _, path in ipairs(odd) do check_equal(pool, path) end
end

function TestDecoding:test_hours_of_silence_are_refused()
  local pool, shelf = new_pool {duration = 60}
  for _, name in ipairs {"silence.flac", "silence.ogg"} do
    local path = self.folder .. "/" .. name
    audio.save(path, lib.waveform(torch.zeros {600 * 8000}, 8000))
    lu.assertTrue(lfs.attributes(path, "size") < 100000)
    local song = shelf:take(path, {name = name})
    local _, problem = ask(pool, {task = "decode", song = song.id})
    lu.assertEquals(problem, {status = 413, kind = "too-long", detail = name .. ": it is longer than the 60 seconds allowed"})
    lu.assertNil(shelf:get(song.id))
    lu.assertNil(files.kind(shelf:folder(song.id)))
  end
end

function TestDecoding:test_what_does_not_say_its_length_is_measured_on_the_way()
  local path = self.folder .. "/silence.mp3" -- frames without a Xing tag
  lib.write(path, ("\xff\xfb\x90\xc4" .. ("\0"):rep(413)):rep(2000))
  local pool, shelf = new_pool {duration = 20}
  local _, problem = ask(pool, {task = "decode", song = shelf:link(path).id})
  lu.assertEquals(problem.kind, "too-long")
end

function TestDecoding:test_memory_and_disk_have_an_end()
  local path = tone(self.folder, "tone.wav", 1)
  local pool, shelf = new_pool {decoded_bytes = 5000}
  local _, problem = ask(pool, {task = "decode", song = shelf:link(path).id})
  lu.assertEquals(problem, {status = 413, kind = "too-large", detail = "tone.wav: it becomes larger than is allowed"})
end

function TestDecoding:test_damaged_files_are_kept_on_request()
  local path = lib.write(self.folder .. "/cut.wav", lib.wav(("\1\2"):rep(1000), 8000, 1, 16, 1, 4000))
  local pool, shelf = new_pool {partial = "keep"}
  local result = ask(pool, {task = "decode", song = shelf:link(path).id})
  lu.assertEquals(result.frames, 1000)
  lu.assertStrContains(result.partial, "0.125 of 0.250 s are there")
end

-- However a decoder ends, there is an answer: here others stand in for it.
function TestDecoding:test_decoders_that_end_without_a_word()
  local real <close> = setmetatable({core.process.decoder}, {__close = function(self) core.process.decoder = self[1] end})
  local song = tone(self.folder, "a.wav", 0.1)
  local good = "echo '{\"rate\":8000,\"channels\":1,\"frames\":0,\"format\":\"wav\",\"codec\":\"\",\"tags\":{},\"confined\":true}';"
  for line, expected in pairs {
    ["kill -SYS $$"] = {"crashed", "a.wav: its decoder was stopped: it asked the system for what decoding does not need"},
    ["kill -XCPU $$"] = {"too-slow", "a.wav: its decoder was stopped: it computed for too long"},
    ["kill -SEGV $$"] = {"crashed", "a.wav: its decoder crashed (SIGSEGV)"},
    ["exec yes"] = {"crashed", "a.wav: its decoder crashed (SIGKILL)"},
    ["exit 7"] = {"crashed", "a.wav: its decoder crashed (exit code 7)"},
    ["echo nonsense"] = {"crashed", "a.wav: its decoder crashed (exit code 0)"},
    ["printf '[1]'"] = {"crashed", "a.wav: its decoder crashed (exit code 0)"},
    [good .. "printf RIFF >&3"] = {"crashed", "a.wav: its decoder crashed (exit code 0)"},
    ["echo '{\"rate\":44100'; kill -KILL $$"] = {"crashed", "a.wav: its decoder crashed (SIGKILL)"},
    ["echo '{\"error\":\"sound.wav: for another\",\"kind\":\"ffmpeg\"}'; exit 1"] = {"ffmpeg", "a.wav: for another"},
  } do
    lib.stand_in(self.folder, "decoder", line)
    core.process.decoder = self.folder .. "/decoder"
    local pool, shelf = new_pool()
    local _, problem = ask(pool, {task = "decode", song = shelf:link(song).id})
    lu.assertEquals({problem.status, problem.kind, problem.detail}, {422, expected[1], expected[2]}, line)
    lu.assertEquals(#pool:descriptors(), 0)
  end
  core.process.decoder = self.folder .. "/missing"
  local pool, shelf = new_pool()
  local _, problem = ask(pool, {task = "decode", song = shelf:link(song).id})
  lu.assertEquals(problem.status, 500)
end

-- Bytes that are drawn at random, and sounds in which some are changed: an answer comes for each, and no process stays.
function TestDecoding:test_random_bytes()
  math.randomseed(7)
  local flac = self.folder .. "/tone.flac"
  audio.save(flac, lib.noise(0.2, 22050))
  local good, pool = files.read(flac), new_pool()
  for i = 1, 40 do
    local bytes = {good:byte(1, -1)}
    for _ = 1, 20 do bytes[math.random(#bytes)] = math.random(0, 255) end
    local text = i % 2 == 0 and string.char(table.unpack(bytes, 1, math.min(#bytes, 4000)))
      or ("OggS"):sub(1, math.random(0, 4)) .. string.char(table.unpack(bytes, 100, 400))
    local path = lib.write(("%s/%d.flac"):format(self.folder, i), text)
    local result, problem = ask(pool, {task = "decode", song = pool.songs:link(path).id})
    lu.assertTrue(result ~= nil or problem.status == 422, problem and problem.detail)
  end
  lu.assertEquals(#pool:descriptors(), 0)
end

-- --- songs -----------------------------------------------------------------------------

TestSongs = {}

function TestSongs:test_names_never_reach_the_disk()
  local shelf <close> = songs.new {folder = self.folder .. "/spool"}
  local path = tone(self.folder, "x.wav", 0.1)
  local song = shelf:take(path, {name = "../../<b>\n.wav"})
  lu.assertStrMatches(song.id, "^%x+$")
  lu.assertEquals(#song.id, 32)
  lu.assertEquals(song.id, core.store.hash_file(song.input))
  lu.assertNil(files.kind(path))
  lu.assertEquals(lfs.attributes(shelf.folder_path, "permissions"), "rwx------")
  for _, file in ipairs(files.tree(shelf.folder_path)) do
    lu.assertStrMatches(file:sub(#shelf.folder_path + 1), "^/%x+/%l+$")
  end
  lu.assertNil(shelf:plain(song).input)
  lu.assertNil(shelf:plain(song).sound)
end

function TestSongs:test_what_comes_twice_is_there_once()
  local shelf <close> = songs.new()
  local a, b = tone(self.folder, "a.wav", 0.1), tone(self.folder, "b.wav", 0.1)
  local song = shelf:take(a, {name = "a"})
  lu.assertIs(shelf:take(b, {name = "b"}), song)
  lu.assertNil(files.kind(b))
  lu.assertEquals(#shelf:list(), 1)
end

function TestSongs:test_what_is_removed_while_it_is_used_can_come_again()
  local shelf <close> = songs.new()
  local song = shelf:take(tone(self.folder, "a.wav", 0.1))
  shelf:hold(song)
  shelf:remove(song.id)
  lu.assertEquals({shelf:get(song.id), shelf:bytes()}, {nil, 0})
  lu.assertIs(shelf:take(tone(self.folder, "b.wav", 0.1)), song)
  shelf:let_go(song)
  lu.assertEquals(shelf:bytes(), song.bytes)
  lu.assertEquals(files.kind(song.input), "file")
end

function TestSongs:test_the_oldest_goes_unless_it_is_used()
  local shelf <close> = songs.new {most_bytes = 20000}
  local list = {}
  for i = 1, 3 do
    list[i] = shelf:take(tone(self.folder, i .. ".wav", 0.2, 100 * i), {name = tostring(i)}) -- 8.8 kB
    if i == 1 then shelf:hold(list[1]) end
  end
  lu.assertIs(shelf:get(list[1].id), list[1])
  lu.assertNil(shelf:get(list[2].id))
  lu.assertNil(files.kind(shelf:folder(list[2].id)))
  lu.assertTrue(shelf:bytes() <= 20000)
  shelf:remove(list[1].id)
  lu.assertEquals(files.kind(list[1].input), "file")
  shelf:let_go(list[1])
  lu.assertNil(files.kind(list[1].input))
end

function TestSongs:test_what_a_killed_service_left_goes_with_the_next()
  local script = lib.script([[
local shelf = require "moonlark.server.songs".new {folder = ...}
io.open(shelf:folder "x", "w"):close()
os.execute("kill -9 $PPID")
require "moonlark_core".system.sleep(60)
]])
  local base = self.folder .. "/spool"
  lu.assertEquals(core.process.run({lib.program, script, base}, 60).signal, 9)
  lu.assertEquals(#files.list(base), 1)
  lib.write(base .. "/moonlark-12ab-1/kept", "nobody's shelf")
  local first <close> = songs.new {folder = base}
  local second <close> = songs.new {folder = base}
  lu.assertItemsEquals(files.list(base), {"moonlark-12ab-1", select(2, files.split(first.folder_path)),
    select(2, files.split(second.folder_path))})
end

function TestSongs:test_the_folder_goes_at_the_end()
  local shelf = songs.new()
  shelf:take(tone(self.folder, "a.wav", 0.1))
  shelf:close()
  lu.assertNil(files.kind(shelf.folder_path))
end

-- --- workers ---------------------------------------------------------------------------

TestWorkers = {}

function TestWorkers:test_an_analysis_is_that_of_the_file()
  local path = lib.shared "music/198-209-0000.ogg"
  local pool, shelf = new_pool()
  local said, last = {}, 0
  local result, problem = ask(pool, {task = "analysis", song = shelf:link(path).id, options = {parts = {"tempo", "key",
    "loudness"}}, on_progress = function(done, stage)
      lu.assertTrue(done >= last and done <= 1)
      said[#said + 1], last = stage, done
    end})
  lu.assertNil(problem)
  local direct = music.analyze(path, {parts = {"tempo", "key", "loudness"}}):plain()
  lu.assertEquals(result.path, "198-209-0000.ogg")
  for _, name in ipairs {"duration", "tempo", "key", "loudness"} do
    lu.assertEquals(result[name], require "moonlark.base.json".decode(require "moonlark.base.json".encode(direct[name])))
  end
  lu.assertItemsEquals({said[#said]}, {"loudness"})
end

function TestWorkers:test_features_and_a_report()
  local path = tone(self.folder, "a.wav", 2)
  local pool, shelf = new_pool()
  local song = shelf:link(path)
  local made = ask(pool, {task = "features", song = song.id, options = {features = {"rms", {name = "mel", n_mels = 8}}}})
  lu.assertEquals(made.features.mel.shape[1], 8)
  lu.assertEquals(#made.features.mel.data, 8 * made.features.mel.shape[2])
  local direct = require "moonlark.feature".rms(audio.load(path)).data
  lu.assertAlmostEquals(made.features.rms.data[10], direct:flatten()[9]:item(), 1e-7)
  local pooled = ask(pool, {task = "features", song = song.id, options = {features = "rms", pooling = {"mean"}}})
  lu.assertEquals(pooled.names, {"rms_mean"})
  lu.assertAlmostEquals(pooled.values[1], direct:mean():item(), 1e-6)
  local file = ask(pool, {task = "features", song = song.id, options = {features = "rms", format = "npz"}})
  lu.assertEquals(core.store.load(files.join(shelf:folder(song.id), file.file)).rms:shape(), direct:shape())
  local report = ask(pool, {task = "report", song = song.id, options = {parts = {"key"}}})
  lu.assertStrContains(files.read(files.join(shelf:folder(song.id), report.file)), "a.wav")
  local _, problem = ask(pool, {task = "features", song = song.id, options = {features = "no_such"}})
  lu.assertEquals(problem.status, 422)
  lu.assertStrContains(problem.detail, "no_such")
end

function TestWorkers:test_a_process_that_dies_fails_its_task_only()
  local pool = new_pool {workers = 1}
  local _, problem = ask(pool, {task = "crash"})
  lu.assertEquals({problem.status, problem.kind}, {500, "crashed"})
  lu.assertStrContains(problem.detail, "SIGKILL")
  lu.assertEquals(ask(pool, {task = "echo", options = {a = "b"}}).options, {a = "b"})
  local counts = pool:counts()
  lu.assertEquals({counts.deaths, counts.failed, counts.done, counts.running}, {1, 1, 1, 0})
end

function TestWorkers:test_errors_and_large_results_come_back()
  local pool = new_pool {workers = 1}
  local _, problem = ask(pool, {task = "wrong"})
  lu.assertEquals(problem, {status = 422, kind = "failed", detail = "the moon is full"})
  lu.assertEquals(#ask(pool, {task = "large"}).text, 5000000)
  _, problem = ask(pool, {task = "no_such"})
  lu.assertEquals(problem, {status = 404, kind = "unknown", detail = "there is no task no_such"})
  _, problem = ask(pool, {task = "../echo"})
  lu.assertEquals(problem.kind, "unknown")
  _, problem = ask(pool, {task = "strange"})
  lu.assertEquals(problem.status, 500)
  lu.assertEquals(pool:counts().deaths, 0)
end

function TestWorkers:test_what_takes_too_long_is_ended()
  local pool = new_pool {task_seconds = 1, workers = 1}
  local _, problem = ask(pool, {task = "slow"})
  lu.assertEquals({problem.status, problem.kind}, {504, "too-slow"})
  lu.assertNotNil(ask(pool, {task = "echo"}))
end

function TestWorkers:test_the_queue_has_an_end()
  local pool = new_pool {workers = 1, queue = 2}
  local cancelled = {pool:submit {task = "slow"}, pool:submit {task = "slow"}, pool:submit {task = "slow"}}
  lu.assertEquals(#cancelled, 3)
  lu.assertEquals({pool:submit {task = "slow"}}, {nil, "full"})
  lu.assertEquals({pool:submit {task = "echo", song = ("0"):rep(32)}}, {nil, "full"})
  lu.assertTrue(pool:cancel(cancelled[3]))
  lu.assertFalse(pool:cancel(cancelled[3]))
  lu.assertTrue(pool:cancel(cancelled[1])) -- it runs: its process is ended
  lu.assertEquals({pool:submit {task = "echo", song = ("0"):rep(32)}}, {nil, "gone"})
  lu.assertTrue(pool:cancel(cancelled[2]))
  lu.assertNotNil(ask(pool, {task = "echo"}))
  lu.assertEquals(pool:counts().cancelled, 3)
end

function TestWorkers:test_who_cannot_take_a_result_stands_alone()
  local pool = new_pool {workers = 1}
  local said = {}
  local _ <close> = setmetatable({io.stderr}, {__close = function(self) io.stderr = self[1] end})
  io.stderr = {write = function(_, text) said[#said + 1] = text end}
  pool:submit {task = "echo", on_done = function() error "no" end}
  lu.assertNotNil(ask(pool, {task = "echo"}))
  lu.assertEquals(#said, 1)
  lu.assertStrContains(said[1], "no")
end

function TestWorkers:test_who_has_nothing_to_do_ends()
  local pool = new_pool {workers = 1, idle_seconds = 0.2}
  ask(pool, {task = "echo"})
  lu.assertEquals(pool:counts().workers, 1)
  wait_until(pool, function() return pool:counts().workers == 0 end)
  lu.assertNotNil(ask(pool, {task = "echo"}))
end

-- --- models ----------------------------------------------------------------------------

TestModels = {}

function TestModels:test_waiting_predictions_are_one_batch()
  local folder = lib.tiny_whisper(self.folder .. "/tiny")
  local pool, shelf = new_pool {models = {folder}, workers = 1}
  local paths, results = {}, {}
  for i = 1, 4 do
    paths[i] = tone(self.folder, i .. ".wav", 1.5, 200 * i, 16000)
    pool:submit {task = "prediction", song = shelf:link(paths[i]).id, options = {segments = i == 4 or nil},
      on_done = function(result) results[i] = result end, on_failed = function(problem) error(problem.detail) end}
  end
  wait_until(pool, function() return not pool:busy() end)
  local predict = require "moonlark.predict"
  for i = 1, 4 do
    local direct = predict.file(folder, paths[i])
    lu.assertEquals(results[i].label, direct.label)
    lu.assertAlmostEquals(results[i].probability, direct.probability, 1e-5)
  end
  lu.assertTrue(#results[4].segments > 1)
  lu.assertTrue(pool:counts().batches < 4)
  lu.assertEquals(pool:counts().batched, 4)
  lu.assertEquals(pool.models[1].name, "tiny")
  lu.assertEquals(pool.models[1].classes, {"blues", "jazz", "rock"})

  local top = ask(pool, {task = "prediction", song = shelf:link(paths[1]).id, options = {model = "tiny", top = 1}})
  lu.assertEquals(top.probabilities, {[results[1].label] = top.probability})
  local _, problem = ask(pool, {task = "prediction", song = shelf:link(paths[1]).id, options = {model = "other"}})
  lu.assertEquals(problem, {status = 404, kind = "no-model", detail = "there is no model other here"})
  local numbers = ask(pool, {task = "embedding", song = shelf:link(paths[1]).id})
  lu.assertEquals(#numbers.embedding, require "moonlark.pretrained".open(folder):embed(paths[1]):size(0))
end

function TestModels:test_a_service_without_a_model_says_so()
  local pool, shelf = new_pool {models = {self.folder .. "/nothing"}}
  local song = shelf:link(tone(self.folder, "a.wav", 0.2))
  local _, problem = ask(pool, {task = "prediction", song = song.id})
  lu.assertEquals(problem.status, 503)
  lu.assertStrContains(pool.models[1].failure, "nothing")
  pool, shelf = new_pool {}
  _, problem = ask(pool, {task = "prediction", song = shelf:link(tone(self.folder, "a.wav", 0.2)).id})
  lu.assertEquals(problem.status, 404)
end

-- A batch that fails, or kills the process, is tried again one by one: the others in it have their answers.
function TestModels:test_the_one_at_fault_is_alone_with_it()
  lib.write(self.folder .. "/tasks/prediction.lua", [[return {batch = function(_, list)
    for _, one in ipairs(list) do
      if one.song.name == "bad" then error("it is bad", 0) end
      if one.song.name == "deadly" then ]] .. crash .. [[ end
    end
    local results = {}
    for i, one in ipairs(list) do results[i] = {label = one.song.name} end
    return results
  end}]])
  local pool, shelf = new_pool {tasks = self.folder .. "/tasks", workers = 1}
  local said = {}
  local function submit(names)
    for i, name in ipairs(names) do
      local song = shelf:link(tone(self.folder, i .. name, 0.1, 100 * i + #name), {name = name})
      pool:submit {task = "prediction", song = song.id, on_done = function(result) said[name] = result.label end,
        on_failed = function(problem) said[name] = problem.kind .. " " .. problem.detail end}
    end
    wait_until(pool, function() return not pool:busy() end)
  end
  submit {"one", "bad", "two"}
  lu.assertEquals(said, {one = "one", two = "two", bad = "failed it is bad"})
  said = {}
  submit {"three", "deadly", "four"}
  lu.assertEquals({said.three, said.four}, {"three", "four"})
  lu.assertStrContains(said.deadly, "crashed")
end

-- --- jobs ------------------------------------------------------------------------------

TestJobs = {}

function TestJobs:test_a_job_is_told_of_and_kept()
  local pool, shelf = new_pool {workers = 1}
  local list = jobs.new {pool = pool}
  local song = shelf:link(tone(self.folder, "a.wav", 0.5))
  local job = list:start {kind = "echo", song = song.id, options = {x = 1}}
  local events = {}
  local listener = job:listen(function(event) events[#events + 1] = event end)
  lu.assertEquals(job.status, "queued")
  lu.assertStrMatches(job.id, "%x+")
  lu.assertEquals(#job.id, 32)
  wait_until(pool, function() return job:is_over() end)
  lu.assertEquals(events, {"done"})
  job:unlisten(listener)
  job:listen(function(event) events[#events + 1] = event end)
  lu.assertEquals(events, {"done", "done"})
  lu.assertEquals(list:get(job.id).result.name, "a.wav")
  lu.assertNil(job:plain().result)
  lu.assertEquals(job:plain(true).result, job.result)
  lu.assertFalse(list:cancel(job.id))
  lu.assertNil(list:get "none")
end

function TestJobs:test_cancelling()
  local pool = new_pool {workers = 1}
  local list = jobs.new {pool = pool}
  local running, waiting = list:start {kind = "slow"}, list:start {kind = "echo"}
  wait_until(pool, function() return running.status == "running" end)
  lu.assertEquals({running.progress, running.stage}, {0.5, "sleeping"})
  local events = {}
  waiting:listen(function(event) events[#events + 1] = event end)
  lu.assertTrue(list:cancel(waiting.id))
  lu.assertTrue(list:cancel(running.id))
  lu.assertEquals({running.status, waiting.status, events[1]}, {"cancelled", "cancelled", "cancelled"})
  lu.assertFalse(pool:busy())
end

function TestJobs:test_a_bad_file_fails_its_job()
  local pool, shelf = new_pool()
  local list = jobs.new {pool = pool}
  local job = list:start {kind = "analysis", song = shelf:link(lib.write(self.folder .. "/a.mp3", "no sound")).id}
  wait_until(pool, function() return job:is_over() end)
  lu.assertEquals({job.status, job.problem.status, job.problem.kind}, {"failed", 422, "not-sound"})
end

function TestJobs:test_results_are_forgotten()
  local pool = new_pool {workers = 1}
  local function run(list)
    local job = list:start {kind = "large"}
    wait_until(pool, function() return job:is_over() end)
    return job.id
  end
  local few = jobs.new {pool = pool, keep = 2}
  local ids = {run(few), run(few), run(few)}
  lu.assertNil(few:get(ids[1]))
  lu.assertNotNil(few:get(ids[3]))
  local small = jobs.new {pool = pool, keep_bytes = 9000000}
  ids = {run(small), run(small)}
  lu.assertNil(small:get(ids[1]))
  lu.assertNotNil(small:get(ids[2]))
  local short = jobs.new {pool = pool, keep_seconds = 0}
  lu.assertNil(short:get(run(short)))
end

-- --- the end ---------------------------------------------------------------------------

TestEnd = {}

function TestEnd:test_closing_lets_run_what_runs()
  local pool = new_pool {workers = 1}
  local done, failed
  pool:submit {task = "echo", on_done = function() done = true end}
  pool:submit {task = "slow", on_failed = function(problem) failed = problem.status end}
  pool:close(20)
  lu.assertTrue(done)
  lu.assertEquals(failed, 503)
  lu.assertEquals({pool:submit {task = "echo"}}, {nil, "full"})
end

-- Whether a process is there and no zombie.
local function lives(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  local state = file and file:read "a":match "%) (%a)"
  if file then file:close() end
  return state ~= nil and state ~= "Z"
end

function TestEnd:test_killing_the_front_process_leaves_none_behind()
  local script = lib.script([[
local workers = require "moonlark.server.workers"
local pool = workers.new {tasks = ...}
local function tell() print(pool.hands[1].peer:pid()) io.stdout:flush() end
pool:submit {task = "slow", on_progress = tell}
while true do pool:wait(1) end
]])
  local out = self.folder .. "/pid"
  lib.shell('("$0" "$1" "$2" >"$3" & echo $! >"$3.front"; while [ ! -s "$3" ]; do sleep 0.05; done; kill -9 "$(cat "$3.front")")',
    lib.program, script, tasks, out)
  local pid = math.tointeger(tonumber(files.read(out)))
  lu.assertTrue(pid > 1)
  for _ = 1, 100 do
    if not lives(pid) then return end
    core.system.sleep(0.05)
  end
  lu.fail "a worker outlived its front process"
end

lib.in_folder {TestDecoding, TestSongs, TestWorkers, TestModels, TestJobs, TestEnd}
for _, case in ipairs {TestDecoding, TestSongs, TestWorkers, TestModels, TestJobs, TestEnd} do
  local remove = case.tearDown
  function case:tearDown()
    close_all()
    remove(self)
  end
end
lib.run()
