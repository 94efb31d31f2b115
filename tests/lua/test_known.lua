-- Published collections, each on a miniature of its layout; and what datasets and splits warn of.
local lib = require "lib"
local lu = require "luaunit"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local targets = require "moonlark.dataset.targets"
local warning = require "moonlark.base.warning"

local place
TestKnown, TestWarnings = {}, {}
lib.in_folder({TestKnown, TestWarnings}, function(folder) place = folder end)

local function put(path, bytes) return lib.write(files.join(place, path), bytes or "x") end

local function below(songs, root)
  local list = {}
  for i, track in ipairs(songs) do list[i] = track.path:sub(#place + #root + 3) end
  return list
end

local function reasons(songs)
  local list = {}
  for _, bad in ipairs(songs.rejected) do list[bad.path:match "[^/]+$"] = bad.reason end
  return list
end

-- The kinds of warnings that a function says, each with its first words.
local function warnings_of(f)
  local before = warning.policy "ignore"
  local mark = warning.mark()
  f()
  warning.policy(before)
  local found = {}
  for _, said in ipairs(warning.since(mark)) do found[said.kind] = said.texts[1] end
  return found
end

-- ESC, UrbanSound8K ------------------------------------------------------------------

local function make_esc(root)
  local lines = {"filename,fold,target,category,esc10,src_file,take"}
  for fold = 1, 5 do
    for i, category in ipairs {"dog", "rain", "engine"} do
      local name = ("%d-10%d-A-%d.wav"):format(fold, fold * 10 + i, i)
      put(root .. "/audio/" .. name)
      local ten = i < 3 and "True" or "False"
      lines[#lines + 1] = table.concat({name, fold, i, category, ten, "10" .. fold * 10 + i, "A"}, ",")
    end
  end
  put(root .. "/meta/esc50.csv", table.concat(lines, "\n") .. "\n1-9-A-1.wav,1,1,dog,True,9,A\n")
  return files.join(place, root)
end

function TestKnown:test_esc50()
  local root = make_esc "ESC-50-master"
  for _, path in ipairs {root, root .. "/", root .. "/meta/esc50.csv"} do
    local songs = dataset.open(path)
    lu.assertEquals(songs:counts(), {dog = 5, rain = 5, engine = 5})
    lu.assertEquals({songs[1].fold, songs[1].group}, {1, "1011"})
    lu.assertEquals(songs.known, "ESC-50: five folds")
  end
  local songs = dataset.known(root, {name = "esc", subset = "esc10"})
  lu.assertEquals(songs.classes, {"dog", "rain"})
  lu.assertEquals(reasons(songs), {["1-9-A-1.wav"] = "there is no such file"})
  local folds = songs:folds()
  lu.assertEquals({#folds, folds[2].name, #folds[2].test, #folds[2].train}, {5, "2", 2, 8})
  lib.fails("unknown subset of ESC-50: 'esc1' (did you mean 'esc10'?)", dataset.known, root, {subset = "esc1"})
  lib.fails("does not have the layout of fma", dataset.known, root, {name = "fma"})
end

function TestKnown:test_urbansound8k()
  put("US8K/metadata/UrbanSound8K.csv", "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
    .. "100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark\n100263-2-0-117.wav,100263,58.5,62.5,1,10,2,siren\n"
    .. "gone.wav,1,58.5,62.5,1,10,2,siren\n")
  put "US8K/audio/fold5/100032-3-0-0.wav"
  put "US8K/audio/fold10/100263-2-0-117.wav"
  local songs = dataset.open(place .. "/US8K")
  lu.assertEquals(below(songs, "US8K"), {"audio/fold5/100032-3-0-0.wav", "audio/fold10/100263-2-0-117.wav"})
  lu.assertEquals({songs[2].label, songs[2].fold, songs[2].group}, {"siren", 10, "100263"})
  lu.assertEquals(reasons(songs), {["gone.wav"] = "there is no such file"})
end

-- GTZAN ------------------------------------------------------------------------------

function TestKnown:test_gtzan_as_kaggle_has_it()
  for _, genre in ipairs {"blues", "jazz"} do
    for i = 0, 3 do
      put(("K/Data/genres_original/%s/%s.%05d.wav"):format(genre, genre, i))
      put(("K/Data/images_original/%s/%s%05d.png"):format(genre, genre, i))
    end
  end
  put "K/Data/features_30_sec.csv"
  for _, root in ipairs {"K", "K/Data"} do
    local songs = dataset.open(files.join(place, root))
    lu.assertEquals(songs:counts(), {blues = 4, jazz = 4})
    lu.assertStrContains(songs.known, "GTZAN: no split of its own; features_30_sec.csv beside it is a table")
  end
  put("K/Data/train_filtered.txt", "blues/blues.00000.wav\njazz/jazz.00003.wav\n")
  put("K/Data/test_filtered.txt", "blues/blues.00002.wav\n")
  local songs = dataset.open(place .. "/K")
  lu.assertStrContains(songs.known, "the fault-filtered split")
  songs.tracks[8], songs.rejected = nil, {{path = songs[8].path, reason = "gone"}} -- as validate does
  local parts = songs:split {lists = true}
  lu.assertEquals({#parts.train, #parts.test, parts.valid}, {1, 1, nil})
  lu.assertEquals(#songs:split {lists = place .. "/K/Data"}.train, 1) -- a line that names a rejected file
end

function TestKnown:test_other_folders_of_genres_are_no_gtzan()
  put "mine/genres/blues/a.wav"
  put "mine/genres/samba/b.wav"
  lu.assertNil(dataset.open(place .. "/mine").known)
end

-- FMA --------------------------------------------------------------------------------

local function make_fma(root, subsets)
  put(root .. "/fma_metadata/tracks.csv", table.concat({
    ",album,artist,artist,set,set,track,track",
    ",title,id,name,split,subset,genre_top,genres",
    "track_id,,,,,,,",
    '2,"AWOL, ""A Way""",1,AWOL,training,small,Hip-Hop,[21]',
    '5,"two',
    'lines",1,AWOL,validation,medium,Hip-Hop,[21]',
    "10,x,6,Kurt,test,small,Pop,[10]",
    "1039,x,7,Nicky,test,small,Pop,[10]",
    "20,x,4,N,training,large,,\"[76, 103]\"",
  }, "\n") .. "\n")
  for _, subset in ipairs(subsets) do
    for _, id in ipairs {2, 5, 10, 20} do put(("%s/fma_%s/000/%06d.mp3"):format(root, subset, id)) end
    put(("%s/fma_%s/001/001039.mp3"):format(root, subset), "")
  end
  return files.join(place, root)
end

function TestKnown:test_fma()
  local root = make_fma("F", {"small"})
  for _, path in ipairs {root, root .. "/fma_metadata/tracks.csv", root .. "/fma_small"} do
    local songs = dataset.known(path, {name = "fma"})
    lu.assertEquals(songs:counts(), {["Hip-Hop"] = 1, Pop = 1})
    lu.assertEquals(songs[1].path:match "000/.*", "000/000002.mp3")
    lu.assertEquals({songs[1].part, songs[1].group, songs[2].part}, {"train", "1", "test"})
    lu.assertEquals(reasons(songs), {["001039.mp3"] = "the file is empty"})
  end
  lu.assertEquals(dataset.open(root).known, "FMA: fma_small; the published training, validation and test parts")
end

function TestKnown:test_fma_subsets_hold_the_smaller_ones()
  local root = make_fma("F", {"medium", "large"})
  lib.fails("there are the subsets medium, large", dataset.known, root)
  local medium = dataset.known(root, {subset = "medium"}):split {lists = true}
  lu.assertEquals({#medium.train, #medium.valid, #medium.test}, {1, 1, 1})
  local large = dataset.known(root, {subset = "large"})
  lu.assertStrContains(large.known, "1 tracks without a top genre are left out")
  lib.fails("there is no folder fma_small", dataset.known, root, {subset = "small"})
  make_fma("G", {})
  lib.fails("there is no folder fma_small, fma_medium", dataset.known, place .. "/G")
end

-- MagnaTagATune, MTG-Jamendo -----------------------------------------------------------

function TestKnown:test_magnatagatune()
  put("M/annotations_final.csv", table.concat({
    '"clip_id"\t"no voice"\t"guitar"\t"slow"\t"mp3_path"',
    '"2"\t"0"\t"1"\t"1"\t"f/song_a-01-x-30-59.mp3"',
    '"6"\t"0"\t"1"\t"0"\t"f/song_a-01-x-146-175.mp3"',
    '"7"\t"1"\t"0"\t"0"\t"c/song_b-02-y-0-29.mp3"',
    '"8"\t"0"\t"0"\t"0"\t"b/song_c-03-z-0-29.mp3"',
    '"9"\t"1"\t"0"\t"0"\t"6/norine-117-146.mp3"',
  }, "\n"))
  for _, name in ipairs {"f/song_a-01-x-30-59", "f/song_a-01-x-146-175", "c/song_b-02-y-0-29", "b/song_c-03-z-0-29"} do
    put("M/mp3/" .. name .. ".mp3")
  end
  put("M/mp3/6/norine-117-146.mp3", "")
  local songs = dataset.open(place .. "/M")
  lu.assertEquals({songs.task, songs.classes}, {"tags", {"guitar", "no voice", "slow"}})
  lu.assertEquals(songs[1].labels, {"guitar", "slow"})
  lu.assertEquals({songs[1].group, songs[2].group}, {"f/song_a-01-x", "f/song_a-01-x"})
  lu.assertEquals(reasons(songs), {["norine-117-146.mp3"] = "the file is empty"})
  lu.assertEquals(songs.known, "MagnaTagATune: 3 tags; the usual split by folders (0-b, c, d-f)")
  local parts = songs:split {lists = true}
  lu.assertEquals({#parts.train, #parts.valid, #parts.test}, {1, 1, 2})
  lu.assertEquals(parts.test.task, "tags")
  lu.assertEquals(targets.y(parts.test):totable(), {{1, 0, 1}, {1, 0, 0}})
  lu.assertEquals(dataset.known(place .. "/M", {tags = 2}).classes, {"guitar", "no voice"})
end

local jamendo_header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\r\n"

local function make_jamendo(root)
  local function row(id, artist, tags)
    return ("track_%07d\tartist_%06d\talbum_1\t%02d/%d.mp3\t212.7\t%s\r\n"):format(id, artist, id % 100, id, tags)
  end
  local a, b = row(948, 87, "genre---rock\tinstrument---guitar"), row(950, 88, "genre---pop")
  local c, d = row(1051, 89, "instrument---guitar\tmood/theme---calm"), row(77, 90, "genre---rare")
  put(root .. "/data/autotagging.tsv", jamendo_header .. a .. b .. c .. d)
  put(root .. "/data/autotagging_genre.tsv", jamendo_header .. row(948, 87, "genre---rock") .. b)
  put(root .. "/data/splits/split-0/autotagging-train.tsv", jamendo_header .. a)
  put(root .. "/data/splits/split-0/autotagging-validation.tsv", jamendo_header .. b)
  put(root .. "/data/splits/split-0/autotagging-test.tsv", jamendo_header .. c)
  put(root .. "/audio/48/948.mp3")
  put(root .. "/audio/50/950.low.mp3")
  return files.join(place, root)
end

function TestKnown:test_mtg_jamendo()
  local root = make_jamendo "J"
  local songs = dataset.open(root)
  lu.assertEquals(songs.classes, {"genre---pop", "genre---rock", "instrument---guitar"})
  lu.assertEquals(songs[1].labels, {"genre---rock", "instrument---guitar"})
  lu.assertEquals({songs[1].part, songs[1].group, songs[2].part}, {"train", "artist_000087", "valid"})
  lu.assertStrContains(songs[2].path, "audio/50/950.low.mp3")
  lu.assertEquals(reasons(songs), {["1051.mp3"] = "there is no such file"})
  lu.assertEquals(songs.known, "MTG-Jamendo: autotagging, 4 tags; parts of split-0")
  local genres = dataset.known(root, {subset = "genre"})
  lu.assertEquals(genres.known, "MTG-Jamendo: autotagging_genre, 2 tags; no split lies there")
  lu.assertEquals(dataset.open(root .. "/data/autotagging_genre.tsv").classes, genres.classes)
  lib.fails("there is no list cats.tsv", dataset.known, root, {subset = "cats"})
  lib.fails("split-3/autotagging-train.tsv", dataset.known, root, {split = 3})
end

function TestKnown:test_what_is_no_collection()
  put "plain/a/1.wav"
  lib.fails("is no collection that is known by its layout: esc, fma, gtzan", dataset.known, place .. "/plain")
  lib.fails("path must be a string", dataset.known, 3)
  put("empty/meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take\na.wav,1,1,dog,True,1,A\n")
  lib.fails("ESC-50: none of the 1 files that the list names is there", dataset.known, place .. "/empty")
end

function TestKnown:test_a_file_without_line_breaks_is_not_read_whole()
  local path = put("silence.wav", ("\0"):rep(300000))
  lu.assertEquals(#layout.first_line(path), 65536)
  lu.assertEquals(layout.first_line(put("bom.csv", "\239\187\191a,b\r\n1,2\n")), "a,b")
  lu.assertEquals({layout.first_line(put("empty.csv", "")), layout.first_line(place .. "/absent")}, {"", ""})
end

-- warnings ----------------------------------------------------------------------------

function TestWarnings:test_folds_that_are_not_used()
  local songs = dataset.open(make_esc "E")
  local found = warnings_of(function() songs:split {train = .8, test = .2} end)
  lu.assertStrContains(found["unused-folds"], "the data brings folds of its own")
  lu.assertNotNil(warnings_of(function() songs:folds {k = 2} end)["unused-folds"])
  lu.assertEquals(warnings_of(function() songs:folds() end), {})
  for _, name in ipairs {"dog/1-10-A", "dog/2-11-B", "cat/1-12-A", "cat/2-13-A"} do put("N/" .. name .. ".wav") end
  local named = dataset.folder(place .. "/N")
  found = warnings_of(function() named:folds {k = 2} end)
  lu.assertStrContains(found["unused-folds"], "file names begin with the numbers")
  named.tracks[1].path = place .. "/N/dog/01 song.wav"
  lu.assertEquals(warnings_of(function() named:folds {k = 2} end), {})
end

function TestWarnings:test_a_published_split_that_is_not_used()
  local songs = dataset.csv(put("list.csv", "path,label,part\na,x,train\nb,y,train\nc,x,test\nd,y,test\n"))
  local found = warnings_of(function() songs:split {train = .5, test = .5} end)
  lu.assertStrContains(found["unused-folds"], "the data brings a split of its own")
  lu.assertEquals(warnings_of(function() songs:split {lists = true} end), {})
end

function TestWarnings:test_the_same_bytes_on_both_sides()
  for i, name in ipairs {"a/1", "a/2", "b/1", "b/2"} do
    lib.write_tone(files.join(place, name .. ".wav"), 400, i < 3 and 300 or 150 * i)
  end
  local songs = dataset.folder(place)
  local function split() return songs:split {train = .5, test = .5} end
  lu.assertEquals(warnings_of(split), {}) -- hashes are not known
  songs:validate()
  lu.assertStrContains(warnings_of(split)["duplicate-across-split"], "1 track has the same content")
  lu.assertStrContains(warnings_of(split)["duplicate-across-split"], "a/2.wav (t")
  lu.assertNotNil(warnings_of(function() songs:folds {k = 2} end)["duplicate-across-split"])
end

function TestWarnings:test_a_class_without_files()
  lib.write_tone(place .. "/a/1.wav", 400, 300)
  put "b/1.wav"
  put "b/2.wav"
  local found = warnings_of(function() dataset.folder(place):validate() end)
  lu.assertEquals(found["class-without-files"], "no track of class 'b' is left: all 2 were set aside")
  lib.write_tone(place .. "/b/2.wav", 400, 500)
  lu.assertNil(warnings_of(function() dataset.folder(place):validate() end)["class-without-files"])
end

lib.run()
