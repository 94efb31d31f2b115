local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"

TestFiles = {}

lib.in_folder {TestFiles}

function TestFiles:test_written_bytes_read_back()
  local path = files.join(self.folder, "x.bin")
  files.write(path, "first")
  files.write(path, "\0\r\n\255")
  lu.assertEquals(files.read(path), "\0\r\n\255")
  lu.assertEquals(files.list(self.folder), {"x.bin"})
end

function TestFiles:test_tree_is_sorted_and_filtered_and_survives_loops()
  local lfs = require "lfs"
  for _, folder in ipairs {"b", "a/c"} do files.mkdirs(files.join(self.folder, folder)) end
  for _, path in ipairs {"b/2.wav", "b/1.WAV", "a/c/3.wav", "a/x.txt", ".hidden.wav"} do
    files.write(files.join(self.folder, path), "")
  end
  lfs.link(self.folder, files.join(self.folder, "a/loop"), true)
  local found = files.tree(self.folder, {".wav"})
  for i, path in ipairs(found) do found[i] = path:sub(#self.folder + 2) end
  lu.assertEquals(found, {"a/c/3.wav", "b/1.WAV", "b/2.wav"})
  lu.assertEquals(#files.tree(self.folder), 4)
end

function TestFiles:test_remove_takes_links_not_what_they_name()
  local lfs = require "lfs"
  files.mkdirs(files.join(self.folder, "kept"))
  files.mkdirs(files.join(self.folder, "gone"))
  files.write(files.join(self.folder, "kept/x"), "x")
  lfs.link(files.join(self.folder, "kept"), files.join(self.folder, "gone/link"), true)
  files.remove(files.join(self.folder, "gone"))
  lu.assertEquals(files.tree(self.folder), {files.join(self.folder, "kept/x")})
end

function TestFiles:test_names()
  lu.assertEquals({files.stem "a.b/Song.v2.MP3"}, {"Song.v2", ".mp3"})
  lu.assertEquals({files.stem ".hidden"}, {".hidden", ""})
  lu.assertEquals({files.split "/a"}, {"/", "a"})
  lu.assertEquals({files.split "a"}, {".", "a"})
  lu.assertEquals(files.join("a/", "/b", "", "c"), "a/b/c")
  lu.assertEquals(files.join("/", "a"), "/a")
end

function TestFiles:test_errors_name_the_path()
  local path = files.join(self.folder, "no/where")
  lu.assertErrorMsgContains(path, files.read, path)
  lu.assertErrorMsgContains(path, files.write, path, "")
  lu.assertErrorMsgContains(path, files.list, path)
  lu.assertErrorMsgContains("it is a directory", files.read, self.folder)
  files.write(files.join(self.folder, "no"), "")
  lu.assertErrorMsgContains("is a file", files.mkdirs, path)
end

function TestFiles:test_folders_that_cannot_be_written_are_refused_and_none_is_made()
  local here = self.folder
  files.write(here .. "/file", "x")
  lu.assertEquals(files.check_folder(here .. "/a/b/", "run folder"), here .. "/a/b/")
  lu.assertEquals(files.check_folder("a", "run folder"), "a")
  lu.assertEquals(files.list(here), {"file"})
  lu.assertErrorMsgContains(("the run folder %s/file/b cannot be written: %s/file: it is no folder"):format(here, here),
    files.check_folder, here .. "/file/b", "run folder")
  lu.assertErrorMsgContains("/dev/null: it is no folder", files.check_folder, "/dev/null/x", "run folder")
end

lib.run()
