--- Makers: who found something in songs, in which version; what others of the same name found before is out of date.
local json = require "moonlark.base.json"
local kept = require "moonlark.music.analysis.kept"
local parts = require "moonlark.music.analysis.parts"

local makers = {}

---@class moonlark.library.Maker
---@field kind "analysis"|"prediction"|"embedding"|"fingerprint"
---@field name string
---@field version string
---@field id integer?  in the database

--- The analysis of these parts by music.analyze.
---     makers.analysis {"tempo", "key"}
---@param names string[]?  default: all
---@return moonlark.library.Maker
function makers.analysis(names)
  names = names or parts.names
  local asked = #names == #parts.names and "all" or table.concat(names, " ")
  return {kind = "analysis", name = "music.analyze", version = ("%d %s"):format(kept.numbers, asked)}
end

--- The maker with its number in the database, which gets one where it has none.
---     local maker = makers.enter(db, makers.analysis())
---@param db moonlark.Database
---@param maker moonlark.library.Maker
---@return moonlark.library.Maker
function makers.enter(db, maker)
  local values = {maker.kind, maker.name, maker.version}
  local question = "SELECT id FROM makers WHERE kind = ? AND name = ? AND version = ?"
  local found = db:row(question, values)
  if not found then
    db:run("INSERT OR IGNORE INTO makers (kind, name, version) VALUES (?, ?, ?)", values)
    found = db:row(question, values)
  end
  maker.id = found.id
  return maker
end

--- Keeps what a maker found in a song, in place of what its other versions did.
---     makers.keep(db, maker, number, {tempo = 120})
---@param db moonlark.Database
---@param maker moonlark.library.Maker
---@param number integer  of the song
---@param data table  plain data; or {blob = bytes}
function makers.keep(db, maker, number, data)
  db:run([[DELETE FROM findings WHERE song = ? AND maker IN (SELECT id FROM makers WHERE kind = ? AND name = ?)]],
    {number, maker.kind, maker.name})
  db:run("INSERT INTO findings (song, maker, made, data) VALUES (?, ?, ?, ?)",
    {number, maker.id, os.time(), data.blob and data or json.encode(data)})
end

--- What was found in a song, in whichever version; nil where nothing was. With whom.
---     local plain = makers.found(db, "analysis", "music.analyze", number)
---@param db moonlark.Database
---@param kind string
---@param name string
---@param number integer
---@return any data  JSON as text, or bytes
---@return moonlark.library.Maker?
function makers.found(db, kind, name, number)
  local row = db:row([[SELECT data, kind, name, version, maker AS id FROM findings JOIN makers ON makers.id = maker
    WHERE song = ? AND kind = ? AND name = ? ORDER BY made DESC LIMIT 1]], {number, kind, name})
  if not row then return nil end
  return row.data, {kind = row.kind, name = row.name, version = row.version, id = row.id}
end

return makers
