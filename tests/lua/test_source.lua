-- What commands take as DATA: lists and tables told apart, splits made once and taken by every command.
local lib = require "lib"
local lu = require "luaunit"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"

local place
TestKind, TestData, TestSplitCommand = {}, {}, {}
lib.in_folder({TestKind, TestData, TestSplitCommand}, function(folder) place = folder end)

local function put(name, text) return lib.write(files.join(place, name), text) end

local function moonlark(...) return lib.moonlark(place, {"MOONLARK_CACHE="}, ...) end

-- A table whose classes are far apart; `more` is a column before the label.
local function numbers(n, name)
  local random, lines = lib.random(1), {"filename,length,a,b,label"}
  for i = 1, n do
    local class = i % 2
    lines[#lines + 1] = ("%s,661794,%.4f,%.4f,%s"):format((name or "x.%05d.wav"):format(i), class * 3 + random(),
      random() - 3 * class, class == 0 and "even" or "odd")
  end
  return table.concat(lines, "\n") .. "\n"
end

local function songs()
  for i = 1, 6 do
    lib.write_beat(("%s/songs/low/%d.wav"):format(place, i), 0.4, 150 + 10 * i)
    lib.write_beat(("%s/songs/high/%d.wav"):format(place, i), 0.4, 2000 + 30 * i)
  end
end

-- kind ---------------------------------------------------------------------------------

function TestKind:test_of_files_and_folders()
  for text, kind in pairs {
    ["path,label\na.wav,x\n"] = "list", ["filename;genre;fold\na.wav;x;1\n"] = "list",
    ["a,b,label\n1,2,x\n"] = "table", ["filename,tempo,label\na.wav,1,x\n"] = "either",
    ["path,label,bpm\na.wav,x,\nb.wav,x,\n"] = "list",
  } do lu.assertEquals(dataset.kind(put("t.csv", text)), kind, text) end
  local _, facts = dataset.kind(put("t.csv", "file,n,length,label\na.wav,1,2,x\n"))
  lu.assertEquals(facts, {path = "file", numbers = {"n", "length"}})
  lu.assertEquals(dataset.kind(put("t.npz", "")), "table")
  lu.assertEquals(dataset.kind(put("t.json", '{"format": "moonlark.splits"}')), "splits")
  lu.assertEquals(dataset.kind(put("u.json", '{"format": "moonlark.dataset"}')), "index")
  put("f/a/1.wav", "x")
  lu.assertEquals(dataset.kind(place .. "/f"), "folder")
  put("e/features.json", "{}")
  lu.assertEquals(dataset.kind(place .. "/e"), "extraction")
  lib.fails("t.mid is no folder, list (.csv)", dataset.kind, put "t.mid")
  lib.fails("no such file or folder", dataset.kind, place .. "/gone")
end

-- data ---------------------------------------------------------------------------------

function TestData:test_a_table_is_classified_and_said_to_be_one()
  put("t.csv", numbers(40))
  local ran = moonlark("classify", "t.csv", "--label", "label", "--models", "svm", "--run", "run")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "t.csv: a table of 40 rows, 2 columns of numbers (a, b); classes: label; "
    .. "set aside: filename (path), length (length of the file)")
  lu.assertEquals(json.read(place .. "/run/metrics.json").accuracy, 1)
  lu.assertEquals(json.read(place .. "/run/metrics.json").columns, 2)
  lu.assertStrContains(files.read(place .. "/run/report.md"), "a table of 40 rows, 2 columns of numbers")
  ran = moonlark("cluster", "t.csv", "--label", "label", "--seeds", "2")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "a table of 40 rows")
end

function TestData:test_what_was_learnt_from_a_table_is_used_on_tables()
  put("t.csv", numbers(40))
  put("new.csv", "b,extra,filename,a\n-2.6,x,n1.wav,3.4\n0.2,y,n2.wav,0.3\n")
  lu.assertEquals(moonlark("classify", "t.csv", "--label", "label", "--models", "knn", "--run", "run").code, 0)
  local ran = moonlark("predict", "run", "new.csv", "--json")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  local said = json.decode(ran.out).predictions
  lu.assertEquals({said[1].path, said[1].label, said[2].label}, {"n1.wav", "odd", "even"})
  ran = moonlark("evaluate", "run", "t.csv", "--label", "label", "--json")
  lu.assertEquals({ran.code, json.decode(ran.out).accuracy}, {0, 1})
  moonlark("split", "t.csv", "--label", "label", "--train", ".5", "--test", ".5")
  ran = moonlark("evaluate", "run", "splits.json", "--json")
  lu.assertEquals(json.decode(ran.out).tracks, 20)
  put("new.csv", "b,filename\n-2.6,n1.wav\n")
  lu.assertStrContains(moonlark("predict", "run", "new.csv").err, "new.csv has no column 'a'")
end

function TestData:test_a_table_is_never_silently_a_list()
  put("t.csv", numbers(4))
  local ran = moonlark("classify", "t.csv")
  lu.assertEquals(ran.code, 1)
  lu.assertStrContains(ran.err, "t.csv has a column of paths (filename) and 3 of numbers (length, a, b): --label NAME "
    .. "or --as table learns from the numbers, --as list computes features of the files")
  put("plain.csv", "a,b,label\n1,2,x\n")
  for _, command in ipairs {"index", "extract", "train"} do
    local more = {index = {}, extract = {"--features", "rms", "--out", "o"}, train = {"--model", "cnn"}}
    ran = moonlark(command, "plain.csv", table.unpack(more[command]))
    lu.assertEquals({command, ran.code}, {command, 1})
    lu.assertStrContains(ran.err, "plain.csv holds numbers, no sounds: classify, cluster and split take tables")
  end
end

function TestData:test_a_list_with_numbers_is_a_list_when_said_so()
  songs()
  local lines = {"path,label,year"}
  for _, class in ipairs {"low", "high"} do
    for i = 1, 6 do lines[#lines + 1] = ("songs/%s/%d.wav,%s,%d"):format(class, i, class, 1990 + i) end
  end
  put("list.csv", table.concat(lines, "\n") .. "\n")
  local ran = moonlark("classify", "list.csv", "--as", "list", "--features", "rms,mfcc", "--models", "knn",
    "--folds", "3")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "list.csv: a list of 12 sounds; its column of numbers is not learned from")
  ran = moonlark("index", "list.csv")
  lu.assertStrContains(ran.err, "a list of 12 sounds; its column of numbers is not learned from")
  lu.assertEquals(#dataset.load(place .. "/dataset_index.json"), 12)
  ran = moonlark("classify", "songs", "--label", "genre")
  lu.assertStrContains(ran.err, "--label names a column: songs is no table and no list")
end

function TestData:test_columns_of_a_list()
  songs()
  put("list.csv", "file;genre\nsongs/low/1.wav;l\nsongs/low/2.wav;l\nsongs/high/1.wav;h\nsongs/high/2.wav;h\n")
  local ran = moonlark("classify", "list.csv", "--label", "genre", "--features", "rms", "--models", "svm",
    "--folds", "2")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "list.csv: a list of 4 sounds")
end

function TestData:test_the_folder_of_an_extraction()
  songs()
  lu.assertEquals(moonlark("extract", "songs", "--features", "rms,mfcc", "--pool", "mean", "--out", "o").code, 0)
  local ran = moonlark("classify", "o", "--models", "knn", "--folds", "3")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "o: a table of 12 rows, 21 columns of numbers")
end

function TestData:test_pieces_and_duplicates_are_warned_of()
  put("t.csv", numbers(40, "blues.0000%s.wav"):gsub("(blues%.%d-)(%d)%.wav", "%1.%2.wav"))
  local ran = moonlark("classify", "t.csv", "--label", "label", "--models", "knn")
  lu.assertStrContains(ran.err, "40 names such as blues.0000.1.wav look like pieces of 5 recordings")
  ran = moonlark("classify", "t.csv", "--label", "label", "--models", "knn", "--folds", "2", "--group", "^(.-%d+)%.%d")
  lu.assertEquals(ran.err, "")
  put("t.csv", (numbers(40):gsub("x.00040.wav,661794,[^\n]*\n$", "x.00040.wav,661794,1,2,even\n")
    :gsub("x.00038.wav,661794,[^\n]*\n", "x.00038.wav,661794,1,2,even\n")))
  ran = moonlark("classify", "t.csv", "--label", "label", "--models", "knn", "--folds", "20")
  lu.assertStrContains(ran.err, "1 track has the same content as one in another part of the split")
  put("list.csv", "filename,label,a,part\na.wav,x,1,train\nb.wav,y,2,train\nc.wav,x,1,test\nd.wav,y,3,test\n")
  moonlark("split", "list.csv", "--label", "label", "--published")
  ran = moonlark("classify", "splits.json", "--models", "logistic", "--run", "run")
  lu.assertStrContains(ran.err, "a.wav (train) = c.wav (test)")
  lu.assertStrContains(files.read(place .. "/run/report.md"), "a.wav (train) = c.wav (test)")
end

function TestData:test_a_table_without_classes()
  put("t.csv", "a,b\n1,2\n3,4\n")
  lu.assertStrContains(moonlark("classify", "t.csv").err,
    "t.csv has 0 classes: classification needs 2 or more: --label names their column")
end

function TestData:test_other_columns_of_an_index_are_groups()
  songs()
  local lines = {"path,label,artist"}
  for _, class in ipairs {"low", "high"} do
    for i = 1, 6 do lines[#lines + 1] = ("songs/%s/%d.wav,%s,artist %d"):format(class, i, class, (i - 1) // 2) end
  end
  put("list.csv", table.concat(lines, "\n") .. "\n")
  lu.assertEquals(moonlark("index", "list.csv").code, 0)
  local ran = moonlark("split", "dataset_index.json", "--folds", "3", "--group", "artist")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  local folds = dataset.load(place .. "/splits.json")
  for _, track in ipairs(folds[1].test) do lu.assertEquals(track.group, folds[1].test[1].group) end
  lu.assertStrContains(moonlark("split", "dataset_index.json", "--folds", "3", "--group", "album", "-o", "x.json").err,
    "--group album: ")
  ran = moonlark("extract", "splits.json", "--features", "rms", "--pool", "mean", "--out", "o")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
end

-- split --------------------------------------------------------------------------------

function TestSplitCommand:test_of_songs()
  songs()
  local ran = moonlark("split", "songs", "--train", ".5", "--valid", "0.1667", "--test", ".3333", "--seed", "3")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "train:  6 tracks  2 classes (high 3, low 3)")
  local parts = dataset.load(place .. "/splits.json")
  lu.assertEquals({#parts.train, #parts.valid, #parts.test}, {6, 2, 4})
  local again = dataset.folder(place .. "/songs"):split {train = .5, valid = .1667, test = .3333, seed = 3}
  lu.assertEquals(#parts:dataset(), 12)
  for i, track in ipairs(parts.test) do lu.assertEquals(track.path, again.test[i].path) end
  ran = moonlark("split", "songs", "--folds", "3")
  lu.assertEquals(ran.code, 2)
  lu.assertStrContains(ran.err, "splits.json is there already")
  ran = moonlark("split", "songs", "--folds", "3", "--overwrite")
  lu.assertEquals({ran.code, #dataset.load(place .. "/splits.json")}, {0, 3})
  lu.assertEquals(moonlark("split", "songs", "-o", "x.json").code, 2)
  lu.assertEquals(moonlark("split", "splits.json", "--folds", "2", "-o", "x.json").code, 2)
end

function TestSplitCommand:test_of_a_table()
  put("t.csv", numbers(20))
  lu.assertEquals(moonlark("split", "t.csv", "--label", "label", "--folds", "4", "-o", "s/f.json").code, 1)
  files.mkdirs(place .. "/s")
  local ran = moonlark("split", "t.csv", "--label", "label", "--folds", "4", "-o", "s/f.json")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "fold 4  train 15  test 5")
  local folds = dataset.load(place .. "/s/f.json")
  local X = dataset.table(folds[1].test.table.path, folds[1].test.table.options)
  lu.assertEquals(X:with_folds(folds).folds[1], X:with_folds(folds).tracks[1].fold)
end

function TestSplitCommand:test_classify_takes_a_split_of_a_table()
  put("t.csv", numbers(40))
  moonlark("split", "t.csv", "--label", "label", "--train", ".5", "--test", ".5")
  local ran = moonlark("classify", "splits.json", "--models", "svm,knn", "--run", "run")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  lu.assertStrContains(ran.out, "splits.json: a split of t.csv: a table of 40 rows")
  local figures = json.read(place .. "/run/metrics.json")
  lu.assertEquals({figures.folds, figures.accuracy}, {1, 1})
  lu.assertStrContains(files.read(place .. "/run/report.md"), "learnt from 20, judged on 20")
  ran = moonlark("evaluate", "run", "--json")
  lu.assertEquals({json.decode(ran.out).tracks, json.decode(ran.out).accuracy}, {20, 1})
  lu.assertEquals(moonlark("classify", "t.csv", "--label", "label", "--split", "splits.json", "--models", "knn").out
    :match "knn[^\n]*", "knn            1.000")
  put("t.csv", (numbers(40):gsub("x.00003.wav,661794,%d", "x.00003.wav,661794,7")))
  lu.assertStrContains(moonlark("classify", "splits.json").err, "x.00003.wav has changed since the split was made")
end

function TestSplitCommand:test_classify_takes_folds_and_splits_of_songs()
  songs()
  moonlark("split", "songs", "--folds", "3", "-o", "folds.json")
  local ran = moonlark("classify", "folds.json", "--features", "mfcc", "--models", "knn", "--run", "run")
  lu.assertEquals({ran.code, ran.err, json.read(place .. "/run/metrics.json").folds}, {0, "", 3})
  ran = moonlark("classify", "songs", "--split", ".5,0,.5", "--features", "mfcc", "--models", "knn", "--run", "b")
  lu.assertEquals({ran.code, ran.err, json.read(place .. "/b/metrics.json").folds}, {0, "", 1})
  lu.assertEquals(#dataset.load(place .. "/b/splits.json").test, 6)
  lib.shell("mv $0/songs $0/moved", place)
  ran = moonlark("classify", "moved", "--split", "folds.json", "--features", "mfcc", "--models", "knn")
  lu.assertEquals({ran.code, ran.err}, {0, ""}) -- files that moved are known by their content
end

function TestSplitCommand:test_train_takes_them()
  for i = 1, 6 do
    lib.write_beat(("%s/songs/low/%d.wav"):format(place, i), 1, 150 + 10 * i)
    lib.write_beat(("%s/songs/high/%d.wav"):format(place, i), 1, 2000 + 30 * i)
  end
  moonlark("split", "songs", "--train", ".5", "--valid", "0.1667", "--test", ".3333")
  local ran = moonlark("train", "songs", "--split", "splits.json", "--model", "cnn", "--epochs", "1", "--segment",
    "0.5", "--run", "run")
  lu.assertEquals(ran.code, 0, ran.err)
  local function names(part)
    local list = {}
    for i, track in ipairs(part) do list[i] = track.path:match "[^/]+/[^/]+$" end
    return list
  end
  local used, made = dataset.load(place .. "/run/splits.json"), dataset.load(place .. "/splits.json")
  lu.assertEquals(names(used.test), names(made.test))
  ran = moonlark("train", "songs", "--split", "data", "--model", "cnn")
  lu.assertStrContains(ran.err, "--split data: this data brings no split of its own")
  put("list.csv", "path,label,part\ngone.wav,x,train\n")
  lu.assertStrContains(moonlark("train", "list.csv", "--model", "cnn").err, "and those are not there: gone.wav")
end

function TestSplitCommand:test_of_published_folds()
  for i, name in ipairs {"dog/1-10-A.wav", "dog/2-11-B.wav", "cat/1-12-A.wav", "cat/2-13-A.wav"} do
    lib.write_tone(files.join(place, "esc", name), 900, 100 * i)
  end
  local ran = moonlark("split", "esc", "--published", "--filename")
  lu.assertEquals({ran.code, ran.err}, {0, ""})
  local folds = dataset.load(place .. "/splits.json")
  lu.assertEquals({#folds, folds[2].name, #folds[2].test}, {2, "2", 2})
  ran = moonlark("split", "esc", "--folds", "2", "-o", "x.json")
  lu.assertStrContains(ran.err, "warning: the file names begin with the numbers of folds, as ESC's do")
end

function TestSplitCommand:test_a_changed_file_is_noticed()
  songs()
  lu.assertEquals(moonlark("split", "songs", "--folds", "2").code, 0)
  lib.write_tone(place .. "/songs/low/2.wav", 5000, 440)
  local ran = moonlark("classify", "splits.json", "--features", "rms", "--models", "knn")
  lu.assertStrContains(ran.err, "songs/low/2.wav: its content has changed since the index or the split was made")
end

lib.run()
