-- The library's database: values are bound, transactions are whole, other processes are waited for, old files grow up.
local lib = require "lib"
local lu = require "luaunit"
local database = require "moonlark.library.database"
local files = require "moonlark.base.files"
local library = require "moonlark.library"

TestDatabase = {}
lib.in_folder {TestDatabase}

local function notes(folder)
  local db = database.open(folder .. "/notes.db")
  db:script "CREATE TABLE notes (x, words TEXT, bytes BLOB)"
  return db
end

function TestDatabase:test_values_come_back_as_they_were_and_are_never_read_as_sql()
  local db <close> = notes(self.folder)
  local words, bytes = "'; DROP TABLE notes; --", "\0\255\1"
  lu.assertEquals({db:run("INSERT INTO notes VALUES (?, :words, ?3)", {1, [3] = database.blob(bytes), words = words})},
    {1, 1})
  db:run("INSERT INTO notes VALUES (?, ?, ?)", {0.5, nil, ""})
  db:run("INSERT INTO notes VALUES (?, ?, ?)", {math.mininteger, "a\0b", true})
  lu.assertEquals(db:rows "SELECT *, typeof(bytes) AS kind FROM notes ORDER BY rowid", {
    {x = 1, words = words, bytes = bytes, kind = "blob"}, {x = 0.5, bytes = "", kind = "text"},
    {x = math.mininteger, words = "a\0b", bytes = 1, kind = "integer"}})
  lu.assertEquals(math.type(db:row "SELECT x FROM notes".x), "integer")
  lu.assertEquals(db:row("SELECT count(*) AS n FROM notes WHERE words = ?", {words}).n, 1)
  lu.assertNil(db:row("SELECT 1 FROM notes WHERE words = ?", {"nobody"}))
end

function TestDatabase:test_what_is_refused()
  local db <close> = notes(self.folder)
  lib.fails('near "SELEC": syntax error', db.run, db, "SELEC")
  lib.fails("must be one statement", db.run, db, "SELECT 1; SELECT 2")
  lib.fails("must be one statement", db.run, db, " -- nothing")
  lib.fails("value 1 must be a number", db.run, db, "SELECT ?", {print})
  lib.fails("no such table", db.rows, db, "SELECT * FROM nowhere")
  lib.fails("too many attached databases", db.run, db, "ATTACH 'other.db' AS other")
  files.write(self.folder .. "/text.db", ("no database "):rep(100))
  lib.fails("text.db is no SQLite database", database.open, self.folder .. "/text.db")
  lib.fails("unable to open", database.open, self.folder .. "/none/a.db")
  lib.fails("unable to open", database.open, self.folder .. "/none.db", "read")
  local reader <close> = database.open(db.path, "read")
  lib.fails("readonly", reader.run, reader, "DELETE FROM notes")
  db:close()
  lib.fails("the database is closed", db.run, db, "SELECT 1")
end

function TestDatabase:test_a_transaction_is_whole_or_nothing()
  local db <close> = notes(self.folder)
  lib.fails("no", db.transaction, db, function()
    db:run("INSERT INTO notes (x) VALUES (1)")
    db:transaction(function() db:run("INSERT INTO notes (x) VALUES (2)") end)
    error("no", 0)
  end)
  lu.assertEquals(db:row "SELECT count(*) AS n FROM notes".n, 0)
  lu.assertEquals(db:transaction(function()
    db:run("INSERT INTO notes (x) VALUES (1)")
    return "done"
  end), "done")
  lu.assertEquals(db:row "SELECT count(*) AS n FROM notes".n, 1)
end

function TestDatabase:test_another_writer_is_waited_for_and_readers_go_on()
  local patience <const> = database.patience
  database.patience = 0.2
  local db <close> = notes(self.folder)
  local other <close> = database.open(self.folder .. "/notes.db")
  database.patience = patience
  db:run "INSERT INTO notes (x) VALUES (1)"
  db:transaction(function()
    db:run "INSERT INTO notes (x) VALUES (2)"
    lu.assertEquals(other:row "SELECT count(*) AS n FROM notes".n, 1) -- what was there before
    lib.fails("another process has kept it locked for 0.2 s", other.run, other, "INSERT INTO notes (x) VALUES (3)")
  end)
  other:run "INSERT INTO notes (x) VALUES (3)"
  lu.assertEquals(db:row "SELECT count(*) AS n FROM notes".n, 3)
end

function TestDatabase:test_rows_one_by_one_while_the_same_is_asked()
  local db <close> = notes(self.folder)
  for i = 1, 5 do db:run("INSERT INTO notes (x) VALUES (?)", {i}) end
  local seen = {}
  for row in db:each "SELECT x FROM notes ORDER BY x" do
    for inner in db:each("SELECT x FROM notes WHERE x = ?", {row.x}) do seen[#seen + 1] = inner.x end
  end
  lu.assertEquals(seen, {1, 2, 3, 4, 5})
end

function TestDatabase:test_files_that_are_no_library_of_ours_are_left_alone()
  local db = notes(self.folder)
  db:close()
  lib.fails("is a database, but no library: it has a table 'notes'", library.open, self.folder .. "/notes.db")
  local path = self.folder .. "/library.db"
  library.open(path):close()
  local later = database.open(path)
  local version = later:row "PRAGMA user_version".user_version
  later:script("PRAGMA user_version = 999")
  later:close()
  lib.fails("is a library of version 999, and this Moonlark knows " .. version, library.open, path)
end

lib.run()
