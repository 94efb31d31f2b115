-- moonlark classify: what its options do to the figures, the report and what is printed.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

local place = lib.folder()

-- Tones in noise; the classes overlap, and high has twice as many as each other.
local function write_tone(path, hz, seed)
  local random = lib.random(seed)
  hz = hz * (1 + 0.8 * (random() - 0.5))
  lib.write_wav(files.join(place, path), 6615, function(i)
    return 4000 * math.sin(2 * math.pi * hz * i / 22050) + 6000 * (random() - 0.5)
  end)
end

for class, hz in pairs {low = 400, middle = 700, high = 1200} do
  for i = 1, class == "high" and 16 or 8 do write_tone(("songs/%s/%02d.wav"):format(class, i), hz, hz + i) end
end

local function classify(...)
  local result = lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/.cache"}, "classify", "songs", "--features",
    "rms,spectral_centroid,spectral_bandwidth", "--pool", "mean", "--folds", "4", ...)
  return result
end

local function read(name) return files.read(files.join(place, name)) end

TestClassify = {}

function TestClassify:test_report_scores_and_comparison()
  local result = classify("--models", "logistic,knn", "--run", "plain")
  lu.assertEquals(result.code, 0, result.err)
  lu.assertStrContains(result.out, "balanced accuracy 0.")
  lu.assertStrContains(result.out, "f1-score")
  local figures = json.decode(read "plain/metrics.json")
  for _, name in ipairs {"accuracy", "balanced_accuracy", "auc", "log_loss", "calibration_error", "top_2"} do
    lu.assertTrue(type(figures[name]) == "number", name)
  end
  local page = read "plain/report.md"
  for _, words in ipairs {"## Is ", "McNemar", "## Scores", "plots/roc.png", "plots/precision_recall.png",
    "plots/calibration.png"} do lu.assertStrContains(page, words) end
  local first = json.decode(read("plain/metrics.jsonl"):match "[^\n]+")
  lu.assertNotNil(first.balanced_accuracy)
end

function TestClassify:test_importance_and_learning_curve()
  local result = classify("--models", "random_forest", "--importance", "--learning-curve", "--run", "told")
  lu.assertEquals(result.code, 0, result.err)
  lu.assertStrContains(result.out, "what random_forest needs: accuracy 0.")
  lu.assertStrContains(result.out, "learning curve of random_forest:")
  local page = read "told/report.md"
  for _, words in ipairs {"plots/importance.png", "plots/importance_columns.png", "plots/learning_curve.png",
    "spectral\\_centroid"} do lu.assertStrContains(page, words) end
  lu.assertNotStrContains(page, "## Is random")
end

function TestClassify:test_search_scoring_weights_and_repeats()
  local result = classify("--models", "svm", "--search", "3", "--scoring", "f1_macro", "--class-weight", "balanced",
    "--repeats", "2", "--run", "searched")
  lu.assertEquals(result.code, 0, result.err)
  lu.assertStrContains(result.out, "macro F1\nsvm ")
  lu.assertStrContains(result.out, "8 folds")
  lu.assertStrContains(result.out, "of the first division:")
  lu.assertStrContains(read "searched/report.md", "4 folds, 2 times. Best by macro F1: svm.")
  lu.assertStrContains(read "searched/report.md", "3 draws a model")
  lu.assertStrMatches(read "searched/report.md", ".*## Hyperparameters of svm.*| 8 | C = %d.*gamma = .*")
  local model = json.decode(read "searched/model.json")
  lu.assertEquals(model.steps[2].settings.class_weight, "balanced")
  lu.assertNotEquals(model.steps[2].settings.C, 10)
end

function TestClassify:test_a_fixed_split_is_compared_by_rows()
  local result = lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/.cache"}, "classify", "songs", "--features",
    "rms,spectral_centroid", "--pool", "mean", "--models", "lda,knn", "--split", "0.5,0.25,0.25", "--run", "split")
  lu.assertEquals(result.code, 0, result.err)
  local page = read "split/report.md"
  lu.assertStrContains(page, "| than | difference | right by it alone | by the other alone | McNemar's p |")
  lu.assertNotStrContains(page, "t-test")
end

function TestClassify:test_mistakes_are_said_before_the_work()
  for _, case in ipairs {
    {"unknown model: 'svn' (did you mean 'svm'?)", "--models", "svn"},
    {"--class-weight must be", "--class-weight", "low=0"},
    {"--scoring must be", "--scoring", "acuracy"},
  } do
    local result = classify(table.unpack(case, 2))
    lu.assertNotEquals(result.code, 0)
    lu.assertStrContains(result.err, case[1])
  end
  lu.assertStrContains(classify("--class-weight", "lowe=2").err, "unknown class of class_weight: 'lowe' (did you mean")
end

lib.run()
