--- Genres of one's own over a library: what a person said of songs is kept in it, and says what the others are.
local classify = require "moonlark.classify"
local embedding = require "moonlark.library.embedding"
local json = require "moonlark.base.json"
local makers = require "moonlark.library.makers"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local songs = require "moonlark.library.songs"

local genres = {}

---@class moonlark.OwnGenres
---@field package db moonlark.Database
---@field package ready {stamp: string, ids: string[], x: moonlark.Tensor, numbers: integer[], own: moonlark.Genres}?
local OwnGenres = {__name = "moonlark.OwnGenres"}
OwnGenres.__index = OwnGenres

--- The genres of a library.
---     local own = genres.of(db)
---@param db moonlark.Database
---@return moonlark.OwnGenres
function genres.of(db) return setmetatable({db = db}, OwnGenres) end

-- All answers, in the order in which they were given, as classify.genres takes them.
local function answers(db)
  local list = {}
  for row in db:each [[SELECT content AS id, answers.genre, yes, time FROM answers JOIN songs ON songs.id = song
    ORDER BY answers.id]] do
    row.yes = row.yes == 1
    list[#list + 1] = row
  end
  return list
end

--- Notes that a song is of a genre, or is not; the library keeps it at once. A song is of one genre: a later yes to
--- another takes an earlier one back. Errors: the library has no such song; a name that is empty.
---     l:genres():say("/music/a.mp3", "for cooking")
---     l:genres():say("/music/b.mp3", "for cooking", false)
---@param song string  its id, or a path
---@param genre string  any name
---@param yes boolean?  default: true
function OwnGenres:say(song, genre, yes)
  if type(genre) ~= "string" or not genre:find "%S" then
    show.fail("genre must be a name, got %s", options.got(genre))
  end
  local _, number = songs.known(self.db, song)
  self.db:run("INSERT INTO answers (song, genre, yes, time) VALUES (?, ?, ?, ?)",
    {number, genre, yes ~= false, os.time()})
end

--- The genres that have an example, sorted.
---     print(table.concat(l:genres():names(), ", "))
---@return string[]
function OwnGenres:names() return classify.genres(answers(self.db)):names() end

--- All that was said, in order.
---     for _, one in ipairs(l:genres():answers()) do print(one.id, one.genre, one.yes) end
---@return moonlark.GenreAnswer[]
function OwnGenres:answers() return answers(self.db) end

-- The songs that have an embedding and a file: their ids, numbers, and a row for each.
local function embedded(db, maker)
  local torch = require "moonlark.torch"
  local numbers, x = embedding.all(db, maker)
  if not numbers then show.fail "no song of the library was heard: add songs first" end
  local ids, row_of, kept, rows = {}, {}, {}, {}
  for i, number in ipairs(numbers) do row_of[number] = i - 1 end
  for row in db:each [[SELECT id, content FROM songs WHERE EXISTS
    (SELECT 1 FROM files WHERE song = songs.id AND vanished IS NULL) ORDER BY id]] do
    if row_of[row.id] then
      ids[#ids + 1], kept[#kept + 1], rows[#rows + 1] = row.content, row.id, row_of[row.id]
    end
  end
  if #ids == 0 then show.fail "the files of all songs that were heard are gone" end
  return ids, kept, x:index_select(0, torch.tensor(rows, {dtype = "int64"}))
end

-- The classifier that knows all answers, fitted when one of them or a song is new.
local function fitted(self)
  local maker = makers.enter(self.db, embedding.own())
  local said = self.db:row "SELECT count(*) AS n, max(id) AS last FROM answers"
  local gone = self.db:row "SELECT count(*) AS n FROM files WHERE vanished IS NOT NULL".n
  local stamp = ("%s %d %d %d"):format(embedding.stamp(self.db, maker), said.n, said.last or 0, gone)
  if self.ready and self.ready.stamp == stamp then return self.ready end
  local ids, numbers, x = embedded(self.db, maker)
  local own = classify.genres(answers(self.db)):fit(ids, x)
  self.ready = {stamp = stamp, ids = ids, numbers = numbers, x = x, own = own}
  return self.ready
end

-- Songs with what is said of each, which are tables with its id.
local function told(self, ready, list, fill)
  local number_of, made = {}, json.array {}
  for i, id in ipairs(ready.ids) do number_of[id] = ready.numbers[i] end
  for i, one in ipairs(list) do
    local song = songs.numbered(self.db, number_of[one.id])
    fill(song, one)
    made[i] = song
  end
  return made
end

local suggesting = options.describe("OwnGenres:suggest", {
  genre = options.text(options.none, "songs of this one alone", {usual = "of all"}),
  least = options.number(0, {least = 0, most = 1}, "confidence, at least"),
  limit = options.integer(100, {least = 1, most = 1000000000}, "songs at most"),
})

--- What genre each song is of, the surest first: songs with `own_genre`, `confidence` 0..1, and `said`, true where a
--- person said so. A logistic regression for each genre, over the songs' standardised embeddings (see classify.genres);
--- nothing is written anywhere. Errors: fewer than two genres with an example that was heard; a genre without one.
---     for _, song in ipairs(l:genres():suggest {genre = "for cooking"}) do print(song.confidence, song.path) end
---@param given moonlark.OwnGenres.suggest.Options?
---@return moonlark.library.Song[]  with `total`
function OwnGenres:suggest(given)
  local o, ready = suggesting:read(given), fitted(self)
  if o.genre then
    local names, known = ready.own:names(), false
    for _, name in ipairs(names) do known = known or name == o.genre end
    if not known then options.unknown("genre", o.genre, names) end
  end
  local list = {}
  for _, one in ipairs(ready.own:suggest(ready.ids, ready.x)) do
    if one.genre and one.confidence >= o.least and (not o.genre or one.genre == o.genre) then list[#list + 1] = one end
  end
  table.sort(list, function(a, b)
    if a.confidence ~= b.confidence then return a.confidence > b.confidence end
    return a.id < b.id
  end)
  local total = #list
  local made = told(self, ready, table.move(list, 1, math.min(o.limit, total), 1, {}), function(song, one)
    song.own_genre, song.confidence, song.said = one.genre, one.confidence, one.said
  end)
  made.total = total
  return made
end

local asking = options.describe("OwnGenres:ask", {
  count = options.integer(5, {least = 1}, "questions"),
})

--- What to ask a person next: songs with `own_genre`, of which yes is as likely as no, unlike those that are known and
--- each other. OwnGenres:say takes the answer. Errors: as of OwnGenres:suggest.
---     for _, song in ipairs(l:genres():ask {count = 3}) do print("is it", song.own_genre, song.path) end
---@param given moonlark.OwnGenres.ask.Options?
---@return moonlark.library.Song[]
function OwnGenres:ask(given)
  local o, ready = asking:read(given), fitted(self)
  return told(self, ready, ready.own:ask(ready.ids, ready.x, {count = o.count}), function(song, one)
    song.own_genre, song.confidence = one.genre, one.confidence
  end)
end

return genres
