--- Collection: all songs that a service knows: those that it holds, and those of a library (moonlark library).
---
---     local songs, total = collection.search(service, {tempo_min = 120, limit = 10, offset = 0})
---     local song = collection.known(service, id)       -- held from now on, so that it can be heard and played
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local problem = require "moonlark.server.problem"

local collection = {}

-- --- songs that are held ---------------------------------------------------------------

local function holds(value, wanted) return tostring(value):lower():find(wanted:lower(), 1, true) ~= nil end

local function is_called(song, query)
  if holds(song.name, query) then return true end
  for _, value in pairs(song.tags or {}) do
    if holds(value, query) then return true end
  end
  return false
end

-- Whether a song is what was asked for; what is not known of it yet is not.
local function fits(song, said)
  local known = song.known or {}
  if said.query and not is_called(song, said.query) then return false end
  if said.tempo_min and not (known.tempo and known.tempo >= said.tempo_min) then return false end
  if said.tempo_max and not (known.tempo and known.tempo <= said.tempo_max) then return false end
  for _, name in ipairs {"key", "genre", "mood"} do
    if said[name] and (known[name] or ""):lower() ~= said[name]:lower() then return false end
  end
  return true
end

--- What clients are told of a song that is held, with what was heard in it.
---     request:answer(200, collection.held(service, song))
---@param service moonlark.server.Service
---@param song moonlark.server.Song
---@return table
function collection.held(service, song)
  local made = service.songs:plain(song)
  for name, value in pairs(song.known or {}) do made[name] = value end
  return made
end

-- --- songs of the library -----------------------------------------------------------------

local function name_of(song)
  if song.title then return song.artist and song.artist .. " – " .. song.title or song.title end
  return song.path and select(2, files.split(song.path)) or song.id
end

--- What clients are told of a song of the library: no paths.
---     request:answer(200, collection.filed(song))
---@param song moonlark.library.Song
---@return table
function collection.filed(song)
  local tags = {title = song.title, artist = song.artist, album = song.album, genre = song.genre,
    year = song.year and ("%d"):format(song.year)}
  return {id = song.id, name = name_of(song), bytes = song.bytes, upload = false, state = "new",
    added = math.floor(song.added), duration = song.duration, rate = song.rate, channels = song.channels,
    format = song.format, codec = song.codec, tags = tags, tempo = song.tempo, key = song.key, mood = song.mood,
    genre = song.genre or song.style, similarity = song.similarity, own_genre = song.own_genre,
    confidence = song.confidence, said = song.said}
end

-- What the library is asked.
local function asked(said, limit, offset)
  local tempo = (said.tempo_min or said.tempo_max) and {said.tempo_min or -math.huge, said.tempo_max or math.huge}
  return {words = said.query, tempo = tempo or nil, key = said.key, mood = said.mood, genre = said.genre,
    limit = limit, offset = offset}
end

-- Songs of the library from `offset` on, at most `limit`, and how many fit in all.
local function search_library(service, said, limit, offset)
  local least, most = said.tempo_min or -math.huge, said.tempo_max or math.huge
  if not service.library or least > most then return {}, 0 end
  local fine, found = pcall(service.library.search, service.library, asked(said, math.max(limit, 1), offset))
  if not fine then problem.fail(422, tostring(found)) end
  return limit > 0 and found or {}, found.total
end

-- --- both -----------------------------------------------------------------------------------

--- The song of an id: one that is held, or one of the library, which is held from now on. Errors, as problems: there is
--- none (404), or its file is gone.
---     local song = collection.known(service, request.parts.id)
---@param service moonlark.server.Service
---@param id string
---@return moonlark.server.Song
function collection.known(service, id)
  local held = service.songs:get(id)
  if held then return held end
  local filed = service.library and service.library:song(id)
  if not filed or not filed.path then problem.fail(404, "there is no such song") end
  local fine, song = pcall(service.songs.link, service.songs, filed.path, {name = name_of(filed)})
  if not fine or song.id ~= id then problem.fail(404, "the file of this song is gone, or has changed") end
  song.known = {tempo = filed.tempo, key = filed.key, mood = filed.mood, genre = filed.genre or filed.style}
  return song
end

--- Songs that are as asked, those that are held first, and how many there are in all.
---     local list, total = collection.search(service, {query = "love", limit = 100, offset = 0})
---@param service moonlark.server.Service
---@param said table  query, tempo_min, tempo_max, key, mood, genre, limit, offset
---@return table[]
---@return integer total
function collection.search(service, said)
  local list, held = json.array {}, {}
  for _, song in ipairs(service.songs:list()) do
    local filed = service.library and service.library:song(song.id) -- it comes with those of the library
    if not filed and fits(song, said) then held[#held + 1] = song end
  end
  for i = said.offset + 1, math.min(said.offset + said.limit, #held) do
    list[#list + 1] = collection.held(service, held[i])
  end
  local filed, total = search_library(service, said, said.limit - #list, math.max(said.offset - #held, 0))
  for _, song in ipairs(filed) do list[#list + 1] = collection.filed(song) end
  return list, #held + total
end

return collection
