-- A library of songs: what becomes of files that are new, changed, moved, copied, bad or gone; searches; kill -9.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local corpus = require "moonlark.corpus"
local csv = require "moonlark.base.csv"
local database = require "moonlark.library.database"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local library = require "moonlark.library"
local music = require "moonlark.music"

-- Six short songs that all tests copy, under names that say nothing.
local originals = lib.folder()
corpus.generate(originals, {clips = 2, seconds = 4, styles = {"jazz", "metal", "reggae"}})

local function songs_in(folder)
  files.mkdirs(folder)
  local paths = files.tree(originals, {".wav"})
  for i, path in ipairs(paths) do files.write(("%s/%02d.wav"):format(folder, i), files.read(path)) end
  return folder
end

local function counts(seen)
  local of = {}
  for _, name in ipairs {"seen", "added", "changed", "moved", "vanished", "unchanged", "heard"} do of[name] = seen[name] end
  of.rejected = #seen.rejected
  return of
end

local quiet = {progress = false}
local tags = {progress = false, depth = "tags"}

TestFolders, TestHeard, TestSearch, TestCommand = {}, {}, {}, {}
lib.in_folder({TestFolders, TestHeard, TestSearch, TestCommand}, function(folder) songs_in(folder .. "/music") end)

-- folders -----------------------------------------------------------------------------------

function TestFolders:test_what_is_as_before_is_not_read_again()
  local l <close> = library.open(self.folder .. "/a/b/library.db")
  lu.assertEquals(counts(l:add(self.folder .. "/music", tags)),
    {seen = 6, added = 6, changed = 0, moved = 0, vanished = 0, unchanged = 0, heard = 0, rejected = 0})
  lu.assertEquals(counts(l:add(self.folder .. "/music/", tags)),
    {seen = 6, added = 0, changed = 0, moved = 0, vanished = 0, unchanged = 6, heard = 0, rejected = 0})
  local song = l:song(self.folder .. "/music/01.wav")
  lu.assertEquals({song.duration, song.rate, song.channels, song.format, song.codec},
    {4.0, 22050, 1, "wav", "pcm 16 bit"})
  lu.assertEquals(song.id, core.store.hash(files.read(song.path)))
  lu.assertEquals(l:song(song.id), song)
  lu.assertNil(l:song "nothing")
end

function TestFolders:test_a_song_that_moves_is_the_same_song()
  local l <close> = library.open(self.folder .. "/library.db")
  l:add(self.folder .. "/music", tags)
  local before = l:song(self.folder .. "/music/02.wav")
  files.mkdirs(self.folder .. "/music/deep/er")
  os.rename(before.path, self.folder .. "/music/deep/er/another name.wav")
  local seen = counts(l:add(self.folder .. "/music", tags))
  lu.assertEquals({seen.added, seen.moved, seen.vanished, seen.changed}, {0, 1, 0, 0})
  local after = l:song(before.id)
  lu.assertEquals(after.paths, {self.folder .. "/music/deep/er/another name.wav"})
  lu.assertEquals(after.added, before.added)
  lu.assertEquals(l:search({words = "another"})[1].id, before.id)
  lu.assertEquals(#l:search {words = "02"}, 0)
end

function TestFolders:test_copies_are_one_song_at_several_paths()
  local l <close> = library.open(self.folder .. "/library.db")
  files.write(self.folder .. "/music/copy.wav", files.read(self.folder .. "/music/01.wav"))
  lu.assertEquals(l:add(self.folder .. "/music", tags).added, 6)
  lu.assertEquals(l:song(self.folder .. "/music/copy.wav").paths,
    {self.folder .. "/music/01.wav", self.folder .. "/music/copy.wav"})
  os.remove(self.folder .. "/music/01.wav")
  l:add(self.folder .. "/music", tags)
  lu.assertEquals(l:song(self.folder .. "/music/copy.wav").paths, {self.folder .. "/music/copy.wav"})
end

function TestFolders:test_what_vanished_is_kept_until_it_is_forgotten_and_may_come_back()
  local l <close> = library.open(self.folder .. "/library.db")
  l:add(self.folder .. "/music", tags)
  os.rename(self.folder .. "/music/03.wav", self.folder .. "/away.wav")
  lu.assertEquals(l:add(self.folder .. "/music", tags).vanished, 1)
  lu.assertEquals({#l:search(), #l:search {vanished = true}, l:info().vanished}, {5, 6, 1})
  lu.assertEquals(l:add(self.folder .. "/music", tags).vanished, 0) -- it is known
  os.rename(self.folder .. "/away.wav", self.folder .. "/music/03.wav")
  local seen = counts(l:add(self.folder .. "/music", tags))
  lu.assertEquals({seen.unchanged, seen.added, l:info().vanished}, {6, 0, 0})
  os.remove(self.folder .. "/music/03.wav")
  l:add(self.folder .. "/music", tags)
  lu.assertEquals(l:forget {vanished = true}, 1)
  lu.assertEquals(#l:search {vanished = true}, 5)
  lu.assertEquals(l:forget {folder = self.folder .. "/music"}, 5)
  lu.assertEquals({l:info().songs, #l:info().folders}, {0, 0})
  lib.fails("knows nothing of the folder", l.forget, l, {folder = self.folder .. "/music"})
  lib.fails("name what is to be forgotten", l.forget, l, {})
end

function TestFolders:test_bad_files_are_kept_with_the_reason_until_they_change()
  local l <close> = library.open(self.folder .. "/library.db")
  local bad = lib.write(self.folder .. "/music/bad.wav", "no sound")
  local seen = l:add(self.folder .. "/music", tags)
  lu.assertEquals(seen.rejected, {{path = bad, reason = "is not a sound file of a known format"}})
  lu.assertEquals(#l:add(self.folder .. "/music", tags).rejected, 1)
  lu.assertEquals({l:info().songs, l:info().faults}, {6, 1})
  files.write(bad, lib.wav(("\0\1"):rep(22050)))
  seen = counts(l:add(self.folder .. "/music", tags))
  lu.assertEquals({seen.rejected, seen.added, seen.changed}, {0, 1, 0})
  lu.assertEquals(l:info().faults, 0)
  files.write(bad, lib.wav(("\0\2"):rep(22050)))
  seen = counts(l:add(self.folder .. "/music", tags))
  lu.assertEquals({seen.added, seen.changed, seen.vanished}, {1, 1, 0})
end

function TestFolders:test_a_file_alone_and_what_cannot_be_added()
  local l <close> = library.open(self.folder .. "/library.db")
  lu.assertEquals(l:add(self.folder .. "/music/01.wav", tags).added, 1)
  lu.assertEquals(l:add(self.folder .. "/music/01.wav", tags).unchanged, 1)
  lu.assertEquals(l:info().folders, {})
  lib.fails("cannot list", l.add, l, self.folder .. "/nowhere", tags)
  lib.fails("path must be a string", l.add, l, nil, tags)
  lib.fails("the library has no song 'x'", l.analysis, l, "x")
  local second <close> = library.open(l.path)
  local lock <close> = require "moonlark.base.claim".lock(self.folder, ".library.db.lock")
  lib.fails("is being written by process", second.add, second, self.folder .. "/music", tags)
  lu.assertNotNil(lock)
end

-- what is heard --------------------------------------------------------------------------------

function TestHeard:test_an_analysis_is_kept_and_only_old_ones_are_made_again()
  local l <close> = library.open(self.folder .. "/library.db")
  local path = self.folder .. "/music/01.wav"
  lu.assertEquals(counts(l:add(self.folder .. "/music", quiet)).heard, 6)
  lu.assertEquals(counts(l:add(self.folder .. "/music", quiet)).heard, 0)
  local plain = music.analyze(path):plain()
  plain.path = nil
  lu.assertEquals(json.encode(l:analysis(path)), json.encode(json.decode(json.encode(plain))))
  local song = l:song(path)
  lu.assertEquals({song.tempo, song.key, song.energy},
    {plain.tempo, plain.key.tonic .. " " .. plain.key.mode, plain.mood.energy.value})
  -- as if two songs had been heard by an older version
  local db <close> = database.open(l.path)
  db:run("INSERT INTO makers (kind, name, version) VALUES ('analysis', 'music.analyze', 'old')")
  db:run("UPDATE findings SET maker = (SELECT id FROM makers WHERE version = 'old') WHERE song <= 2 "
    .. "AND maker IN (SELECT id FROM makers WHERE kind = 'analysis')")
  lu.assertEquals(counts(l:add(self.folder .. "/music", quiet)).heard, 2)
  lu.assertEquals(db:row "SELECT count(*) AS n FROM findings".n, 18)
end

function TestHeard:test_sound_that_ends_in_the_middle_is_set_aside_and_songs_of_nothing_are_heard()
  local l <close> = library.open(self.folder .. "/library.db")
  local whole = files.read(self.folder .. "/music/01.wav")
  local cut = lib.write(self.folder .. "/music/cut.flac", "")
  local audio = require "moonlark.audio"
  audio.save(cut, audio.load(self.folder .. "/music/01.wav", {rate = "native"}))
  files.write(cut, files.read(cut):sub(1, 40000))
  lib.write(self.folder .. "/music/silence.wav", lib.wav(("\0"):rep(8820)))
  local seen = l:add(self.folder .. "/music", quiet)
  lu.assertEquals(counts(seen).heard, 7)
  lu.assertEquals(#seen.rejected, 1)
  lu.assertEquals(seen.rejected[1].path, cut)
  lu.assertEquals(l:song(cut).fault, seen.rejected[1].reason)
  lu.assertEquals(l:add(self.folder .. "/music", quiet).rejected, seen.rejected) -- it is not tried again
  files.write(cut, whole .. "\0") -- and then it changes
  lu.assertEquals(l:add(self.folder .. "/music", quiet).changed, 1)
  lu.assertEquals(l:info().songs, 8)
  lu.assertNil(l:song(self.folder .. "/music/silence.wav").tempo)
end

-- All that a library holds, but for times and numbers.
local function content_of(path)
  local db <close> = database.open(path, "read")
  return {
    db:rows [[SELECT content, bytes, duration, rate, channels, format, codec, title, tags, fault, group_concat(data) AS data,
      count(data) AS findings FROM songs LEFT JOIN findings ON song = songs.id GROUP BY songs.id ORDER BY content]],
    db:rows [[SELECT path, content, files.bytes, mtime, files.fault, vanished FROM files LEFT JOIN songs ON songs.id = song
      ORDER BY path]],
    db:rows [[SELECT words.* FROM words JOIN songs ON songs.id = words.rowid ORDER BY content]],
    db:rows [[SELECT songs.content, traits.tempo, key, mood, style, energy FROM traits JOIN songs ON songs.id = song
      ORDER BY content]],
  }
end

function TestHeard:test_an_add_that_is_killed_again_and_again_ends_as_one_that_was_not()
  for i = 1, 6 do -- more songs, so that several processes hear them
    local bytes = files.read(("%s/music/%02d.wav"):format(self.folder, i))
    for j = 1, 3 do
      lib.write(("%s/music/more/%d-%d.wav"):format(self.folder, i, j), lib.wav(bytes:sub(45 + j * 20000)))
    end
  end
  lib.write(self.folder .. "/music/bad.wav", "no sound")
  local calm, harried = self.folder .. "/calm.db", self.folder .. "/harried.db"
  lu.assertEquals(lib.moonlark(nil, nil, "library", "add", self.folder .. "/music", "--library", calm, "--workers", "2").code, 3)
  local draw, killed, finished = lib.random(7), 0, false
  local seconds, song = 0.3, 0
  while not finished do -- each time a little longer, so that it ends on a slow machine, too
    seconds = seconds * 1.25 + 0.3 * draw()
    local result = core.process.run({lib.program, "library", "add", self.folder .. "/music", "--library", harried,
      "--workers", "2"}, seconds)
    if result.timed_out then killed = killed + 1 else finished = true end
    if files.exists(harried) and not finished then -- whoever looks meanwhile finds a whole library
      local l <close> = library.open(harried)
      song = math.max(song, l:info().heard)
    end
  end
  lu.assertTrue(killed >= 2, "it was never killed")
  lu.assertTrue(song > 0 or killed > 0)
  lu.assertEquals(content_of(harried), content_of(calm))
  local db <close> = database.open(harried)
  lu.assertEquals(db:row "PRAGMA integrity_check".integrity_check, "ok")
  lu.assertEquals(db:rows "PRAGMA foreign_key_check", {})
end

-- search -----------------------------------------------------------------------------------------

-- Tags and traits as told, without hearing anything.
local function told(l, list)
  local db <close> = database.open(l.path)
  for number, song in ipairs(list) do
    db:run("UPDATE songs SET title = ?, artist = ?, genre = ?, year = ? WHERE id = ?",
      {song.title, song.artist, song.genre, song.year, number})
    db:run("UPDATE words SET title = ?, artist = ?, genre = ? WHERE rowid = ?",
      {song.title, song.artist, song.genre, number})
    db:run("INSERT INTO traits (song, tempo, key, mood, style, energy) VALUES (?, ?, ?, ?, ?, ?)",
      {number, song.tempo, song.key, song.mood, song.style, song.energy})
  end
end

local function titles(list)
  local names = {}
  for i, song in ipairs(list) do names[i] = song.title or "-" end
  return table.concat(names, " ")
end

local function filled(folder)
  local l = library.open(folder .. "/library.db")
  l:add(folder .. "/music", tags)
  told(l, {
    {title = "Été", artist = "Zoë Blue", genre = "Jazz", year = 1959, tempo = 121.4, key = "A minor", mood = "calm", energy = 0.2},
    {title = "Love", artist = "Blue Band", genre = "Rock", year = 1971, tempo = 120, key = "Bb major", mood = "happy", energy = 0.8},
    {title = "Lovely", artist = "100%_er", style = "jazz", tempo = 130.01, key = "Bb minor", mood = "tense", energy = 0.9},
    {title = 'A "quote" OR two', artist = "x", genre = "Rock", year = 1999, tempo = 60, key = "F# major", mood = "sad"},
  })
  return l
end

function TestSearch:test_by_words()
  local l <close> = filled(self.folder)
  lu.assertEquals(titles(l:search {words = "ete"}), "Été") -- without accents
  lu.assertEquals(titles(l:search {words = "LOVE", sort = "title"}), "Love Lovely") -- beginnings count
  lu.assertEquals(titles(l:search {words = "blue love"}), "Love")
  lu.assertEquals(titles(l:search {words = '"quote" OR'}), 'A "quote" OR two')
  lu.assertEquals(titles(l:search {words = "title:love AND (NOT"}), "")
  lu.assertEquals(titles(l:search {words = "'; DROP TABLE songs; --"}), "")
  lu.assertEquals(#l:search {words = "   "}, 6)
  lu.assertEquals(titles(l:search {words = "jazz"}), "Été")
  lu.assertEquals(#l:search {words = "wav"}, 6) -- the names of files are words, too
end

function TestSearch:test_by_what_was_heard_and_tagged()
  local l <close> = filled(self.folder)
  lu.assertEquals(titles(l:search {tempo = "120-130", sort = "tempo"}), "Love Été")
  lu.assertEquals(titles(l:search {tempo = "120-", sort = "tempo", descending = true}), "Lovely Été Love")
  lu.assertEquals(titles(l:search {tempo = {0, 100}}), 'A "quote" OR two')
  lu.assertEquals(titles(l:search {tempo = 121}), "Été")
  lu.assertEquals(titles(l:search {tempo = "-100"}), 'A "quote" OR two')
  for key, found in pairs {["A minor"] = "Été", Am = "Été", ["bb"] = "Love Lovely", ["A# major"] = "Love",
    ["Gb"] = 'A "quote" OR two', ["C major"] = ""} do
    lu.assertEquals(titles(l:search {key = key, sort = "title"}), found)
  end
  lu.assertEquals(titles(l:search {mood = "tense"}), "Lovely")
  lu.assertEquals(titles(l:search {genre = "jazz", sort = "title"}), "Lovely Été") -- the rules where no tag is
  lu.assertEquals(titles(l:search {artist = "100%_"}), "Lovely") -- no wild cards
  lu.assertEquals(titles(l:search {year = "1950-1980", sort = "year"}), "Été Love")
  lu.assertEquals(titles(l:search {energy = "0.5-"  , sort = "energy"}), "Love Lovely")
  lu.assertEquals(#l:search {duration = "3.5-4.5"}, 6)
  lu.assertEquals(titles(l:search {words = "blue", mood = "calm", tempo = "100-200"}), "Été")
end

function TestSearch:test_pages_and_order()
  local l <close> = filled(self.folder)
  local page = l:search {limit = 2, offset = 1, sort = "tempo"}
  lu.assertEquals({titles(page), page.total}, {"Love Été", 6})
  lu.assertEquals(titles(l:search {sort = "tempo", descending = true}), 'Lovely Été Love A "quote" OR two - -')
  lib.fails("tempo must be a range", l.search, l, {tempo = "fast"})
  lib.fails("tempo must be a range", l.search, l, {tempo = {130, 120}})
  lib.fails("key must be a key", l.search, l, {key = "H"})
  lib.fails("sort must be", l.search, l, {sort = "songs.id; DROP TABLE songs"})
end

-- the command ----------------------------------------------------------------------------------

function TestCommand:test_add_search_info_forget()
  local db, music_folder = self.folder .. "/l.db", self.folder .. "/music"
  local function run(...) return lib.moonlark(self.folder, {"MOONLARK_LIBRARY=" .. db}, "library", ...) end
  local added = run("add", "music")
  lu.assertStrContains(added.out, "music: 6 files: 6 new songs, 0 changed, 0 moved, 0 vanished, 0 as before; 6 songs heard")
  lu.assertEquals(added.code, 0)
  local found = json.decode(run("search", "--tempo", "20-400", "--sort", "tempo", "--json").out)
  lu.assertEquals(found.total, #found.songs)
  lu.assertTrue(found.total > 0)
  lu.assertStrContains(run("search", "--key", found.songs[1].key).out, found.songs[1].path)
  lu.assertStrContains(run("search", "nobody").out, "no song is like that")
  run("search", "--csv", "a.csv", "--m3u8", "a.m3u8", "--sort", "path")
  local rows = csv.read(self.folder .. "/a.csv")
  lu.assertEquals({#rows, rows[1].path}, {6, music_folder .. "/01.wav"})
  lu.assertEquals(files.read(self.folder .. "/a.m3u8"):sub(1, 13), "#EXTM3U\n#EXTI")
  lu.assertStrContains(files.read(self.folder .. "/a.m3u8"), "#EXTINF:4,01\n" .. music_folder .. "/01.wav\n")
  local about = json.decode(run("info", "music/01.wav").out)
  lu.assertEquals(about.analysis.duration, 4.0)
  lu.assertStrContains(run("info").out, "6 songs (0.0 h) in 6 files; 6 heard, 0 vanished, 0 at fault")
  lu.assertEquals(run("forget", "music/01.wav").out, "1 songs forgotten; no file was touched\n")
  lu.assertEquals(run("forget", "music").out, "5 songs forgotten; no file was touched\n")
  lu.assertTrue(files.exists(music_folder .. "/01.wav"))
end

function TestCommand:test_wrong_usage()
  local function fails(words, code, ...)
    local result = lib.moonlark(self.folder, {"MOONLARK_LIBRARY=" .. self.folder .. "/l.db"}, "library", ...)
    lu.assertStrContains(result.err, words)
    lu.assertEquals(result.code, code)
  end
  fails("add needs a folder", 2, "add")
  fails("forget needs a folder", 2, "forget")
  fails("there is no library at " .. self.folder .. "/l.db", 1, "search", "love")
  lu.assertNil(files.kind(self.folder .. "/l.db"))
  fails("--csv is of search", 2, "info", "--csv", "a.csv")
  fails("must be a file that ends in .m3u8", 2, "search", "--m3u8", "a.txt")
  fails("--tempo must be a range", 2, "search", "--tempo", "fast")
  fails("cannot list", 1, "add", "nowhere")
end

lib.run()
