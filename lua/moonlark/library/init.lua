--- A music library that knows itself: songs by their content, with their tags and what was heard in them, in one file.
---
---     local library = require "moonlark.library"
---     local l = library.open()
---     l:add "/music"
---     for _, song in ipairs(l:search {tempo = "120-130", key = "A minor"}) do print(song.path) end
---
--- The file is a SQLite database, which other programs may read while this one writes. Music itself is never changed.
--- A process may be killed at any moment: what was added before is there, and the next `add` goes on where it was.
local asking = require "moonlark.library.asking"
local background = require "moonlark.dataset.background"
local claim = require "moonlark.base.claim"
local contents = require "moonlark.library.contents"
local database = require "moonlark.library.database"
local duplicates = require "moonlark.library.duplicates"
local embedding = require "moonlark.library.embedding"
local export = require "moonlark.library.export"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local folder = require "moonlark.library.folder"
local forget = require "moonlark.library.forget"
local genres = require "moonlark.library.genres"
local hands = require "moonlark.library.hands"
local hearing = require "moonlark.library.hearing"
local hub = require "moonlark.hub"
local json = require "moonlark.base.json"
local makers = require "moonlark.library.makers"
local options = require "moonlark.base.options"
local parts = require "moonlark.music.analysis.parts"
local place = require "moonlark.library.place"
local progress = require "moonlark.base.progress"
local scan = require "moonlark.dataset.scan"
local schema = require "moonlark.library.schema"
local search = require "moonlark.library.search"
local show = require "moonlark.base.show"
local similar = require "moonlark.library.similar"
local songs = require "moonlark.library.songs"
local watch = require "moonlark.library.watch"

local library = {}

---@class moonlark.Library
---@field path string
---@field package db moonlark.Database
---@field package own moonlark.OwnGenres?
---@field package indexes table<integer, moonlark.library.Index>  by maker
local Library = {__name = "moonlark.Library"}
Library.__index = Library

--- Opens a library; where there is none it is made, with the folders above it.
---
--- Without a path it is the user's own: $MOONLARK_LIBRARY, else moonlark/library.db in $XDG_DATA_HOME, else in
--- ~/.local/share. Errors: a file that is no library, or one of a later Moonlark; no right to write.
---     local l = library.open "songs.db"
---@param path string?
---@return moonlark.Library
function library.open(path)
  if path ~= nil and type(path) ~= "string" then show.fail("path must be a string or nil, got %s", options.got(path)) end
  path = scan.absolute(path or place.usual())
  files.mkdirs((files.split(path)))
  local db = database.open(path)
  schema.prepare(db)
  return setmetatable({path = path, db = db, indexes = {}}, Library)
end

local adding = options.describe("Library:add", {
  depth = options.choice({"sound", "tags"}, "sound", "sound: songs are heard; tags: only their files' heads are read"),
  parts = options.list(options.choice(parts.names), options.none, {least = 1, usual = "everything"}, "what to hear"),
}, background.options)

-- A bar that begins when it is known of how many.
local function bar_of(label, wanted)
  local bar
  return {
    update = function(done, total)
      if not wanted or total == 0 then return end
      bar = bar or progress.new(total, label)
      bar:update(done)
    end,
    finish = function()
      if bar then bar:finish() end
    end,
  }
end

--- Adds what lies in a folder and below it, or one file; or looks again at what was added before.
---
--- Files are read once: one whose size and time of change are as before is passed over. A song is its content: a file that
--- was moved or renamed is the same song at another path, and copies are one song at several. What vanished is marked, not
--- forgotten (see Library:forget); files that cannot be read or heard are kept with the reason, and tried again when they
--- change. With depth = "sound" music.analyze then hears what it has not heard in its present version, in as many processes
--- as there are workers.
---
--- Errors: the folder cannot be listed; another process adds to this library; the disk is full. What was added before stays.
---     local seen = l:add("/music", {workers = 4})
---     print(seen.added, seen.moved, seen.vanished, #seen.rejected)
---@param path string
---@param given moonlark.Library.add.Options?
---@return moonlark.library.Seen  with `heard`, the songs that were
function Library:add(path, given)
  local o = adding:read(given)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", options.got(path)) end
  local at, name = files.split(self.path)
  local lock <close> = claim.lock(at, "." .. name .. ".lock") ---@diagnostic disable-line: unused-local
  local reading, listening = bar_of("reading", o.progress), bar_of("hearing", o.progress)
  local _ <close> = finally(function()
    reading.finish()
    listening.finish()
  end)
  local seen = folder.enter(self.db, scan.absolute(path), {workers = o.workers, on_file = reading.update})
  seen.heard = 0
  if o.depth == "tags" then return seen end
  local done, total = 0, 0
  local function begin(count) total = count end
  hands.hear(self.db, o, begin, function(bad)
    done = done + 1
    listening.update(done, total)
    if bad then table.insert(seen.rejected, bad) else seen.heard = seen.heard + 1 end
  end)
  return seen
end

local watching = options.describe("Library:watch", {
  settle = options.number(2, {least = 0, unit = "s"}, "how long nothing more may change before it is looked at"),
  every = options.number(60, {above = 0, unit = "s"}, "how often to look where the system cannot tell of changes"),
}, adding.by_name)

--- Adds a folder, and again each time that something in it has changed, until the loop is left or interrupted.
---
--- Changes are told by inotify. Where the user has as many watches as the system allows, a warning says so and the folder
--- is looked through each `every` seconds. Errors: as of Library:add.
---     for seen in l:watch "/music" do print(seen.added, seen.vanished) end
---@param folder string
---@param given moonlark.Library.watch.Options?
---@return fun(): moonlark.library.Seen?, nil, nil, table  for a loop
function Library:watch(folder, given)
  local o = watching:read(given)
  if type(folder) ~= "string" then show.fail("folder must be a string, got %s", options.got(folder)) end
  if files.kind(folder) ~= "directory" then show.fail("cannot watch %s: it is no folder", folder) end
  local changes, _, _, closing = watch.changes(scan.absolute(folder), o)
  local asked = {}
  for _, name in ipairs(adding.names) do asked[name] = o[name] end
  return function()
    changes()
    return self:add(folder, asked)
  end, nil, nil, closing
end

local questions = options.describe("Library:ask", {
  device = options.text("cpu", 'where a network computes: "cpu", "cuda:0"'),
  offline = hub.options.offline,
}, background.options)

--- Asks a model about the songs that it has not been asked about, in its present version (its weights): keeps what it says
--- of each (its label is what Library:search finds by `label`), and its embedding where it gives one (see Library:similar).
---
--- Errors: there is no such model; the disk is full. What was kept before stays.
---     l:ask "runs/genres"
---@param name string  a run folder, a model's file, or a model's name on a hub
---@param given moonlark.Library.ask.Options?
---@return moonlark.library.Asked
function Library:ask(name, given)
  local o = questions:read(given)
  if type(name) ~= "string" then show.fail("model must be a path or a name, got %s", options.got(name)) end
  local bar = bar_of("asking", o.progress)
  local _ <close> = finally(bar.finish)
  return asking.ask(self.db, name, o, bar.update)
end

--- Songs that are as asked, sorted. Ranges are "120-130", "120-", "-130" or {120, 130}; one number stands for what is
--- rounded to it.
---     for _, song in ipairs(l:search {words = "love", tempo = "120-130", sort = "tempo"}) do print(song.title) end
---@param given moonlark.Library.search.Options?
---@return moonlark.library.Song[]  with `total`: how many there are beyond the limit
function Library:search(given) return search.run(self.db, given) end

-- A song that must be there, and its number.
local function known(self, name) return songs.known(self.db, name) end

--- One song with all of its paths; nil where the library has none such.
---     print(l:song("/music/a.mp3").id)
---@param song string  its id, or a path from the root on
---@return moonlark.library.Song?
function Library:song(song) return (songs.find(self.db, song)) end

--- All tags that a song's file has. Errors: the library has no such song.
---     print(l:tags("/music/a.mp3").composer)
---@param song string  its id, or a path
---@return table<string, string|integer>
function Library:tags(song) return songs.tags(self.db, select(2, known(self, song))) end

--- What models said of a song, by their names: label, probability, probabilities … Errors: the library has no such song.
---     for name, said in pairs(l:predictions "/music/a.mp3") do print(name, said.label) end
---@param song string  its id, or a path
---@return table<string, table>
function Library:predictions(song) return asking.predictions(self.db, select(2, known(self, song))) end

--- What music.analyze says of a song, as Analysis:plain gives it; nil where it was not heard. Errors: the library has no
--- such song.
---     print(l:analysis("/music/a.mp3").key.tonic)
---@param song string  its id, or a path
---@return table?
function Library:analysis(song) return hearing.analysis(self.db, select(2, known(self, song))) end

local comparing = options.describe("Library:similar", {
  limit = options.integer(10, {least = 1}, "songs at most"),
  model = options.text(options.none, "whose embeddings are compared: a model that was asked (Library:ask)",
    {usual = "our own, music.vector"}),
})

--- The songs that sound most like one, the most similar first, each with `similarity`, -1..1.
---
--- Compared are the vectors of music.vector, which Library:add keeps of each song that is heard: each column standardised
--- over the library and cut at 3 deviations, then the cosine with all songs, exactly. Songs whose files are gone are not
--- found. With `model` the embeddings of that model are compared in the same way. Errors: the library has no such song; it
--- was not heard, or the model was not asked.
---     for _, song in ipairs(l:similar("/music/a.mp3", {limit = 5})) do print(song.similarity, song.path) end
---@param song string  its id, or a path
---@param given moonlark.Library.similar.Options?
---@return moonlark.library.Song[]
function Library:similar(song, given)
  local o, list = comparing:read(given), json.array {}
  local _, number = known(self, song)
  local maker = o.model and (embedding.by_model(self.db, asking.name_of(o.model))
    or show.fail("the library has no embeddings of %s: ask it first", o.model))
  maker = maker or makers.enter(self.db, embedding.own())
  local index = similar.index(self.db, maker, self.indexes[maker.id])
  self.indexes[maker.id] = index
  for i, one in ipairs(similar.find(index, number, o.limit)) do
    list[i] = songs.numbered(self.db, one.number)
    list[i].similarity = one.similarity
  end
  return list
end

--- Recordings that are there more than once: in other encodings, at other levels, cut at the beginning or the end (see
--- music.same_recording), or as copies of one file. Each group begins with what one would keep: the highest sample rate, then
--- the most bytes a second. Only songs that were heard are compared; nothing is removed.
---     for _, group in ipairs(l:duplicates()) do print(#group, group[1].path) end
---@return moonlark.library.Song[][]  songs with `paths`; a group of one song has several
function Library:duplicates() return duplicates.find(self.db) end

--- Genres of one's own: a few examples that a person gives, and what they make of all other songs.
---     local own = l:genres()
---     own:say("/music/a.mp3", "for cooking")
---     own:say("/music/b.mp3", "for running")
---     for _, song in ipairs(own:ask()) do print("is it", song.own_genre, song.path) end
---@return moonlark.OwnGenres
function Library:genres()
  self.own = self.own or genres.of(self.db)
  return self.own
end

--- Writes all songs for other programs: `.csv`, a line for each with its tags and traits; `.json`, with paths, all tags and
--- the whole analysis; a folder, with a JAMS file for each song that was heard, named by its id. Errors: another ending.
---     l:export "songs.csv"
---@param path string
---@return integer written  songs
function Library:export(path)
  if type(path) ~= "string" then show.fail("path must be a string, got %s", options.got(path)) end
  return export.write(self.db, path)
end

local forgetting = options.describe("Library:forget", {
  vanished = options.boolean(false, "songs whose files are gone"),
  folder = options.text(options.none, "what was added below this folder", {usual = "none"}),
  song = options.text(options.none, "one song: its id, or a path", {usual = "none"}),
})

--- Forgets songs with all that was found in them: those whose files are gone, those of a folder that lie nowhere else, or
--- one. Files are not touched; what lies in a folder is added again by the next `add` of it. Errors: nothing is named; the
--- library has no such song, or knows nothing of the folder.
---     print(l:forget {vanished = true})
---@param given moonlark.Library.forget.Options
---@return integer forgotten  songs
function Library:forget(given)
  local o = forgetting:read(given)
  if not (o.vanished or o.folder or o.song) then
    show.fail "Library:forget: name what is to be forgotten: vanished, folder or song"
  end
  local number = o.song and select(2, known(self, o.song))
  return self.db:transaction(function()
    local forgotten = 0
    if number then forgotten = forgotten + forget.song(self.db, number) end
    if o.folder then forgotten = forgotten + forget.folder(self.db, scan.absolute(o.folder)) end
    if o.vanished then forgotten = forgotten + forget.vanished(self.db) end
    return forgotten
  end)
end

--- What the library holds: numbers of songs, files, what cannot be heard, folders that were added, and what was found by
--- whom.
---     print(l:info().songs)
---@return {path: string, songs: integer, heard: integer, vanished: integer, faults: integer, files: integer, seconds: number, bytes: integer, folders: string[], makers: table[]}
function Library:info()
  local info = contents.of(self.db)
  info.path = self.path
  return info
end

--- Closes the library's file.
---     l:close()
function Library:close() self.db:close() end
Library.__close = Library.close

--- "a library of 812 songs in /home/me/.local/share/moonlark/library.db"
function Library:__tostring()
  return ("a library of %d songs in %s"):format(self:info().songs, show.name(self.path))
end

return library
