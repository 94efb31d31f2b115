--- Embeddings of a library's songs: numbers by which they are compared, one row a song, with whom they are from.
local database = require "moonlark_core".database

local embedding = {}

--- Our own: music.vector.
---     makers.enter(db, embedding.own())
---@return moonlark.library.Maker
function embedding.own() return {kind = "embedding", name = "music.vector", version = "1"} end

--- Those of a model that was asked about the library (asking.ask); nil where it was not.
---     local maker = embedding.by_model(db, "yamnet")
---@param db moonlark.Database
---@param name string  of asking.name_of
---@return moonlark.library.Maker?
function embedding.by_model(db, name)
  return db:row([[SELECT id, kind, name, version FROM makers WHERE kind = 'embedding' AND name = ?
    AND EXISTS (SELECT 1 FROM findings WHERE maker = makers.id) ORDER BY id DESC LIMIT 1]], {name})
end

--- One, as it is kept: float32.
---     makers.keep(db, maker, 7, {blob = embedding.bytes(music.vector "song.mp3")})
---@param x moonlark.Tensor  [columns]
---@return string
function embedding.bytes(x) return database.pack(x) end

--- A number that changes when embeddings are added or replaced: what is made of them can be kept as long.
---     print(embedding.stamp(db, maker))
---@param db moonlark.Database
---@param maker moonlark.library.Maker
---@return string
function embedding.stamp(db, maker)
  local row = db:row("SELECT count(*) AS n, max(rowid) AS last FROM findings WHERE maker = ?", {maker.id})
  return ("%d %d"):format(row.n, row.last or 0)
end

--- All of a maker's: the numbers of the songs, and a row for each. nil where there are none.
---     local numbers, x = embedding.all(db, maker)
---@param db moonlark.Database
---@param maker moonlark.library.Maker
---@return integer[]? numbers
---@return moonlark.Tensor? x  songs × columns, float32
function embedding.all(db, maker)
  local numbers, rows = {}, {}
  for row in db:each("SELECT song, data FROM findings WHERE maker = ? ORDER BY song", {maker.id}) do
    numbers[#numbers + 1], rows[#rows + 1] = row.song, row.data
  end
  if #rows == 0 then return nil end
  return numbers, database.unpack(rows, #rows[1] // 4)
end

return embedding
