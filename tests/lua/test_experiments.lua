-- The experiments of scripts/experiments, each on a small synthetic corpus: figures, pictures, report, a model to use.
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local lu = require "luaunit"

local folder = lib.folder()
local corpus = folder .. "/corpus"

-- Three styles that are far apart, five clips of four seconds each.
local made = lib.moonlark(nil, nil, "corpus", corpus, "--clips", "5", "--seconds", "4", "--styles",
  "classical,house,metal")
assert(made.code == 0, made.err)

-- Runs an experiment; its figures, its report and what it printed.
local function experiment(name, ...)
  local run = folder .. "/" .. name
  local ran = lib.moonlark(nil, nil, "experiment", name, corpus, "--run", run, "--cache", folder .. "/cache", ...)
  lu.assertEquals(ran.code, 0, ran.err)
  lu.assertEquals(json.read(run .. "/run.json", "object").status, "finished")
  for _, picture in ipairs(files.list(run .. "/plots")) do
    lu.assertTrue(#files.read(run .. "/plots/" .. picture) > 5000, picture)
  end
  return json.read(run .. "/metrics.json", "object"), files.read(run .. "/report.md"), ran
end

local function within(value, low, high)
  lu.assertTrue(type(value) == "number" and value >= low and value <= high,
    ("%s is not within %g..%g"):format(tostring(value), low, high))
end

TestExperiments = {}

function TestExperiments:test_unsupervised()
  local figures, page = experiment("unsupervised", "--seconds", "4", "--epochs", "2", "--components", "8")
  lu.assertEquals({figures.n, figures.clusters}, {15, 3})
  for _, way in ipairs {"chroma_stft", "tonnetz", "mel", "mfcc", "all_four", "autoencoder_s_code"} do
    within(figures["ari." .. way], -0.5, 1)
    within(figures["nmi." .. way], 0, 1)
  end
  within(figures["nmi.chance"], 0.02, 0.5)
  within(figures["nmi.mfcc"], figures["nmi.chance"] + 0.05, 1) -- these styles differ in timbre
  lu.assertStrContains(page, "| all four | PCA, Gaussian mixture |")
end

function TestExperiments:test_whisper_genres()
  local model = lib.tiny_whisper(folder .. "/whisper-tiny")
  local figures, page = experiment("whisper_genres", "--model", model, "--unfreeze", "1", "--epochs", "2")
  lu.assertEquals({figures.n, figures.classes}, {3, 3})
  for _, name in ipairs {"head", "upper"} do within(figures["accuracy." .. name], 0, 1) end
  lu.assertStrContains(page, "| the head alone |")
  local run = folder .. "/whisper_genres"
  local said = lib.moonlark(nil, nil, "predict", run, corpus .. "/metal/metal.00000.wav")
  lu.assertEquals(said.code, 0, said.err)
  lu.assertEquals(json.read(run .. "/whisper/config.json", "object").architectures, {"WhisperForAudioClassification"})
end

function TestExperiments:test_vggish_logistic()
  local model = "tests/reference/pretrained/vggish/vggish-tiny.pth"
  local figures, page = experiment("vggish_logistic", "--model", model)
  lu.assertEquals({figures.n, figures.classes, figures.folds}, {15, 3, 5})
  within(figures.accuracy, 0.4, 1) -- timbre shows in random convolutions, too
  lu.assertStrContains(page, "| logistic regression |")
end

function TestExperiments:test_regularisation()
  local figures, page = experiment("regularisation", "--epochs", "2", "--segment", "2")
  for _, network in ipairs {"lstm_cnn", "cnn", "cnn_regularised"} do
    for _, augmentation in ipairs {"none", "weak", "strong"} do
      within(figures[("accuracy.%s.%s"):format(network, augmentation)], 0, 1)
      within(figures[("train_accuracy.%s.%s"):format(network, augmentation)], 0, 1)
    end
    lu.assertTrue(files.exists(("%s/regularisation/plots/curves_%s.png"):format(folder, network)))
  end
  lu.assertEquals(#json.read_lines(folder .. "/regularisation/metrics.jsonl", "object"), 18)
  lu.assertStrContains(page, "| CNN, regularised | strong |")
end

function TestExperiments:test_segments()
  local figures, page = experiment("segments", "--epochs", "6", "--segment", "1")
  within(figures.accuracy, 0.3, 1)
  within(figures.segment_accuracy, 0, 1)
  lu.assertEquals(figures.n, 3)
  lu.assertStrContains(page, "| test tracks, segments averaged |")
  local said = lib.moonlark(nil, nil, "predict", folder .. "/segments", corpus .. "/house")
  lu.assertEquals(said.code, 0, said.err)
  lu.assertEquals(select(2, said.out:gsub("\n", "")), 5)
end

function TestExperiments:test_workflow()
  local figures, page, ran = experiment("workflow")
  within(figures.accuracy, 0.6, 1)
  lu.assertStrContains(ran.out, "new files:")
  lu.assertStrContains(page, "## New files")
  for _, name in ipairs {"dataset_index.json", "splits.json", "model.safetensors"} do
    lu.assertTrue(files.exists(folder .. "/workflow/" .. name), name)
  end
  local judged = lib.moonlark(nil, nil, "evaluate", folder .. "/workflow", "--json")
  lu.assertEquals(json.decode(judged.out).accuracy, figures.accuracy) -- the run's own test part, by the saved model
end

function TestExperiments:test_rules_say_how_good_they_are()
  local figures, page = experiment("rules", "--seconds", "4")
  within(figures.accuracy, 0, 1)
  lu.assertAlmostEquals(figures.chance, 1 / 3, 1e-9)
  lu.assertStrContains(page, figures["accuracy.low"] > 1 / 3 and "better than both" or "not clearly better")
end

function TestExperiments:test_genres_without_rules_are_named()
  local other = folder .. "/other"
  for _, name in ipairs {"house", "metal"} do
    files.mkdirs(other)
    lib.shell('cp -r "$0" "$1"', corpus .. "/" .. name, other)
  end
  lib.shell('cp -r "$0" "$1"', corpus .. "/classical", other .. "/zydeco")
  local ran = lib.moonlark(nil, nil, "experiment", "rules", other, "--run", folder .. "/named", "--no-cache")
  lu.assertEquals(ran.code, 0, ran.err)
  lu.assertStrContains(files.read(folder .. "/named/report.md"), "Without rules, left out: zydeco.")
end

function TestExperiments:test_mistakes()
  local none = lib.moonlark(nil, nil, "experiment")
  lu.assertEquals(none.code, 2)
  lu.assertStrContains(none.err, "regularisation")
  lu.assertStrContains(lib.moonlark(nil, nil, "experiment", "--help").out, "Usage: moonlark experiment <name>")
  local near = lib.moonlark(nil, nil, "experiment", "ruls", corpus)
  lu.assertStrContains(near.err, "unknown experiment: 'ruls' (did you mean 'rules'?)")
end

lib.run()
