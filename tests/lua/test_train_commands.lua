-- moonlark train, evaluate, predict: from a folder of songs to a run folder and to what it says of new songs.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

local place = lib.folder()

-- A tone with overtones and some noise, from a generator of its own.
local function write_tone(path, seconds, hz, seed)
  local random = lib.random(seed)
  lib.write_wav(files.join(place, path), math.floor(seconds * 22050), function(i)
    local noise, phase = random() - 0.5, 2 * math.pi * hz * i / 22050
    return 6000 * math.sin(phase) + 2000 * math.sin(3 * phase) + 3000 * noise
  end)
end

for i = 1, 10 do
  write_tone(("songs/high/%02d.wav"):format(i), 1.2, 2500 + 90 * i, i)
  write_tone(("songs/low/%02d.wav"):format(i), 1.2, 300 + 20 * i, 100 + i)
end
write_tone("new/short.wav", 0.2, 2700, 7)
write_tone("new/long.wav", 4, 330, 8)

local function moonlark(...) return lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/.cache"}, ...) end

local function train(...)
  local result = moonlark("train", "songs", "--segment", "0.5", "--batch-size", "8", "--epochs", "6", ...)
  lu.assertEquals(result.code, 0, result.err)
  return result
end

TestTrain = {}

function TestTrain:test_a_run_is_trained_evaluated_and_asked()
  local result = train("--model", "cnn", "--run", "cnn", "--lr", "0.003")
  lu.assertStrContains(result.out, "run folder: cnn")
  for _, name in ipairs {"run.json", "metrics.json", "metrics.jsonl", "report.md", "model.safetensors", "model.json",
    "checkpoint.safetensors", "splits.json"} do
    lu.assertTrue(files.exists(files.join(place, "cnn", name)), name)
  end
  local metrics = json.decode(files.read(place .. "/cnn/metrics.json"))
  lu.assertTrue(metrics.test_accuracy >= 0.75, tostring(metrics.test_accuracy))

  local judged = moonlark("evaluate", "cnn", "--json")
  lu.assertEquals(judged.code, 0, judged.err)
  lu.assertEquals(json.decode(judged.out).accuracy, metrics.test_accuracy)

  local said = moonlark("predict", "cnn", "new/short.wav", "new/long.wav")
  lu.assertEquals({said.code, said.err}, {0, ""})
  lu.assertStrMatches(said.out, "new/short.wav\thigh %d%.%d+\nnew/long.wav\tlow %d%.%d+\n")
  local listed = json.decode(moonlark("predict", "cnn", "new", "--json", "--segments").out).predictions
  lu.assertEquals(listed[1].path, "new/long.wav")
  lu.assertEquals(#listed[1].segments, 8)
  lu.assertEquals(#listed[2].segments, 1)
  lu.assertAlmostEquals(listed[1].probabilities.low + listed[1].probabilities.high, 1, 1e-5)

  files.write(place .. "/new/bad.wav", "no sound")
  said = moonlark("predict", "cnn", "new")
  lu.assertEquals(said.code, 3)
  lu.assertStrContains(said.err, "rejected new/bad.wav")
  lu.assertStrContains(said.out, "new/long.wav\tlow")
  files.remove(place .. "/new/bad.wav")
end

-- A stereo FLAC of a tone on one side; of its bytes, a share.
local function write_side(path, hz, side, share)
  local audio, torch = require "moonlark.audio", require "moonlark.torch"
  write_tone("tone.wav", 1.2, hz, 5)
  local tone = audio.load(place .. "/tone.wav")
  files.remove(place .. "/tone.wav")
  local silence = torch.zeros(tone.data:shape())
  path = files.join(place, path)
  files.mkdirs((files.split(path)))
  audio.save(path, tone:with {data = torch.cat(side == "left" and {tone.data, silence} or {silence, tone.data})})
  local bytes = files.read(path)
  files.write(path, bytes:sub(1, math.floor(#bytes * share)))
end

function TestTrain:test_files_cut_short_and_one_channel()
  for i = 1, 6 do
    write_side(("sides/high/%d.flac"):format(i), 2500 + 90 * i, "right", i == 3 and 0.6 or 1)
    write_side(("sides/low/%d.flac"):format(i), 300 + 20 * i, "right", 1)
  end
  local function learn(...)
    return moonlark("train", "sides", "--model", "cnn", "--segment", "0.4", "--epochs", "2", "--batch-size", "8", ...)
  end
  local kept = learn("--run", "sides-run", "--partial", "keep", "--channel", "right")
  lu.assertEquals(kept.code, 0, kept.err)
  lu.assertStrContains(kept.out, "1 kept in part")
  lu.assertStrContains(kept.err, "warning: sides/high/3.flac: kept in part: 0.")
  local page = files.read(place .. "/sides-run/report.md")
  lu.assertStrContains(page, "## Kept in part (1)")
  lu.assertStrContains(page, "sides/high/3.flac")
  lu.assertNotStrContains(page, "## Left out")
  local card = json.decode(files.read(place .. "/sides-run/model.json"))
  lu.assertStrContains(json.encode(card), '"channel":"right"')

  -- What the network was trained with holds for what it is asked, unless other words are given.
  lu.assertEquals(moonlark("predict", "sides-run", "new/long.wav").code, 1) -- has no right channel
  lu.assertEquals(moonlark("predict", "sides-run", "new/long.wav", "--channel", "mix").code, 0)
  local said = moonlark("predict", "sides-run", "sides/high", "--json")
  lu.assertEquals(said.code, 0, said.err)
  said = json.decode(said.out)
  lu.assertEquals({#said.predictions, #said.rejected, #said.partial}, {6, 0, 1})
  lu.assertEquals(said.partial[1].path, "sides/high/3.flac")
  lu.assertEquals(moonlark("predict", "sides-run", "sides/high", "--partial", "refuse").code, 3)
  local judged = moonlark("evaluate", "sides-run", "sides", "--json")
  lu.assertEquals(#json.decode(judged.out).partial, 1)
  lu.assertEquals(moonlark("evaluate", "sides-run", "sides", "--partial", "refuse").code, 3)
end

function TestTrain:test_the_same_line_gives_the_same_model()
  train("--model", "lstm", "--run", "once", "--workers", "1")
  train("--model", "lstm", "--run", "twice", "--workers", "3")
  lu.assertEquals(files.read(place .. "/once/model.safetensors"), files.read(place .. "/twice/model.safetensors"))
end

-- The figures of folds are those that are printed: the interval is that of all tracks together.
function TestTrain:test_metrics_of_folds_hold_the_printed_interval()
  local printed = train("--model", "mlp", "--run", "one", "--folds", "2").out
  local metrics = json.decode(files.read(place .. "/one/metrics.json"))
  lu.assertStrContains(printed, ("95 %% interval %.3f to %.3f"):format(metrics["accuracy.low"], metrics["accuracy.high"]))
  lu.assertTrue(metrics["accuracy.low"] < metrics["accuracy.high"])
  lu.assertNil(metrics["accuracy.seeds.low"])
  for _, name in ipairs {"accuracy.std", "f1", "precision", "recall", "balanced_accuracy", "auc", "log_loss"} do
    lu.assertNumber(metrics[name], name)
  end
end

function TestTrain:test_folds_and_seeds()
  train("--model", "mlp", "--run", "folds", "--folds", "2", "--seeds", "2")
  local metrics = json.decode(files.read(place .. "/folds/metrics.json"))
  lu.assertEquals({metrics.seeds, metrics.trainings}, {2, 4})
  lu.assertTrue(metrics["accuracy.seeds.low"] <= metrics.accuracy and metrics.accuracy <= metrics["accuracy.seeds.high"])
  lu.assertTrue(metrics["accuracy.low"] < metrics["accuracy.high"])
  lu.assertStrContains(files.read(place .. "/folds/report.md"), "fold 2")
  lu.assertTrue(files.exists(place .. "/folds/seed-1/fold-2/model.safetensors"))
end

-- Figures of training and validation mean the same: a network that stays as it is, and sees the same songs in both,
-- gets the same loss, accuracy of tracks and accuracy of segments.
function TestTrain:test_training_and_validation_are_measured_alike()
  local script = lib.script [[
    local dataset, nn, optim = require "moonlark.dataset", require "moonlark.nn", require "moonlark.optim"
    local train, torch = require "moonlark.train", require "moonlark.torch"
    torch.manual_seed(1)
    local songs = dataset.folder "songs"
    local function batches() return songs:batches {feature = "mel", segment = 0.5, batch_size = 8} end
    local shape = batches():epoch(1)().x:shape()
    local net = nn.Sequential(nn.Flatten(), nn.Linear(shape[2] * shape[3], 2))
    local fit = train.fit(net, {train = batches(), valid = batches(), epochs = 1, progress = false,
      optimizer = optim.SGD {lr = 0}})
    local row = fit.history[1]
    for _, name in ipairs {"loss", "accuracy", "segment_accuracy"} do
      print(name, ("%.5f %.5f"):format(row[name], row["valid_" .. name]))
    end
  ]]
  local result = moonlark(script)
  lu.assertEquals(result.code, 0, result.err)
  local count = 0
  for name, trained, judged in result.out:gmatch "(%S+)\t(%S+) (%S+)\n" do
    lu.assertEquals(trained, judged, name)
    count = count + 1
  end
  lu.assertEquals(count, 3)
  local by_track, by_segment = result.out:match "\naccuracy\t(%S+).*segment_accuracy\t(%S+)"
  lu.assertNotEquals(by_track, by_segment)
end

function TestTrain:test_without_labels()
  local result = train("--model", "lstm_autoencoder", "--run", "auto")
  lu.assertStrContains(result.out, "ari")
  local metrics = json.decode(files.read(place .. "/auto/metrics.json"))
  lu.assertNotNil(metrics.nmi)
  for _, asked in ipairs {{"predict", "auto", "new/long.wav"}, {"evaluate", "auto"}, {"evaluate", "auto", "songs"}} do
    local said = moonlark(table.unpack(asked))
    lu.assertEquals(said.code, 1)
    lu.assertStrContains(said.err, "auto/model.safetensors: the network was not trained by train.fit on labelled data: "
      .. "it does not know its input and classes")
  end
end

function TestTrain:test_every_model_trains()
  for _, model in ipairs {"cnn_mel", "lstm_cnn", "crnn", "short_chunk_cnn", "res_cnn"} do
    local result = moonlark("train", "songs", "--model", model, "--segment", "0.8", "--epochs", "1", "--batch-size",
      "6")
    lu.assertEquals(result.code, 0, model .. ": " .. result.err)
    lu.assertStrContains(result.out, "accuracy")
  end
end

function TestTrain:test_pooled_features_are_judged_and_asked_too()
  train("--model", "mlp", "--run", "pooled")
  local metrics = json.decode(files.read(place .. "/pooled/metrics.json"))
  local judged = moonlark("evaluate", "pooled", "--json")
  lu.assertEquals(judged.code, 0, judged.err)
  lu.assertEquals(json.decode(judged.out).accuracy, metrics.test_accuracy)
  lu.assertEquals(moonlark("predict", "pooled", "new").code, 0)
end

function TestTrain:test_files_that_cannot_be_read_are_named()
  files.write(place .. "/songs/low/00.wav", "no sound")
  local result = train("--model", "mlp", "--run", "left_out")
  files.remove(place .. "/songs/low/00.wav")
  lu.assertStrContains(result.err, "left out: songs/low/00.wav")
  lu.assertStrContains(files.read(place .. "/left_out/report.md"), "00.wav")
end

TestTrainMistakes = {}

function TestTrainMistakes:test_overwriting_removes_runs_only()
  files.mkdirs(place .. "/mine/fold-1")
  files.write(place .. "/mine/fold-1/letter.txt", "dear")
  files.write(place .. "/mine/splits.json", "{}")
  lu.assertEquals(moonlark("train", "nowhere", "--model", "mlp", "--run", "mine", "--overwrite").code, 1)
  lu.assertTrue(files.exists(place .. "/mine/fold-1/letter.txt"))
  lu.assertTrue(files.exists(place .. "/mine/splits.json"))
  train("--model", "mlp", "--run", "over", "--folds", "2")
  train("--model", "mlp", "--run", "over", "--overwrite")
  lu.assertFalse(files.exists(place .. "/over/fold-1"))
end

function TestTrainMistakes:test_resuming_something_else()
  train("--model", "mlp", "--run", "goes_on")
  local function resume(...)
    return moonlark("train", "songs", "--segment", "0.5", "--batch-size", "8", "--epochs", "6", "--model", "mlp",
      "--run", "goes_on", "--resume", ...)
  end
  lu.assertEquals(resume().code, 0)
  local other = resume("--split", "0.3,0.2,0.5")
  lu.assertEquals(other.code, 1)
  lu.assertStrContains(other.err, "begun with other settings")
  lu.assertStrContains(resume("--overwrite").err, "name one of them")
  write_tone("songs/low/11.wav", 1.2, 500, 77)
  other = resume()
  files.remove(place .. "/songs/low/11.wav")
  lu.assertEquals(other.code, 1)
  lu.assertStrContains(other.err, "data.train was")
end

local function assert_fails(code, message, ...)
  local result = moonlark(...)
  lu.assertEquals(result.code, code, result.err)
  lu.assertStrContains(result.err, message)
end

function TestTrainMistakes:test_wrong_words()
  assert_fails(2, "Name it with --model", "train", "songs")
  assert_fails(1, "did you mean 'cnn'?", "train", "songs", "--model", "cmn")
  assert_fails(1, "--folds must be a number", "train", "songs", "--model", "cnn", "--folds", "x")
  assert_fails(1, "unknown option of models.cnn: 'chanels' (did you mean 'channels'?)", "train", "songs", "--model",
    "cnn", "--option", "chanels=3")
  assert_fails(1, "compare accuracies on a test part", "train", "songs", "--model", "cnn", "--split", "0.7,0.3",
    "--seeds", "2")
  assert_fails(1, "compare accuracies", "train", "songs", "--model", "lstm_autoencoder", "--seeds", "2")
  assert_fails(1, "--resume needs --run", "train", "songs", "--model", "cnn", "--resume")
end

function TestTrainMistakes:test_data_that_cannot_be_learnt()
  files.mkdirs(place .. "/one")
  write_tone("one/only/1.wav", 1, 300, 1)
  write_tone("one/only/2.wav", 1, 300, 1)
  assert_fails(1, "1 class", "train", "one", "--model", "cnn")
end

function TestTrainMistakes:test_models_that_are_none()
  assert_fails(1, "holds no model.safetensors", "predict", "songs", "new/long.wav")
  assert_fails(1, "does not exist", "predict", "nothing.safetensors", "new/long.wav")
end

lib.run(true)
