-- Embeddings of models from elsewhere are features like any other: in recipes, extractions, the cache, shards, runs.
local lib = require "lib"
local audio = require "moonlark.audio"
local classify = require "moonlark.classify"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local lu = require "luaunit"
local predict = require "moonlark.predict"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

local place = lib.folder()
for i = 1, 4 do
  lib.write_beat(("%s/songs/low/%d.wav"):format(place, i), 1.2, 200 + 25 * i, 16000)
  lib.write_beat(("%s/songs/top/%d.wav"):format(place, i), 2.3, 3000 + 150 * i, 16000)
end
files.write(place .. "/songs/top/bad.wav", "no sound")
local tiny = lib.tiny_whisper(place .. "/tiny")
local songs = dataset.folder(place .. "/songs")
local opened = pretrained.open(tiny)

local function recipe_of(more, pool)
  local features = {embedding = {model = tiny}}
  for name, settings in pairs(more or {}) do features[name] = settings end
  return feature.recipe {features = features, pool = pool}
end

TestRecipe = {}

function TestRecipe:test_columns_and_rows()
  local recipe = recipe_of({mfcc = {n_mfcc = 2}, zero_crossing_rate = {}}, {"mean", "std"})
  lu.assertEquals(#recipe.names, 4 + 2 + 32)
  lu.assertEquals({recipe.names[1], recipe.names[7], recipe.names[38]},
    {"mfcc_0_mean", "embedding_0_mean", "embedding_15_std"})
  local X = songs:extract(recipe, {progress = false})
  lu.assertEquals(X.x:shape(), {8, 38})
  lu.assertStrContains(X.rejected[1].path, "bad.wav")
  lib.close(X.x[0]:narrow(0, 6, 32), opened:embed(X.paths[1], {pool = {"mean", "std"}}), 1e-5)
  local engine = feature.recipe {features = {mfcc = {n_mfcc = 2}, zero_crossing_rate = {}}, pool = {"mean", "std"}}
  lib.close(X.x:narrow(1, 0, 6), songs:extract(engine, {progress = false}).x, 0)
end

function TestRecipe:test_frames()
  local X = songs:extract(recipe_of {rms = {}}, {progress = false})
  lib.close(X.items[5].embedding.data, opened:embed(X.paths[5], {pool = false}).data, 1e-5)
  lu.assertEquals(X.items[5].embedding.rate, 50)
  local song = audio.load(X.paths[5], {rate = 16000})
  lib.close(recipe_of():apply(song).embedding.data, X.items[5].embedding.data, 1e-5)
  lib.close(feature.embedding(song, {model = tiny}).data, X.items[5].embedding.data, 1e-5)
  lib.close(recipe_of(nil, {"p10"}):row(song), X.items[5].embedding.data:quantile(0.1, 1), 1e-5)
end

function TestRecipe:test_equal_recipes_have_equal_texts()
  local copy = lib.tiny_whisper(lib.folder())
  local other = lib.tiny_whisper(lib.folder(), {"a", "b"})
  local text = recipe_of().text
  lu.assertEquals(feature.recipe {features = {embedding = {model = copy}}}.text, text)
  lu.assertNotEquals(feature.recipe {features = {embedding = {model = other}}}.text, text)
  lu.assertNotEquals(feature.recipe {features = {embedding = {model = copy, layer = 0}}}.text, text)
  lu.assertEquals(feature.recipe(recipe_of():settings()).text, text)
end

function TestRecipe:test_faults()
  local function with(settings) return feature.recipe {features = {embedding = settings}} end
  lib.fails("model", with, {})
  lib.fails("embedding.model: /nowhere/x does not exist", with, {model = "/nowhere/x"})
  lib.fails("unknown option of feature.embedding: 'modle'", with, {modle = tiny})
  lib.fails("holds other weights than those that were used before", with, {model = tiny, content = "abc"})
  lib.fails("batches are not made of embedding", songs.batches, songs, {features = {embedding = {model = tiny}}})
end

TestCache = {}

function TestCache:test_is_known_by_content_and_settings()
  local cache = lib.folder()
  local function extract(given)
    return songs:extract(feature.recipe(given), {cache = cache, progress = false})
  end
  local pooled = {features = {embedding = {model = tiny}}, pool = {"mean"}}
  local first, second = extract(pooled), extract(pooled)
  lu.assertEquals({first.cached, second.cached}, {0, 8})
  lib.close(first.x, second.x, 0)
  lu.assertEquals(extract({features = {embedding = {model = tiny, hop = 0.5}}, pool = {"mean"}}).cached, 0)
  lu.assertEquals(extract({features = {embedding = {model = tiny}}, pool = {"mean"}, duration = 1}).cached, 0)
  local frames = {features = {embedding = {model = tiny}}}
  lu.assertEquals(extract(frames).cached, 0)
  local again = extract(frames)
  lu.assertEquals(again.cached, 8)
  lib.close(again.items[8].embedding.data, opened:embed(again.paths[8], {pool = false}).data, 1e-5)
end

TestModels = {}

function TestModels:test_a_fitted_classifier_hears_songs_again()
  local folder = lib.folder()
  local model = lib.tiny_whisper(folder .. "/model")
  local X = songs:extract(feature.recipe {features = {embedding = {model = model}}, pool = {"mean"}},
    {progress = false})
  local fitted = classify.logistic():fit(X)
  fitted:save(folder .. "/c.safetensors")
  local path = songs.tracks[1].path
  lu.assertEquals(predict.file(folder .. "/c.safetensors", path).label, "low")
  lib.tiny_whisper(folder .. "/model", {"other", "weights"})
  lib.fails("holds other weights than those that were used before", predict.file, folder .. "/c.safetensors", path)
  files.remove(folder .. "/model")
  lib.fails("does not exist", predict.file, folder .. "/c.safetensors", path)
end

TestCommands = {}

local function run(...) return lib.moonlark(nil, {"MOONLARK_CACHE=" .. place .. "/cache"}, ...) end

function TestCommands:test_extract_shards_and_merge()
  local set = "embedding.model=" .. tiny
  local whole, parts = place .. "/whole", place .. "/parts"
  lu.assertEquals(run("extract", place .. "/songs", "--features", "embedding", "--set", set, "--pool", "mean", "--out",
    whole).code, 3)
  for i = 1, 2 do
    run("extract", place .. "/songs", "--features", "embedding", "--set", set, "--pool", "mean", "--out", parts,
      "--shard", i .. "/2")
  end
  lu.assertEquals(run("merge", parts).code, 3)
  lu.assertEquals(files.read(parts .. "/features.safetensors"), files.read(whole .. "/features.safetensors"))
  local X = dataset.table(whole)
  lu.assertEquals(X.recipe.guests[1].width, 16)
end

function TestCommands:test_files_of_frames()
  local out = place .. "/frames"
  local function extract()
    return run("extract", place .. "/songs", "--features", "embedding,rms", "--set", "embedding.model=" .. tiny, "--out",
      out)
  end
  lu.assertStrContains(extract().out, "8 files  0 from the cache  1 rejected")
  lu.assertStrContains(extract().out, "8 files  8 from the cache  1 rejected")
  local read = dataset.table(out).items[1]
  lib.close(read.embedding.data, opened:embed(place .. "/songs/low/1.wav", {pool = false}).data, 1e-5)
  lu.assertEquals(read.rms.kind, "rms")
  lu.assertEquals(torch.load(out .. "/low/1.safetensors").embedding:size(0), 16)
end

function TestCommands:test_classify_and_cluster()
  local common = {place .. "/songs", "--features", "embedding", "--set", "embedding.model=" .. tiny, "--pool", "mean"}
  local judged = run("classify", common[1], common[2], common[3], common[4], common[5], common[6], common[7], "--models",
    "logistic", "--folds", "2", "--run", place .. "/run")
  lu.assertStrContains(judged.out, "logistic")
  lu.assertStrContains(run("predict", place .. "/run", place .. "/songs/low/1.wav").out, "1.wav\t")
  lu.assertStrContains(run("cluster", table.unpack(common)).out, "ARI")
end

function TestCommands:test_embed()
  local table_of, frames = place .. "/e", place .. "/f"
  lu.assertStrContains(run("embed", tiny, place .. "/songs", "--out", table_of).out, "8 files")
  local X = dataset.table(table_of)
  lib.close(X.x[0], opened:embed(X.paths[1]), 1e-5)
  local again = run("embed", tiny, place .. "/songs", "--out", table_of)
  lu.assertEquals(again.code, 3)
  lu.assertStrContains(again.out, "8 files  8 from the cache  1 rejected")
  lu.assertStrContains(again.err, "bad.wav")
  run("embed", tiny, place .. "/songs", "--out", frames, "--pool", "false", "--layer", "0")
  lib.close(dataset.table(frames).items[1].embedding.data, opened:embed(X.paths[1], {layer = 0, pool = false}).data, 1e-5)
  lu.assertStrContains(run("embed", tiny, place .. "/songs", "--out", frames, "--pool", "false", "--layer", "9").err,
    "layer must be -3..2, got 9")
end

lib.run()
