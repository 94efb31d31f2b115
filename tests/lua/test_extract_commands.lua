-- moonlark index, features, extract: what they write, where, and with which exit code.
local lu = require "luaunit"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.files"
local json = require "moonlark.json"
local torch = require "moonlark.torch"

local program = (os.getenv "MOONLARK_TEST_BUILD" or "build/release") .. "/bin/moonlark"
local place
TestIndex, TestFeatures, TestExtractCommand = {}, {}, {}

local function write_wav(path, seconds, hz)
  local samples = {}
  for i = 0, math.floor(seconds * 22050) - 1 do
    samples[i + 1] = string.pack("<i2", math.floor(9000 * math.sin(2 * math.pi * hz * i / 22050)))
  end
  local data = table.concat(samples)
  path = files.join(place, path)
  files.mkdirs((files.split(path)))
  files.write(path, string.pack("<c4I4c4c4I4I2I2I4I4I2I2c4s4", "RIFF", 36 + #data, "WAVE", "fmt ", 16, 1, 1, 22050, 44100, 2,
    16, "data", data))
end

local function program_path()
  return program:sub(1, 1) == "/" and program or require "lfs".currentdir() .. "/" .. program
end

-- Runs a command in the temporary folder.
local function moonlark(...)
  return assert(core.process.run({program_path(), ...}, 120, place))
end

for _, case in ipairs {TestIndex, TestFeatures, TestExtractCommand} do
  function case:setUp()
    place = files.temporary_folder()
    write_wav("songs/a/1.wav", 0.5, 200)
    write_wav("songs/a/2.wav", 0.6, 300)
    write_wav("songs/b/1.wav", 0.7, 400)
    write_wav("songs/b/2.wav", 0.8, 500)
  end
  function case:tearDown() files.remove(place) end
end

local function spoil() files.write(place .. "/songs/a/2.wav", "no sound") end

-- index --------------------------------------------------------------------------

function TestIndex:test_writes_an_index()
  local result = moonlark("index", "songs")
  lu.assertEquals({result.code, result.err}, {0, ""})
  lu.assertStrContains(result.out, "4 tracks  2 classes (a 2, b 2)")
  local songs = dataset.load(place .. "/dataset_index.json")
  lu.assertEquals(songs[4].path, place .. "/songs/b/2.wav")
  lu.assertStrContains(result.out, songs:hash())
end

function TestIndex:test_bad_files_are_named()
  spoil()
  local result = moonlark("index", "songs", "-o", "i.json")
  lu.assertEquals(result.code, 0)
  lu.assertStrContains(result.err, "rejected songs/a/2.wav: ")
  lu.assertEquals(moonlark("index", "songs", "--strict").code, 1)
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
    local result = moonlark("features", "songs/a/1.wav", "--features", "mel,mfcc", "--set", "mel.n_mels=32", "--out", out)
    lu.assertEquals({result.code, result.err}, {0, ""})
    local made = torch.load(files.join(place, out))
    lu.assertTrue(made.mel:equal(mel), ending)
    lu.assertEquals(made.mfcc:size(0), 20)
  end
  lu.assertEquals(moonlark("features", "songs/a/1.wav", "--features", "mel", "--set", "mel.n_mels=32", "-o", "m.npy").code, 0)
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
  local result = assert(core.process.run({program_path(), "features", "songs/a/1.wav", "--features", "mel,mfcc", "--out", "s.npz"}, 120,
    place, {"LD_DEBUG=files"}))
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
  fails(1, "is not among --features", "songs/a/1.wav", "--features", "mel", "--set", "rms.hop_length=3", "--out", "s.npz")
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
  lu.assertEquals(listed.tracks[4].file, "out/b/2.safetensors")
  lu.assertEquals(listed.tracks[4].label, "b")
end

function TestExtractCommand:test_one_table_with_pool()
  lu.assertEquals(moonlark("index", "songs", "-o", "i.json").code, 0)
  local X = dataset.folder(place .. "/songs"):extract(feature.recipe {features = {"mfcc", "rms"}, pool = {"mean", "p90"}},
    {progress = false})
  for _, source in ipairs {"songs", "i.json"} do
    for _, format in ipairs {"safetensors", "npy", "csv"} do
      local result = moonlark("extract", source, "--features", "mfcc,rms", "--pool", "mean,p90", "--out", "out", "--format", format)
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

function TestExtractCommand:test_shards_are_the_whole()
  local seen = {}
  for i = 1, 3 do
    lu.assertEquals(moonlark("extract", "songs", "--features", "rms", "--out", "out", "--shard", i .. "/3").code, 0)
    for _, track in ipairs(json.decode(files.read(("%s/out/features-%d-of-3.json"):format(place, i))).tracks) do
      lu.assertNil(seen[track.path])
      seen[track.path] = true
      lu.assertEquals(files.kind(files.join(place, track.file)), "file")
    end
  end
  for _, path in ipairs {"a/1", "a/2", "b/1", "b/2"} do lu.assertTrue(seen["songs/" .. path .. ".wav"]) end
  lu.assertEquals(moonlark("extract", "songs", "--features", "rms", "--out", "out", "--shard", "4/3").code, 2)
  lu.assertEquals(moonlark("extract", "songs", "--features", "rms", "--out", "out", "--shard", "9/9").code, 1)
end

function TestExtractCommand:test_cache_and_bad_files()
  spoil()
  local function extract(...) return moonlark("extract", "songs", "--features", "rms", "--out", "out", "--cache", "kept", ...) end
  local cold, warm = extract(), extract()
  lu.assertEquals(cold.code, 0)
  lu.assertStrContains(cold.err, "rejected songs/a/2.wav: ")
  lu.assertStrContains(cold.out, "3 files  0 from the cache  1 rejected")
  lu.assertStrContains(warm.out, "3 files  3 from the cache  1 rejected")
  lu.assertEquals(extract("--strict").code, 1)
end

function TestExtractCommand:test_ctrl_c()
  write_wav("many/a/0.wav", 5, 220)
  for i = 1, 3000 do require "lfs".link("0.wav", ("%s/many/a/%d.wav"):format(place, i), true) end -- minutes of work
  local script = [["$0" extract many --features chroma_cqt --out out & job=$!
    until ls out/a/*.safetensors >/dev/null 2>&1; do sleep 0.05; done
    kill -INT $job; wait $job]]
  local result = assert(core.process.run({"sh", "-c", script, program_path()}, 120, place))
  lu.assertEquals({result.code, result.timed_out}, {130, false})
  lu.assertStrMatches(result.err, ".*stopped after %d+ of 3001 files\n.*")
  lu.assertNil(files.kind(place .. "/out/features.json"))
end

function TestExtractCommand:test_two_sounds_of_one_name()
  files.write(place .. "/songs/a/1.flac", files.read(place .. "/songs/a/1.wav"))
  lu.assertEquals(moonlark("extract", "songs", "--features", "rms", "--out", "out").code, 0)
  lu.assertEquals(files.kind(place .. "/out/a/1.safetensors"), "file")
  lu.assertEquals(files.kind(place .. "/out/a/1.wav.safetensors"), "file")
end

os.exit(lu.LuaUnit.run())
