-- Datasets and their splits: what comes out of folders and lists, what no split may do, which errors are clear.
local lib = require "lib"
local lu = require "luaunit"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local targets = require "moonlark.dataset.targets"

local place
TestFolder, TestCsv, TestGtzan, TestSplit, TestFolds, TestFiles = {}, {}, {}, {}, {}, {}

local function touch(path, text) return lib.write(files.join(place, path), text) end

local function paths(songs)
  local list = {}
  for i, track in ipairs(songs) do list[i] = track.path:sub(#place + 2) end
  return list
end

-- A dataset of given class sizes; `groups` gives each track's group by class and number.
local function invented(sizes, groups)
  local lines = {groups and "path,label,group" or "path,label"}
  local labels = {}
  for label in pairs(sizes) do labels[#labels + 1] = label end
  table.sort(labels)
  for _, label in ipairs(labels) do
    for i = 1, sizes[label] do
      local line = ("%s/%d.wav,%s"):format(label, i, label)
      lines[#lines + 1] = groups and line .. "," .. groups(label, i) or line
    end
  end
  return dataset.csv(touch("invented.csv", table.concat(lines, "\n")))
end

lib.in_folder({TestFolder, TestCsv, TestGtzan, TestSplit, TestFolds, TestFiles}, function(folder) place = folder end)

-- folder -----------------------------------------------------------------------

function TestFolder:test_classes_and_files_are_sorted_by_name()
  for _, name in ipairs {"b/2.wav", "b/10.WAV", "a/x.flac", "a/deep/er/y.mp3", "Z/1.ogg", "a/notes.txt"} do
    touch(name)
  end
  local songs = dataset.folder(place)
  lu.assertEquals(songs.classes, {"Z", "a", "b"})
  lu.assertEquals(paths(songs), {"Z/1.ogg", "a/deep/er/y.mp3", "a/x.flac", "b/10.WAV", "b/2.wav"})
  lu.assertEquals(#songs, 5)
  lu.assertEquals(songs:ids(), {0, 1, 1, 2, 2})
  lu.assertEquals(songs:counts(), {Z = 1, a = 2, b = 2})
  lu.assertEquals(songs[2].label, "a")
end

function TestFolder:test_hidden_and_loose_files()
  for _, name in ipairs {"a/1.wav", "a/._1.wav", ".git/2.wav", "loose.wav"} do touch(name) end
  local songs = dataset.folder(place)
  lu.assertEquals(paths(songs), {"a/1.wav"})
  lu.assertEquals(songs.rejected, {{path = files.join(place, "loose.wav"), reason = "lies in no class folder"}})
end

function TestFolder:test_without_class_folders_there_are_no_labels()
  touch "2.wav"
  touch "1.wav"
  local songs = dataset.folder(place)
  lu.assertEquals(paths(songs), {"1.wav", "2.wav"})
  lu.assertEquals(songs.classes, {})
  lu.assertNil(songs:ids())
end

function TestFolder:test_options()
  for _, name in ipairs {"rock/indie/1.wav", "rock/punk/2.wav", "jazz/bop/3.raw", "jazz/bop/4.wav"} do touch(name) end
  lu.assertEquals(dataset.folder(place, {depth = 2}).classes, {"jazz/bop", "rock/indie", "rock/punk"})
  lu.assertEquals(paths(dataset.folder(place, {extensions = {".raw"}})), {"jazz/bop/3.raw"})
  lu.assertEquals(paths(dataset.folder(place, {pattern = "^[12]"})), {"rock/indie/1.wav", "rock/punk/2.wav"})
end

function TestFolder:test_fold_and_group_from_names()
  for _, name in ipairs {"dog/1-100-A.ogg", "dog/2-7061-B.ogg", "cat/5-100-A.ogg"} do touch(name) end
  local options = {fold = "^(%d)%-", group = "^%d%-(%d+)%-"}
  local songs = dataset.folder(place, options)
  lu.assertEquals(songs[1].fold, 5)
  lu.assertEquals(songs[3].group, "7061")
  touch "dog/odd.ogg"
  lu.assertErrorMsgContains("dog/odd.ogg: the pattern '^(%d)%-' finds no fold", dataset.folder, place, options)
end

function TestFolder:test_nothing_there()
  lu.assertErrorMsgContains("holds no sound files", dataset.folder, place)
  lu.assertErrorMsgContains("no such folder", dataset.folder, place .. "/missing")
  lu.assertErrorMsgContains("is a file, not a folder", dataset.folder, touch "a.wav")
  lu.assertErrorMsgContains("did you mean 'pattern'?", dataset.folder, place, {patern = "x"})
end

-- csv --------------------------------------------------------------------------

function TestCsv:test_quotes_line_breaks_and_endings()
  local list = touch("list.csv",
    '\239\187\191path,label,artist\r\n"a, b.wav","say ""hi""",\r\n\r\n"two\nlines.wav",x,Nico\r\n')
  local songs = dataset.csv(list)
  lu.assertEquals(paths(songs), {"a, b.wav", "two\nlines.wav"})
  lu.assertEquals(songs.classes, {'say "hi"', "x"})
  lu.assertNil(songs[1].tags)
  lu.assertEquals(songs[2].tags, {artist = "Nico"})
end

function TestCsv:test_columns_root_and_delimiter()
  local list = touch("meta/esc.csv", "filename;category;fold\n1.wav;dog;3\n/abs/2.wav;cat;x\n")
  local songs = dataset.csv(list, {delimiter = ";", root = "../audio",
    columns = {path = "filename", label = "category"}})
  lu.assertEquals(songs[1].path, files.join(place, "meta/../audio/1.wav"))
  lu.assertEquals(songs[2].path, "/abs/2.wav")
  lu.assertEquals({songs[1].fold, songs[2].fold}, {3, "x"})
end

function TestCsv:test_any_delimiter()
  for _, delimiter in ipairs {"\t", "|", "^", "]", "%", ";"} do
    local text = ("path,label\na.wav,x\n"):gsub(",", {[","] = delimiter})
    lu.assertEquals(dataset.csv(touch("list.csv", text), {delimiter = delimiter}).classes, {"x"})
  end
end

function TestCsv:test_bad_lists_name_the_line()
  local function refuses(message, text, given)
    lu.assertErrorMsgContains(message, dataset.csv, touch("bad.csv", text), given)
  end
  refuses("is empty", "")
  refuses("lists no tracks", "path,label\n")
  refuses("has no column 'path' (did you mean 'Path'?)", "Path,label\na,b\n")
  refuses("has no column 'genre'", "path,label\na,b\n", {columns = {label = "genre"}})
  refuses("line 3: 1 fields, but the first line names 2", "path,label\na,b\nc\n")
  refuses("line 3: the path is empty", "path,label\na,b\n,b\n")
  refuses("line 3: the label is empty", "path,label\na,b\nc,\n")
  refuses("line 4", 'path,label\n"a\nx",b\n"a\nx",c\n')
  refuses("is already on line 2", "path,label\na.wav,b\n./a.wav,c\n")
  refuses("line 2: a quoted field is never closed", 'path,label\n"a,b\n')
  refuses("line 2: text follows a closing quote", 'path,label\n"a"x,b\n')
  refuses("delimiter must be one character", "path\na\n", {delimiter = ", "})
  lu.assertErrorMsgContains("cannot read", dataset.csv, place .. "/missing.csv")
end

function TestCsv:test_delimiters_are_guessed()
  for text, label in pairs {
    ["path;label\na, b.wav;x\n"] = "x", ["path\tlabel\na.wav\tsay; so, then\n"] = "say; so, then",
    ["path|label\na.wav|x\n"] = "x", ["sep=;\r\npath;label\r\na.wav;x\r\n"] = "x",
    ['"path","label"\n"a;b;c.wav","x"\n'] = "x", ["\239\187\191path;label\n1,5.wav;x\n"] = "x",
  } do lu.assertEquals(dataset.csv(touch("list.csv", text)).classes, {label}) end
  lib.fails("line 3: the path is empty", dataset.csv, touch("list.csv", "sep=;\npath;label\n;x\n"))
end

function TestCsv:test_parts_that_a_list_names()
  local songs = dataset.csv(touch("list.csv",
    "filename,label,part\na.wav,x,Training\nb.wav,y,val\nc.wav,x,\nd.wav,x,test\n"))
  lu.assertEquals({songs[1].part, songs[2].part, songs[3].part, songs[4].part}, {"train", "valid", nil, "test"})
  lib.fails("line 2: set must be train, valid or test, got 'x'", dataset.csv, touch("bad.csv", "path,set\na,x\n"),
    {columns = {part = "set"}})
end

function TestCsv:test_tags()
  local path = touch("list.csv", "path;moods\na.wav;slow|sad | sad\nb.wav;\nc.wav;fast\n")
  local songs = dataset.csv(path, {columns = {labels = "moods"}})
  lu.assertEquals({songs.task, songs.classes}, {"tags", {"fast", "sad", "slow"}})
  lu.assertEquals({songs[1].labels, songs[2].labels, songs[1].label}, {{"sad", "slow"}, {}, nil})
  lu.assertEquals(songs:counts(), {fast = 1, sad = 1, slow = 1})
  lu.assertNil(songs:ids())
  lu.assertStrContains(tostring(songs), "3 tags (fast 1, sad 1, slow 1)")
  local y = targets.y(songs)
  lu.assertEquals({y:dtype(), y:totable()}, {"float32", {{0, 1, 1}, {0, 0, 0}, {1, 0, 0}}})
  for i, name in ipairs {"a", "b", "c"} do lib.write_tone(files.join(place, name .. ".wav"), 100, 100 * i) end
  songs:save(place .. "/index.json")
  local again = dataset.load(place .. "/index.json")
  lu.assertEquals({again.task, again.classes, again[2].labels}, {"tags", songs.classes, {}})
  lu.assertEquals(targets.y(again, {again[3]}):totable(), {{1, 0, 0}})
end

function TestCsv:test_values()
  local path = touch("list.csv", "path;tempo;energy\na.wav;120,5;1\nb.wav;99;-2e-1\n")
  local songs = dataset.csv(path, {columns = {value = {"tempo", "energy"}}})
  lu.assertEquals({songs.task, songs.targets, songs.classes}, {"values", {"tempo", "energy"}, {}})
  lu.assertEquals(targets.y(songs):shape(), {2, 2})
  lu.assertAlmostEquals(targets.y(songs)[0][0]:item(), 120.5, 1e-6)
  local one = dataset.csv(path, {columns = {value = "tempo"}})
  lu.assertEquals(targets.y(one):totable(), {120.5, 99})
  lu.assertEquals(one[1].tags, {energy = "1"})
  for i, name in ipairs {"a", "b"} do lib.write_tone(files.join(place, name .. ".wav"), 100, 100 * i) end
  one:save(place .. "/index.json")
  lu.assertEquals(targets.y(dataset.load(place .. "/index.json")):totable(), {120.5, 99})
  lib.fails("line 3: tempo must be a number, got 'fast'", dataset.csv,
    touch("bad.csv", "path,tempo\na,1\nb,fast\n"), {columns = {value = "tempo"}})
end

-- gtzan ------------------------------------------------------------------------

local function make_gtzan()
  for _, genre in ipairs {"blues", "metal"} do
    for i = 0, 9 do touch(("genres/%s/%s.%05d.au"):format(genre, genre, i)) end
  end
  touch "genres/blues/notes.wav"
end

function TestGtzan:test_layout()
  make_gtzan()
  for _, path in ipairs {place, place .. "/genres"} do
    local songs = dataset.gtzan(path)
    lu.assertEquals(songs:counts(), {blues = 10, metal = 10})
    lu.assertEquals(songs[12].path, place .. "/genres/metal/metal.00001.au")
  end
  lu.assertErrorMsgContains("lists = true needs list files", function() dataset.gtzan(place):split {lists = true} end)
  touch "other/blues/1.au"
  lu.assertErrorMsgContains("does not have GTZAN's layout", dataset.gtzan, place .. "/other")
end

function TestGtzan:test_split_lists_by_name()
  make_gtzan()
  touch("train_filtered.txt", "blues/blues.00003.wav\r\nmetal/metal.00000.wav\n\nmetal.00001\n")
  touch("test_filtered.txt", "./blues/blues.00000.wav\n")
  local songs = dataset.gtzan(place)
  local named = {train = place .. "/train_filtered.txt", test = place .. "/test_filtered.txt"}
  for _, lists in ipairs {true, place, named} do
    local parts = songs:split {lists = lists}
    lu.assertEquals(paths(parts.train),
      {"genres/blues/blues.00003.au", "genres/metal/metal.00000.au", "genres/metal/metal.00001.au"})
    lu.assertEquals(paths(parts.test), {"genres/blues/blues.00000.au"})
    lu.assertNil(parts.valid)
    lu.assertEquals(parts.test.classes, {"blues", "metal"})
  end
  touch("valid_filtered.txt", "blues/blues.00003.wav\n")
  lu.assertErrorMsgContains("blues.00003.au is listed in both", songs.split, songs, {lists = place})
  touch("valid_filtered.txt", "blues/blues.00077.wav\n")
  lu.assertErrorMsgContains("valid_filtered.txt, line 1: there is no track blues/blues.00077",
    songs.split, songs, {lists = place})
  songs = dataset.gtzan(place)
  lu.assertEquals(songs.rejected, {{path = place .. "/genres/blues/blues.00077.wav", reason = "there is no such file"}})
  lu.assertEquals({songs[1].part, songs[4].part, songs[5].part}, {"test", "train", nil})
end

-- split ------------------------------------------------------------------------

-- Every track in exactly one part.
local function assert_partition(songs, parts)
  local seen, n = {}, 0
  for _, name in ipairs {"train", "valid", "test"} do
    for _, track in ipairs(parts[name] or {}) do
      lu.assertNil(seen[track.path])
      seen[track.path], n = name, n + 1
    end
  end
  lu.assertEquals(n, #songs)
end

function TestSplit:test_classes_are_split_within_one_of_their_quota()
  local sizes = {a = 7, b = 13, c = 40, d = 101, e = 10}
  local songs = invented(sizes)
  local fractions = {train = 0.6, valid = 0.15, test = 0.25}
  for seed = 0, 20 do
    local parts = songs:split {train = 0.6, valid = 0.15, test = 0.25, seed = seed}
    assert_partition(songs, parts)
    for name, fraction in pairs(fractions) do
      local counts = parts[name]:counts()
      for label, size in pairs(sizes) do
        lu.assertTrue(math.abs(counts[label] - size * fraction) < 1, label .. " in " .. name)
      end
      lu.assertTrue(math.abs(#parts[name] - #songs * fraction) <= 2.5, name)
      lu.assertEquals(parts[name].classes, songs.classes)
    end
  end
end

function TestSplit:test_the_seed_decides()
  local songs = invented {a = 30, b = 30}
  local function test_part(seed) return paths(songs:split({train = .5, test = .5, seed = seed}).test) end
  lu.assertEquals(test_part(1), test_part(1))
  lu.assertNotEquals(test_part(1), test_part(2))
  math.randomseed(5)
  local expected = math.random()
  math.randomseed(5)
  test_part(1)
  lu.assertEquals(math.random(), expected) -- the program's own generator is left alone
end

function TestSplit:test_each_track_is_as_likely_in_every_part()
  local songs = invented {a = 10}
  local times = {}
  for seed = 1, 400 do
    for _, track in ipairs(songs:split({train = .5, test = .5, seed = seed}).test) do
      times[track.path] = (times[track.path] or 0) + 1
    end
  end
  for _, track in ipairs(songs) do
    lu.assertAlmostEquals(times[track.path], 200, 45) -- 4.5 standard deviations
  end
end

function TestSplit:test_no_group_is_on_two_sides()
  local songs = invented({a = 60, b = 90, c = 31}, function(label, i) return label .. i % 13 end)
  for seed = 0, 20 do
    local parts = songs:split {train = .6, valid = .2, test = .2, seed = seed}
    assert_partition(songs, parts)
    local side = {}
    for _, name in ipairs {"train", "valid", "test"} do
      for _, track in ipairs(parts[name]) do
        lu.assertEquals(side[track.group] or name, name)
        side[track.group] = name
      end
    end
    for name, fraction in pairs {train = .6, valid = .2, test = .2} do
      for label, count in pairs(parts[name]:counts()) do
        -- The largest group of class b has 7 tracks.
        lu.assertTrue(math.abs(count - fraction * songs:counts()[label]) <= 7, label .. " in " .. name)
      end
    end
  end
end

function TestSplit:test_groups_across_classes_stay_whole_and_balanced()
  -- 40 artists, each with tracks of two classes.
  local songs = invented({a = 120, b = 80}, function(_, i) return "artist" .. i % 40 end)
  local parts = songs:split {train = .75, test = .25, seed = 3}
  lu.assertEquals(parts.test:counts(), {a = 30, b = 20})
end

function TestSplit:test_groups_by_a_column_and_not_at_all()
  local songs = dataset.csv(touch("l.csv", "path,label,group,album\n1,a,g,x\n2,a,g,x\n3,a,g,y\n4,a,g,y\n"))
  local parts = songs:split {train = .5, test = .5, group = "album"}
  lu.assertEquals(parts.train[1].tags.album, parts.train[2].tags.album)
  lu.assertErrorMsgContains("nothing is left for", songs.split, songs, {train = .5, test = .5})
  lu.assertEquals(#songs:split({train = .5, test = .5, group = false}).test, 2)
  lu.assertErrorMsgContains("1 has no artist to split by", songs.split, songs, {train = 1, group = "artist"})
end

function TestSplit:test_every_part_gets_one_of_each_class_where_there_are_enough()
  local songs = invented {a = 20, b = 3, c = 4, d = 5}
  for seed = 1, 20 do
    local parts = songs:split {train = .6, valid = .2, test = .2, seed = seed}
    assert_partition(songs, parts)
    for _, name in ipairs {"train", "valid", "test"} do
      for class, count in pairs(parts[name]:counts()) do
        lu.assertTrue(count > 0, ("%s has no '%s' with seed %d"):format(name, class, seed))
      end
    end
    lu.assertEquals(parts.train:counts().a, 12)
  end
end

function TestSplit:test_what_cannot_be_split()
  local songs = invented {a = 20, b = 2}
  local function refuses(message, given) lu.assertErrorMsgContains(message, songs.split, songs, given) end
  refuses("must sum to 1, got 0.9", {train = .8, test = .1})
  refuses("test must be a number above 0 and at most 1, got 0", {train = 1, test = 0})
  refuses("needs fractions", {seed = 1})
  refuses("no track of class 'b' (it has 2) comes into", {train = .8, valid = .1, test = .1})
  refuses("seed must be a whole number, got 1.5", {train = 1, seed = 1.5})
  refuses("did you mean 'train'?", {trian = .5})
  refuses("either lists or fractions", {train = 1, lists = true})
  local parts = songs:split {train = .8, valid = .1, test = .1, stratify = false}
  assert_partition(songs, parts)
end

function TestSplit:test_segments_only_after_splitting()
  local songs = invented {a = 4}
  for i, track in ipairs(songs) do track.seconds = i == 4 and 2 or 10 end
  lu.assertErrorMsgContains("segments are cut after splitting", songs.segments, songs, {seconds = 3})
  local leaky = songs:segments {seconds = 3, allow_leakage = true}
  lu.assertTrue(leaky.leakage)
  lu.assertTrue(leaky:split({train = .5, test = .5}).test.leakage)
  lu.assertStrContains(tostring(leaky), "may leak")

  local whole = songs:split {train = 1}
  local pieces = whole.train:segments {seconds = 3, overlap = 0.5}
  lu.assertNil(pieces.leakage)
  lu.assertEquals(#pieces, 3 * 5)
  lu.assertEquals({pieces[2].start, pieces[2].duration}, {1.5, 3})
  lu.assertEquals(#pieces.rejected, 1)
  lu.assertStrContains(pieces.rejected[1].reason, "shorter than one segment: 2.00 s of 3.00 s")
  lu.assertErrorMsgContains("overlap must be a number 0 or more and below 1, got 1", whole.train.segments, whole.train,
    {seconds = 3, overlap = 1})
  lu.assertErrorMsgContains("seconds must be a number above 0, got 0", whole.train.segments, whole.train, {seconds = 0})
  lu.assertErrorMsgContains("no track is as long", whole.train.segments, whole.train, {seconds = 30})
  lu.assertErrorMsgContains("segments already", pieces.segments, pieces, {seconds = 1})
end

function TestSplit:test_filter_keeps_ids_within_a_split()
  local songs = invented {a = 4, b = 4, c = 4}
  local function not_a(track) return track.label ~= "a" end
  lu.assertEquals(songs:filter(not_a):ids(), {0, 0, 0, 0, 1, 1, 1, 1})
  lu.assertEquals(songs:split({train = 1}).train:filter(not_a):ids(), {1, 1, 1, 1, 2, 2, 2, 2})
end

-- folds ------------------------------------------------------------------------

function TestFolds:test_every_track_is_tested_once_and_classes_are_even()
  local songs = invented {a = 23, b = 50, c = 10}
  local folds = songs:folds {k = 10, seed = 4}
  lu.assertEquals(#folds, 10)
  local tested = {}
  for _, fold in ipairs(folds) do
    lu.assertEquals(#fold.train + #fold.test, #songs)
    lu.assertTrue(#fold.test == 8 or #fold.test == 9)
    local counts = fold.test:counts()
    lu.assertTrue(counts.a == 2 or counts.a == 3)
    lu.assertEquals({counts.b, counts.c}, {5, 1})
    for _, track in ipairs(fold.test) do
      lu.assertNil(tested[track.path])
      tested[track.path] = true
    end
    for _, track in ipairs(fold.train) do
      for _, other in ipairs(fold.test) do lu.assertNotEquals(track.path, other.path) end
    end
  end
end

function TestFolds:test_predefined_ones()
  local songs = dataset.csv(touch("l.csv", "path,label,fold\n1,a,10\n2,b,2\n3,a,2\n4,b,10\n"))
  local folds = songs:folds()
  lu.assertEquals({folds[1].name, folds[2].name}, {"2", "10"})
  lu.assertEquals(paths(folds[1].test), {"2", "3"})
  lu.assertEquals(paths(folds[1].train), {"1", "4"})
end

function TestFolds:test_groups_stay_together()
  local songs = invented({a = 60, b = 60}, function(label, i) return label .. i // 4 end)
  for _, fold in ipairs(songs:folds {k = 5, seed = 2}) do
    local test = {}
    for _, track in ipairs(fold.test) do test[track.group] = true end
    for _, track in ipairs(fold.train) do lu.assertNil(test[track.group]) end
    lu.assertTrue(math.abs(#fold.test - 24) <= 4)
  end
end

function TestFolds:test_too_few()
  local songs = invented {a = 20, b = 4}
  lu.assertErrorMsgContains("class 'b' has 4 tracks, fewer than k = 5", songs.folds, songs, {k = 5})
  lu.assertErrorMsgContains("k must be a whole number 2 or more, got 1", songs.folds, songs, {k = 1})
  lu.assertErrorMsgContains("k must be 2..24 (the number of tracks), got 25", songs.folds, songs, {k = 25})
  lu.assertErrorMsgContains("has no fold: give k", songs.folds, songs)
  local few = invented({a = 12}, function(_, i) return "g" .. i % 2 end)
  lu.assertErrorMsgContains("too few groups for k = 3", few.folds, few, {k = 3})
end

-- files ------------------------------------------------------------------------

local function with_hashes(songs)
  for i, track in ipairs(songs) do track.hash = ("%032x"):format(i) end
  return songs
end

function TestFiles:test_an_index_reads_back_and_moves_with_its_folder()
  for _, name in ipairs {"data/a/1.wav", "data/b/2.wav", "data/loose.wav"} do touch(name) end
  local songs = with_hashes(dataset.folder(place .. "/data"))
  songs:save(place .. "/dataset_index.json")
  lu.assertStrContains(files.read(place .. "/dataset_index.json"), '"path": "data/a/1.wav"')
  local again = dataset.load(place .. "/dataset_index.json")
  lu.assertEquals(again.tracks, songs.tracks)
  lu.assertEquals(again.classes, songs.classes)
  lu.assertEquals(again.rejected, songs.rejected)
  lu.assertEquals(again:hash(), songs:hash())
  files.mkdirs(place .. "/moved")
  os.rename(place .. "/data", place .. "/moved/data")
  os.rename(place .. "/dataset_index.json", place .. "/moved/dataset_index.json")
  lu.assertEquals(dataset.load(place .. "/moved/dataset_index.json")[1].path, place .. "/moved/data/a/1.wav")
end

function TestFiles:test_the_hash_is_of_content_and_labels()
  local songs = with_hashes(invented {a = 3, b = 3})
  local hash = songs:hash()
  lu.assertStrMatches(hash, ("%x"):rep(32))
  songs.tracks[1], songs.tracks[6] = songs.tracks[6], songs.tracks[1]
  songs[2].path = "renamed.wav"
  lu.assertEquals(songs:hash(), hash)
  songs[2].label = "b"
  lu.assertNotEquals(songs:hash(), hash)
end

function TestFiles:test_splits_and_folds_read_back()
  local songs = invented({a = 20, b = 20}, function(label, i) return label .. i // 2 end)
  local parts = songs:split {train = .5, valid = .25, test = .25, seed = 9}
  parts:save(place .. "/splits.json")
  local again = dataset.load(place .. "/splits.json")
  for _, name in ipairs {"train", "valid", "test"} do
    lu.assertItemsEquals(paths(again[name]), paths(parts[name]))
    lu.assertEquals(again[name].classes, parts[name].classes)
    lu.assertEquals(again[name].part, name)
  end
  lu.assertEquals(again.settings.seed, 9)
  local folds = songs:folds {k = 4, seed = 1}
  folds:save(place .. "/folds.json")
  local read = dataset.load(place .. "/folds.json")
  lu.assertEquals(#read, 4)
  for i = 1, 4 do
    lu.assertItemsEquals(paths(read[i].test), paths(folds[i].test))
    lu.assertItemsEquals(paths(read[i].train), paths(folds[i].train))
  end
end

function TestFiles:test_the_same_split_is_the_same_bytes()
  local songs = invented {a = 20, b = 20}
  for _, name in ipairs {"1.json", "2.json"} do
    songs:split({train = .5, test = .5, seed = 3}):save(files.join(place, name))
  end
  lu.assertEquals(files.read(place .. "/1.json"), files.read(place .. "/2.json"))
end

function TestFiles:test_foreign_files_are_refused()
  lu.assertErrorMsgContains("line 1, column 2: not JSON", dataset.load, touch("a.json", "{"))
  lu.assertErrorMsgContains("neither a dataset nor a split", dataset.load, touch("b.json", "[1]"))
  lu.assertErrorMsgContains("newer Moonlark", dataset.load,
    touch("c.json", '{"format":"moonlark.dataset","version":2}'))
  lu.assertErrorMsgContains("classes is missing", dataset.load,
    touch("d.json", '{"format":"moonlark.dataset","version":1}'))
  lu.assertErrorMsgContains("not among the classes", dataset.load, touch("e.json",
    '{"format":"moonlark.dataset","version":1,"classes":["a"],"tracks":[{"path":"x","label":"b"}]}'))
end

lib.run()
