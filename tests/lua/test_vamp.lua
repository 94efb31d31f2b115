-- Vamp: plugins of the SDK beside its own host, plugins of our own that give whatever may be given, and bad ones.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local feature = require "moonlark.feature"
local json = require "moonlark.base.json"
local libraries = require "moonlark.feature.vamp.libraries"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local raises, rate = lib.fails, 22050
local ours = "moonlark-test-plugins:"

-- The sound of tests/reference/vamp/generate.py.
local function reference_sound()
  local t = torch.arange(2 * rate, {dtype = "float64"}) / rate
  local x = (t * (2 * math.pi * 440)):sin() * (t:remainder(0.5) * -12):exp() + (t * (2 * math.pi * 3000)):sin() * 0.1
  return lib.waveform(((x * 16000):round() / 32768):float(), rate)
end

local function stereo(frames)
  local data = torch.stack({torch.arange(frames):float() / 100, torch.full({frames}, 2.0)}, 0)
  return signal.new {data = data, rate = 1000, kind = "waveform"}
end

TestHost = {}

-- The SDK's host says six digits of each value.
function TestHost:test_the_sdks_plugins_say_what_they_say_to_its_host()
  if not libraries.found()["vamp-example-plugins"] then lu.skip "Debian's vamp-examples are not installed" end
  local song = reference_sound()
  for output, rows in pairs(json.decode(files.read "tests/reference/vamp/host.json")) do
    local found = feature.vamp("vamp-example-plugins:" .. output, song)
    for i, row in ipairs(rows) do
      local at, values = nil, {}
      if signal.is(found) then
        at, values = found.start + (i - 1) / found.rate, found.data:select(1, i - 1):totable()
      else
        at, values = found[i].start, {found[i].value}
        lu.assertEquals(found[i].label or "", row.label, output)
        if row.times[2] then lu.assertAlmostEquals(found[i].stop - at, row.times[2], 2e-9, output) end
      end
      lu.assertAlmostEquals(at, row.times[1], 2e-9, output)
      for k, value in ipairs(row.values) do
        lu.assertAlmostEquals(values[k], value, 6e-6 * math.abs(value) + 1e-9, output .. " " .. i)
      end
    end
    lu.assertTrue(#rows == 60 or #rows == (signal.is(found) and found.data:size(1) or #found), output)
  end
end

TestOutputs = {}

function TestOutputs:test_a_value_for_each_block_and_silence_where_there_is_none()
  local found = feature.vamp(ours .. "sum", stereo(1000), nil, {block_size = 100})
  lu.assertEquals({found.rate, found.start, found.kind, found.unit}, {10, 0, "mean", "V"})
  lu.assertEquals(found.axis.values, {"left", "right"})
  lu.assertEquals(found.data:shape(), {2, 11})
  lu.assertTrue(found.data:select(1, 2):isnan():all():item())
  lu.assertAlmostEquals(found.data:select(1, 1):select(0, 0):item(), 1.495, 1e-6)
  lu.assertEquals(found.data:select(1, 1):select(0, 1):item(), 2.0)
  lu.assertEquals({found.made.plugin, found.made.version, found.made.step_size}, {ours .. "sum:mean", 3, 100})
end

function TestOutputs:test_one_channel_is_heard_by_both_ears_and_two_as_their_mean()
  local mono = lib.waveform(torch.ones {1000}, 1000)
  lu.assertEquals(feature.vamp(ours .. "sum", mono, nil, {block_size = 100}).data:select(1, 0):totable(), {1, 1})
  local both = feature.vamp(ours .. "spectrum", stereo(64), nil, {block_size = 64})
  local mean = feature.vamp(ours .. "spectrum", lib.waveform(stereo(64).data:mean {0}, 1000), nil, {block_size = 64})
  lu.assertEquals(both.data:totable(), mean.data:totable())
end

function TestOutputs:test_spectra_are_of_a_hann_window_whose_middle_is_at_phase_0()
  local x = lib.noise(0.512, 1000).data:flatten()
  local found = feature.vamp(ours .. "spectrum", lib.waveform(x, 1000), nil, {block_size = 128, step_size = 32})
  lu.assertAlmostEquals(found.start, 0.064, 1e-9)
  local window = torch.hann_window(128, {dtype = "float64"})
  local bins = torch.fft_rfft((x:narrow(0, 32, 128):double() * window):roll({64}, {0}))
  local want = torch.view_as_real(bins:narrow(0, 0, 4)):flatten()
  lu.assertTrue((found.data:select(1, 1):double() - want):abs():max():item() < 1e-5)
end

function TestOutputs:test_events_with_labels_lengths_and_values()
  local found = feature.vamp(ours .. "events", stereo(2000))
  lu.assertEquals({found.kind, found.duration, #found}, {"segments", 2, 2})
  lu.assertEquals({found[1].start, found[1].stop, found[1].label, found[1].value}, {0.25, nil, "Stra\xdfe", nil})
  lu.assertEquals({found[2].start, found[2].stop, found[2].label}, {1.5, 2.25, "chorus"})
  lu.assertEquals(found[2].value, 1.5)
  lu.assertTrue(found[2].values[2] ~= found[2].values[2]) -- NaN, as it came
  lu.assertEquals(#feature.vamp(ours .. "events:clicks", stereo(2000)), 0)
end

function TestOutputs:test_a_rate_of_its_own()
  local found = feature.vamp(ours .. "events:curve", stereo(2000))
  lu.assertEquals({found.rate, found.start, found.data:shape()}, {10, 0, {1, 4}})
  lu.assertEquals(found.data:select(1, 3):item(), 7)
  lu.assertTrue(found.data:select(1, 1):isnan():item())
end

function TestOutputs:test_later_songs_and_files()
  local song = stereo(1000)
  local later = feature.vamp(ours .. "events", song:with {start = 5})
  lu.assertEquals(later[1].start, 5.25)
  local path = lib.folder() .. "/song.wav"
  require "moonlark.audio".save(path, reference_sound())
  lu.assertEquals(feature.vamp(ours .. "spectrum", path).data:shape(),
    feature.vamp(ours .. "spectrum", reference_sound()).data:shape())
end

function TestOutputs:test_parameters_programs_and_names_in_any_case()
  local function first(parameters, o)
    return feature.vamp(ours .. "SUM:Mean", stereo(1000), parameters, o or {block_size = 100}).data:select(1, 0):select(0, 1):item()
  end
  lu.assertEquals({first(), first {gain = 3}, first(nil, {program = "loud", block_size = 100})}, {2, 6, 20})
  raises("parameters.gain must be 0..100, got 101", first, {gain = 101})
  raises("parameters.deed must be 0..6 or one of crash, hang", first, {deed = "sing"})
  raises("parameters.deed must be 0 and steps of 1, got 0.5", first, {deed = 0.5})
  raises("unknown parameter of sum: 'gian' (did you mean 'gain'?)", first, {gian = 1})
  raises("program must be one of soft, loud", first, nil, {program = "louder"})
  raises("refuses 2 channels at 1000 Hz in blocks of 13", first, nil, {block_size = 13})
end

TestNames = {}

function TestNames:test_what_is_not_there()
  local function ask(name) return function() feature.vamp(name, stereo(100)) end end
  raises("did you mean moonlark-test-plugins?", ask "moonlark-test-plugin:sum")
  raises("moonlark-test-plugins has no plugin summ; it has bad, events, moody, spectrum, sum", ask(ours .. "summ"))
  raises("moonlark-test-plugins:events has no output x; it has clicks, curve, segments", ask(ours .. "events:x"))
  raises('plugin must be "library:plugin" or "library:plugin:output"', ask "sum")
end

function TestNames:test_the_list()
  local list = feature.vamp_plugins()
  lu.assertStrContains(tostring(list), ours .. "events  The events\n  gives segments, curve, clicks\n")
  lu.assertStrContains(tostring(list), "gain = 1  0..100 x  Gain")
  lu.assertNil(next(list.faults))
end

-- In a process of its own: what a library says is kept as long as it stays the same.
function TestNames:test_libraries_that_crash_or_are_none()
  local folder = lib.folder()
  files.write(folder .. "/none.so", "not a library")
  files.write(folder .. "/half.so", files.read(libraries.found()["moonlark-test-plugins"]))
  local said = lib.moonlark(folder, {"VAMP_PATH=" .. folder, "MOONLARK_TEST_CRASH=1"}, "-e",
    "print(require 'moonlark.feature'.vamp_plugins())")
  lu.assertStrContains(said.out, "half:sum  The sum")
  lu.assertStrContains(said.out, "none.so cannot be used")
  lu.assertStrMatches(said.out, ".*half.so cannot be used: it [ce][rn][ad][s ].*")
end

TestRecipes = {}

-- A folder of sounds, in which `names` say how loud.
local function songs_of(folder, ...)
  for i, loud in ipairs {...} do
    lib.write_wav(("%s/%d.wav"):format(folder, i), 2000, function() return 3000 * loud end, 1000, 2)
  end
  return require "moonlark.dataset".folder(folder)
end

local function recipe_of(o)
  return feature.recipe {rate = 1000, pool = {"mean", "max"}, features = {rms = {frame_length = 100},
    vamp = {plugin = ours .. "sum", parameters = {gain = 2}, block_size = 100, timeout = o and o.timeout}}}
end

function TestRecipes:test_a_plugin_beside_the_engines_features_from_the_cache()
  local folder, cache = lib.folder(), lib.folder()
  local songs, recipe = songs_of(folder, 1, 2), recipe_of()
  lu.assertEquals(recipe.names, {"rms_mean", "rms_max", "vamp_0_mean", "vamp_1_mean", "vamp_0_max", "vamp_1_max"})
  local X = songs:extract(recipe, {cache = cache, progress = false})
  local want = torch.tensor {{6000, 6000, 6000, 6000}, {12000, 12000, 12000, 12000}} / 32768
  lu.assertEquals(X.cached, 0)
  lu.assertTrue((X.x:narrow(1, 2, 4) - want):abs():max():item() < 0.01) -- the last block is half silent
  local again = songs:extract(recipe, {cache = cache, progress = false})
  lu.assertEquals({again.cached, again.x:equal(X.x)}, {2, true})
  lu.assertEquals(recipe:row(require "moonlark.audio".load(folder .. "/1.wav", {rate = 1000})):narrow(0, 2, 4):totable(),
    X.x:select(0, 0):narrow(0, 2, 4):totable())
  local same = feature.recipe(recipe:settings())
  lu.assertEquals(same.text, recipe.text)
end

function TestRecipes:test_frames_and_commands()
  local folder, out = lib.folder(), lib.folder() .. "/features"
  songs_of(folder, 1)
  local said = lib.moonlark(nil, nil, "extract", folder, "--features", "vamp,rms", "--set", "vamp.plugin=" .. ours .. "sum",
    "--set", "vamp.parameters=gain=3,deed=print", "--rate", "1000", "--no-cache", "--out", out)
  lu.assertEquals(said.code, 0, said.all)
  local frames = torch.load(out .. "/1.safetensors")
  lu.assertEquals({frames.vamp:shape()[1], frames.rms:dim()}, {2, 2})
end

function TestRecipes:test_a_song_that_a_plugin_dies_of_is_set_aside()
  local folder = lib.folder()
  local songs = songs_of(folder, 1, 2, 3)
  lib.write_wav(folder .. "/2.wav", 100, function() return 0 end, 1000) -- too short for the plugin to reach its third block
  local recipe = feature.recipe {rate = 1000, pool = "mean", features = {vamp = {plugin = ours .. "moody",
    block_size = 100}}}
  local X = songs:extract(recipe, {progress = false})
  lu.assertEquals({#X.tracks, #X.rejected}, {1, 2})
  lu.assertStrContains(X.rejected[1].reason, "moonlark-test-plugins:moody:mean: it ")
end

function TestRecipes:test_what_a_recipe_cannot_take()
  local function ask(settings) return function() feature.recipe {features = {vamp = settings}} end end
  raises("moonlark-test-plugins:events:segments gives events, and a recipe takes values", ask {plugin = ours .. "events"})
  raises("vamp.parameters must look like", ask {plugin = ours .. "sum", parameters = "gain"})
  raises("plugin", ask {})
  raises("batches are not made of vamp", function()
    songs_of(lib.folder(), 1):batches {features = {vamp = {plugin = ours .. "sum"}}, segment = 1}
  end)
end

TestBad = {}

local function does(deed, o) return feature.vamp(ours .. "bad", stereo(100000), {deed = deed}, o) end

function TestBad:test_it_takes_nobody_along()
  raises("moonlark-test-plugins:bad:deeds: it ", does, "crash")
  raises("it ended its process (exit code 7)", does, "leave")
  raises("it did nothing for 0.5 s", does, "hang", {timeout = 0.5})
  raises("it writes where it must not", does, "scribble")
  raises("it gave more results than its memory may hold", does, "flood", {memory = 64})
  lu.assertEquals(#does "print", 1)
end

function TestBad:test_memory_is_bounded()
  if lib.program:find "asan" then lu.skip "a sanitizer's process has no bound" end
  raises("it crashed", does, "eat", {memory = 256})
end

lib.run()
