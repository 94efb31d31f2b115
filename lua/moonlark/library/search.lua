--- Search: songs by their words, tags and traits. What is asked becomes conditions whose values are bound.
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local songs = require "moonlark.library.songs"
local traits = require "moonlark.library.traits"

local search = {}

-- --- what can be asked ------------------------------------------------------------------

-- "120-130", "120-", "-130" and "120" as bounds; nil where it is none of them.
local function bounds_of(text)
  local number = "(%-?%d+%.?%d*)"
  local low, high = text:match("^%s*" .. number .. "%s*%-%s*" .. number .. "%s*$")
  if not low then low = text:match("^%s*" .. number .. "%s*%-%s*$") end
  if not low then high = text:match "^%s*%-%s*(%d+%.?%d*)%s*$" end
  if not low and not high then
    low = text:match("^%s*" .. number .. "%s*$")
    high = low
  end
  return tonumber(low), tonumber(high)
end

-- A range as {low, high}; either may be infinite. A number alone stands for what is rounded to it.
local function accept_range(value)
  local low, high
  if type(value) == "string" then
    low, high = bounds_of(value)
    if not low and not high then return nil end
  elseif type(value) == "number" then
    low, high = value, value
  elseif type(value) == "table" and not getmetatable(value) and #value == 2 and next(value, 2) == nil then
    low, high = value[1], value[2]
  else
    return nil
  end
  low, high = low or -math.huge, high or math.huge
  if math.type(low) == nil or math.type(high) == nil or low ~= low or high ~= high or low > high then return nil end
  if low == high then
    if math.abs(low) == math.huge then return nil end
    return {low - 0.5, high + 0.5}
  end
  return {low, high}
end

local function range(help, unit)
  local p = options.value("number[]|number|string", 'a range such as "120-130", "120-" or {120, 130}', accept_range,
    options.none, help, {usual = "any"})
  p.unit = unit
  return p
end

local classes = {c = 0, d = 2, e = 4, f = 5, g = 7, a = 9, b = 11}
local modes = {major = "major", maj = "major", minor = "minor", min = "minor", m = "minor"}
local names = {
  major = {[0] = "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"},
  minor = {[0] = "C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"},
}

-- "A minor", "Am", "bb major", "Gb" (of either mode) as the names of keys that music.key gives.
local function keys_of(value)
  local letter, sign, word = value:match "^%s*([A-Ga-g])([#b♯♭]*)%s*(%a*)%s*$"
  local mode = word and (word == "" and "" or modes[word] or modes[word:lower()])
  if not letter or not mode then return nil end
  local class = classes[letter:lower()]
  for one in sign:gmatch "[#b]" do class = class + (one == "#" and 1 or -1) end
  class = class + (sign:find "♯" and 1 or 0) - (sign:find "♭" and 1 or 0)
  class = class % 12
  local list = {}
  for _, one in ipairs {"major", "minor"} do
    if mode == "" or mode == one then list[#list + 1] = names[one][class] .. " " .. one end
  end
  return list
end

local text = options.text

search.parameters = options.describe("Library:search", {
  words = text(options.none, "what titles, artists, albums, genres or paths hold; a word may be the beginning of one",
    {usual = "any"}),
  tempo = range("beats a minute", "BPM"),
  key = options.value("string", 'a key such as "A minor", "Bbm" or "F#"', function(value)
    return type(value) == "string" and keys_of(value) and value or nil
  end, options.none, "the key",
    {usual = "any"}),
  mood = options.choice(traits.moods, options.none, "valence and arousal, each above or below 0.5", {usual = "any"}),
  genre = text(options.none, "a part of the genre that the tags name, or the style that the rules found", {usual = "any"}),
  label = text(options.none, "what a model says (Library:ask)", {usual = "any"}),
  artist = text(options.none, "a part of the artist's name", {usual = "any"}),
  album = text(options.none, "a part of the album's name", {usual = "any"}),
  year = range "of the date in the tags",
  duration = range("length", "s"),
  energy = range "how lively, 0..1", valence = range "how pleasant, 0..1",
  danceability = range "how well one dances to it, 0..1",
  loudness = range("integrated loudness", "LUFS"),
  vanished = options.boolean(false, "songs whose files are gone, too"),
  sort = options.choice({"path", "title", "artist", "album", "genre", "year", "duration", "tempo", "key", "energy",
    "valence", "danceability", "loudness", "added"}, options.none, "what comes first: path, title, artist, album, genre, year, "
    .. "duration, tempo, key, energy, valence, danceability, loudness or added",
    {usual = "the best match where words are given, else by path"}),
  descending = options.boolean(false, "the largest first"),
  limit = options.integer(100, {least = 1, most = 1000000000}, "songs at most"),
  offset = options.integer(0, {least = 0}, "songs that are passed over"),
})

-- --- what becomes of it -----------------------------------------------------------------

local columns = {year = "songs.year", tempo = "traits.tempo", duration = "songs.duration", energy = "traits.energy",
  valence = "traits.valence", danceability = "traits.danceability", loudness = "traits.loudness_lufs"}

-- Each word quoted, so that none is a command of FTS5; the last letters of each may follow.
local function match_of(words)
  local list = {}
  for word in words:gmatch "%S+" do list[#list + 1] = ('"%s"*'):format(word:gsub('"', '""'):gsub("%z", "")) end
  return #list > 0 and table.concat(list, " ") or nil
end

-- What LIKE finds anywhere within, without wild cards.
local function within(words) return "%" .. words:gsub("[\\%%_]", "\\%0") .. "%" end

-- The conditions and the values of their places.
local function conditions_of(o)
  local list, values = {}, {}
  local function add(condition, name, value)
    list[#list + 1] = condition
    if name then values[name] = value end
  end
  local match = o.words and match_of(o.words)
  if match then add("words MATCH :match", "match", match) end
  for name, column in pairs(columns) do
    if o[name] then
      add(("%s >= :%s_low"):format(column, name), name .. "_low", o[name][1])
      add(("%s <= :%s_high"):format(column, name), name .. "_high", o[name][2])
    end
  end
  if o.key then
    local keys = keys_of(o.key)
    values.key, values.other_key = keys[1], keys[2] or keys[1]
    add "traits.key IN (:key, :other_key)"
  end
  if o.mood then add("traits.mood = :mood", "mood", o.mood) end
  if o.genre then
    values.genre = within(o.genre)
    add [[(songs.genre LIKE :genre ESCAPE '\' OR songs.genre IS NULL AND traits.style LIKE :genre ESCAPE '\')]]
  end
  if o.label then
    add([[EXISTS (SELECT 1 FROM findings JOIN makers ON makers.id = findings.maker WHERE findings.song = songs.id
      AND makers.kind = 'prediction' AND CASE typeof(findings.data) WHEN 'text' -- embeddings are looked at, too
      THEN json_extract(findings.data, '$.label') END = :label COLLATE NOCASE)]], "label", o.label)
  end
  for _, name in ipairs {"artist", "album"} do
    if o[name] then add(([[songs.%s LIKE :%s ESCAPE '\']]):format(name, name), name, within(o[name])) end
  end
  if not o.vanished then add "EXISTS (SELECT 1 FROM files WHERE song = songs.id AND vanished IS NULL)" end
  return list, values, match
end

local sorted = {path = "path", title = "songs.title COLLATE NOCASE", artist = "songs.artist COLLATE NOCASE",
  album = "songs.album COLLATE NOCASE", genre = "songs.genre COLLATE NOCASE", key = "traits.key", added = "songs.added"}

local function order_of(o, match)
  local way = o.descending and "DESC" or "ASC"
  if not o.sort and match then return "bm25(words, 10, 8, 5, 3, 1) " .. way .. ", songs.id" end
  local name = o.sort or "path"
  local column = sorted[name] or columns[name]
  return ("%s %s NULLS LAST, songs.artist, songs.album, songs.track, songs.id"):format(column, way)
end

--- Songs, and how many there are beyond `limit`.
---     for _, song in ipairs(search.run(db, {tempo = "120-130"})) do print(song.path) end
---@param db moonlark.Database
---@param given moonlark.Library.search.Options?
---@return moonlark.library.Song[]  with `total`
function search.run(db, given)
  local o = search.parameters:read(given)
  local conditions, values, match = conditions_of(o)
  local source = songs.source .. (match and " JOIN words ON words.rowid = songs.id" or "")
  local where = #conditions > 0 and " WHERE " .. table.concat(conditions, " AND ") or ""
  local list = json.array {}
  list.total = db:row(("SELECT count(*) AS n FROM %s%s"):format(source, where), values).n
  values.limit, values.offset = o.limit, o.offset
  for row in db:each(("SELECT %s FROM %s%s ORDER BY %s LIMIT :limit OFFSET :offset"):format(songs.columns, source, where,
    order_of(o, match)), values) do
    list[#list + 1] = songs.of(row)
  end
  return list
end

return search
