-- Tags and values on the command line: classify, train, evaluate and predict, from a list to a run folder and back.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

local place = lib.folder()

-- 36 songs of half a second, each a tone; the tags say whether overtones and noise are in it, the value how high it is.
local lines = {"path,tags,height,speed"}
for i = 0, 35 do
  local bright, noisy, height, random = i % 2 == 0, i % 3 == 0, (i * 7) % 36, lib.random(i)
  local hz = 200 + 25 * height
  local path = ("songs/%02d.wav"):format(i)
  lib.write_wav(files.join(place, path), 11025, function(k)
    local phase = 2 * math.pi * hz * k / 22050
    local overtones = bright and math.sin(3 * phase) + math.sin(7 * phase) or 0
    return 4000 * (math.sin(phase) + overtones) + (noisy and 5000 or 100) * (random() - 0.5)
  end)
  local tags = {bright and "bright" or nil}
  if noisy then tags[#tags + 1] = "noisy" end
  lines[#lines + 1] = ("%s,%s,%d,%d"):format(path, table.concat(tags, ";"), height, i)
end
files.write(files.join(place, "list.csv"), table.concat(lines, "\n") .. "\n")

local function moonlark(...)
  local result = lib.moonlark(place, {"MOONLARK_CACHE=" .. place .. "/.cache"}, ...)
  lu.assertEquals(result.code, 0, result.err)
  return result
end

local function classify(...)
  return moonlark("classify", "list.csv", "--as", "list", "--features", "mfcc,spectral_centroid,spectral_flatness",
    "--pool", "mean,std", "--folds", "4", ...)
end

local function train(...)
  return moonlark("train", "list.csv", "--model", "mlp", "--batch-size", "8", "--epochs", "20", ...)
end

local function figures(run) return json.read(files.join(place, run, "metrics.json")) end

local function page(run) return files.read(files.join(place, run, "report.md")) end

TestTags = {}

function TestTags:test_classify()
  local said = classify("--labels", "tags", "--separator", ";", "--models", "logistic,svm,random_forest", "--run", "t")
  lu.assertStrContains(said.out, "mean average precision, mean of folds")
  lu.assertStrMatches(said.out, ".*\nsvm +[01]%.%d+ ± 0%.%d+\n.*")
  local found = figures "t"
  lu.assertTrue(found.map > .9, tostring(found.map))
  lu.assertTrue(found.f1_macro > .8)
  lu.assertEquals(found.n, 36)
  lu.assertNotNil(found["map.random_forest"])
  for _, words in ipairs {"| noisy |", "| bright |", "plots/tags.png", "plots/models.png"} do
    lu.assertStrContains(page "t", words)
  end
  lu.assertTrue(files.exists(files.join(place, "t/plots/tags.png")))
  local answers = json.decode(moonlark("predict", "t", "songs/00.wav", "songs/01.wav", "--json").out).predictions
  lu.assertEquals(answers[1].tags, {"bright", "noisy"})
  lu.assertEquals(answers[2].tags, {})
  lu.assertTrue(answers[1].probabilities.noisy > answers[2].probabilities.noisy)
  lu.assertStrMatches(moonlark("predict", "t", "songs/00.wav").out, "songs/00.wav\tb?n?%l+ %d%.%d+\t%l+ %d%.%d+\n")
end

function TestTags:test_train()
  train("--labels", "tags", "--separator", ";", "--run", "n")
  local found = figures "n"
  lu.assertTrue(found.test_map > .8, tostring(found.test_map))
  lu.assertStrContains(page "n", "## Tags of the test part")
  local judged = json.decode(moonlark("evaluate", "n", "--json").out)
  lu.assertAlmostEquals(judged.map, found.test_map, 1e-9)
  lu.assertNotNil(judged.tags.noisy.threshold)
  moonlark("evaluate", "n", "--plot", "n.png")
  lu.assertTrue(files.exists(files.join(place, "n.png")))
end

TestValues = {}

function TestValues:test_classify()
  local said = classify("--value", "height", "--run", "v")
  lu.assertStrContains(said.out, "R², mean of folds")
  local found = figures "v"
  lu.assertTrue(found.r2 > .8, tostring(found.r2))
  lu.assertNotNil(found["r2.ridge"])
  for _, words in ipairs {"| height |", "plots/predicted.png", "concordance", "## Farthest off"} do
    lu.assertStrContains(page "v", words)
  end
  local answer = json.decode(moonlark("predict", "v", "songs/05.wav", "--json").out).predictions[1]
  lu.assertTrue(math.abs(answer.values.height - 35) < 8, tostring(answer.values.height))
  lu.assertStrMatches(moonlark("predict", "v", "songs/05.wav").out, "songs/05.wav\theight %d+%.?%d*\n")
end

function TestValues:test_several_targets_and_search()
  classify("--value", "height,speed", "--models", "ridge,boosted_trees", "--search", "2", "--importance",
    "--learning-curve", "--run", "two")
  for _, words in ipairs {"## Is ", "## Would more sounds help?", "## Hyperparameters of", "plots/importance.png"} do
    lu.assertStrContains(page "two", words)
  end
  local found = figures "two"
  lu.assertTrue(found["r2.height"] > found["r2.speed"])
  lu.assertTrue(files.exists(files.join(place, "two/plots/predicted-2.png")))
end

function TestValues:test_train_in_folds()
  local said = train("--value", "height", "--folds", "3", "--run", "f")
  lu.assertStrContains(said.out, "r2")
  local found = figures "f"
  lu.assertTrue(found.r2 > .3, tostring(found.r2))
  lu.assertStrContains(page "f", "fold 3")
  lu.assertTrue(files.exists(files.join(place, "f/plots/predicted.png")))
  local answer = moonlark("predict", "f/fold-1", "songs/05.wav", "--segments").out
  lu.assertStrMatches(answer, "songs/05.wav\theight [%d.-]+\n.*")
end

TestFolders = {}

-- What extract leaves of tags and values is learnt from as the songs are, in one piece or in parts, to the byte.
function TestFolders:test_extractions_keep_tags_and_values()
  for name, columns in pairs {tags = {"--labels", "tags", "--separator", ";"}, values = {"--value", "height,speed"}} do
    moonlark("split", "list.csv", "--as", "list", "--train", ".75", "--test", ".25", "--out", name .. ".json",
      table.unpack(columns))
    local index = require "moonlark.dataset".load(files.join(place, name .. ".json")):dataset()
    index:save(files.join(place, name .. "-index.json"))
    local features = {"--features", "mfcc", "--pool", "mean,std"}
    moonlark("extract", name .. "-index.json", "--out", name, table.unpack(features))
    for i = 1, 2 do
      moonlark("extract", name .. "-index.json", "--out", name .. "-parts", "--shard", i .. "/2",
        table.unpack(features))
    end
    moonlark("merge", name .. "-parts")
    for _, file in ipairs {"features.json", "features.safetensors"} do
      lu.assertTrue(files.read(files.join(place, name, file)) == files.read(files.join(place, name .. "-parts", file)))
    end
    local said = moonlark("classify", name, "--folds", "3", "--models", name == "tags" and "logistic" or "ridge").out
    lu.assertStrContains(said, name == "tags" and "bright " or "speed ")
  end
end

function TestFolders:test_a_separator_that_is_not_there_is_told()
  local said = classify("--labels", "tags", "--models", "logistic")
  lu.assertStrContains(said.err, "some tags hold ';'")
  lu.assertNotStrContains(classify("--labels", "tags", "--separator", ";", "--models", "logistic").err, "tags hold")
end

TestErrors = {}

function TestErrors:test_what_the_data_does_not_have_is_refused()
  local function refuses(words, ...)
    local said = lib.moonlark(place, {}, ...)
    lu.assertEquals(said.code, 1)
    lu.assertStrContains(said.err, words)
  end
  local list = {"classify", "list.csv", "--as", "list"}
  local function of(...)
    return table.unpack(table.move({...}, 1, select("#", ...), #list + 1, {table.unpack(list)}))
  end
  refuses("has no column 'tag' (did you mean 'tags'?)", of("--labels", "tag"))
  files.write(files.join(place, "same.csv"), "x,a,y\n" .. ("1,0,5\n2,0,5\n"):rep(4))
  refuses("same.csv: all rows have the same y, 5", "classify", "same.csv", "--value", "y")
  refuses("same.csv: no row has a tag", "classify", "same.csv", "--labels", "a")
  refuses("unknown model: 'logistic'", of("--value", "height", "--models", "logistic"))
  refuses("--scoring balanced_accuracy is of classes, and this data has values",
    of("--value", "height", "--scoring", "balanced_accuracy"))
  refuses("list.csv, line 2: tags must be a number, got 'bright;noisy'", of("--value", "tags"))
  refuses("--label, --labels or --value name a column", "train", "list.csv", "--model", "mlp")
end

lib.run()
