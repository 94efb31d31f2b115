-- Tags of sound files: written byte by byte here, and by FFmpeg where it is installed.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"

TestTags = {}
lib.in_folder {TestTags}

local function mp3(folder)
  local path = folder .. "/plain.mp3"
  audio.save(path, lib.tone(440, 22050))
  return files.read(path)
end

-- ID3v2.3: frames of a name, a size, two flags, an encoding and the text.
local function id3v2(frames)
  local body = {}
  for i, frame in ipairs(frames) do body[i] = frame[1] .. (">I4"):pack(#frame[2]) .. "\0\0" .. frame[2] end
  local bytes, size = table.concat(body), ""
  for shift = 21, 0, -7 do size = size .. string.char(#bytes >> shift & 127) end
  return "ID3\3\0\0" .. size .. bytes
end

local function fixed(text, size) return text .. ("\0"):rep(size - #text) end

function TestTags:test_id3_of_both_versions()
  local path, bytes = self.folder .. "/a.mp3", mp3(self.folder)
  lu.assertEquals(audio.tags(self.folder .. "/plain.mp3"), {})
  files.write(path, id3v2 {
    {"TIT2", "\1\255\254" .. "\xd6\0z\0"}, -- UTF-16: Öz
    {"TPE1", "\0Bj\xf6rk "}, -- Latin-1, with a blank behind it
    {"TPE2", "\0Various"}, {"TALB", "\0" .. ("x"):rep(5000)}, {"TCON", "\0(17)"}, {"TYER", "\0001997"},
    {"TRCK", "\0003/12"}, {"TPOS", "\0001/2"},
  } .. bytes)
  local tags = audio.tags(path)
  lu.assertEquals(#tags.album, 1023)
  tags.album = nil
  lu.assertEquals(tags, {title = "Öz", artist = "Björk", album_artist = "Various", genre = "Rock", date = "1997",
    year = 1997, track = 3, disc = 1})
  files.write(path, bytes .. "TAG" .. fixed("Song", 30) .. fixed("Bj\xf6rk", 30) .. fixed("", 30) .. "1969"
    .. fixed("words", 28) .. "\0\7" .. "\8")
  lu.assertEquals(audio.tags(path), {title = "Song", artist = "Björk", date = "1969", year = 1969, comment = "words",
    track = 7, genre = "Jazz"})
  files.write(path, id3v2 {{"TIT2", "\0New"}} .. bytes .. "TAG" .. fixed("Old", 30) .. fixed("Somebody", 30)
    .. fixed("", 64) .. "\255")
  local both = audio.tags(path) -- the newer tag first, and from the older what it lacks
  lu.assertEquals({both.title, both.artist, both.genre}, {"New", "Somebody", nil})
end

function TestTags:test_genres_that_are_numbers()
  local path, bytes = self.folder .. "/a.mp3", mp3(self.folder)
  for written, read in pairs {["(8)Bebop"] = "Bebop", ["8"] = "Jazz", ["(125)"] = "Dance Hall", ["(250)"] = "(250)",
    ["Drum & Bass"] = "Drum & Bass"} do
    files.write(path, id3v2 {{"TCON", "\0" .. written}} .. bytes)
    lu.assertEquals(audio.tags(path).genre, read)
  end
end

function TestTags:test_damaged_tags_are_no_error()
  local path, bytes = self.folder .. "/a.mp3", mp3(self.folder)
  local whole = id3v2 {{"TIT2", "\0Title"}, {"TPE1", "\0Artist"}, {"COMM", "\0eng\0words"}} .. bytes
  local draw = lib.random(3)
  for _ = 1, 200 do
    local at = 1 + math.floor(draw() * 70)
    files.write(path, whole:sub(1, at - 1) .. string.char(math.floor(draw() * 256)) .. whole:sub(at + 1))
    local fine, tags = pcall(audio.tags, path)
    lu.assertTrue(fine or tags:find("a.mp3", 1, true) ~= nil, tostring(tags))
    for _, text in pairs(fine and tags or {}) do lu.assertTrue(utf8.len(text) ~= nil) end
  end
  lib.fails("is not a sound file", audio.tags, lib.write(self.folder .. "/b.wav", "no sound"))
  lib.fails("nowhere", audio.tags, self.folder .. "/nowhere.wav")
end

function TestTags:test_info_of_a_wav()
  local info = "INFO"
  for _, one in ipairs {{"INAM", "A title"}, {"IART", "Somebody"}, {"IPRD", "Album"}, {"IGNR", "Folk"}} do
    local text = one[2] .. ("\0"):rep(1 + (#one[2] + 1) % 2)
    info = info .. one[1] .. ("<s4"):pack(text)
  end
  local bytes = lib.wav(("\0"):rep(4410)) .. "LIST" .. ("<s4"):pack(info)
  bytes = "RIFF" .. ("<I4"):pack(#bytes - 8) .. bytes:sub(9)
  lu.assertEquals(audio.tags(lib.write(self.folder .. "/a.wav", bytes)),
    {title = "A title", artist = "Somebody", album = "Album", genre = "Folk"})
end

-- What FFmpeg writes into each kind of file, and what must be read of it.
local written = {title = "Straße = 1", artist = "Ann & Bob", album = "日本", genre = "Drum & Bass", date = "2004-05-06",
  track = "4/9", comment = "a; b"}
local kinds = {
  {"mp3", "libmp3lame"}, {"flac", "flac"}, {"ogg", "libvorbis"}, {"opus", "libopus"}, {"m4a", "aac"}, {"m4a", "alac"},
  {"wma", "wmav2"}, {"mka", "libvorbis"},
}

function TestTags:test_what_ffmpeg_writes()
  local wav = self.folder .. "/a.wav"
  audio.save(wav, lib.waveform(lib.tone(440, 48000).data, 48000))
  local checked = 0
  for i, kind in ipairs(kinds) do
    local path = ("%s/%d.%s"):format(self.folder, i, kind[1])
    local argv = {"ffmpeg", "-v", "error", "-i", wav, "-c:a", kind[2]}
    for name, text in pairs(written) do table.move({"-metadata", name .. "=" .. text}, 1, 2, #argv + 1, argv) end
    argv[#argv + 1] = path
    local ran = core.process.run(argv, 60)
    if not ran then lu.skip "ffmpeg is not installed" end
    if ran.code == 0 then
      local tags = audio.tags(path)
      for _, name in ipairs {"title", "artist", "album", "genre"} do
        lu.assertEquals(tags[name], written[name], kind[1] .. ": " .. name)
      end
      lu.assertEquals({tags.year, tags.track}, {2004, 4}, kind[1])
      local in_ogg = ({flac = true, ogg = true, opus = true})[kind[1]] -- where FFmpeg calls it a description
      if not in_ogg then lu.assertEquals(tags.comment, written.comment, kind[1]) end
      checked = checked + 1
    end
  end
  lu.assertTrue(checked >= 3, "FFmpeg wrote too few kinds of files")
end

lib.run()
