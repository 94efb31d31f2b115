--- Export: a whole library for other programs: a table, JSON, or a JAMS file for each song.
local annotation = require "moonlark.annotation"
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local hearing = require "moonlark.library.hearing"
local json = require "moonlark.base.json"
local show = require "moonlark.base.show"
local songs = require "moonlark.library.songs"
local traits = require "moonlark.library.traits"

local export = {}

--- The columns of a table of songs, in order.
export.columns = {"id", "path", "title", "artist", "album", "album_artist", "genre", "year", "track", "duration", "rate",
  "channels", "format", "codec", "bytes"}
table.move(traits.columns, 1, #traits.columns, #export.columns + 1, export.columns)

-- All songs, one after the other, with their numbers.
local function each(db)
  local step = db:each(("SELECT %s FROM %s ORDER BY songs.id"):format(songs.columns, songs.source))
  return function()
    local row = step()
    if row then return row.number, songs.of(row) end
  end
end

local function write_csv(db, path)
  local rows = {}
  for _, song in each(db) do rows[#rows + 1] = song end
  csv.write(path, export.columns, rows)
  return #rows
end

-- What a person may want to know of a song, analyses and all.
local function whole(db, number, song)
  song.paths = json.array(songs.paths(db, number))
  song.tags, song.analysis = songs.tags(db, number), hearing.analysis(db, number)
  return song
end

-- A song is written when it is read: a library may be larger than memory.
local function write_json(db, path)
  local aside, count = path .. ".part", 0
  local file <close> = io.open(aside, "wb") or show.fail("cannot write %s", aside)
  local function put(text)
    local ok, why = file:write(text)
    if not ok then
      os.remove(aside)
      show.fail("cannot write %s: %s", aside, why)
    end
  end
  put '{"format": "moonlark.library", "songs": ['
  for number, song in each(db) do
    put((count > 0 and ",\n" or "\n") .. json.encode(whole(db, number, song)))
    count = count + 1
  end
  put "\n]}\n"
  file:close()
  local moved, why = os.rename(aside, path)
  if not moved then show.fail("cannot write %s", why) end
  return count
end

-- Segments and events as annotations have them, of an analysis as plain data.
local function segments_of(kind, list, duration)
  local made = {kind = kind, duration = duration}
  for i, one in ipairs(list) do
    made[i] = {start = one.start, stop = one["end"], label = one.label, confidence = one.confidence}
  end
  return annotation.new(made)
end

local function events_of(kind, times, duration)
  local made = {kind = kind, duration = duration}
  for i, time in ipairs(times) do made[i] = {start = time} end
  return annotation.new(made)
end

-- Beats, with their places in the bar where the bars are known: counted on from each downbeat, and back from the first.
local function beats_of(plain)
  local made, downbeats, first = {kind = "beats", duration = plain.duration}, {}, nil
  for _, time in ipairs(plain.downbeats or {}) do downbeats[time] = true end
  for i, time in ipairs(plain.beats) do
    if downbeats[time] then first = first or i end
    made[i] = {start = time, position = downbeats[time] and 1 or first and made[i - 1].position + 1}
  end
  for i = 1, plain.meter and first and first - 1 or 0 do
    made[i].position = (i - first) % math.tointeger(plain.meter) + 1
  end
  return annotation.new(made)
end

local function tempo_of(plain)
  local made = {kind = "tempo", duration = plain.duration}
  for i, one in ipairs(plain.tempo_candidates or {}) do
    made[i] = {start = 0, stop = plain.duration, value = one.bpm, confidence = one.weight}
  end
  return annotation.new(made)
end

--- The annotations of an analysis that was kept.
---     annotation.save_all("song.jams", export.annotations(plain))
---@param plain table  of Analysis:plain
---@return moonlark.Annotation[]
function export.annotations(plain)
  local list = {}
  if plain.tempo_candidates then list[#list + 1] = tempo_of(plain) end
  if plain.beats then list[#list + 1] = beats_of(plain) end
  if plain.key and plain.key.segments then list[#list + 1] = segments_of("key", plain.key.segments, plain.duration) end
  for _, kind in ipairs {"chords", "sections", "voice"} do
    if plain[kind] then list[#list + 1] = segments_of(kind, plain[kind], plain.duration) end
  end
  if plain.onsets then list[#list + 1] = events_of("onsets", plain.onsets, plain.duration) end
  return list
end

-- Files are named by songs' ids: no two songs have the same, and no name of a file of somebody's is trusted.
local function write_jams(db, folder)
  local count = 0
  files.mkdirs(folder)
  for number, song in each(db) do
    local plain = hearing.analysis(db, number)
    if plain then
      local title = song.title or song.path and files.stem(song.path) or song.id
      annotation.save_all(files.join(folder, song.id .. ".jams"), export.annotations(plain),
        {title = title, duration = plain.duration})
      count = count + 1
    end
  end
  return count
end

--- Writes all songs: `.csv` a line each; `.json` with paths, tags and analyses; a folder gets a JAMS file, named by its id,
--- for each song that was heard. Errors: another ending; the file cannot be written.
---     export.write(db, "songs.csv")
---@param db moonlark.Database
---@param path string
---@return integer written  songs
function export.write(db, path)
  local _, ending = files.stem(path)
  if ending == ".csv" then return write_csv(db, path) end
  if ending == ".json" then return write_json(db, path) end
  if ending == "" or path:sub(-1) == "/" or files.kind(path) == "directory" then return write_jams(db, path) end
  show.fail("%s must end in .csv or .json, or be a folder (of JAMS files)", path)
end

return export
