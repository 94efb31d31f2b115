-- Many songs through models from elsewhere: what threads decode is heard as one song alone is, however songs are put
-- into batches; embeddings over time; labels of data among the classes of a model.
local lib = require "lib"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lu = require "luaunit"
local model = require "moonlark.model"
local predict = require "moonlark.predict"
local pretrained = require "moonlark.pretrained"
local audio = require "moonlark.audio"
local torch = require "moonlark.torch"

local place = lib.folder()
local seconds = {1.5, 0.3, 4.2, 1, 2.05, 0.9}
local paths = {}
for i, length in ipairs(seconds) do
  paths[i] = ("%s/%s/%d.wav"):format(place, i % 2 == 0 and "even" or "odd", i)
  lib.write_beat(paths[i], length, 150 * i, 16000 + (i % 3) * 2000, i == 4 and 2 or 1)
end
local tiny = lib.tiny_whisper(place .. "/tiny", {"even", "odd", "none"})
local opened = pretrained.open(tiny)

TestHearing = {}

function TestHearing:test_batches_and_threads_change_nothing()
  local alone = {}
  for i, path in ipairs(paths) do alone[i] = opened:embed(audio.load(path, {rate = 16000})) end
  alone = torch.stack(alone)
  for _, size in ipairs {1, 3, 16} do
    for _, workers in ipairs {1, 4} do
      lib.close(opened:embed(paths, {batch_size = size, workers = workers}), alone, 1e-5)
    end
  end
end

function TestHearing:test_predictions_of_files_and_signals_agree()
  local said, rejected = opened:classify({paths[1], audio.load(paths[3], {rate = 16000}), "/nowhere.wav", paths[4]})
  lu.assertEquals(#said, 3)
  lu.assertEquals(rejected[1].path, "/nowhere.wav")
  lu.assertAlmostEquals(said[2].probability, opened:classify(paths[3]).probability, 1e-5)
  lib.fails("/nowhere.wav: ", opened.classify, opened, "/nowhere.wav")
  for _, average in ipairs {"probabilities", "logits", "max"} do
    local one = opened:classify(paths[3], {average = average, segments = true})
    lu.assertEquals(#one.segments, 5)
  end
end

function TestHearing:test_times_of_frames()
  local kept = opened:embed(paths[5], {pool = false, layer = -1})
  lu.assertEquals(kept.data:shape(), {16, 103}) -- 2.05 s of frames of 20 ms, without the silence of the last window
  lu.assertEquals(kept.rate, 50)
  local overlapping = opened:embed(paths[5], {pool = false, layer = -1, hop = 0.5})
  lu.assertAlmostEquals(overlapping.data:size(1) / 50, 2.05, 0.03)
end

function TestHearing:test_pools_are_those_of_recipes()
  local kept = opened:embed(paths[3], {pool = false}).data
  local pooled = opened:embed(paths[3], {pool = {"mean", "std", "median", "p90"}}):view {4, 16}
  lib.close(pooled:select(0, 0), kept:mean {1}, 1e-5)
  lib.close(pooled:select(0, 1), kept:std({1}, false), 1e-5)
  lib.close(pooled:select(0, 3), kept:quantile(0.9, 1), 1e-5)
  lib.fails("p200", opened.embed, opened, paths[3], {pool = "p200"})
end

TestModel = {}

function TestModel:test_predicts_and_evaluates()
  local one = predict.file(tiny, paths[3])
  lu.assertAlmostEquals(one.probability, opened:classify(paths[3]).probability, 1e-5)
  local judged = model.open(tiny):evaluate(dataset.folder(place))
  lu.assertEquals(judged.n, #paths)
  lu.assertEquals(judged.classes, {"even", "odd", "none"})
end

function TestModel:test_labels_that_do_not_fit_are_listed()
  local songs = dataset.folder(place)
  local other = lib.tiny_whisper(lib.folder(), {"a", "b c", "d"})
  lib.fails("2 of the data's 2 labels are none of the model's: even, odd. The model tells a, b c, d.",
    model.open(other).evaluate, model.open(other), songs)
  local map = {even = {"a", "B_C"}, odd = "d"}
  local judged = model.open(other):evaluate(songs, {map = map})
  lu.assertEquals(judged.classes, {"even", "odd"})
  files.write(place .. "/map.json", json.encode(map))
  lu.assertEquals(model.open(other):evaluate(songs, {map = place .. "/map.json"}).accuracy, judged.accuracy)
  lib.fails("does not tell: x", model.open(other).evaluate, model.open(other), songs, {map = {even = "x", odd = "d"}})
  lib.fails("says nothing of the data's label 'odd'", model.open(other).evaluate, model.open(other), songs,
    {map = {even = "a"}})
end

function TestModel:test_commands()
  local said = lib.moonlark(nil, nil, "predict", tiny, paths[3], "--top", "3", "--segments")
  lu.assertStrContains(said.out, "even ")
  lu.assertStrContains(said.out, "\t4.0 s\t")
  local judged = lib.moonlark(nil, nil, "evaluate", tiny, place, "--json")
  lu.assertEquals(json.decode(judged.out).tracks, #paths)
  lu.assertStrContains(lib.moonlark(nil, nil, "predict", tiny, paths[3], "/nowhere.wav").err, "/nowhere.wav")
end

lib.run()
