-- Recordings that a library holds more than once.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local corpus = require "moonlark.corpus"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local library = require "moonlark.library"

TestDuplicates = {}
lib.in_folder({TestDuplicates}, function(folder)
  corpus.generate(folder .. "/music", {clips = 2, seconds = 8, styles = {"jazz", "rock"}})
end)

local quiet = {progress = false}

-- Names of the files of each group.
local function names(groups)
  local list = {}
  for i, group in ipairs(groups) do
    list[i] = {}
    for _, song in ipairs(group) do
      for _, path in ipairs(song.paths) do table.insert(list[i], (select(2, files.split(path)))) end
    end
  end
  return list
end

function TestDuplicates:test_other_encodings_levels_and_copies_are_found_and_others_are_not()
  local l <close> = library.open(self.folder .. "/library.db")
  l:add(self.folder .. "/music", quiet)
  lu.assertEquals(l:duplicates(), {})
  local jazz = audio.load(self.folder .. "/music/jazz/jazz.00000.wav", {rate = "native"})
  audio.save(self.folder .. "/music/a.ogg", jazz)
  audio.save(self.folder .. "/music/b.flac", jazz:with {data = jazz.data * 0.5}:slice(1, 8))
  files.write(self.folder .. "/music/copy.wav", files.read(self.folder .. "/music/rock/rock.00001.wav"))
  l:add(self.folder .. "/music", quiet)
  local found = names(l:duplicates())
  lu.assertEquals(found, {{"copy.wav", "rock.00001.wav"}, {"jazz.00000.wav", "b.flac", "a.ogg"}})
  os.remove(self.folder .. "/music/copy.wav")
  os.remove(self.folder .. "/music/a.ogg")
  l:add(self.folder .. "/music", quiet)
  lu.assertEquals(names(l:duplicates()), {{"jazz.00000.wav", "b.flac"}})
end

function TestDuplicates:test_the_command_lists_them()
  local function moonlark(...)
    return lib.moonlark(self.folder, nil, "library", ...)
  end
  files.write(self.folder .. "/music/copy.wav", files.read(self.folder .. "/music/rock/rock.00001.wav"))
  lu.assertEquals(moonlark("add", "music", "--library", "library.db").code, 0)
  lu.assertStrContains(moonlark("duplicates", "--library", "library.db").out, "1 recording is there more than once")
  local groups = json.decode(moonlark("duplicates", "--json", "--library", "library.db").out).groups
  lu.assertEquals({#groups, #groups[1], #groups[1][1].paths}, {1, 1, 2})
  lu.assertEquals(moonlark("duplicates", "x", "--library", "library.db").code, 2)
end

lib.run()
