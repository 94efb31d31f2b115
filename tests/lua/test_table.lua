-- dataset.table: what it takes for numbers, labels and names in tables as people have them, and what it refuses.
local lib = require "lib"
local lu = require "luaunit"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local features = require "moonlark.dataset.features"
local files = require "moonlark.base.files"
local torch = require "moonlark.torch"
local warning = require "moonlark.base.warning"

local place
TestColumns, TestMissing, TestTasks, TestFormats, TestExtraction, TestRows = {}, {}, {}, {}, {}, {}
lib.in_folder({TestColumns, TestMissing, TestTasks, TestFormats, TestExtraction, TestRows},
  function(folder) place = folder end)

local function put(name, text) return lib.write(files.join(place, name), text) end

local function read(text, given) return dataset.table(put("t.csv", text), given) end

local function refuses(words, text, given) lib.fails(words, read, text, given) end

-- Kaggle's table of GTZAN: a name, the count of samples, numbers, the label last.
local kaggle = "filename,length,rms_mean,tempo,label\n"
  .. "blues.00000.wav,661794,0.13,123.04,blues\n"
  .. "jazz.00000.wav,661794,0.09,67.9,jazz\nblues.00001.wav,660000,0.1,1e2,blues\n"

-- columns -----------------------------------------------------------------------------

function TestColumns:test_the_table_of_gtzan()
  local X = read(kaggle)
  lu.assertTrue(features.is(X))
  lu.assertEquals({X.names, X.classes}, {{"rms_mean", "tempo"}, {"blues", "jazz"}})
  lu.assertEquals({X.y:dtype(), X.y:totable()}, {"int64", {0, 1, 0}})
  lu.assertEquals({X.x:dtype(), X.x:shape()}, {"float32", {3, 2}})
  lu.assertAlmostEquals(X.x[2][1]:item(), 100, 0)
  lu.assertEquals(X.paths[2], files.join(place, "jazz.00000.wav"))
  lu.assertEquals(X.aside, {"filename (path)", "length (length of the file)"})
  lu.assertEquals({X.recipe, X.groups, X.folds, #X}, {nil, nil, nil, 3})
  lu.assertEquals(tostring(X), "3 × 2 features  2 classes")
  lu.assertEquals(read(kaggle, {columns = {"length", "tempo"}}).names, {"length", "tempo"})
end

function TestColumns:test_semicolons_decimal_commas_and_a_mark()
  local text = "\239\187\191path;label;rms\r\n\"a;b.wav\";jazz;0,5\r\nc.wav;blues;1,25\r\n"
  lu.assertEquals(read(text, {decimal = ","}).x:totable(), {{0.5}, {1.25}})
  refuses("the column 'rms' is no number: line 2 holds '0,5'; for a comma in place of the point say decimal = \",\"",
    text)
end

function TestColumns:test_numbers_as_classes_are_sorted_by_value()
  local X = read "label,x\n10,1\n2,2\n10,3\n"
  lu.assertEquals({X.classes, X.y:totable()}, {{"2", "10"}, {1, 0, 1}})
  lu.assertEquals(X.paths, {place .. "/t.csv:2", place .. "/t.csv:3", place .. "/t.csv:4"})
end

function TestColumns:test_columns_of_classes_by_other_names()
  local X = read "x,target\n1,0\n2,1\n3,0\n"
  lu.assertEquals({X.names, X.classes, X.label}, {{"x"}, {"0", "1"}, "target"})
  lu.assertEquals(read("y,x,genre\n1,2,a\n2,3,b\n3,3,b\n").names, {"y", "x"})
end

function TestColumns:test_groups_folds_and_parts()
  local X = read("genre,artist,cv,x,set\na,n,1,1,train\nb,m,2,2,test\n", {group = "artist", fold = "cv", part = "set"})
  lu.assertEquals({X.classes, X.groups, X.folds, X.tracks[2].part}, {{"a", "b"}, {"n", "m"}, {1, 2}, "test"})
  lu.assertEquals(X.names, {"x"})
  X = read("file,label,x\nblues.0.3.wav,a,1\nblues.0.4.wav,a,2\njazz.1.0.wav,b,3\n", {group = "^(%a+%.%d+)"})
  lu.assertEquals(X.groups, {"blues.0", "blues.0", "jazz.1"})
  refuses("finds no group in 'a.wav'", "file,label,x\na.wav,a,1\n", {group = "^(%d)"})
  refuses("no column holds paths", "label,x\na,1\n", {group = "^(%d)"})
end

function TestColumns:test_rows_of_one_file_are_a_group()
  local X = read "path,label,x\na.wav,a,1\na.wav,a,2\nb.wav,b,3\n"
  lu.assertEquals(X.groups, {"a.wav", "a.wav", "b.wav"})
  lu.assertEquals(X.paths[2], place .. "/t.csv:3")
end

function TestColumns:test_without_labels()
  local X = read "a,b\n1,2\n3,4\n"
  lu.assertEquals({X.y, X.classes, X.x:totable()}, {nil, {}, {{1, 2}, {3, 4}}})
  lu.assertEquals(read("label,a\n1,2\n", {label = false}).names, {"label", "a"})
end

function TestColumns:test_a_column_that_is_no_number_is_named()
  refuses("t.csv: the column 'mood' is no number: line 3 holds 'sad' (name it in ignore, or as label, group, fold or "
    .. "path)", "label,x,mood\na,1,2\nb,2,sad\n")
  refuses("; neither are b", "a,b,x\nu,v,1\n")
  lu.assertEquals(read("label,x,mood\na,1,2\nb,2,sad\n", {ignore = "mood"}).names, {"x"})
  refuses("has no column 'mod' for ignore (did you mean 'mood'?)", "x,mood\n1,2\n", {ignore = {"mod"}})
  refuses("has no column 'gener' for label (did you mean 'genre'?)", "x,genre\n1,2\n", {label = "gener"})
  refuses("no column of numbers is left", "label,x\na,1\n", {ignore = {"x"}})
  lib.fails("no such file or folder", dataset.table, place .. "/missing.csv")
  lib.fails("path must be a string", dataset.table, 1)
end

function TestColumns:test_the_label_in_numbers_is_warned_of()
  local before, mark = warning.policy "ignore", warning.mark()
  read "label,target,x,one\na,0,1,5\nb,1,2,5\na,0,3,5\nb,1,1,5\n"
  read "label,x\na,0\nb,1\na,1\nb,1\n"
  warning.policy(before)
  local said = warning.since(mark)
  lu.assertEquals({#said, said[1].kind, said[1].count}, {1, "label-among-columns", 1})
  lu.assertStrContains(said[1].texts[1], "the column 'target' holds one number for each class")
end

function TestColumns:test_the_row_number_of_pandas_is_set_aside()
  local X = read ",x,label\n0,5,a\n1,6,b\n"
  lu.assertEquals({X.names, X.aside}, {{"x"}, {"Unnamed: 0 (the number of the row)"}})
end

-- missing numbers ------------------------------------------------------------------------

local gaps = "label,x,z,w\na,1,2,3\nb,,4,\na,3,6,inf\nb,4,8,9\n"

function TestMissing:test_is_an_error_unless_said_otherwise()
  refuses("rows without a number (missing or infinite) by column: x: 1, w: 2; missing = \"drop\"", gaps)
  local dropped = read(gaps, {missing = "drop"})
  lu.assertEquals({dropped.x:totable(), dropped.y:totable()}, {{{1, 2, 3}, {4, 8, 9}}, {0, 1}})
  lu.assertEquals(dropped.rejected, {{path = place .. "/t.csv:3", reason = "has no number in the column x"},
    {path = place .. "/t.csv:4", reason = "has no number in the column w"}})
  local columns = read(gaps, {missing = "columns"})
  lu.assertEquals({columns.names, columns.x:totable()}, {{"z"}, {{2}, {4}, {6}, {8}}})
  local filled = read("x\n1\n\"\"\n3\n8\n", {missing = "median"})
  lu.assertEquals(filled.x:totable(), {{1}, {3}, {3}, {8}})
  refuses("every column lacks numbers: x: 1", "x,label\n\"\",a\n1,b\n", {missing = "columns"})
end

function TestMissing:test_labels()
  refuses("line 3: the label (label) is empty: missing = \"drop\"", "label,x\na,1\n,2\nb,3\n")
  local X = read("label,x\na,1\n,2\nb,3\n", {missing = "drop"})
  lu.assertEquals({X.x:totable(), X.rejected[1].reason}, {{{1}, {3}}, "has no label"})
end

-- tags and values ------------------------------------------------------------------------

function TestTasks:test_tags()
  local X = read("x,slow,fast\n1,1,0\n2,0,0\n3,1,1\n", {labels = {"slow", "fast"}})
  lu.assertEquals({X.task, X.classes, X.names}, {"tags", {"fast", "slow"}, {"x"}})
  lu.assertEquals(X.y:totable(), {{0, 1}, {0, 0}, {1, 1}})
  X = read("x,moods\n1,slow|sad\n2,\n", {labels = "moods"})
  lu.assertEquals({X.classes, X.y:totable()}, {{"sad", "slow"}, {{1, 1}, {0, 0}}})
  refuses("a tag's column holds 0 or 1, got '2'", "x,slow\n1,2\n", {labels = {"slow"}})
end

function TestTasks:test_values()
  local X = read("x,tempo,energy,label\n1,120,0.5,a\n2,90,1,b\n", {value = {"tempo", "energy"}, ignore = "label"})
  lu.assertEquals({X.task, X.targets, X.names, X.classes}, {"values", {"tempo", "energy"}, {"x"}, {}})
  lu.assertEquals(X.y:totable(), {{120, 0.5}, {90, 1}})
  lu.assertEquals(read("x,tempo\n1,120\n2,90\n", {value = "tempo"}).y:totable(), {120, 90})
  refuses("tempo, row 2: must be a number, got ''", "x,tempo\n1,120\n2,\n", {value = "tempo"})
end

-- formats --------------------------------------------------------------------------------

function TestFormats:test_of_one_line_of_columns()
  local arff = "@relation r\n@attribute rms numeric\n@attribute class {jazz,blues}\n@data\n1,jazz\n2,jazz\n"
  local X = dataset.table(put("t.arff", arff))
  lu.assertEquals({X.classes, X.y:totable(), X.x:totable()}, {{"blues", "jazz"}, {1, 1}, {{1}, {2}}})
  X = dataset.table(put("t.jsonl", '{"label": "a", "x": 1}\n{"label": "b", "x": 2}\n'))
  lu.assertEquals({X.classes, X.x:totable()}, {{"a", "b"}, {{1}, {2}}})
  X = dataset.table(put("t.tsv", "x\tlabel\n1\ta\n2\tb\n"))
  lu.assertEquals({X.classes, X.x:totable()}, {{"a", "b"}, {{1}, {2}}})
end

function TestFormats:test_of_arrays()
  local x, y = torch.arange(6):float():view {3, 2}, torch.tensor {1, 0, 1}
  torch.save(place .. "/t.npz", {X = x, y = y})
  torch.save(place .. "/t.safetensors", {features = x, labels = y})
  for _, name in ipairs {"t.npz", "t.safetensors"} do
    local X = dataset.table(files.join(place, name))
    lu.assertEquals({X.x:totable(), X.classes, X.y:totable()}, {x:totable(), {"0", "1"}, {1, 0, 1}})
  end
  torch.save(place .. "/t.npy", x)
  lu.assertEquals(dataset.table(place .. "/t.npy").x:totable(), x:totable())
  torch.save(place .. "/t.npz", {X = x, y = torch.tensor {0.5, 1, 2}})
  lib.fails("are the numbers of the column 'y' classes, or values to be learned?", dataset.table, place .. "/t.npz")
  lu.assertEquals(dataset.table(place .. "/t.npz", {value = "y"}).y:totable(), {0.5, 1, 2})
end

-- extractions -----------------------------------------------------------------------------

local function extract(...)
  for _, name in ipairs {"dog/1", "dog/2", "cat/3"} do
    lib.write_tone(files.join(place, "songs", name .. ".wav"), 4000, 300 + 100 * #files.list(place))
  end
  local ran = lib.moonlark(place, {"MOONLARK_CACHE="}, "extract", "songs", "--features", "mfcc,rms", ...)
  lu.assertEquals({ran.code, ran.err}, {0, ""})
end

function TestExtraction:test_a_table_is_what_extract_gives()
  local recipe = feature.recipe {features = {"mfcc", "rms"}, pool = {"mean", "std"}}
  for _, format in ipairs {"csv", "arff", "jsonl", "safetensors", "npy", "h5"} do
    extract("--pool", "mean,std", "--format", format, "--out", format)
    local X, truth = dataset.table(files.join(place, format)), dataset.folder(place .. "/songs"):extract(recipe)
    lu.assertEquals({X.names, X.classes, X.y:totable()}, {truth.names, truth.classes, truth.y:totable()})
    lu.assertEquals(X.recipe.text, recipe.text)
    lu.assertTrue(lib.distance(X.x, truth.x) < 1e-4)
    lu.assertEquals(X.paths[1], "songs/cat/3.wav")
  end
end

function TestExtraction:test_frames_are_read_when_asked_for()
  for _, format in ipairs {"safetensors", "npz", "npy", "csv"} do
    extract("--format", format, "--out", format)
    local X = dataset.table(files.join(place, format))
    lu.assertEquals({#X, X.classes, X.x}, {3, {"cat", "dog"}, nil})
    local truth = X.recipe:apply(require "moonlark.audio".load(place .. "/songs/dog/2.wav"))
    local mfcc = X.items[3].mfcc
    lu.assertTrue(lib.distance(mfcc.data, truth.mfcc.data) < 1e-3)
    lu.assertAlmostEquals(mfcc.rate, truth.mfcc.rate, 1e-9)
    lu.assertEquals(X:select({3, 1}).items[1].rms.data:shape(), X.items[3].rms.data:shape())
  end
end

function TestExtraction:test_what_is_none()
  files.mkdirs(place .. "/x")
  lib.fails("holds no features.json", dataset.table, place .. "/x")
  put("x/features-1-of-2.json", "{}")
  lib.fails("moonlark merge joins them", dataset.table, place .. "/x")
  extract("--pool", "mean", "--format", "csv", "--out", "e")
  local text = files.read(place .. "/e/features.csv")
  files.write(place .. "/e/features.csv", (text:gsub("\n[^\n]+\n$", "\n")))
  lib.fails("has 2 rows, and features.json names 3 files", dataset.table, place .. "/e")
  os.remove(place .. "/e/features.csv")
  lib.fails("has no table", dataset.table, place .. "/e")
end

-- rows, parts, folds -----------------------------------------------------------------------

local function rows(n)
  local lines = {"name,label,x"}
  for i = 1, n do lines[i + 1] = ("s%d.wav,%s,%d"):format(i, i % 2 == 0 and "even" or "odd", i) end
  return table.concat(lines, "\n") .. "\n"
end

function TestRows:test_select()
  local X = read(rows(6))
  local some = X:select {6, 1}
  lu.assertEquals({some.x:totable(), some.y:totable(), some.classes}, {{{6}, {1}}, {0, 1}, {"even", "odd"}})
  lu.assertEquals(some.paths, {X.paths[6], X.paths[1]})
  lib.fails("rows must be 1..6, got 7", X.select, X, {7})
end

function TestRows:test_a_split_is_kept_and_notices_changes()
  local X = read(rows(10))
  local parts = X:dataset():split {train = .6, test = .4, seed = 3}
  parts:save(place .. "/splits.json")
  local again = dataset.load(place .. "/splits.json")
  lu.assertEquals(again.train.table.path, place .. "/t.csv")
  local divided = X:divide(again)
  lu.assertEquals({#divided.train, #divided.test, divided.valid}, {6, 4, nil})
  lu.assertEquals(divided.test.x:totable(), X:divide(parts).test.x:totable())
  X = read((rows(10):gsub("even,2\n", "even,2.5\n")))
  lib.fails("s2.wav has changed since the split was made", X.divide, X, again)
  X = read(rows(9))
  lib.fails("s10.wav, which is not among the features", X.divide, X, again)
end

function TestRows:test_folds()
  local X = read(rows(8))
  local folds = X:dataset():folds {k = 2, seed = 1}
  lu.assertEquals(#X:divide(folds)[1].train, 4)
  local with = X:with_folds(folds)
  lu.assertEquals({#with.folds, X.folds}, {8, nil})
  lu.assertEquals(with.folds[1], X:divide(folds)[1].test.paths[1] == X.paths[1] and "1" or "2")
end

function TestRows:test_a_recipe_is_known_again_by_its_text()
  for _, given in ipairs {
    {features = {"mfcc", chroma_cqt = {n_octaves = 6}}, pool = {"mean", "p90"}, rate = 16000, start = 1, duration = 3},
    {features = {mel = {n_mels = 40, htk = true, norm = false}}, channel = "left", partial = "keep", rate = "native"},
  } do
    local made = feature.recipe(given)
    local again = require "moonlark.feature.recipe".of_text(made.text)
    lu.assertEquals({again.text, again.names}, {made.text, made.names})
    lu.assertEquals(require "moonlark.feature.recipe".of_text((made.text:gsub("numbers %d+", "numbers 0"))), nil)
  end
end

TestSplitOfSongs = {}

function TestSplitOfSongs:test_it_divides_a_table_that_was_made_of_them_elsewhere()
  local folder = lib.folder()
  local list, rows = {"path,label"}, {"filename,x,y,label"}
  for i = 1, 20 do
    local label = i % 2 == 0 and "jazz" or "rock"
    local name = ("%s.%05d.wav"):format(label, i)
    list[#list + 1] = ("music/%s/%s,%s"):format(label, name, label)
    rows[#rows + 1] = ("%s,%d,%d,%s"):format(name, i, i * i, label)
  end
  local parts = dataset.csv(lib.write(folder .. "/list.csv", table.concat(list, "\n"))):split {train = .6, test = .4}
  parts:save(folder .. "/splits.json")
  local X = dataset.table(lib.write(folder .. "/elsewhere/features.csv", table.concat(rows, "\n")), {label = "label"})
  local divided = X:divide(dataset.load(folder .. "/splits.json"))
  lu.assertEquals({#divided.train, #divided.test}, {12, 8})
  for i, track in ipairs(divided.test.tracks) do
    lu.assertEquals(track.path:match "[^/]*$", parts.test[i].path:match "[^/]*$")
  end
  rows[2] = rows[2]:gsub("rock.00001.wav", "rock.00003.wav") -- twice the same end: which row is meant?
  X = dataset.table(lib.write(folder .. "/elsewhere/twice.csv", table.concat(rows, "\n")), {label = "label"})
  lib.fails("which is not among the features", X.divide, X, parts)
end

lib.run()
