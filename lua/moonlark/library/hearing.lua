--- Hearing: songs that nobody has heard yet, or only by a version that is out of date, are heard; each is one transaction.
local core = require "moonlark_core"
local duplicates = require "moonlark.library.duplicates"
local embedding = require "moonlark.library.embedding"
local heard = require "moonlark.music.hearing.heard"
local json = require "moonlark.base.json"
local makers = require "moonlark.library.makers"
local music = require "moonlark.music"
local parts = require "moonlark.music.analysis.parts"
local show = require "moonlark.base.show"
local traits = require "moonlark.library.traits"

local hearing = {}

---@class moonlark.library.Ear  what one maker finds in a song
---@field maker moonlark.library.Maker  with its number
---@field curves fun(): string[]  of the song that it rests on
---@field find fun(h: moonlark.music.Heard): table|string  plain data, or bytes

-- What is found in each song that is heard, all in one pass over its sound.
local function kinds(names)
  local asked = names or parts.names
  return {
    {maker = makers.analysis(names), curves = function() return parts.curves(asked) end, find = function(h)
      local plain = music.analyze(h, {parts = names}):plain()
      plain.path = nil
      return plain
    end},
    {maker = embedding.own(), curves = function() return music.vector_curves end, find = function(h)
      return embedding.bytes(music.vector(h))
    end},
    {maker = duplicates.maker(), curves = function() return {"fingerprint"} end, find = music.fingerprint},
  }
end

--- What is to be found in songs. Makers that the database does not know are entered.
---     local ears = hearing.ears(db, {"tempo", "key"})
---@param db moonlark.Database
---@param names string[]?  parts of the analysis; default: all
---@return moonlark.library.Ear[]
function hearing.ears(db, names)
  local list = kinds(names)
  for _, ear in ipairs(list) do makers.enter(db, ear.maker) end
  return list
end

-- Songs that can be heard and lack what one of these makers says.
local function pending(ears)
  local lacking = {}
  for i, ear in ipairs(ears) do
    lacking[i] = ("NOT EXISTS (SELECT 1 FROM findings WHERE song = songs.id AND maker = %d)"):format(ear.maker.id)
  end
  return ([[FROM songs WHERE fault IS NULL AND EXISTS (SELECT 1 FROM files WHERE song = songs.id AND vanished IS NULL)
    AND (%s)]]):format(table.concat(lacking, " OR "))
end

--- The numbers of the songs in which something is to be found, in order.
---     print(#hearing.pending(db, ears))
---@param db moonlark.Database
---@param ears moonlark.library.Ear[]
---@return integer[]
function hearing.pending(db, ears)
  local list = {}
  for row in db:each("SELECT id " .. pending(ears) .. " ORDER BY id") do list[#list + 1] = row.id end
  return list
end

--- A file of a song that still is what the library read; nil where none is.
---     print(hearing.file_of(db, 7).path)
---@param db moonlark.Database
---@param number integer
---@return {path: string, bytes: integer, mtime: integer}?
function hearing.file_of(db, number)
  for _, file in ipairs(db:rows([[SELECT path, bytes, mtime FROM files WHERE song = ? AND vanished IS NULL
    ORDER BY path]], {number})) do
    local bytes, mtime = core.system.stamp(file.path)
    if bytes == file.bytes and mtime == file.mtime then return file end
  end
end

local function is_as_before(file)
  local bytes, mtime = core.system.stamp(file.path)
  return bytes == file.bytes and mtime == file.mtime
end

-- An error that says nothing of the song.
local function is_of_machine(message)
  for _, words in ipairs {"interrupted", "not enough memory", "No space left", "Too many open files"} do
    if message:find(words, 1, true) then return true end
  end
end

local function keep_traits(db, number, plain)
  local values, names, places = traits.of(plain), {"song"}, {":song"}
  values.song = number
  for _, name in ipairs(traits.columns) do names[#names + 1], places[#places + 1] = name, ":" .. name end
  db:run(("INSERT OR REPLACE INTO traits (%s) VALUES (%s)"):format(table.concat(names, ", "), table.concat(places, ", ")),
    values)
end

-- A song that cannot be heard is kept, with the reason.
local function set_aside(db, number, reason)
  db:transaction(function() db:run("UPDATE songs SET fault = ? WHERE id = ?", {reason, number}) end)
end

-- What those makers find that have not heard this version of the song: {ear, found}.
local function find(db, number, path, ears)
  local h, list, curves = heard.of(path), {}, {}
  for _, ear in ipairs(ears) do
    if not db:row("SELECT 1 FROM findings WHERE song = ? AND maker = ?", {number, ear.maker.id}) then
      list[#list + 1] = {ear = ear}
      table.move(ear.curves(), 1, #ear.curves(), #curves + 1, curves)
    end
  end
  h:prepare(curves)
  for _, one in ipairs(list) do one.found = one.ear.find(h) end
  return list
end

-- Why a song cannot be heard, without its path.
local function reason_of(path, message)
  local shown = show.name(path)
  return message:sub(1, #shown) == shown and message:sub(#shown + 1):match "^:? ?(.+)$" or message
end

local function keep(db, number, list)
  for _, one in ipairs(list) do
    local maker, found = one.ear.maker, one.found
    makers.keep(db, maker, number, type(found) == "string" and {blob = found} or found)
    if maker.kind == "analysis" then
      keep_traits(db, number, found)
      db:run("UPDATE songs SET duration = coalesce(duration, ?) WHERE id = ?", {found.duration, number})
    end
  end
end

--- Hears one song. Nothing happens where no file is what it was: the next look at the folder says what became of it.
---     hearing.hear(db, 7, hearing.ears(db))
---@param db moonlark.Database
---@param number integer
---@param ears moonlark.library.Ear[]
---@return {path: string, reason: string}?  why it cannot be heard
function hearing.hear(db, number, ears)
  local file = hearing.file_of(db, number)
  if not file then return nil end
  local fine, list = pcall(find, db, number, file.path, ears)
  if not is_as_before(file) then return nil end
  if fine then return db:transaction(function() keep(db, number, list) end) end
  local message = tostring(list)
  if is_of_machine(message) then error(message, 0) end
  local reason = reason_of(file.path, message)
  set_aside(db, number, reason)
  return {path = file.path, reason = reason}
end

--- What music.analyze says of a song, as plain data; nil where it was not heard.
---     print(hearing.analysis(db, 7).tempo)
---@param db moonlark.Database
---@param number integer
---@return table?
function hearing.analysis(db, number)
  local data = makers.found(db, "analysis", "music.analyze", number)
  return data and json.decode(data)
end

return hearing
