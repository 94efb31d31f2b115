--- Database: tables in one file (SQLite), asked by statements whose values are bound, never written into them.
---
---     local db = database.open "songs.db"
---     db:run("INSERT INTO songs (title) VALUES (?)", {title})
---     for song in db:each("SELECT * FROM songs WHERE year > :year", {year = 1969}) do print(song.title) end
local core = require "moonlark_core".database
local finally = require "moonlark.base.finally"

local database = {}

--- Seconds that another process may keep the file locked.
database.patience = 60

---@class moonlark.Database
---@field path string
local Database = {__name = "moonlark.Database"}
Database.__index = Database

--- Opens a file; it is made where there is none, unless it is only to be read. Errors: no database; no right to write.
---     local db = database.open("songs.db", "read")
---@param path string
---@param mode "write"|"read"|nil  default "write"
---@return moonlark.Database
function database.open(path, mode)
  return setmetatable({path = path, engine = core.open(path, mode or "write", database.patience), prepared = {},
    depth = 0}, Database)
end

--- A value that is bytes, not a text.
---     db:run("INSERT INTO findings (data) VALUES (?)", {database.blob(bytes)})
---@param bytes string
---@return {blob: string}
function database.blob(bytes) return {blob = bytes} end

-- Statements are made once; the same words give the same one.
local function statement(self, sql)
  local made = self.prepared[sql]
  if not made then
    made = self.engine:prepare(sql)
    self.prepared[sql] = made
  end
  return made
end

--- Runs a statement that gives no rows, or whose rows nobody wants: how many it changed, and the number of the one that
--- it inserted.
---     local changed = db:run("DELETE FROM songs WHERE year < ?", {1900})
---@param sql string
---@param values table?  for its places: a list for "?", by name for ":name"; nil is NULL
---@return integer changed
---@return integer inserted
function Database:run(sql, values)
  local made = statement(self, sql)
  made:bind(values or {})
  while made:step() do end
  made:reset()
  return self.engine:changes()
end

--- All rows of a question, each by the names of its columns; NULL is nil.
---     for _, song in ipairs(db:rows "SELECT title FROM songs") do print(song.title) end
---@param sql string
---@param values table?
---@return table[]
function Database:rows(sql, values)
  local made, list = statement(self, sql), {}
  made:bind(values or {})
  for row in made.step, made do list[#list + 1] = row end
  made:reset()
  return list
end

--- The first row, or nil.
---     local song = db:row("SELECT * FROM songs WHERE id = ?", {7})
---@param sql string
---@param values table?
---@return table?
function Database:row(sql, values)
  local made = statement(self, sql)
  made:bind(values or {})
  local row = made:step()
  made:reset()
  return row
end

--- The rows one by one, for more than memory should hold. The question may be asked again meanwhile.
---     for song in db:each "SELECT title FROM songs" do print(song.title) end
---@param sql string
---@param values table?
---@return fun(): table?
function Database:each(sql, values)
  local made = self.engine:prepare(sql)
  made:bind(values or {})
  return function()
    local row = made:step()
    if not row then made:close() end
    return row
  end
end

--- Calls f; all that it changes comes true together, or, where it ends with an error, nothing does. One inside another
--- belongs to it.
---     db:transaction(function() db:run("DELETE FROM songs") end)
---@param f fun(): any
---@return any  what f returns first
function Database:transaction(f)
  if self.depth > 0 then return f() end
  self:run "BEGIN IMMEDIATE"
  self.depth = 1
  local _ <close> = finally(function(failure)
    self.depth = 0
    if failure then self.engine:script "ROLLBACK" end
  end)
  local result = f()
  self:run "COMMIT"
  return result
end

--- Runs several statements without values, one after the other.
---     db:script "CREATE TABLE songs (title TEXT); CREATE INDEX titles ON songs (title)"
---@param sql string
function Database:script(sql) self.engine:script(sql) end

--- Closes the file. What was committed is there.
---     db:close()
function Database:close()
  for _, made in pairs(self.prepared) do made:close() end
  self.prepared = {}
  self.engine:close()
end
Database.__close = Database.close

return database
