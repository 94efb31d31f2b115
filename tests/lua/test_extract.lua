-- Recipes over files, from Lua: tables, frames, bad files, caches, and what validation finds.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local audio = require "moonlark.audio"

local place
TestRecipe, TestExtract, TestValidate = {}, {}, {}

local function write_wav(path, ...) return lib.write_beat(files.join(place, path), ...) end

local function make_songs()
  for i = 1, 4 do
    write_wav(("low/%d.wav"):format(i), 0.4 + i / 10, 100 + 10 * i)
    write_wav(("high/%d.wav"):format(i), 0.4 + i / 10, 2000 + 100 * i)
  end
  return dataset.folder(place)
end

lib.in_folder({TestRecipe, TestExtract, TestValidate}, function(folder) place = folder end)

local quiet = {progress = false}
local pooled = {features = {mfcc = {n_mfcc = 13}, rms = {}}, pool = {"mean", "std"}}

-- recipes ------------------------------------------------------------------------

function TestRecipe:test_columns_and_ways_to_name_features()
  local one = feature.recipe(pooled)
  lu.assertEquals(#one.names, 28)
  lu.assertEquals({one.names[1], one.names[13], one.names[14], one.names[27], one.names[28]},
    {"mfcc_0_mean", "mfcc_12_mean", "mfcc_0_std", "rms_mean", "rms_std"})
  lu.assertEquals(feature.recipe({features = {"rms", mfcc = {n_mfcc = 13}}, pool = {"mean", "std"}}).text, one.text)
  lu.assertEquals(feature.recipe({features = {rms = true, mfcc = {n_mfcc = 13, n_fft = 2048}},
    pool = {"mean", "std"}}).text, one.text)
  lu.assertNotEquals(feature.recipe({features = {rms = {}, mfcc = {n_mfcc = 14}}, pool = {"mean", "std"}}).text,
    one.text)
  lu.assertEquals(feature.recipe {features = {"rms"}}.names, {})
end

function TestRecipe:test_channel_and_partial_are_in_its_text_when_unusual()
  local function text(channel, partial)
    return feature.recipe({features = {"rms"}, channel = channel, partial = partial}).text
  end
  local usual = text()
  lu.assertNotStrContains(usual, "channel") -- results that the cache had before there were channels stay valid
  lu.assertNotStrContains(usual, "partial")
  lu.assertEquals({text "mix", text(nil, "refuse")}, {usual, usual})
  lu.assertEquals(text "left", text(0))
  lu.assertEquals(text "right", text(1))
  local seen = {}
  for _, one in ipairs {usual, text "left", text "right", text(nil, "keep"), text("left", "keep")} do
    lu.assertNil(seen[one])
    seen[one] = true
  end
  local recipe = feature.recipe {features = {mfcc = {n_mfcc = 13}}, channel = "right", partial = "keep", start = 1}
  lu.assertEquals(feature.recipe(recipe:settings()).text, recipe.text)
end

function TestRecipe:test_a_waveform_is_heard_by_the_recipes_channel()
  local torch = require "moonlark.torch"
  local left = torch.randn {1, 8000}
  local wave = audio.load(write_wav("a.wav", 0.5, 440))
  local both = wave:with {data = torch.cat {left, left * 3}}
  local function rms(channel, song)
    return feature.recipe({features = {"rms"}, channel = channel}):apply(song).rms.data
  end
  lu.assertTrue(rms("left", both):equal(rms(nil, wave:with {data = left})))
  lu.assertTrue(rms("right", both):equal(rms("mix", wave:with {data = left * 3})))
  lu.assertTrue(rms(nil, both):equal(rms(nil, wave:with {data = both.data:mean(0):unsqueeze(0)})))
  lu.assertErrorMsgContains("channel must be 0..1, the waveform has 2, got 2", rms, 2, both)
end

function TestRecipe:test_mistakes()
  local function refuses(message, given) lu.assertErrorMsgContains(message, feature.recipe, given) end
  refuses("needs the option 'features'", {})
  refuses("did you mean 'mfcc'", {features = {"mfc"}})
  refuses("did you mean 'n_mfcc'", {features = {mfcc = {n_mfc = 3}}})
  refuses("at least one feature", {features = {}})
  refuses("rms is in the recipe twice", {features = {"rms", rms = {}}})
  refuses("features must be a table", {features = "mel"})
  refuses("the settings of mel must be a table, got number", {features = {mel = 3}})
  refuses('pool must be mean, std, min, max, median or p0..p100', {features = {"rms"}, pool = {"avg"}})
  refuses("pool must be a string or a list of 1 or more strings", {features = {"rms"}, pool = {}})
  refuses("rate must be a whole number", {features = {"rms"}, rate = 0.5})
  refuses("duration must be a number 0 or more, got -1", {features = {"rms"}, duration = -1})
  refuses('channel must be "mix", "left" or "right" or a whole number 0..255, got string "top"',
    {features = {"rms"}, channel = "top"})
  refuses('partial must be "refuse" or "keep", got true', {features = {"rms"}, partial = true})
  refuses("fmax", {features = {mel = {fmax = 20000}}})
end

function TestRecipe:test_apply_is_what_the_functions_give()
  local song = audio.load(write_wav("a.wav", 1.3, 440))
  local made = feature.recipe({features = {mel = {n_mels = 40}, mfcc = {}, rms = {}}, pool = "mean"}):apply(song)
  for name, options in pairs {mel = {n_mels = 40}, mfcc = {}, rms = {}} do
    local alone = feature[name](song, options)
    lu.assertTrue(made[name].data:equal(alone.data), name)
    lu.assertEquals({made[name].rate, made[name].start, made[name].kind}, {alone.rate, alone.start, alone.kind})
    lu.assertEquals(made[name].axis, alone.axis)
    lu.assertEquals(made[name].made, alone.made)
  end
end

function TestRecipe:test_apply_takes_the_recipes_part_and_rate()
  local song = audio.load(write_wav("a.wav", 2, 440))
  local made = feature.recipe({features = {"rms"}, start = 0.5, duration = 1}):apply(song)
  lu.assertEquals(made.rms:frames(), 1 + 22050 // 512)
  lu.assertEquals(made.rms.start, 0.5)
  local other = feature.recipe {features = {"rms"}, rate = 16000}
  lu.assertErrorMsgContains("the recipe takes sound at 16000 Hz, this is at 22050 Hz", other.apply, other, song)
end

-- extraction -----------------------------------------------------------------------

function TestExtract:test_a_table_of_all_songs()
  local X = make_songs():extract(feature.recipe(pooled), quiet)
  lu.assertEquals(X.x:shape(), {8, 28})
  lu.assertEquals(X.x:dtype(), "float32")
  lu.assertEquals(X.y:totable(), {0, 0, 0, 0, 1, 1, 1, 1})
  lu.assertEquals(X.y:dtype(), "int64")
  lu.assertEquals(X.classes, {"high", "low"})
  lu.assertEquals(X.paths[5], place .. "/low/1.wav")
  lu.assertEquals(X.names[1], "mfcc_0_mean")
  lu.assertEquals({#X, #X.rejected}, {8, 0})
  lu.assertNil(X.groups)
end

function TestExtract:test_a_row_is_the_song_alone()
  local recipe = feature.recipe(pooled)
  local X = make_songs():extract(recipe, quiet)
  local song = audio.load(X.paths[3])
  lu.assertTrue(X.x:select(0, 2):equal(recipe:row(song)))
  local mean = feature.mfcc(song, {n_mfcc = 13}).data:mean(1)
  lu.assertTrue((X.x:select(0, 2):narrow(0, 0, 13) - mean):abs():max():item() < 1e-3)
end

function TestExtract:test_workers_and_cache_do_not_change_a_bit()
  local songs, recipe, cache = make_songs(), feature.recipe(pooled), place .. "/.cache"
  local x = songs:extract(recipe, {workers = 1, progress = false}).x
  lu.assertTrue(x:equal(songs:extract(recipe, {workers = 5, progress = false}).x))
  local cold = songs:extract(recipe, {cache = cache, progress = false})
  local warm = songs:extract(recipe, {cache = cache, progress = false})
  lu.assertTrue(x:equal(cold.x) and x:equal(warm.x))
  lu.assertEquals({cold.cached, warm.cached}, {0, 8})
end

function TestExtract:test_bad_files_are_set_aside_with_their_labels()
  make_songs()
  files.write(place .. "/high/2.wav", "this is no sound")
  files.write(place .. "/low/4.wav", "")
  local X = dataset.folder(place):extract(feature.recipe(pooled), quiet)
  lu.assertEquals(X.x:shape(), {6, 28})
  lu.assertEquals(X.y:totable(), {0, 0, 0, 1, 1, 1})
  lu.assertEquals(X.paths[2], place .. "/high/3.wav")
  lu.assertEquals(X.rejected[1].path, place .. "/high/2.wav")
  lu.assertEquals(X.rejected[2].path, place .. "/low/4.wav")
  lu.assertTrue(#X.rejected[1].reason > 5 and not X.rejected[1].reason:find(place, 1, true))
end

function TestExtract:test_when_all_fail()
  files.mkdirs(place .. "/a")
  files.write(place .. "/a/1.wav", "no")
  local songs = dataset.folder(place)
  lu.assertErrorMsgContains("/a/1.wav: ", songs.extract, songs, feature.recipe(pooled), quiet)
  files.write(place .. "/a/2.wav", "no")
  songs = dataset.folder(place)
  lu.assertErrorMsgContains("none of the files can be used; the last is", songs.extract, songs, feature.recipe(pooled),
    quiet)
  lu.assertErrorMsgContains("recipe must be a recipe", songs.extract, songs, {features = {}})
end

function TestExtract:test_frames_are_kept_without_pool()
  local songs = make_songs()
  local recipe = feature.recipe {features = {mel = {n_mels = 40}, rms = {}}}
  for _, cache in ipairs {false, place .. "/.cache"} do
    local X = songs:extract(recipe, {cache = cache or nil, progress = false})
    lu.assertNil(X.x)
    lu.assertEquals(#X.items, 8)
    local item = X.items[8]
    local alone = feature.mel(audio.load(X.paths[8]), {n_mels = 40})
    lu.assertTrue(item.mel.data:equal(alone.data))
    lu.assertEquals(item.mel.rate, alone.rate)
    lu.assertEquals(item.mel.axis, alone.axis)
    lu.assertNotEquals(X.items[1].rms:frames(), item.rms:frames())
    lu.assertNil(X.items[9])
  end
end

function TestExtract:test_each_files_own_rate()
  write_wav("a/1.wav", 1, 440, 44100, 2)
  write_wav("a/2.wav", 1, 440, 8000)
  local X = dataset.folder(place):extract(feature.recipe {features = {"mel"}, rate = "native"}, quiet)
  lu.assertEquals({X.items[1].mel:frames(), X.items[2].mel:frames()}, {1 + 44100 // 512, 1 + 8000 // 512})
  lu.assertEquals({X.items[1].mel.made.sample_rate, X.items[2].mel.made.sample_rate}, {44100, 8000})
end

function TestExtract:test_segments()
  local train = make_songs():split({train = 1}).train:segments {seconds = 0.2, overlap = 0.5}
  local X = train:extract(feature.recipe(pooled), quiet)
  lu.assertEquals(#X, #train)
  lu.assertEquals(X.groups[1], X.paths[1]) -- pieces of one track stay on one side later, too
  local song = audio.load(X.paths[2], {start = 0.1, duration = 0.2})
  lu.assertTrue(X.x:select(0, 1):equal(feature.recipe(pooled):row(song)))
end

function TestExtract:test_short_songs_are_filled_up_with_silence()
  local songs, folder = make_songs(), lib.folder()
  local function recipe(changes)
    local settings = {features = {"mfcc", "rms"}, rate = 22050, duration = 0.7}
    for key, value in pairs(changes or {}) do settings[key] = value end
    return feature.recipe(settings)
  end
  local padded = recipe {pad = true}
  lu.assertNotEquals(padded.text, recipe().text)
  lu.assertEquals(feature.recipe(padded:settings()).text, padded.text)
  local first = songs:extract(padded, {progress = false, cache = folder})
  local again = songs:extract(padded, {progress = false, cache = folder})
  for i, path in ipairs(first.paths) do
    local alone = padded:apply(audio.load(path)).mfcc
    lu.assertEquals(first.items[i].mfcc:frames(), 1 + math.floor(0.7 * 22050) // 512)
    lu.assertEquals(lib.distance(first.items[i].mfcc.data, alone.data), 0)
    lu.assertEquals(lib.distance(again.items[i].mfcc.data, alone.data), 0)
  end
  lib.fails("pad needs duration", feature.recipe, {features = {"rms"}, pad = true})
end

function TestExtract:test_groups_and_folds_come_along()
  for i = 1, 3 do write_wav(i .. ".wav", 0.3, 100 * i) end
  local list = place .. "/list.csv"
  files.write(list, "path,label,group,fold\n1.wav,a,g,1\n2.wav,a,g,2\n3.wav,b,,1\n")
  local X = dataset.csv(list):extract(feature.recipe(pooled), quiet)
  lu.assertEquals(X.groups, {"g", "g", place .. "/3.wav"}) -- a track without group is its own
  lu.assertEquals(X.folds, {1, 2, 1})
  files.write(list, "path,label,fold\n1.wav,a,1\n2.wav,a,\n")
  lu.assertNil(dataset.csv(list):extract(feature.recipe(pooled), quiet).folds)
end

function TestExtract:test_unlabelled_files()
  local X = dataset.files({write_wav("1.wav", 1, 440)}):extract(feature.recipe(pooled), quiet)
  lu.assertNil(X.y)
  lu.assertEquals(X.classes, {})
end

function TestExtract:test_a_job_that_is_dropped_half_way_stops()
  local songs = make_songs()
  local wanted = {}
  for i, track in ipairs(songs) do wanted[i] = {path = track.path} end
  for _ = 1, 10 do
    local job <close> = core.extract.start(feature.recipe(pooled):description(), wanted, 2, nil)
    job:wait(0.001)
  end
  local job = core.extract.start(feature.recipe(pooled):description(), wanted, 2, nil)
  job:close()
  lu.assertErrorMsgContains("the job is closed", job.wait, job, 0)
end

-- validation -----------------------------------------------------------------------

function TestValidate:test_unreadable_files_are_named()
  make_songs()
  files.write(place .. "/high/2.wav", "this is no sound")
  files.write(place .. "/low/1.wav", files.read(place .. "/low/1.wav"):sub(1, 44)) -- a header, no sample
  local songs = dataset.folder(place)
  lu.assertEquals(songs:validate {workers = 3, progress = false}, songs)
  lu.assertEquals(#songs, 6)
  lu.assertEquals({songs.rejected[1].path, songs.rejected[2].path}, {place .. "/high/2.wav", place .. "/low/1.wav"})
  lu.assertAlmostEquals(songs[1].seconds, 0.5, 1e-3)
  lu.assertEquals({songs[1].rate, songs[1].channels}, {22050, 1})
  lu.assertEquals(songs[1].hash, core.store.hash_file(songs[1].path))
end

function TestValidate:test_every_sample_is_decoded_unless_told_otherwise()
  local whole = core.store and files.read(write_wav("a/1.wav", 1, 440))
  local nan = string.pack("<f", 0 / 0)
  local floats = string.pack("<f", 0.5):rep(1000) .. nan .. string.pack("<f", 0.5):rep(1000)
  files.write(place .. "/a/2.wav", lib.wav(floats, 22050, 1, 32, 3))
  lu.assertTrue(#whole > 1000)
  local songs = dataset.folder(place):validate {decode = false, progress = false}
  lu.assertEquals(#songs, 2)
  songs:validate(quiet)
  lu.assertEquals(#songs, 1)
  lu.assertStrContains(songs.rejected[1].reason, "1000")
end

function TestValidate:test_duplicates_and_the_content_hash()
  local songs = make_songs()
  local hash = songs:hash()
  files.write(place .. "/low/9.wav", files.read(place .. "/high/1.wav"))
  local more = dataset.folder(place):validate(quiet)
  lu.assertEquals(more:duplicates(), {{place .. "/high/1.wav", place .. "/low/9.wav"}})
  lu.assertNotEquals(more:hash(), hash)
end

function TestValidate:test_an_unreadable_file_stops_what_needs_them_all()
  make_songs()
  files.write(place .. "/high/2.wav", "this is no sound")
  local train = dataset.folder(place):split({train = 1}).train
  lu.assertErrorMsgContains("high/2.wav: ", train.segments, train, {seconds = 0.1})
end

lib.run()
