--- Folder: what lies in a folder beside what a library knows of it: new, changed, moved and vanished files.
---
--- A file whose size and time of change are as they were is not opened. Songs are known by the content of their file, so
--- one that was moved or renamed is the same song at another path. Each file is one transaction.
local audio = require "moonlark.audio"
local background = require "moonlark.dataset.background"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local scan = require "moonlark.dataset.scan"

local folder = {}

local batch = 256 -- files that are read at a time

---@class moonlark.library.Seen  what an `add` saw
---@field seen integer  sound files in the folder
---@field unchanged integer
---@field added integer  songs that the library did not know
---@field changed integer  files whose content is another one
---@field moved integer  files that are where another with their content was
---@field vanished integer  files that are no longer there
---@field rejected {path: string, reason: string}[]  what cannot be read or heard

-- What the library knows of a file, or below a folder, by path.
local function known_below(db, path)
  local known, base = {}, path == "/" and "" or path
  for row in db:each([[SELECT path, song, files.bytes, mtime, coalesce(files.fault, songs.fault) AS fault, vanished
    FROM files LEFT JOIN songs ON songs.id = song
    WHERE path = ? OR path > ? AND path < ?]], {path, base .. "/", base .. "0"}) do -- "0" comes after "/"
    known[row.path] = row
  end
  return known
end

-- The words by which a song is searched: its tags, and the names of its files.
local function index_words(db, number)
  db:run("DELETE FROM words WHERE rowid = ?", {number})
  db:run([[INSERT INTO words (rowid, title, artist, album, genre, path)
    SELECT id, title, concat_artists, album, genre, paths FROM (SELECT id, title,
      coalesce(artist, '') || ' ' || coalesce(album_artist, '') AS concat_artists, album, genre,
      (SELECT group_concat(path, ' ') FROM files WHERE song = songs.id) AS paths FROM songs WHERE id = ?)]], {number})
end

-- A song that was never heard and lies nowhere says nothing to anybody.
local function drop_if_useless(db, number)
  local dropped = db:run([[DELETE FROM songs WHERE id = ? AND fault IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM files WHERE song = songs.id)]], {number})
  if dropped > 0 then db:run("DELETE FROM words WHERE rowid = ?", {number}) end
end

-- The number of the song with this content, which is entered where it is new.
local function song_of(db, path, bytes, found)
  local row = db:row("SELECT id FROM songs WHERE content = ?", {found.hash})
  if row then return row.id, false end
  local format, codec = core.audio.info(path)
  local tags = audio.tags(path)
  local _, number = db:run([[INSERT INTO songs (content, bytes, duration, rate, channels, format, codec, title, artist,
    album, album_artist, genre, year, track, tags, added) VALUES (:content, :bytes, :duration, :rate, :channels, :format,
    :codec, :title, :artist, :album, :album_artist, :genre, :year, :track, :tags, :added)]],
    {content = found.hash, bytes = bytes, duration = found.seconds >= 0 and found.seconds or nil, rate = found.rate,
      channels = found.channels, format = format, codec = codec, title = tags.title, artist = tags.artist,
      album = tags.album, album_artist = tags.album_artist, genre = tags.genre, year = tags.year, track = tags.track,
      tags = json.encode(tags), added = os.time()})
  return number, true
end

local function enter(db, path, stamp, number, fault)
  db:run([[INSERT INTO files (path, song, bytes, mtime, fault) VALUES (:path, :song, :bytes, :mtime, :fault)
    ON CONFLICT (path) DO UPDATE SET song = :song, bytes = :bytes, mtime = :mtime, fault = :fault, vanished = NULL]],
    {path = path, song = number, bytes = stamp.bytes, mtime = stamp.mtime, fault = fault})
end

-- One file that was read, or could not be: `found` is what it holds, or the reason.
local function take(db, path, stamp, before, found, seen)
  db:transaction(function()
    local former = before and before.song
    if type(found) == "string" then
      enter(db, path, stamp, nil, found)
      seen.rejected[#seen.rejected + 1] = {path = path, reason = found}
    else
      local number, is_new = song_of(db, path, stamp.bytes, found)
      enter(db, path, stamp, number, nil)
      if is_new then seen.added = seen.added + 1 end
      local fault = db:row("SELECT fault FROM songs WHERE id = ?", {number}).fault
      if fault then seen.rejected[#seen.rejected + 1] = {path = path, reason = fault} end
      index_words(db, number)
      if former == number then former = nil end
    end
    if former then
      seen.changed = seen.changed + 1
      drop_if_useless(db, former)
      if db:row("SELECT 1 FROM songs WHERE id = ?", {former}) then index_words(db, former) end
    end
  end)
end

-- What each of some files holds, or the reason why it cannot be read. Runs on `workers` threads.
local function read(paths, workers)
  local job <close> = core.extract.inspect(paths, "content", workers, -1, false)
  background.await(job)
  local outcome, found = job:outcome(), core.extract.inspected(job)
  for i, path in ipairs(paths) do
    if outcome[i] ~= true then found[i] = background.reason(path, tostring(outcome[i])) end
  end
  return found
end

-- Those that are not as they were, with their stamps. One that is back as it was is only marked so.
local function changes(db, paths, known, seen)
  local list, stamps = {}, {}
  for _, path in ipairs(paths) do
    local bytes, mtime = core.system.stamp(path)
    local before = known[path]
    if bytes and not (before and before.bytes == bytes and before.mtime == mtime) then
      list[#list + 1], stamps[path] = path, {bytes = bytes, mtime = mtime}
    elseif bytes then
      seen.unchanged = seen.unchanged + 1
      if before.vanished then db:run("UPDATE files SET vanished = NULL WHERE path = ?", {path}) end
      if before.fault then seen.rejected[#seen.rejected + 1] = {path = path, reason = before.fault} end
    end
  end
  return list, stamps
end

-- Files that are known and not there any more. What lies in a folder that cannot be listed is not known to be gone.
local function mark_vanished(db, known, paths, aside, seen)
  local here = {}
  for _, path in ipairs(paths) do here[path] = true end
  local function hidden(path)
    for _, bad in ipairs(aside) do
      if path:sub(1, #bad.path + 1) == bad.path .. "/" then return true end
    end
  end
  db:transaction(function()
    for path, before in pairs(known) do
      if not here[path] and not before.vanished and not hidden(path) then
        seen.vanished = seen.vanished + 1
        db:run("UPDATE files SET vanished = ? WHERE path = ?", {os.time(), path})
      end
    end
  end)
end

-- A file that is gone, and whose content lies elsewhere, was moved, or was one copy of several: its path is forgotten. So
-- is one that is gone and never held a song.
local function settle(db, seen)
  db:transaction(function()
    local gone = db:rows [[SELECT path, song FROM files WHERE vanished IS NOT NULL AND (song IS NULL OR EXISTS
      (SELECT 1 FROM files AS other WHERE other.song = files.song AND other.vanished IS NULL))]]
    for _, file in ipairs(gone) do
      db:run("DELETE FROM files WHERE path = ?", {file.path})
      if file.song then
        seen.moved, seen.vanished = seen.moved + 1, seen.vanished - 1
        index_words(db, file.song)
      end
    end
    for _, song in ipairs(db:rows "SELECT id FROM songs WHERE fault IS NOT NULL") do drop_if_useless(db, song.id) end
  end)
  seen.vanished = math.max(seen.vanished, 0)
end

-- The sounds in a folder, which the library remembers, or the file itself; and what cannot be read.
local function sounds_at(db, path)
  if files.kind(path) == "file" then return {path}, {} end
  local paths, aside = scan.sounds(path)
  for i, name in ipairs(paths) do paths[i] = scan.join(path, name) end
  db:run("INSERT OR IGNORE INTO folders (path) VALUES (?)", {path})
  return paths, aside
end

--- Enters what lies in a folder, or one file. Errors: it cannot be listed; the disk is full. What was entered before an error stays.
---     local seen = folder.enter(db, "/music", {workers = 0})
---@param db moonlark.Database
---@param path string  from the root on
---@param o {workers: integer, on_file: (fun(done: integer, total: integer))?}
---@return moonlark.library.Seen
function folder.enter(db, path, o)
  local seen = {seen = 0, unchanged = 0, added = 0, changed = 0, moved = 0, vanished = 0}
  local paths, aside = sounds_at(db, path)
  seen.seen, seen.rejected = #paths, table.move(aside, 1, #aside, 1, {})
  local known = known_below(db, path)
  mark_vanished(db, known, paths, aside, seen)
  local todo, stamps = changes(db, paths, known, seen)
  for first = 1, #todo, batch do
    local some = table.move(todo, first, math.min(first + batch - 1, #todo), 1, {})
    for i, found in ipairs(read(some, o.workers)) do
      take(db, some[i], stamps[some[i]], known[some[i]], found, seen)
      if o.on_file then o.on_file(first + i - 1, #todo) end
    end
  end
  settle(db, seen)
  return seen
end

return folder
