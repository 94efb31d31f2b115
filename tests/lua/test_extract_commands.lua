-- moonlark index, features, extract: what they write, where, and with which exit code.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

local place
TestIndex, TestFeatures, TestExtractCommand, TestCacheCommand = {}, {}, {}, {}

local function write_wav(path, seconds, hz)
  lib.write_tone(files.join(place, path), math.floor(seconds * 22050), hz)
end

-- Runs a command in the temporary folder; the user's cache lies there too.
local function moonlark(...) return lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/.cache/moonlark"}, ...) end

lib.in_folder({TestIndex, TestFeatures, TestExtractCommand, TestCacheCommand}, function(folder)
  place = folder
  write_wav("songs/a/1.wav", 0.5, 200)
  write_wav("songs/a/2.wav", 0.6, 300)
  write_wav("songs/b/1.wav", 0.7, 400)
  write_wav("songs/b/2.wav", 0.8, 500)
end)

local function spoil() files.write(place .. "/songs/a/2.wav", "no sound") end

-- index --------------------------------------------------------------------------

function TestIndex:test_writes_an_index()
  local result = moonlark("index", "songs")
  lu.assertEquals({result.code, result.err}, {0, ""})
  lu.assertStrContains(result.out, "4 tracks  2 classes (a 2, b 2)")
  local songs = dataset.load(place .. "/dataset_index.json")
  lu.assertEquals(songs[4].path, place .. "/songs/b/2.wav")
  lu.assertStrContains(result.out, songs:hash())
  local written = files.read(place .. "/dataset_index.json")
  local again = moonlark("index", "songs/a")
  lu.assertEquals(again.code, 2)
  lu.assertStrContains(again.err, "dataset_index.json is there already: --out says where to write")
  lu.assertEquals(files.read(place .. "/dataset_index.json"), written)
end

function TestIndex:test_bad_files_are_named()
  spoil()
  local result = moonlark("index", "songs", "-o", "i.json")
  lu.assertEquals(result.code, 3)
  lu.assertStrContains(result.err, "rejected songs/a/2.wav: ")
  files.mkdirs(place .. "/bad/x")
  files.write(place .. "/bad/x/1.wav", "no")
  lu.assertEquals(moonlark("index", "bad").code, 1)
  lu.assertEquals(moonlark("index", "missing").code, 1)
  lu.assertEquals(moonlark("index").code, 2)
  lu.assertEquals(moonlark("index", "--help").code, 0)
end

function TestIndex:test_folds_from_names()
  write_wav("esc/dog/1-100-A.wav", 0.2, 300)
  write_wav("esc/dog/2-200-B.wav", 0.2, 400)
  lu.assertEquals(moonlark("index", "esc", "--fold", "esc", "-o", "e.json").code, 0)
  local songs = dataset.load(place .. "/e.json")
  lu.assertEquals({songs[1].fold, songs[1].group, songs[2].fold}, {1, "100", 2})
end

function TestIndex:test_a_list_with_its_own_columns()
  files.mkdirs(place .. "/meta")
  files.write(place .. "/meta/list.csv", "filename,genre,artist\na/1.wav,x,Ann\nb/1.wav,y,Ben\n")
  local result = moonlark("index", "meta/list.csv", "--root", "../songs", "--column", "path=filename",
    "--column", "label=genre", "--column", "group=artist", "-o", "l.json")
  lu.assertEquals({result.code, result.err}, {0, ""})
  local songs = dataset.load(place .. "/l.json")
  lu.assertEquals({songs[2].label, songs[2].group}, {"y", "Ben"})
  lu.assertEquals(moonlark("index", "meta/list.csv", "--column", "label").code, 2)
  lu.assertStrContains(moonlark("index", "songs", "--root", "x").err, "unknown option of dataset.folder: 'root'")
end

-- features -----------------------------------------------------------------------

function TestFeatures:test_frames_as_the_functions_give_them()
  local song = require "moonlark.audio".load(place .. "/songs/a/1.wav")
  local mel = feature.mel(song, {n_mels = 32}).data
  for _, ending in ipairs {"npz", "safetensors"} do
    local out = "song." .. ending
    local result = moonlark("features", "songs/a/1.wav", "--features", "mel,mfcc", "--set", "mel.n_mels=32", "--out",
      out)
    lu.assertEquals({result.code, result.err}, {0, ""})
    local made = torch.load(files.join(place, out))
    lu.assertTrue(made.mel:equal(mel), ending)
    lu.assertEquals(made.mfcc:size(0), 20)
  end
  lu.assertEquals(moonlark("features", "songs/a/1.wav", "--features", "mel", "--set", "mel.n_mels=32", "-o",
    "m.npy").code, 0)
  lu.assertTrue(torch.load(place .. "/m.npy"):equal(mel))
end

function TestFeatures:test_csv()
  lu.assertEquals(moonlark("features", "songs/a/1.wav", "--features", "mfcc,rms", "--out", "s.csv").code, 0)
  local lines = {}
  for line in io.lines(place .. "/s.csv") do lines[#lines + 1] = line end
  lu.assertStrContains(lines[1], "time_s,mfcc_0,mfcc_1,")
  lu.assertStrMatches(lines[1], ".*,mfcc_19,rms")
  lu.assertEquals(#lines, 1 + 1 + 11025 // 512)
end

function TestFeatures:test_neither_libtorch_nor_ffmpeg_is_loaded()
  -- The dynamic loader lists what it opens.
  local result = assert(core.process.run({lib.program, "features", "songs/a/1.wav", "--features", "mel,mfcc",
    "--out", "s.npz"}, 120, place, {"LD_DEBUG=files"}))
  lu.assertEquals(result.code, 0)
  lu.assertStrContains(result.err, "moonlark_core")
  lu.assertNil(result.err:match "torch[%w_]*%.so")
  lu.assertNil(result.err:match "libav%a+%.so")
end

function TestFeatures:test_mistakes()
  local function fails(code, message, ...)
    local result = moonlark("features", ...)
    lu.assertEquals(result.code, code)
    lu.assertStrContains(result.err, message)
  end
  fails(1, "missing.wav: No such file", "missing.wav", "--features", "mel", "--out", "s.npz")
  fails(1, "did you mean 'mfcc'?", "songs/a/1.wav", "--features", "mfc", "--out", "s.npz")
  fails(1, "did you mean 'n_mels'?", "songs/a/1.wav", "--features", "mel", "--set", "mel.n_mel=3", "--out", "s.npz")
  fails(1, "must end in .safetensors", "songs/a/1.wav", "--features", "mel", "--out", "s.txt")
  fails(1, "is not among --features", "songs/a/1.wav", "--features", "mel", "--set", "rms.hop_length=3", "--out",
    "s.npz")
  fails(2, "--out", "songs/a/1.wav", "--features", "mel")
  fails(2, "--features", "songs/a/1.wav", "--out", "s.npz")
  lu.assertNil(files.kind(place .. "/s.npz"))
end

-- extract ------------------------------------------------------------------------

function TestExtractCommand:test_a_file_of_frames_for_each_sound()
  local result = moonlark("extract", "songs", "--features", "mel,rms", "--out", "out")
  lu.assertEquals({result.code, result.err}, {0, ""})
  local made = torch.load(place .. "/out/b/2.safetensors")
  lu.assertTrue(made.mel:equal(feature.mel(require "moonlark.audio".load(place .. "/songs/b/2.wav")).data))
  local listed = json.decode(files.read(place .. "/out/features.json"))
  lu.assertEquals(#listed.tracks, 4)
  lu.assertEquals(listed.tracks[4].file, "b/2.safetensors")
  lu.assertNil(files.kind(place .. "/out/rejected.csv"))
  lu.assertEquals(listed.tracks[4].label, "b")
end

function TestExtractCommand:test_one_table_with_pool()
  lu.assertEquals(moonlark("index", "songs", "-o", "i.json").code, 0)
  local X = dataset.folder(place .. "/songs"):extract(feature.recipe {features = {"mfcc", "rms"},
    pool = {"mean", "p90"}}, {progress = false})
  for _, source in ipairs {"songs", "i.json"} do
    for _, format in ipairs {"safetensors", "npy", "csv"} do
      local result = moonlark("extract", source, "--features", "mfcc,rms", "--pool", "mean,p90", "--out", "out",
        "--format", format)
      lu.assertEquals({result.code, result.err}, {0, ""})
    end
    local made = torch.load(place .. "/out/features.safetensors")
    lu.assertTrue(made.x:equal(X.x))
    lu.assertEquals(made.y:totable(), {0, 0, 1, 1})
    lu.assertTrue(torch.load(place .. "/out/features.npy"):equal(X.x))
    local lines = {}
    for line in io.lines(place .. "/out/features.csv") do lines[#lines + 1] = line end
    lu.assertEquals(#lines, 5)
    lu.assertStrContains(lines[1], "path,label,mfcc_0_mean,")
    lu.assertStrContains(lines[5], "songs/b/2.wav,b,")
  end
end

-- What a folder holds: content by name, without the parts of shards.
local function content(folder)
  local held = {}
  for _, path in ipairs(files.tree(place .. "/" .. folder)) do
    local name = path:sub(#place + #folder + 3)
    if not name:find "%-of%-" then held[name] = files.read(path) end
  end
  return held
end

function TestExtractCommand:test_shards_are_the_whole()
  for i = 1, 9 do write_wav(("songs/c/%d.wav"):format(i), 0.3 + i / 20, 100 * i) end
  spoil()
  write_wav("songs/loose.wav", 0.5, 200)
  for _, given in ipairs {{"--pool", "mean,max"}, {"--pool", "mean", "--format", "csv"}, {"--format", "npy"}} do
    local function extract(...)
      return moonlark("extract", "songs", "--features", "rms,mfcc",
        table.unpack(table.move(given, 1, #given, 1 + select("#", ...), {...})))
    end
    lu.assertEquals(extract("--out", "whole").code, 3)
    local seen, sizes = {}, {}
    for i = 1, 4 do
      extract("--out", "parts", "--no-cache", "--shard", i .. "/4")
      local listed = json.decode(files.read(("%s/parts/features-%d-of-4.json"):format(place, i)))
      for _, track in ipairs(listed.tracks) do
        lu.assertNil(seen[track.path])
        seen[track.path] = true
      end
      sizes[#listed.tracks] = true
    end
    local whole = content "whole"
    local merged = moonlark("merge", "parts")
    lu.assertEquals(merged.code, 3)
    lu.assertStrContains(merged.out, "12 files  2 rejected  parts/features.json")
    local parts = content "parts"
    for name, text in pairs(whole) do lu.assertTrue(parts[name] == text, name) end
    for name in pairs(parts) do lu.assertNotNil(whole[name], name) end
    lu.assertStrContains(whole["rejected.csv"], "songs/a/2.wav,")
    lu.assertStrContains(whole["rejected.csv"], "path,reason\nsongs/loose.wav,lies in no class folder")
    lu.assertNil(sizes[12])
    files.remove(place .. "/whole")
    files.remove(place .. "/parts/features-2-of-4.json")
    local lacking = moonlark("merge", "parts")
    lu.assertEquals({lacking.code, lacking.err:match "lacks the parts 2 of 4"}, {1, "lacks the parts 2 of 4"})
    files.remove(place .. "/parts")
  end
  lu.assertEquals(moonlark("extract", "songs", "--features", "rms", "--out", "out", "--shard", "4/3").code, 2)
  lu.assertStrContains(moonlark("merge", "songs").err, "songs holds no parts")
end

function TestExtractCommand:test_a_shard_is_chosen_by_content()
  local function tracks(i)
    local paths = {}
    for _, track in ipairs(json.decode(files.read(("%s/out/features-%d-of-2.json"):format(place, i))).tracks) do
      paths[#paths + 1] = track.path
    end
    return paths
  end
  local function extract(data, i)
    moonlark("extract", data, "--features", "rms", "--out", "out", "--shard", i .. "/2")
  end
  for i = 1, 2 do extract("songs", i) end
  local before = {tracks(1), tracks(2)}
  write_wav("songs/b/0.wav", 0.3, 800) -- one more, ahead of others
  for i = 1, 2 do
    extract("songs", i)
    local left = {}
    for _, path in ipairs(tracks(i)) do
      if path ~= "songs/b/0.wav" then left[#left + 1] = path end
    end
    lu.assertEquals(left, before[i])
  end
  moonlark("index", "songs", "-o", "i.json")
  for i = 1, 2 do
    extract("songs", i)
    local from_folder = tracks(i)
    extract("i.json", i)
    lu.assertEquals(tracks(i), from_folder)
  end
end

function TestExtractCommand:test_cache_and_bad_files()
  spoil()
  local function extract(...) return moonlark("extract", "songs", "--features", "rms", "--out", "out", ...) end
  local cold, warm = extract("--cache", "kept"), extract("--cache", "kept")
  lu.assertEquals({cold.code, warm.code}, {3, 3})
  lu.assertStrContains(cold.err, "rejected songs/a/2.wav: ")
  lu.assertStrContains(cold.out, "3 files  0 from the cache  1 rejected")
  lu.assertStrContains(warm.out, "3 files  3 from the cache  1 rejected")
  local csv = require "moonlark.base.csv"
  local rows = csv.read(place .. "/out/rejected.csv")
  lu.assertEquals({#rows, rows[1].path}, {1, "songs/a/2.wav"})
  lu.assertTrue(#rows[1].reason > 5)
  lu.assertStrContains(extract().out, "3 files  0 from the cache")
  lu.assertStrContains(extract().out, "3 files  3 from the cache") -- the user's own
  lu.assertStrContains(extract("--no-cache").out, "3 files  0 from the cache")
  files.remove(place .. "/songs/a/2.wav")
  lu.assertEquals(extract().code, 0)
  lu.assertNil(files.kind(place .. "/out/rejected.csv"))
end

-- A stereo FLAC whose right channel is `right` times the left; of its bytes, the share `left`.
local function write_flac(path, right, left)
  local audio = require "moonlark.audio"
  path = files.join(place, path)
  files.mkdirs((files.split(path)))
  local t = torch.arange(22050):float() / 22050
  local tone = (t * (2 * math.pi * 330)):sin() * t * 0.5
  local wave = require "moonlark.signal".new {data = torch.stack {tone, tone * right}, rate = 22050, kind = "waveform"}
  audio.save(path, wave)
  local bytes = files.read(path)
  files.write(path, bytes:sub(1, math.floor(#bytes * (left or 1))))
end

function TestExtractCommand:test_files_cut_short_are_kept_when_asked()
  write_flac("songs/b/cut.flac", 0.5, 0.6)
  local function extract(...)
    return moonlark("extract", "songs", "--features", "rms", "--out", "out", "--cache", "kept", ...)
  end
  local refused = extract()
  lu.assertEquals(refused.code, 3)
  lu.assertStrContains(refused.err, 'rejected songs/b/cut.flac: ')
  lu.assertStrContains(refused.err, "--partial keep takes what is there")
  local csv = require "moonlark.base.csv"
  for _, pool in ipairs {{}, {"--pool", "mean"}} do
    for pass, from_cache in ipairs {0, 5} do -- results from the cache say it too
      local kept = extract("--partial", "keep", table.unpack(pool))
      lu.assertEquals(kept.code, 0)
      lu.assertStrContains(kept.err, "warning: songs/b/cut.flac: kept in part: 0.")
      lu.assertStrContains(kept.err, " of 1.000 s are there: ")
      lu.assertStrContains(kept.out, ("5 files  %d from the cache  0 rejected  1 kept in part"):format(from_cache),
        pass)
      local rows = csv.read(place .. "/out/partial.csv")
      lu.assertEquals({#rows, rows[1].path}, {1, "songs/b/cut.flac"})
      lu.assertStrContains(rows[1].reason, " of 1.000 s are there: ")
      lu.assertEquals(json.decode(files.read(place .. "/out/features.json")).partial[1].path, "songs/b/cut.flac")
      lu.assertNil(files.kind(place .. "/out/rejected.csv"))
    end
  end
  extract()
  lu.assertNil(files.kind(place .. "/out/partial.csv")) -- of the run before
  for i = 1, 3 do extract("--partial", "keep", "--out", "parts", "--shard", i .. "/3") end
  local merged = moonlark("merge", "parts")
  lu.assertEquals(merged.code, 0)
  lu.assertStrContains(merged.out, "5 files  0 rejected  1 kept in part")
  lu.assertEquals(#csv.read(place .. "/parts/partial.csv"), 1)
  lu.assertEquals(extract("--partial", "perhaps").code, 2)
end

function TestExtractCommand:test_experiments_keep_files_in_part_when_asked()
  write_flac("songs/b/cut.flac", 0.5, 0.6)
  write_flac("songs/a/3.flac", 0.5)
  for _, command in ipairs {{"classify", "--models", "logistic", "--folds", "2"}, {"cluster", "--seeds", "1"}} do
    local function experiment(...)
      return moonlark(command[1], "songs", "--run", "run", "--overwrite", "--features", "rms,mfcc", ...)
    end
    local kept = experiment("--partial", "keep", table.unpack(command, 2))
    lu.assertEquals(kept.code, 0, kept.err)
    lu.assertStrContains(kept.err, "warning: songs/b/cut.flac: kept in part: ")
    lu.assertStrContains(kept.out, "6 files  1 kept in part\n")
    local page = files.read(place .. "/run/report.md")
    lu.assertStrContains(page, "## Kept in part (1)")
    lu.assertNotStrContains(page, "## Left out")
    local figures = json.decode(files.read(place .. "/run/metrics.json"))
    lu.assertEquals({figures.rejected, figures.partial}, {0, 1})
    lu.assertEquals(json.decode(files.read(place .. "/run/run.json")).settings.partial, "keep")

    local refused = experiment(table.unpack(command, 2))
    lu.assertStrContains(refused.err, "left out: songs/b/cut.flac: ")
    page = files.read(place .. "/run/report.md")
    lu.assertStrContains(page, "## Left out (1)")
    lu.assertNotStrContains(page, "## Kept in part")
  end
end

function TestExtractCommand:test_one_channel()
  write_flac("two/quiet.flac", 0.5)
  local function mean(...)
    local result = moonlark("extract", "two", "--features", "rms", "--pool", "mean", "--format", "csv", "--out", "out",
      "--cache", "kept", ...)
    lu.assertEquals({result.code, result.err}, {0, ""})
    return tonumber(files.read(place .. "/out/features.csv"):match "([%d.e-]+)%s*$")
  end
  local left = mean("--channel", "left")
  lu.assertAlmostEquals(mean("--channel", "right"), left / 2, 1e-5)
  lu.assertAlmostEquals(mean("--channel", "1"), left / 2, 1e-5)
  lu.assertAlmostEquals(mean(), left * 3 / 4, 1e-5)
  lu.assertAlmostEquals(mean("--channel", "mix"), left * 3 / 4, 1e-5)
  local lacking = moonlark("extract", "songs", "--features", "rms", "--out", "out", "--channel", "right")
  lu.assertEquals(lacking.code, 1)
  lu.assertStrContains(lacking.err, "channel must be 0 (left), the file has no other, got 1 (right)")
  local wrong = moonlark("extract", "songs", "--features", "rms", "--out", "out", "--channel", "center")
  lu.assertEquals(wrong.code, 2)
  lu.assertStrContains(wrong.err, 'channel must be "mix", "left" or "right" or a whole number 0..255, got \'center\'')
end

function TestExtractCommand:test_stereo_that_cancels_out_is_told()
  write_flac("songs/a/inverted.flac", -1)
  for _ = 1, 2 do -- computed, and from the cache
    local result = moonlark("extract", "songs", "--features", "rms", "--out", "out", "--cache", "kept")
    lu.assertEquals(result.code, 0)
    lu.assertStrContains(result.err, "warning: songs/a/inverted.flac: its 2 channels cancel each other out when mixed; "
      .. '--channel left takes one of them')
  end
  local index = moonlark("index", "songs")
  lu.assertEquals(index.code, 0)
  lu.assertStrContains(index.err, "warning: songs/a/inverted.flac: ")
  local one = moonlark("features", "songs/a/inverted.flac", "--features", "rms", "--out", "one.npz")
  lu.assertEquals(one.code, 0)
  lu.assertStrContains(one.err, "warning: songs/a/inverted.flac: ")
  lu.assertEquals(moonlark("features", "songs/a/inverted.flac", "--features", "rms", "--out", "one.npz", "--channel",
    "left").err, "")
end

function TestIndex:test_files_cut_short_are_kept_when_asked()
  write_flac("songs/b/cut.flac", 0.5, 0.6)
  lu.assertEquals(moonlark("index", "songs").code, 3)
  local kept = moonlark("index", "songs", "--partial", "keep", "--out", "dataset_index.json")
  lu.assertEquals(kept.code, 0)
  lu.assertStrContains(kept.err, "warning: songs/b/cut.flac: kept in part: ")
  lu.assertStrContains(kept.out, "1 kept in part")
  local songs = dataset.load(place .. "/dataset_index.json")
  lu.assertEquals({#songs, #songs.partial, songs.partial[1].path}, {5, 1, place .. "/songs/b/cut.flac"})
  lu.assertTrue(songs[5].seconds < 0.9)
  lu.assertEquals(moonlark("features", "songs/b/cut.flac", "--features", "rms", "--out", "a.npz").code, 1)
  lu.assertEquals(moonlark("features", "songs/b/cut.flac", "--features", "rms", "--out", "a.npz", "--partial",
    "keep").code, 0)
end

function TestExtractCommand:test_no_file_is_good()
  files.mkdirs(place .. "/bad/x")
  files.write(place .. "/bad/x/1.wav", "no")
  local result = moonlark("extract", "bad", "--features", "rms", "--pool", "mean", "--out", "out")
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.err, "rejected bad/x/1.wav: ")
  lu.assertStrContains(result.err, "none of the files can be used")
  lu.assertEquals(files.kind(place .. "/out/rejected.csv"), "file")
  lu.assertNil(files.kind(place .. "/out/features.safetensors"))
end

function TestExtractCommand:test_tables_in_every_format()
  local function extract(format, pool)
    return moonlark("extract", "songs", "--features", "rms", "--out", "out", "--format", format,
      table.unpack(pool or {}))
  end
  local X = dataset.folder(place .. "/songs"):extract(feature.recipe {features = {"rms"}, pool = {"mean", "max"}},
    {progress = false})
  local mean = X.x:select(1, 0):totable()
  for _, format in ipairs {"jsonl", "arff", "h5"} do
    local result = extract(format, {"--pool", "mean,max"})
    lu.assertTrue(result.code == 0 or (format == "h5" and result.err:find "HDF5 cannot be used"), result.err)
  end
  local i = 0
  for line in io.lines(place .. "/out/features.jsonl") do
    i = i + 1
    local row = json.decode(line)
    lu.assertEquals({row.path, row.label}, {X.paths[i]:sub(#place + 2), X.classes[X.y:totable()[i] + 1]})
    lu.assertAlmostEquals(row.rms_mean, mean[i], 1e-8)
  end
  lu.assertEquals(i, 4)
  local arff = files.read(place .. "/out/features.arff")
  lu.assertStrContains(arff,
    "@ATTRIBUTE rms_mean NUMERIC\n@ATTRIBUTE rms_max NUMERIC\n@ATTRIBUTE class {'a','b'}\n\n@DATA\n")
  lu.assertEquals(select(2, arff:gsub("\n[%d.,e%-]+,'[ab]'", "")), 4)
  if files.kind(place .. "/out/features.h5") then
    local dump = assert(core.process.run({"h5dump", "-d", "x", "-d", "y", "-d", "paths", "-a", "recipe",
      "out/features.h5"}, 60, place))
    if dump.code ~= 127 then -- h5dump is there
      lu.assertStrContains(dump.out, 'DATATYPE  H5T_IEEE_F32LE\n   DATASPACE  SIMPLE { ( 4, 2 ) / ( 4, 2 ) }')
      lu.assertStrContains(dump.out, "(0): 0, 0, 1, 1")
      lu.assertStrContains(dump.out, '"songs/a/1.wav", "songs/a/2.wav", "songs/b/1.wav"')
      lu.assertStrContains(dump.out, "feature rms")
    end
  end
  lu.assertEquals({extract "jsonl".code, extract("npz", {"--pool", "mean"}).code}, {2, 2})
end

-- A table comes back as it was written, from every format.
function TestExtractCommand:test_tables_are_read_back()
  local X = dataset.folder(place .. "/songs"):extract(feature.recipe {features = {"rms"}, pool = {"mean", "max"}},
    {progress = false})
  local labels, paths = {}, {}
  for i, y in ipairs(X.y:totable()) do labels[i], paths[i] = X.classes[y + 1], X.paths[i]:sub(#place + 2) end
  for _, format in ipairs(core.store.formats "table") do
    local result = moonlark("extract", "songs", "--features", "rms", "--out", "tables/" .. format, "--format", format,
      "--pool", "mean,max")
    if result.code == 0 then
      local t = core.store.read_table(("%s/tables/%s/features.%s"):format(place, format, format))
      lu.assertTrue(t.values:allclose(X.x:to "float64", 1e-7), format)
      lu.assertEquals(t.rows, 4)
      if format ~= "npy" then -- which holds x alone
        local label = format == "arff" and "class" or "label"
        lu.assertEquals(t.numbers, X.names, format)
        lu.assertEquals(t.texts, {path = paths, [label] = labels}, format)
        if t.classes[label] then lu.assertEquals(t.classes[label], X.classes, format) end
      end
    end
  end
end

-- Whatever a list says, files are written below the output folder.
function TestExtractCommand:test_no_path_in_a_list_leads_out_of_the_output()
  files.mkdirs(place .. "/lists/deep")
  write_wav("c../1.wav", 0.5, 200)
  local paths = {"../../songs/a/1.wav", place .. "/songs/b/1.wav",
    "../../../../../../../.." .. place .. "/songs/b/2.wav", ".././../songs/./a//2.wav", "../../c../1.wav"}
  files.write(place .. "/lists/deep/list.csv", "path\n" .. table.concat(paths, "\n") .. "\n")
  local before = files.tree(place)
  local result = moonlark("extract", "lists/deep/list.csv", "--features", "rms", "--out", "out/x", "--format", "csv",
    "--no-cache")
  lu.assertEquals(result.code, 0, result.err)
  local written, left = files.tree(place .. "/out/x"), {}
  lu.assertEquals(#written, #paths + 1)
  for _, path in ipairs(files.tree(place)) do
    if path:sub(1, #place + 7) ~= place .. "/out/x/" then left[#left + 1] = path end
  end
  lu.assertEquals(left, before)
  lu.assertStrContains(table.concat(written, "\n"), "/c../1.csv")
end

function TestExtractCommand:test_sounds_called_as_the_own_lists_keep_their_ending()
  for _, name in ipairs {"rejected", "partial", "rejected-1-of-2", "other"} do
    write_wav("flat/" .. name .. ".wav", 0.5, 200)
  end
  files.write(place .. "/flat/bad.wav", "no sound")
  local result = moonlark("extract", "flat", "--features", "rms", "--out", "out", "--format", "csv", "--no-cache")
  lu.assertEquals(result.code, 3, result.err)
  lu.assertEquals(files.list(place .. "/out"), {"features.json", "other.csv", "partial.wav.csv",
    "rejected-1-of-2.wav.csv", "rejected.csv", "rejected.wav.csv"})
  lu.assertStrContains(files.read(place .. "/out/rejected.csv"), "bad.wav")
end

function TestExtractCommand:test_links_in_the_output_are_not_followed()
  files.mkdirs(place .. "/elsewhere")
  files.mkdirs(place .. "/out")
  require "lfs".link("../elsewhere", place .. "/out/a", true)
  local result = moonlark("extract", "songs", "--features", "rms", "--out", "out", "--no-cache")
  lu.assertEquals(result.code, 1, result.out)
  lu.assertStrContains(result.err, "out/a is a link: nothing is written through it")
  lu.assertEquals(files.tree(place .. "/elsewhere"), {})
end

function TestExtractCommand:test_a_name_that_is_not_utf8()
  write_wav("songs/a/caf\xe9 \"x\".wav", 0.4, 700)
  for _, format in ipairs {"safetensors", "jsonl", "csv", "arff"} do
    local result = moonlark("extract", "songs", "--features", "rms", "--pool", "mean", "--out", "out", "--format",
      format)
    lu.assertEquals({result.code, result.err}, {0, ""})
  end
  lu.assertStrContains(files.read(place .. "/out/features.jsonl"), [[songs/a/caf\udbf7\udce9 \"x\".wav]])
  lu.assertEquals(torch.load(place .. "/out/features.safetensors").x:size(0), 5)
end

function TestExtractCommand:test_a_killed_run_goes_on_where_it_was()
  write_wav("many/a/0.wav", 2, 220)
  for i = 1, 300 do write_wav(("many/a/%d.wav"):format(i), 0.5, 100 + i) end
  local script = [["$0" extract many --features chroma_cqt --out out & job=$!
    until [ $(ls out/a 2>/dev/null | wc -l) -ge 20 ]; do sleep 0.01; done
    kill -KILL $job; wait $job; ls out/a]]
  local killed = assert(core.process.run({"sh", "-c", script, lib.program}, 120, place,
    {"MOONLARK_CACHE=" .. place .. "/.cache/moonlark"}))
  local _, done = killed.out:gsub("%.safetensors\n", "")
  lu.assertNil(killed.out:find "tmp") -- nothing half written lies about
  local result = moonlark("extract", "many", "--features", "chroma_cqt", "--out", "out")
  lu.assertEquals(result.code, 0)
  local cached = tonumber(result.out:match "301 files  (%d+) from the cache")
  -- Each of the workers may have been between the file and its receipt.
  lu.assertTrue(cached >= 1 and cached <= done and cached >= done - core.system.cores(),
    ("%d of %d"):format(cached, done))
end

function TestExtractCommand:test_ctrl_c()
  write_wav("many/a/0.wav", 5, 220)
  for i = 1, 3000 do require "lfs".link("0.wav", ("%s/many/a/%d.wav"):format(place, i), true) end -- minutes of work
  local script = [["$0" extract many --features chroma_cqt --out out & job=$!
    until ls out/a/*.safetensors >/dev/null 2>&1; do sleep 0.05; done
    kill -INT $job; wait $job]]
  local result = assert(core.process.run({"sh", "-c", script, lib.program}, 120, place,
    {"MOONLARK_CACHE=" .. place .. "/.cache/moonlark"}))
  lu.assertEquals({result.code, result.timed_out}, {130, false})
  lu.assertStrMatches(result.err, ".*stopped after %d+ of 3001 files; what is done is kept in .*/.cache/moonlark\n.*")
  lu.assertNil(files.kind(place .. "/out/features.json"))
end

function TestExtractCommand:test_two_sounds_of_one_name()
  files.write(place .. "/songs/a/1.flac", files.read(place .. "/songs/a/1.wav"))
  lu.assertEquals(moonlark("extract", "songs", "--features", "rms", "--out", "out").code, 0)
  lu.assertEquals(files.kind(place .. "/out/a/1.safetensors"), "file")
  lu.assertEquals(files.kind(place .. "/out/a/1.wav.safetensors"), "file")
end

-- cache --------------------------------------------------------------------------

function TestCacheCommand:test_size_limit_verify_clear()
  local function cache(...) return moonlark("cache", ...) end
  local function usage() return json.decode(cache("--json").out) end
  lu.assertEquals(usage().entries, 0)
  moonlark("extract", "songs", "--features", "rms", "--pool", "mean", "--out", "out")
  lu.assertEquals({usage().entries, usage().limit, usage().folder}, {4, 10 << 30, place .. "/.cache/moonlark"})
  lu.assertStrContains(cache().out, "4 entries, 16.0 KiB of at most 10.0 GiB")
  lu.assertStrContains(cache("verify").out, "4 entries, 16.0 KiB; 0 damaged")
  local entry = files.tree(place .. "/.cache/moonlark/features")[1]
  files.write(entry, files.read(entry):sub(1, -2) .. "x")
  local verified = cache "verify"
  lu.assertEquals(verified.code, 1)
  lu.assertStrContains(verified.out, "1 damaged and removed")
  lu.assertStrContains(cache("limit", "1.5M").out, "3 entries, 12.0 KiB of at most 1.5 MiB")
  lu.assertStrContains(cache("limit", "8K").out, "1 entries, 4.0 KiB of at most 8.0 KiB")
  lu.assertStrContains(cache("clear").out, "removed 1 entries, 4.0 KiB")
  lu.assertEquals({usage().entries, usage().limit}, {0, 8192})
  lu.assertEquals({cache("limit").code, cache("limit", "much").code, cache("clear", "5G").code, cache("shrink").code},
    {2, 2, 2, 2})
end

lib.run()
