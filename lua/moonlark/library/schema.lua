--- Schema: the tables of a library, and how those of an older version become those of today.
local show = require "moonlark.base.show"

local schema = {}

-- Each step leads from the version before it to its own number, and is never changed again: files of it exist.
local steps = {
  [[
-- What was found in files: one row for each content, however many files hold it.
CREATE TABLE songs (
  id INTEGER PRIMARY KEY,
  content TEXT NOT NULL UNIQUE, -- XXH3 of the file's bytes, 32 hexadecimal digits
  bytes INTEGER NOT NULL,
  duration REAL, rate INTEGER, channels INTEGER, format TEXT, codec TEXT, -- as the file says
  title TEXT, artist TEXT, album TEXT, album_artist TEXT, genre TEXT, year INTEGER, track INTEGER,
  tags TEXT NOT NULL, -- all of them, as JSON
  added REAL NOT NULL, -- seconds since 1970
  fault TEXT -- why it cannot be heard
) STRICT;

-- Where it lies. A file that could not be read has no song, and a fault.
CREATE TABLE files (
  path TEXT PRIMARY KEY,
  song INTEGER REFERENCES songs (id) ON DELETE CASCADE,
  bytes INTEGER NOT NULL, mtime INTEGER NOT NULL, -- nanoseconds since 1970
  fault TEXT,
  vanished REAL -- since when it is not there
) STRICT, WITHOUT ROWID;
CREATE INDEX files_of_songs ON files (song);

CREATE TABLE folders (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Who finds something in songs: an analysis, a model. Another version finds something else.
CREATE TABLE makers (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  UNIQUE (kind, name, version)
) STRICT;

CREATE TABLE findings (
  song INTEGER NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
  maker INTEGER NOT NULL REFERENCES makers (id),
  made REAL NOT NULL,
  data ANY NOT NULL, -- JSON, or float32
  UNIQUE (song, maker)
) STRICT;
CREATE INDEX findings_of_makers ON findings (maker);

-- What of an analysis is searched by.
CREATE TABLE traits (
  song INTEGER PRIMARY KEY REFERENCES songs (id) ON DELETE CASCADE,
  tempo REAL, meter INTEGER, key TEXT, key_confidence REAL, mood TEXT, energy REAL, valence REAL, arousal REAL,
  danceability REAL, voice REAL, style TEXT, loudness_lufs REAL, loudness_range_lu REAL, true_peak_dbtp REAL,
  dynamic_range_db REAL, chords_a_minute REAL, onsets_a_second REAL, sections INTEGER, faults TEXT
) STRICT;
CREATE INDEX traits_by_tempo ON traits (tempo);

-- The words of each song, by its number.
CREATE VIRTUAL TABLE words USING fts5 (title, artist, album, genre, path, tokenize = 'unicode61 remove_diacritics 2');
]],
  [[
-- What a person said of songs: of this genre of theirs, or not. The later counts.
CREATE TABLE answers (
  id INTEGER PRIMARY KEY,
  song INTEGER NOT NULL REFERENCES songs (id) ON DELETE CASCADE,
  genre TEXT NOT NULL, yes INTEGER NOT NULL, time REAL NOT NULL
) STRICT;
CREATE INDEX answers_of_songs ON answers (song);
]],
}

--- Makes the tables, or those that are missing. Errors: a library of a later Moonlark; no library.
---     schema.prepare(database.open "songs.db")
---@param db moonlark.Database
function schema.prepare(db)
  local function version() return db:row "PRAGMA user_version".user_version end
  if version() > #steps then
    show.fail("%s is a library of version %d, and this Moonlark knows %d: it needs a later one", db.path, version(), #steps)
  end
  if version() == #steps then return end
  db:transaction(function()
    local strangers = version() == 0 and db:row "SELECT name FROM sqlite_schema LIMIT 1"
    if strangers then show.fail("%s is a database, but no library: it has a table '%s'", db.path, strangers.name) end
    for number = version() + 1, #steps do
      db:script(steps[number])
      db:script(("PRAGMA user_version = %d"):format(number))
    end
  end)
end

return schema
