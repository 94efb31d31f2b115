-- A model of any kind is saved, read in another process, and says of songs and tables what it said in this one.
local lib = require "lib"
local lu = require "luaunit"
local classify = require "moonlark.classify"
local cluster = require "moonlark.cluster"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local features = require "moonlark.dataset.features"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local model = require "moonlark.model"
local options = require "moonlark.base.options"
local predict = require "moonlark.predict"
local regress = require "moonlark.regress"
local torch = require "moonlark.torch"

local place = lib.folder()
for i = 1, 4 do
  lib.write_beat(("%s/songs/low/%d.wav"):format(place, i), 1.5, 200 + 25 * i)
  lib.write_beat(("%s/songs/mid/%d.wav"):format(place, i), 1.5, 900 + 60 * i)
  lib.write_beat(("%s/songs/top/%d.wav"):format(place, i), 1.5, 3000 + 150 * i)
end
lib.write_beat(place .. "/new/a.wav", 1.1, 260)
lib.write_beat(place .. "/new/b.wav", 2.3, 3100)
lib.write_beat(place .. "/new/c.wav", 7, 1000)

local recipe = feature.recipe {features = {mfcc = {n_mfcc = 6}, spectral_centroid = {}}, pool = {"mean", "std"}}
local songs = dataset.folder(place .. "/songs")
local X = songs:extract(recipe)
local new = {place .. "/new/a.wav", place .. "/new/b.wav", place .. "/new/c.wav"}
local seen = dataset.files(new):extract(recipe)

-- The features with other labels: tags (a song is low or not, top or not), or numbers (its class, halved).
local function tagged()
  local y = torch.stack({X.y:eq(0), X.y:eq(2)}, 1):float()
  return features.make(options.join(X, {y = y, classes = {"low", "top"}, task = "tags"}))
end
local function measured()
  return features.make(options.join(X, {y = X.y:float() / 2, classes = {}, targets = {"height"}, task = "values"}))
end

local function scaled(last) return classify.pipeline {classify.scaler(), last} end

-- Each kind: how it is made, and what it learns from.
local kinds = {
  logistic = {scaled(classify.logistic())}, knn = {classify.knn {n_neighbors = 3}}, svm = {scaled(classify.svm())},
  svm_sure = {scaled(classify.svm {probability = true})},
  random_forest = {classify.random_forest {n_estimators = 8}},
  boosted_trees = {scaled(classify.boosted_trees {n_estimators = 4})},
  kmeans = {classify.pipeline {classify.scaler(), cluster.pca {n_components = 2}, cluster.kmeans {n_clusters = 3}}},
  gmm = {classify.pipeline {classify.scaler(), cluster.pca {n_components = 2}, cluster.gmm {n_components = 3}}},
  tags = {scaled(classify.one_vs_rest(classify.logistic())), tagged()}, ridge = {scaled(regress.ridge()), measured()},
}

-- What predictions hold, so that equal bits are equal texts.
local function text_of(list)
  local lines = {}
  for i, one in ipairs(list) do
    local words = {one.path, one.label or "", table.concat(one.tags or {}, " ")}
    for _, entry in ipairs(one:ranked()) do
      words[#words + 1] = ("%s %a"):format(entry.label, entry.probability or entry.value or 0)
    end
    lines[i] = table.concat(words, "\t")
  end
  return table.concat(lines, "\n")
end

-- What another process says of the same songs by each model of a folder.
local other_process = [[
local predict = require "moonlark.predict"
for i = 4, #arg do
  local lines = {}
  for i, one in ipairs(predict.files(arg[i], {arg[1], arg[2], arg[3]})) do
    local words = {one.path, one.label or "", table.concat(one.tags or {}, " ")}
    for _, entry in ipairs(one:ranked()) do
      words[#words + 1] = ("%s %a"):format(entry.label, entry.probability or entry.value or 0)
    end
    lines[i] = table.concat(words, "\t")
  end
  print(table.concat(lines, "\n"))
end]]

TestModel = {}

function TestModel:test_another_process_says_the_same_bits()
  local here, paths = {}, {}
  for name, case in pairs(kinds) do
    local path = ("%s/%s.safetensors"):format(place, name)
    local fitted = case[1]:clone():fit(case[2] or X)
    paths[#paths + 1], here[#here + 1] = path, text_of(predict.files(fitted, new))
    fitted:save(path)
    -- The same rows as a table, and as the estimator itself says.
    lu.assertEquals(text_of(predict.table(path, seen)), here[#here], name)
    local answers, said = model.open(path):predict(seen), fitted:predict(seen.x)
    lu.assertTrue(torch.equal(answers.ids or answers.said or answers.values:squeeze(1), said), name)
  end
  local arguments = table.move(paths, 1, #paths, 4, {table.unpack(new)})
  local ran = lib.moonlark(nil, nil, lib.script(other_process), table.unpack(arguments))
  lu.assertEquals(ran.all, table.concat(here, "\n") .. "\n")
end

function TestModel:test_songs_are_told_apart()
  local list = predict.files(scaled(classify.logistic()):fit(X), new)
  lu.assertEquals({list[1].label, list[2].label, list[3].label}, {"low", "top", "mid"})
  lu.assertEquals(list[1].probability, list[1].probabilities.low)
  lu.assertStrMatches(tostring(list[1]), "low  0%.%d%d%d")
  local bare = predict.file(scaled(classify.svm()):fit(X), new[2])
  lu.assertEquals({bare.label, tostring(bare)}, {"top", "top"})
  lu.assertNil(bare.probability)
  lu.assertNil(bare.probabilities)
  local height = predict.file(scaled(regress.ridge()):fit(measured()), new[1])
  lu.assertNil(height.label)
  lu.assertAlmostEquals(height.values.height, 0, 0.3)
  local tags = predict.file(scaled(classify.one_vs_rest(classify.logistic())):fit(tagged()), new[2])
  lu.assertEquals(tags.tags, {"top"})
end

-- Segments are pieces of three seconds; a shorter song is one.
function TestModel:test_segments_of_a_classical_model()
  local list = predict.files(classify.knn {n_neighbors = 1}:fit(X), new, {segments = true})
  lu.assertEquals({#list[1].segments, #list[2].segments, #list[3].segments}, {1, 1, 2})
  lu.assertEquals(list[3].segments[2], {start = 3, label = "mid", probability = 1,
    probabilities = {low = 0, mid = 1, top = 0}})
end

-- Columns are found by their names, wherever they stand.
function TestModel:test_columns_of_tables_are_matched_by_name()
  local fitted = scaled(classify.logistic()):fit(X)
  local order, names = {}, {}
  for i = #X.names, 1, -1 do order[#order + 1], names[#names + 1] = i - 1, X.names[i] end
  local mixed = torch.cat({seen.x:index_select(1, torch.tensor(order)), torch.ones {3, 1}}, 1)
  names[#names + 1] = "year"
  local turned = features.make(options.join(seen, {x = mixed, names = names}))
  lu.assertEquals(text_of(predict.table(fitted, turned)), text_of(predict.table(fitted, seen)))
  names[1], names[3] = "one", "three"
  lib.fails("the table lacks 2 of the 14 columns that the model was fitted to: " .. X.names[12] .. ", "
    .. X.names[14], predict.table, fitted, turned)
end

function TestModel:test_a_model_of_a_table_is_not_asked_about_songs()
  local table_of = features.make(options.join(X, {recipe = false}))
  table_of.recipe = nil
  local fitted = classify.knn {n_neighbors = 1}:fit(table_of)
  lib.fails("this classify.knn does not know how its columns are computed of songs (it learnt from a table",
    predict.files, fitted, new)
  lu.assertEquals(predict.table(fitted, seen)[2].label, "top")
  lib.fails("classify.scaler only transforms", model.open, classify.scaler():fit(X))
  lib.fails("not fitted", model.open, classify.knn())
  local groups = model.open(cluster.kmeans {n_clusters = 3}:fit(X))
  lib.fails("clusters are not judged as classes are", groups.evaluate, groups, songs)
end

-- Models that were fitted to bare tensors call classes by their ids, and take tables as wide as theirs.
function TestModel:test_without_names_columns_are_counted()
  local fitted = classify.knn {n_neighbors = 1}:fit(X.x, X.y)
  lu.assertEquals(predict.table(fitted, seen)[2].label, "2")
  local narrow = features.make(options.join(seen, {x = seen.x:narrow(1, 0, 3)}))
  lib.fails("the model was fitted to 14 columns, the table has 3", predict.table, fitted, narrow)
end

function TestModel:test_evaluation_maps_classes_by_name()
  local fitted = scaled(classify.logistic()):fit(X)
  local some = dataset.files(new)
  some.tracks[1].label, some.tracks[2].label, some.tracks[3].label = "low", "top", "top"
  some.classes = {"low", "top"}
  local found = model.open(fitted):evaluate(some)
  lu.assertEquals(found.classes, {"low", "mid", "top"})
  lu.assertEquals(found.confusion:totable(), {{1, 0, 0}, {0, 0, 0}, {0, 1, 1}})
  lu.assertAlmostEquals(found.accuracy, 2 / 3, 1e-9)
  some.tracks[1].label, some.classes = "loud", {"loud", "top"}
  lib.fails("does not know the class 'loud'; its classes: low, mid, top", function()
    model.open(fitted):evaluate(some)
  end)
end

-- Features that are computed otherwise today are said to be.
function TestModel:test_another_recipe_than_that_of_the_fit_is_warned_of()
  local warning = require "moonlark.base.warning"
  local fitted = classify.knn():fit(X)
  fitted.card.recipe.text = "numbers 0\n" .. fitted.card.recipe.text
  local before = warning.policy "error"
  local ok, why = pcall(predict.file, fitted, new[1])
  warning.policy(before)
  lu.assertFalse(ok)
  lu.assertStrContains(why, "features are computed otherwise today than when this model learnt")
end

-- commands --------------------------------------------------------------------------------

local function moonlark(...) return lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/.cache"}, ...) end

function TestModel:test_runs_of_classify_and_cluster_are_asked()
  lu.assertEquals(moonlark("classify", "songs", "--folds", "2", "--models", "logistic", "--run", "runs/a").code, 0)
  local said = moonlark("predict", "runs/a", "songs/low/1.wav", "songs/top/1.wav", "--top", "2")
  lu.assertEquals({said.code, said.err}, {0, ""})
  lu.assertStrMatches(said.out,
    "songs/low/1.wav\tlow [01]%.%d+\t%l+ 0%.%d+\nsongs/top/1.wav\ttop [01]%.%d+\t%l+ 0%.%d+\n")
  local judged = moonlark("evaluate", "runs/a", "songs", "--json")
  lu.assertEquals(judged.code, 0, judged.err)
  lu.assertEquals(json.decode(judged.out).accuracy, 1)
  local card = json.decode(files.read(place .. "/runs/a/model.json")).card
  lu.assertEquals(card.classes, {"low", "mid", "top"})
  lu.assertEquals(card.data.hash, json.decode(files.read(place .. "/runs/a/run.json")).data.hash)
  lu.assertNotNil(card.recipe.settings.features.mfcc)

  lu.assertEquals(moonlark("classify", "songs", "--folds", "2", "--models", "svm", "--run", "runs/s").code, 0)
  said = moonlark("predict", "runs/s", "songs/top/2.wav")
  lu.assertStrMatches(said.out, "songs/top/2.wav\ttop 0%.%d+\n")

  lu.assertEquals(moonlark("cluster", "songs", "--clusters", "3", "--run", "runs/b").code, 0)
  said = moonlark("predict", "runs/b", "new/a.wav", "songs/low/1.wav", "--json")
  lu.assertEquals({said.code, said.err}, {0, ""})
  local list = json.decode(said.out).predictions
  lu.assertStrMatches(list[1].label, "cluster %d")
  lu.assertNotNil(list[1].probabilities["cluster 2"])
  files.write(place .. "/list.csv", "path,label\nsongs/low/1.wav,low\nsongs/top/1.wav,top\n")
  said = moonlark("predict", "runs/a", "list.csv", "songs/mid/1.wav")
  lu.assertStrMatches(said.out, "songs/low/1.wav\tlow .-\nsongs/top/1.wav\ttop .-\nsongs/mid/1.wav\tmid .-\n")
  files.write(place .. "/new/bad.wav", "no sound")
  said = moonlark("predict", "runs/a", "new")
  lu.assertEquals(said.code, 3)
  lu.assertStrContains(said.err, "rejected new/bad.wav: ")
  files.remove(place .. "/new/bad.wav")
end

-- The model is chosen by the validation part, and the kept one is what the test judged.
function TestModel:test_a_split_chooses_and_judges()
  local ran = moonlark("classify", "songs", "--split", "0.5,0.25,0.25", "--models", "knn,logistic", "--features",
    "mfcc", "--run", "runs/c")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrMatches(ran.out, "knn +%d%.%d+  %(validation %d%.%d+%)\nlogistic +%d%.%d+  %(validation .*")
  local metrics = json.decode(files.read(place .. "/runs/c/metrics.json"))
  local best = math.max(tonumber(ran.out:match "knn.-validation (%d%.%d+)"),
    tonumber(ran.out:match "logistic.-validation (%d%.%d+)"))
  lu.assertAlmostEquals(metrics.valid_accuracy, best, 1e-3)
  lu.assertNil(metrics["accuracy.std"])
  moonlark("classify", "songs", "--split", "runs/c/splits.json", "--models", "svm", "--features", "mfcc", "--run",
    "runs/d")
  for _, folder in ipairs {"runs/c", "runs/d"} do self.check_reproduced(folder) end
end

-- What evaluate says of a run's test part is what the run said.
function TestModel.check_reproduced(folder)
  local metrics = json.decode(files.read(("%s/%s/metrics.json"):format(place, folder)))
  local judged = json.decode(moonlark("evaluate", folder, "--json").out)
  for _, name in ipairs {"accuracy", "accuracy.low", "accuracy.high", "f1", "auc", "log_loss", "balanced_accuracy"} do
    lu.assertAlmostEquals(judged[name], metrics[name], 1e-12, name)
  end
end

lib.run()
