-- Lengths, parts and faults in every container: what people's files hold, made here by hand, by our writer, and by
-- ffmpeg where it is installed.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

local frozen = "tests/reference/audio/"
local folder = lib.folder()
local has_ffmpeg = os.execute "command -v ffmpeg > /dev/null 2>&1"

local function place(name) return folder .. "/" .. name end

local function put(name, bytes) return lib.write(place(name), bytes) end

local function whole_of(path) return audio.load(path, {rate = "native", mono = false}) end

local function says(words, path, options)
  lu.assertErrorMsgContains(words, audio.load, path, options)
end

-- Tones that differ from one half second to the next: no part looks like another.
local function melody(seconds, rate, channels, quiet)
  local n = math.floor(seconds * rate)
  local samples = torch.arange(n, {dtype = "float64"})
  local half = (samples * (2 / rate)):floor()
  local wave = (samples * (half * 70 + 220) * (2 * math.pi / rate)):sin() * (quiet or 0.4)
  local rows = {}
  for channel = 1, channels or 1 do rows[channel] = wave:float():unsqueeze(0) * (1 / channel) end
  local signal = require "moonlark.signal"
  return signal.new {data = torch.cat(rows), rate = rate, start = 0, kind = "waveform"}
end

local function saved(name, ...)
  audio.save(place(name), melody(...))
  return files.read(place(name))
end

-- An MP3 as encoders to a pipe leave it: without its first frame, which holds the Xing tag alone.
local function without_xing(bytes)
  local tag = bytes:find("Info", 1, true) or bytes:find("Xing", 1, true)
  local first = bytes:find("\xff[\xe0-\xff]")
  assert(tag and tag - first < 64, "no Xing tag")
  local second = first + 4
  while bytes:sub(second, second + 1) ~= bytes:sub(first, first + 1) do second = second + 1 end
  return bytes:sub(second)
end

local starts = {0, 0.05, 0.37, 1.003, 1.2345, 1.9}

-- Every part is that part of the whole.
local function check_parts(path, allowed)
  local whole = whole_of(path)
  for _, start in ipairs(starts) do
    local part = audio.load(path, {rate = "native", mono = false, start = start, duration = 0.25})
    local first = math.floor(start * whole.rate)
    local n = math.min(math.floor(0.25 * whole.rate), whole:frames() - first)
    lu.assertEquals(part:frames(), n, path)
    local off = lib.distance(part.data, whole.data:narrow(1, first, n))
    lu.assertTrue(off <= (allowed or 0), ("%s from %g: off by %g"):format(path, start, off))
  end
  return whole
end

TestParts = {}

function TestParts:test_of_what_we_write()
  for _, name in ipairs {"a.wav", "a.flac", "a.aiff", "a.au", "a.w64", "a.caf", "a.ogg", "a.opus", "a.mp3"} do
    for channels = 1, 2 do
      saved(name, 2.2, 48000, channels)
      local whole = check_parts(place(name), name == "a.opus" and 2e-3 or 0)
      lu.assertEquals(audio.info(place(name)).frames, whole:frames(), name)
    end
  end
end

function TestParts:test_of_frozen_files()
  for _, name in ipairs {"opus.webm", "wma.wma", "aac.m4a", "alac.m4a", "lame.mp3"} do
    local whole = whole_of(frozen .. name)
    lu.assertAlmostEquals(whole:duration(), .35, 0.05)
    for _, start in ipairs {0.01, 0.1, 0.2003} do
      local part = audio.load(frozen .. name, {rate = "native", mono = false, start = start, duration = 0.1})
      local first, n = math.floor(start * whole.rate), math.floor(0.1 * whole.rate)
      -- The tone: an AAC decoder draws the noise of the other channel anew wherever it begins.
      local off = lib.distance(part.data[0], whole.data[0]:narrow(0, first, n))
      lu.assertTrue(off <= (name == "aac.m4a" and 1e-3 or 0), ("%s from %g: off by %g"):format(name, start, off))
    end
  end
end

-- Name, ffmpeg's options, what a part may differ by, by how many seconds padding may lengthen the whole.
local encodings = {
  {"opus.webm", "-c:a libopus"}, {"vorbis.webm", "-c:a libvorbis"}, {"vorbis.mkv", "-c:a libvorbis"},
  {"mp3.mkv", "-c:a libmp3lame"}, {"flac.mkv", "-c:a flac"}, {"pcm.mkv", "-c:a pcm_s16le"}, {"aac.mkv", "-c:a aac"},
  {"ac3.mkv", "-c:a ac3"}, {"wavpack.mka", "-c:a wavpack"},
  {"v1.wma", "-c:a wmav1"}, {"v2.wma", "-c:a wmav2"},
  {"aac.aac", "-c:a aac"}, {"ac3.ac3", "-c:a ac3"}, {"eac3.eac3", "-c:a eac3"}, {"mp2.mp2", "-c:a mp2"},
  {"cbr.mp3", "-c:a libmp3lame -b:a 128k"}, {"low.mp3", "-c:a libmp3lame -b:a 32k"},
  {"vbr.mp3", "-c:a libmp3lame -q:a 4"}, {"pipe.mp3", "-c:a libmp3lame -q:a 4 -write_xing 0"},
  {"aac.m4a", "-c:a aac", 1e-3}, {"alac.m4a", "-c:a alac"}, {"mp3.mp4", "-c:a libmp3lame"},
  {"opus.mp4", "-c:a libopus"},
  {"fragments.mp4", "-c:a alac -movflags frag_keyframe+empty_moov+default_base_moof"},
  {"pcm.mov", "-c:a pcm_s24le"}, {"flac.ogg", "-c:a flac"}, {"speex.ogg", "-c:a libspeex -ar 32000"},
  {"opus.ogg", "-c:a libopus", 2e-3}, {"vorbis.ogg", "-c:a libvorbis"}, {"mp3.wav", "-c:a libmp3lame"},
  {"ac3.wav", "-c:a ac3"},
  {"ima.wav", "-c:a adpcm_ima_wav"}, {"ms.wav", "-c:a adpcm_ms"}, {"law.wav", "-c:a pcm_mulaw"},
  {"f64.wav", "-c:a pcm_f64le"},
  {"tta.tta", "-c:a tta"}, {"wavpack.wv", "-c:a wavpack"}, {"flac.flac", "-c:a flac"}, {"opus.caf", "-c:a libopus"},
  {"alac.caf", "-c:a alac"}, {"mp2.ts", "-c:a mp2"}, {"aac.ts", "-c:a aac"}, {"mp2.mpg", "-c:a mp2"},
  {"mp3.flv", "-c:a libmp3lame"},
  {"pcm.avi", "-c:a pcm_s16le"}, {"mp3.avi", "-c:a libmp3lame"}, {"amr.amr", "-c:a libopencore_amrnb -ar 8000 -ac 1"},
  {"pcm.nut", "-c:a pcm_s16le"}, {"law.au", "-c:a pcm_mulaw"}, {"pcm.aiff", "-c:a pcm_s16be"},
}

function TestParts:test_of_what_ffmpeg_writes()
  if not has_ffmpeg then lu.skip "ffmpeg is not installed" end
  local sound = place "sound.wav"
  audio.save(sound, melody(2.5, 44100, 2))
  local made = 0
  for _, encoding in ipairs(encodings) do
    local name, how, allowed = table.unpack(encoding)
    local path = place("by-" .. name)
    if os.execute(("ffmpeg -v quiet -nostdin -y -i '%s' %s -f %s '%s'"):format(sound, how,
        ({aac = "adts", wma = "asf", m4a = "ipod", mkv = "matroska", mka = "matroska", ts = "mpegts", mpg = "mpeg"})
        [name:match "%.(%w+)$"] or name:match "%.(%w+)$", path)) then
      made = made + 1
      local whole = check_parts(path, allowed)
      lu.assertTrue(math.abs(whole:duration() - 2.5) < 0.1, ("%s: %g s"):format(name, whole:duration()))
      local told = audio.info(path).frames
      if told then lu.assertEquals(told, whole:frames(), name) end
    else
      print("  ffmpeg cannot write " .. name)
    end
  end
  lu.assertTrue(made > 25)
end

TestLengths = {}

function TestLengths:test_tags_behind_the_sound_are_no_damage()
  local id3 = "TAG" .. ("x"):rep(125)
  local items = string.pack("<I4I4", 5, 0) .. "Title\0Sound"
  local function ape(flags) return "APETAGEX" .. string.pack("<I4I4I4I4I8", 2000, #items + 32, 1, flags, 0) end
  local tags = {
    id3 = id3, ape = ape(0xa0000000) .. items .. ape(0x80000000), ape_without_head = items .. ape(0),
    lyrics = "LYRICSBEGIN" .. ("la "):rep(20) .. "LYRICSEND" .. id3,
    lyrics200 = "LYRICSBEGIN" .. ("la "):rep(20) .. ("%06d"):format(71) .. "LYRICS200" .. id3,
  }
  tags.all = tags.ape .. tags.lyrics200
  for _, name in ipairs {"tag.flac", "tag.ogg", "tag.opus", "tag.mp3"} do
    local bytes = saved(name, 1, 48000)
    local plain = whole_of(place(name))
    for kind, tag in pairs(tags) do
      local path = put(kind .. name, bytes .. tag)
      lu.assertEquals(lib.distance(whole_of(path).data, plain.data), 0, kind .. name)
      lu.assertEquals(audio.info(path).frames, plain:frames())
    end
  end
end

function TestLengths:test_streams_one_behind_another_are_all_read()
  for _, ending in ipairs {"ogg", "opus"} do
    local first, second = saved("first." .. ending, 1.1, 48000), saved("second." .. ending, 1.3, 48000, 1, 0.2)
    local a, b = whole_of(place("first." .. ending)), whole_of(place("second." .. ending))
    local path = put("chain." .. ending, first .. second .. first)
    lu.assertEquals(audio.info(path).frames, 2 * a:frames() + b:frames())
    lu.assertEquals(lib.distance(whole_of(path).data, torch.cat({a.data, b.data, a.data}, 1)), 0)
    check_parts(path, ending == "opus" and 2e-3 or 0)
    local stereo = saved("stereo." .. ending, 0.5, 48000, 2)
    local odd = put("odd." .. ending, first .. stereo)
    local words = "after %d samples another stream follows, with 2 channels at 48000 Hz instead of 1 at 48000"
    says(words:format(a:frames()), odd)
    lu.assertEquals(audio.load(odd, {rate = "native", partial = "keep"}):frames(), a:frames())
    lu.assertNil(audio.info(odd).frames)
    says("cut short: it ends within a page", put("cut." .. ending, first:sub(1, #first - 20)))
  end
end

function TestLengths:test_files_one_behind_another_are_named()
  local flac, mp3 = saved("one.flac", 1, 44100), saved("one.mp3", 1, 44100)
  says("goes on after the 44100 samples that its header promises", put("two.flac", flac .. flac))
  says("goes on after the", put("two.mp3", mp3 .. mp3))
  says("goes on after the", put("apart.mp3", mp3 .. ("\0"):rep(70000) .. mp3))
  lu.assertEquals(whole_of(put("padded.mp3", mp3 .. ("\0"):rep(70000) .. ("junk"):rep(3000))):frames(),
    whole_of(place "one.mp3"):frames())
  for _, ending in ipairs {"wav", "aiff", "au", "caf", "w64"} do
    local bytes = saved("one." .. ending, 1, 44100)
    says("goes on after the 44100 samples", put("two." .. ending, bytes .. bytes))
    lu.assertEquals(whole_of(put("tail." .. ending, bytes .. ("tail"):rep(3000))):frames(), 44100)
  end
  local small = saved("small.flac", 0.01, 8000)
  says("goes on after the 80 samples", put("small-two.flac", small .. small))
end

function TestLengths:test_an_mp3_without_a_xing_tag_is_read_to_its_end()
  -- Quiet, then loud and noisy: what a guess from the first frames would be wrong about.
  local parts = {saved("q.mp3", 1, 44100, 2, 1e-4), saved("l.mp3", 1, 44100, 2, 0.9)}
  local stream = without_xing(parts[1]) .. without_xing(parts[2])
  local path = put("stream.mp3", stream)
  lu.assertNil(audio.info(path).frames)
  lu.assertEquals(audio.info(path).duration, nil)
  local whole = check_parts(path)
  lu.assertTrue(math.abs(whole:duration() - 2) < 0.2, tostring(whole:duration()))
end

function TestLengths:test_an_mp3_that_changes_on_the_way()
  local mono, stereo = without_xing(saved("m.mp3", 1, 44100, 1)), without_xing(saved("s.mp3", 1, 44100, 2))
  local slow = without_xing(saved("r.mp3", 1, 32000, 1))
  for name, bytes in pairs {["mono-stereo.mp3"] = mono .. stereo, ["stereo-mono.mp3"] = stereo .. mono} do
    local read = whole_of(put(name, bytes))
    lu.assertEquals(read.data:shape()[1], name:find "^mono" and 1 or 2)
    lu.assertTrue(math.abs(read:duration() - 2) < 0.2, name .. tostring(read))
  end
  says("its sample rate changes from 44100 to 32000 Hz after", put("rates.mp3", mono .. slow))
end

function TestLengths:test_a_flac_of_unknown_total()
  local bytes = saved("known.flac", 2.2, 44100, 2)
  local low_bits = string.char(bytes:byte(22) & 0xf0)
  local path = put("unknown.flac", bytes:sub(1, 21) .. low_bits .. "\0\0\0\0" .. bytes:sub(27))
  lu.assertNil(audio.info(path).frames)
  lu.assertEquals(lib.distance(check_parts(path).data, whole_of(place "known.flac").data), 0)
end

function TestLengths:test_a_file_that_ends_too_early_is_named_alike()
  for _, name in ipairs {"c.wav", "c.aiff", "c.au", "c.w64", "c.caf", "c.flac", "c.mp3"} do
    local bytes = saved(name, 1, 48000, 2)
    local whole = whole_of(place(name))
    local path = put("cut-" .. name, bytes:sub(1, #bytes * 6 // 10))
    local ok, message = pcall(audio.load, path)
    lu.assertFalse(ok, name)
    local promised, found = message:match "cut short: it promises (%d+) samples and ends after (%d+)"
    lu.assertEquals(tonumber(promised), whole:frames(), name .. message)
    local kept = audio.load(path, {rate = "native", mono = false, partial = "keep"})
    lu.assertEquals(kept:frames(), tonumber(found))
    lu.assertEquals(audio.load(path, {duration = 0.3, rate = "native"}):frames(), 14400)
    lu.assertFalse((pcall(audio.load, path, {start = 0.9})))
  end
  for _, name in ipairs {"opus.webm", "wma.wma", "aac.m4a", "alac.m4a"} do
    local bytes = files.read(frozen .. name)
    local ok, message = pcall(audio.load, put("cut-" .. name, bytes:sub(1, #bytes * 8 // 10)))
    lu.assertFalse(ok, name)
    lu.assertStrContains(message, "cut-" .. name)
  end
end

function TestLengths:test_a_wav_written_to_a_pipe_has_no_length()
  local bytes = saved("pipe.wav", 1, 8000)
  local data = bytes:find("data", 1, true)
  for _, length in ipairs {0xffffffff, 0x7ffff000, 0} do
    local path = put("piped.wav", bytes:sub(1, data + 3) .. string.pack("<I4", length) .. bytes:sub(data + 8))
    lu.assertEquals(whole_of(path):frames(), 8000, ("%x"):format(length))
  end
end

TestHostile = {}

function TestHostile:test_a_path_is_a_path()
  local bytes, wave = files.read(frozen .. "alac.m4a"), saved("name.wav", 0.1, 8000)
  local whole = whole_of(frozen .. "alac.m4a")
  local here = require "lfs".currentdir()
  require "lfs".chdir(folder)
  local _ <close> = setmetatable({}, {__close = function() require "lfs".chdir(here) end})
  for _, name in ipairs {"Bach: Air.m4a", "http:x.m4a", "concat:a|b.m4a", "file:x.m4a", "pipe:0", "-", "data:audio,x",
    "a%03d.m4a"} do
    files.write(name, bytes)
    lu.assertEquals(lib.distance(whole_of(name).data, whole.data), 0, name)
    files.write(name, wave)
    lu.assertEquals(whole_of(name):frames(), 800, name)
  end
  says("No such file", "http://127.0.0.1:9/x.mp3")
end

function TestHostile:test_lists_and_descriptions_are_no_sound_files()
  local other = put("other.wav", saved("o.wav", 0.1, 8000))
  local lists = {
    ["list.m3u8"] = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1.0,\n" .. other .. "\n#EXT-X-ENDLIST\n",
    ["list.txt"] = "ffconcat version 1.0\nfile '" .. other .. "'\n",
    ["list.sdp"] = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ["list.mpd"] = '<?xml version="1.0"?>' .. '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">' ..
      '<Period><AdaptationSet/></Period></MPD>',
    ["picture.ppm"] = "P6\n2 2\n255\n" .. ("\1\2\3"):rep(4),
  }
  for name, text in pairs(lists) do
    for _, ending in ipairs {"", ".mp3", ".wav", ".m4a"} do says("is not a sound file", put(name .. ending, text)) end
  end
end

function TestHostile:test_silence_is_small_and_still_read()
  local minutes = 10
  local quiet = melody(1, 44100, 2)
  quiet = quiet:with {data = torch.zeros({2, 44100 * 60 * minutes})}
  audio.save(place "silence.flac", quiet)
  local size = #files.read(place "silence.flac")
  lu.assertTrue(size * 1000 < 44100 * 60 * minutes * 8)
  lu.assertEquals(audio.load(place "silence.flac", {rate = "native"}):frames(), 44100 * 60 * minutes)
end

-- Streams whose channels or sample type change, made by laying one behind another.
function TestHostile:test_a_stream_that_changes_is_converted_or_refused_by_name()
  if not has_ffmpeg then lu.skip "ffmpeg is not installed" end
  local function encode(name, how)
    local path = place(name)
    local done = os.execute(("ffmpeg -v quiet -nostdin -y -f lavfi -i sine=f=440:d=1 %s '%s'"):format(how, path))
    return done and files.read(path)
  end
  for _, case in ipairs {
    {"aac", "-ac 1 -c:a aac -f adts", "-ac 6 -c:a aac -f adts"}, {"ac3", "-ac 6 -c:a ac3", "-ac 2 -c:a ac3"},
    {"mp2", "-ac 1 -c:a mp2", "-ac 2 -c:a mp2"},
    {"wv", "-c:a wavpack -sample_fmt fltp", "-c:a wavpack -sample_fmt s16p"},
  } do
    local ending, one, other = table.unpack(case)
    local a, b = encode("one." .. ending, one), encode("other." .. ending, other)
    for name, bytes in pairs {["a-b."] = a .. b, ["b-a."] = b .. a, ["a-b-a-b."] = a .. b .. a .. b} do
      local path = put(name .. ending, bytes)
      local ok, read = pcall(whole_of, path)
      if ok then lu.assertTrue(read:duration() > 0.9) else lu.assertStrContains(read, name .. ending) end
    end
  end
  local fast = encode("fast.aac", "-ar 48000 -c:a aac -f adts")
  says("its sample rate changes", put("rates.aac", encode("slow.aac", "-ar 16000 -c:a aac -f adts") .. fast))
end

-- libmpg123 would say what it thinks of such headers on the standard error.
function TestHostile:test_decoders_do_not_chatter()
  local build = os.getenv "MOONLARK_TEST_BUILD"
  if not build then lu.skip "MOONLARK_TEST_BUILD does not name the build" end
  local mp3 = saved("chatter.mp3", 0.5, 44100)
  local tag = "ID3\4\0\x9d\0\0\0\10" .. ("x"):rep(10)
  local list = {put("tagged.mp3", tag .. mp3), put("broken.mp3", tag .. "\xff\x7b" .. mp3:sub(40))}
  list[3] = put("rates.mp3", without_xing(mp3) .. without_xing(saved("slow.mp3", 0.5, 32000)))
  list[4] = put("holes.mp3", mp3:sub(1, 2000) .. ("\0"):rep(3000) .. mp3:sub(2500))
  put("chatter.lua", "for _, path in ipairs(arg) do pcall(require('moonlark.audio').load, path) end\n")
  os.execute(("'%s/bin/moonlark' '%s' '%s' 2> '%s'"):format(build, place "chatter.lua", table.concat(list, "' '"),
    place "chatter.txt"))
  lu.assertEquals(files.read(place "chatter.txt"), "")
end

TestReports = {}

local function report(name) return lib.shared "reports/" .. name end

function TestReports:test_every_file_gives_what_its_table_says()
  local truth = json.decode(files.read(report "truth.json"))
  local count = 0
  for name, what in pairs(truth) do
    count = count + 1
    if type(what) == "table" then
      local read = whole_of(report(name))
      lu.assertTrue(math.abs(read:duration() - what[1]) <= what[2], name .. " " .. tostring(read))
    elseif what == "cut" then
      says("cut short: it promises", report(name))
    elseif what == "seek" then
      check_parts(report(name))
    else
      lu.assertEquals(what, "warn")
      lu.assertTrue(whole_of(report(name)):frames() > 0)
    end
  end
  lu.assertTrue(count > 10)
end

function TestReports:test_hostile_ones()
  lu.assertEquals(whole_of(report "aac_mono_then_51.aac").data:shape()[1], 1)
  lu.assertTrue(whole_of(report "ac3_51_then_stereo.ac3"):duration() > 0.2)
  lu.assertEquals(whole_of(report "wavpack_float_then_int16.mka"):frames(), 960)
  lu.assertEquals(whole_of(report "theora_vorbis.ogg"):frames(), 4800)
  says("the sample rate must be", report "rate_1hz.aiff")
  says("is not a sound file", report "playlist_named.mp3")
end

lib.run()
