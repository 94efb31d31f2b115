--- Songs: what a library knows of a song, as one table; rows of the database become it.
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local traits = require "moonlark.library.traits"

local songs = {}

---@class moonlark.library.Song
---@field id string  the content of its file as 32 hexadecimal digits
---@field path string?  a file that holds it; nil where none is there any more
---@field paths string[]?  all of them
---@field vanished boolean?  no file holds it any more
---@field title string?
---@field artist string?
---@field album string?
---@field album_artist string?
---@field genre string?  as its tags say
---@field year integer?
---@field track integer?
---@field duration number?  seconds
---@field rate integer?  Hz
---@field channels integer?
---@field format string?
---@field codec string?
---@field bytes integer
---@field added number  seconds since 1970
---@field fault string?  why it cannot be heard
---@field tempo number?  BPM
---@field meter integer?
---@field key string?  "A minor"
---@field mood "happy"|"tense"|"sad"|"calm"|nil
---@field energy number?  0..1
---@field valence number?  0..1
---@field arousal number?  0..1
---@field danceability number?  0..1
---@field style string?  the likeliest genre by rules
---@field loudness_lufs number?

local file = {"content AS id", "title", "artist", "album", "album_artist", "genre", "year", "track", "duration", "rate",
  "channels", "format", "codec", "bytes", "added", "fault"}

local selected = {}
for i, name in ipairs(file) do selected[i] = "songs." .. name end
for _, name in ipairs(traits.columns) do selected[#selected + 1] = "traits." .. name end

--- What a SELECT of songs names: its columns, and where they come from.
songs.columns = "songs.id AS number, " .. table.concat(selected, ", ") .. [[,
  (SELECT path FROM files WHERE song = songs.id AND vanished IS NULL ORDER BY path LIMIT 1) AS path]]
songs.source = "songs LEFT JOIN traits ON traits.song = songs.id"

--- A row of them as a song.
---     songs.of(row)
---@param row table
---@return moonlark.library.Song
function songs.of(row)
  row.number = nil
  row.vanished = not row.path or nil
  return row
end

-- The number of the song with a content, or that lies at a path; nil where it is not known.
local function number_of(db, name)
  local found = db:row("SELECT id FROM songs WHERE content = ?", {name})
    or db:row("SELECT song AS id FROM files WHERE path = ? AND song IS NOT NULL", {name})
  return found and found.id
end

--- The files that hold a song, sorted.
---     print(songs.paths(db, 7)[1])
---@param db moonlark.Database
---@param number integer
---@return string[]
function songs.paths(db, number)
  local paths = {}
  for i, one in ipairs(db:rows("SELECT path FROM files WHERE song = ? AND vanished IS NULL ORDER BY path", {number})) do
    paths[i] = one.path
  end
  return paths
end

--- One song by its number; nil where there is none.
---     print(songs.numbered(db, 7).path)
---@param db moonlark.Database
---@param number integer
---@return moonlark.library.Song?
function songs.numbered(db, number)
  local row = db:row(("SELECT %s FROM %s WHERE songs.id = ?"):format(songs.columns, songs.source), {number})
  return row and songs.of(row)
end

--- One song, by its id or a path; nil where the library has none such.
---     songs.find(db, "/music/a.mp3")
---@param db moonlark.Database
---@param name string
---@return moonlark.library.Song?
---@return integer? number  in the database
function songs.find(db, name)
  local number = number_of(db, name)
  if not number then return nil end
  local song = songs.numbered(db, number)
  song.paths = songs.paths(db, number)
  return song, number
end

--- The same; it is an error where the library has none such. A path may be as seen from here.
---     local song, number = songs.known(db, "a.mp3")
---@param db moonlark.Database
---@param name string
---@return moonlark.library.Song
---@return integer number
function songs.known(db, name)
  if type(name) ~= "string" then show.fail("song must be an id or a path, got %s", options.got(name)) end
  local song, number = songs.find(db, name)
  if not song then song, number = songs.find(db, scan.absolute(name)) end
  if not song or not number then show.fail("the library has no song '%s'", name) end
  return song, number
end

--- All tags of a song, by name.
---     print(songs.tags(db, 7).composer)
---@param db moonlark.Database
---@param number integer
---@return table<string, string>
function songs.tags(db, number) return json.decode(db:row("SELECT tags FROM songs WHERE id = ?", {number}).tags) end

return songs
