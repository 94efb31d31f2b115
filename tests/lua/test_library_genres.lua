-- Genres of one's own over a library: what is said is kept, the others are told by it, files stay as they are.
local lib = require "lib"
local lu = require "luaunit"
local corpus = require "moonlark.corpus"
local database = require "moonlark.library.database"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local library = require "moonlark.library"

-- Songs of two styles that do not sound alike; all tests read them, and copy the library.
local songs, heard = lib.folder(), lib.folder() .. "/library.db"
corpus.generate(songs, {clips = 5, seconds = 5, styles = {"metal", "classical"}})
do
  local l <close> = library.open(heard)
  l:add(songs, {progress = false, parts = {"tempo"}})
end

local function song(style, i) return ("%s/%s/%s.%05d.wav"):format(songs, style, style, i) end

TestGenres = {}
lib.in_folder({TestGenres}, function(folder) files.write(folder .. "/library.db", files.read(heard)) end)

function TestGenres:test_two_examples_each_tell_the_others()
  local l <close> = library.open(self.folder .. "/library.db")
  local own = l:genres()
  lu.assertEquals(own:names(), {})
  lib.fails("example of two or more", own.suggest, own)
  for i = 0, 1 do
    own:say(song("metal", i), "for running")
    own:say(l:song(song("classical", i)).id, "for cooking")
  end
  lu.assertEquals(own:names(), {"for cooking", "for running"})
  local list = own:suggest()
  lu.assertEquals({#list, list.total}, {10, 10})
  for i, one in ipairs(list) do
    lu.assertEquals(one.own_genre, one.path:find "metal" and "for running" or "for cooking")
    lu.assertEquals({one.said, one.confidence == 1}, {i <= 4, i <= 4})
  end
  lu.assertEquals(own:suggest({genre = "for running", limit = 2}).total, 5)
  lu.assertEquals(own:suggest({least = 1}).total, 4)
  lib.fails("unknown genre: 'for runing' (did you mean 'for running'?)", own.suggest, own, {genre = "for runing"})
  lib.fails("unknown genre: 'for' ", own.suggest, own, {genre = "for"})
end

function TestGenres:test_what_was_said_is_there_when_it_is_opened_again()
  local l = library.open(self.folder .. "/library.db")
  l:genres():say(song("metal", 0), "loud")
  l:genres():say(song("classical", 0), "soft")
  l:genres():say(song("metal", 1), "soft", false)
  l:close()
  local again <close> = library.open(self.folder .. "/library.db")
  local said = again:genres():answers()
  lu.assertEquals({#said, said[1].genre, said[3].yes, said[3].id},
    {3, "loud", false, again:song(song("metal", 1)).id})
  local denied = again:genres():suggest {genre = "soft"}
  for _, one in ipairs(denied) do lu.assertNotEquals(one.path, song("metal", 1)) end
  again:forget {song = song("metal", 1)} -- its answers go with it
  lu.assertEquals(#again:genres():answers(), 2)
end

function TestGenres:test_questions_are_about_songs_without_an_answer()
  local l <close> = library.open(self.folder .. "/library.db")
  local own = l:genres()
  own:say(song("metal", 0), "loud")
  own:say(song("classical", 0), "soft")
  local asked = own:ask {count = 20}
  lu.assertEquals(#asked, 8)
  for _, one in ipairs(asked) do
    lu.assertTrue(one.path ~= song("metal", 0) and one.path ~= song("classical", 0))
  end
  own:say(asked[1].id, "soft")
  for _, one in ipairs(own:ask {count = 20}) do lu.assertNotEquals(one.id, asked[1].id) end
end

function TestGenres:test_what_cannot_be_said()
  local l <close> = library.open(self.folder .. "/library.db")
  local own = l:genres()
  lib.fails("the library has no song 'nothing'", own.say, own, "nothing", "loud")
  lib.fails("genre must be a name, got string \"  \"", own.say, own, song("metal", 0), "  ")
  lib.fails("genre must be a name, got nil", own.say, own, song("metal", 0))
  local empty <close> = library.open(self.folder .. "/empty.db")
  lib.fails("no song of the library was heard", empty:genres().suggest, empty:genres())
end

-- A file of the first version has no answers yet.
function TestGenres:test_an_older_library_learns_of_them()
  local path = self.folder .. "/library.db"
  local db = database.open(path)
  db:script "DROP TABLE answers; PRAGMA user_version = 1"
  db:close()
  local l <close> = library.open(path)
  lu.assertEquals(l:info().songs, 10)
  l:genres():say(song("metal", 0), "loud")
  lu.assertEquals(l:genres():names(), {"loud"})
end

function TestGenres:test_the_command()
  local db = "MOONLARK_LIBRARY=" .. self.folder .. "/library.db"
  local before = files.read(song("metal", 2))
  local function run(...) return lib.moonlark(self.folder, {db}, "library", "genres", ...) end
  lu.assertStrContains(run().out, "there must be two genres with an example")
  lu.assertStrContains(run("yes", "loud", song("metal", 0), song("metal", 1)).out, "2 songs are loud")
  run("yes", "soft", song("classical", 0), song("classical", 1))
  lu.assertStrContains(run("no", "soft", song("metal", 3)).out, "1 songs are not soft")
  lu.assertStrContains(run().out, "loud: 2 examples, 3 songs more")
  run("songs", "loud", "--m3u8", "loud.m3u8")
  local lines = files.read(self.folder .. "/loud.m3u8")
  for i = 0, 4 do lu.assertStrContains(lines, song("metal", i)) end
  lu.assertNil(lines:find "classical")
  local questions = json.decode(run("ask", "--json", "--limit", "2").out).questions
  lu.assertEquals(#questions, 2)
  local talk = lib.shell('printf "y\\nn\\nsleepy\\n\\n" | ' .. db .. ' "$0" library genres ask', lib.program)
  lu.assertStrContains(talk.out, "  is it ")
  lu.assertStrContains(talk.out, "3 answers kept")
  lu.assertStrContains(run().out, "sleepy: 1 examples")
  lu.assertEquals(files.read(song("metal", 2)), before)
  local wrong = run("maybe", "x")
  lu.assertEquals(wrong.code, 2)
  lu.assertStrContains(wrong.err, "must be followed by yes, no, ask, songs or nothing, got 'maybe'")
  lu.assertEquals(run("yes", "loud").code, 2)
  lu.assertEquals(run("songs").code, 2)
end

lib.run()
