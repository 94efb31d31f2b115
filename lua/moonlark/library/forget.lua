--- Forget: songs and files leave a library. What was found in a song goes with it.
local show = require "moonlark.base.show"

local forget = {}

--- One song.
---     forget.song(db, 7)
---@param db moonlark.Database
---@param number integer
---@return integer  how many songs were forgotten
function forget.song(db, number)
  db:run("DELETE FROM words WHERE rowid = ?", {number})
  return (db:run("DELETE FROM songs WHERE id = ?", {number}))
end

-- The songs that a question gives the numbers of.
local function each(db, question)
  local count = 0
  for _, row in ipairs(db:rows(question)) do count = count + forget.song(db, row.id) end
  return count
end

--- Songs without a file that is there, and what is known of files that are gone.
---     forget.vanished(db)
---@param db moonlark.Database
---@return integer
function forget.vanished(db)
  db:run "DELETE FROM files WHERE vanished IS NOT NULL"
  return each(db, "SELECT id FROM songs WHERE NOT EXISTS (SELECT 1 FROM files WHERE song = songs.id)")
end

--- The files below a folder, and the songs that lie nowhere else. Errors: the library knows nothing of it.
---     forget.folder(db, "/music")
---@param db moonlark.Database
---@param path string
---@return integer
function forget.folder(db, path)
  local base = path == "/" and "" or path
  local files = db:run("DELETE FROM files WHERE path > ? AND path < ?", {base .. "/", base .. "0"})
  local folders = db:run("DELETE FROM folders WHERE path = ?", {path})
  if files + folders == 0 then show.fail("the library knows nothing of the folder %s", path) end
  return each(db, "SELECT id FROM songs WHERE NOT EXISTS (SELECT 1 FROM files WHERE song = songs.id)")
end

return forget
