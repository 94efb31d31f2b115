-- Listening: where sound comes from while it goes on, packets of Opus, and the command that shows what is heard.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local json = require "moonlark.base.json"
local live = require "moonlark.live"
local torch = require "moonlark.torch"

local raises = lib.fails

local folder = lib.folder()

-- Two seconds of sound, as samples and in files.
local clip = lib.clip(2, 44100).data:unsqueeze(0)
local wav = folder .. "/clip.wav"
audio.save(wav, lib.waveform(clip, 44100), {subtype = "float"})
lib.write(folder .. "/clip.f32", (files.read(wav):match "data....(.*)$"))

-- All that a source gives.
local function all_of(source)
  local parts = {}
  for sound in source.read, source do parts[#parts + 1] = sound end
  return torch.cat(parts, 1)
end

local function installed(load)
  local ok, why = pcall(load)
  if not ok and why:find "cannot be loaded" then lu.skip(why) end
  if not ok then error(why, 0) end
end

-- --- sources -------------------------------------------------------------------------------

TestSources = {}

function TestSources:test_a_file_as_fast_as_it_is_read()
  local source <close> = live.source(wav, {fast = true})
  lu.assertEquals({source.name, source.rate, source.channels}, {"clip.wav", 44100, 1})
  lu.assertTrue(torch.equal(all_of(source), clip))
end

-- Time goes by as it is waited for: no block comes before its time.
function TestSources:test_a_file_at_its_own_speed()
  local now, clock, sleep = 100, core.system.clock, core.system.sleep
  local _ <close> = finally(function() core.system.clock, core.system.sleep = clock, sleep end)
  core.system.clock = function() return now end
  core.system.sleep = function(seconds) now = now + seconds end
  local source <close>, heard = live.source(wav), 0
  for sound in source.read, source do
    lu.assertAlmostEquals(now - 100, heard, 1e-9)
    heard = heard + sound:size(1) / 44100
  end
  lu.assertAlmostEquals(heard, 2, 1e-9)
end

function TestSources:test_devices()
  lib.write(folder .. "/asound.conf", ([[
pcm.silent { type null }
pcm.playing { type file slave.pcm "silent" file "/dev/null" infile "%s/clip.f32" format "raw" }
]]):format(folder))
  local code = ([[
    local live = require "moonlark.live"
    local source <close> = live.source(%q, {rate = 44100, channels = 1})
    local parts, n = {}, 0
    while n < 40000 do
      local sound = source:read()
      parts[#parts + 1], n = sound, n + sound:size(1)
    end
    require("moonlark.torch").save(%q, {x = require("moonlark.torch").cat(parts, 1)})
  ]])
  local made = folder .. "/heard.safetensors"
  for name, expected in pairs {silent = clip * 0, playing = clip} do
    local ran = lib.moonlark(folder, {"ALSA_CONFIG_PATH=" .. folder .. "/asound.conf"}, "-e", code:format(name, made))
    if ran.err:find "ALSA cannot be loaded" then lu.skip(ran.err) end
    lu.assertEquals(ran.code, 0, ran.all)
    local heard = torch.load(made).x
    lu.assertTrue(torch.equal(heard, expected:narrow(1, 0, heard:size(1))), name)
  end
  local ran = lib.moonlark(folder, {"ALSA_CONFIG_PATH=" .. folder .. "/asound.conf"}, "listen", "missing")
  lu.assertEquals(ran.code, 1)
  lu.assertStrContains(ran.err, "moonlark listen: missing cannot be opened as a device to hear")
end

function TestSources:test_errors()
  raises("streams come by http or https, not by ftp", live.source, "ftp://host/x")
  raises("No such file", live.source, "no/such.wav")
  raises("name must be -, an address, a file or a device, got 3", live.source, 3)
end

-- A station that breaks off is asked again, longer and longer, and at last given up.
function TestSources:test_a_station_that_breaks_off()
  local asked, waits, said = 0, {}, {}
  local station, sleep = core.hearing.station, core.system.sleep
  local _ <close> = finally(function() core.hearing.station, core.system.sleep = station, sleep end)
  core.system.sleep = function(seconds) waits[#waits + 1] = seconds end
  core.hearing.station = function()
    asked = asked + 1
    if asked == 2 or asked == 3 or asked > 4 then error("refused", 0) end
    local left = 2
    return {close = function() end, read = function()
      left = left - 1
      if left < 0 then error("broke off", 0) end
      return torch.ones {1, 10} * asked
    end}, {rate = 8000, channels = 1, seconds = 0}
  end
  local source = live.source("http://radio.example/", {retries = 5})
  source.say = function(words) said[#said + 1] = words end
  local heard = {}
  for i = 1, 4 do heard[i] = source:read():select(1, 0):item() end
  lu.assertEquals(heard, {1, 1, 4, 4})
  lu.assertEquals(source.note, "the stream began anew")
  lu.assertEquals(waits, {1, 2, 4})
  lu.assertEquals(said[1], "broke off: asked again in 1 s")
  lu.assertEquals({pcall(source.read, source)}, {false, "refused"})
  lu.assertEquals(waits, {1, 2, 4, 1, 2, 4, 8, 8})
end

-- --- a server on the loopback ---------------------------------------------------------------

TestStation = {}

function TestStation:setUp()
  if (os.getenv "http_proxy" or "") ~= "" then lu.skip "a proxy is asked in place of the server" end
  local build = assert(os.getenv "MOONLARK_TEST_BUILD", "MOONLARK_TEST_BUILD names the build's folder")
  installed(function()
    local ok, why = pcall(core.hearing.station, "http://127.0.0.1:1/x", 1)
    if not ok and not why:find "refused" then error(why, 0) end
  end)
  files.mkdirs(folder .. "/hub/org/song")
  audio.save(folder .. "/hub/org/song/clip.mp3", lib.waveform(clip, 44100))
  audio.save(folder .. "/hub/org/song/clip.flac", lib.waveform(clip, 44100))
  lib.write(folder .. "/hub/org/song/list.m3u8", "#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n")
  self.server = assert(io.popen(("exec '%s/bin/hub_server' '%s/hub'"):format(build, folder)))
  self.address = "http://127.0.0.1:" .. self.server:read "l"
end

function TestStation:tearDown()
  if not self.server then return end
  core.net.ask {url = self.address .. "/quit"}
  self.server:close()
end

function TestStation:test_files_of_a_server()
  local flac <close> = live.source(self.address .. "/good/store/org/song/clip.flac")
  lu.assertEquals({flac.rate, flac.channels}, {44100, 1})
  lib.close(all_of(flac), clip, 1 / 32768 + 1e-6)
  local mp3 <close> = live.source(self.address .. "/good/store/org/song/clip.mp3")
  lu.assertAlmostEquals(all_of(mp3):size(1) / 44100, 2, 0.1)
end

function TestStation:test_what_is_no_sound()
  local function at(path) return pcall(live.source, self.address .. path) end
  lu.assertStrContains(select(2, at "/404/store/org/song/clip.mp3"), "404, not found")
  lu.assertFalse((at "/good/store/org/song/list.m3u8")) -- a playlist is not followed
  lu.assertFalse((at "/garbage/store/org/song/clip.mp3"))
end

-- --- Opus -----------------------------------------------------------------------------------

TestOpus = {}

-- The packets of an Ogg file (RFC 3533), its two headers apart.
local function packets_of(path)
  local bytes, at, packets, part = files.read(path), 1, {}, ""
  while at <= #bytes do
    local count = bytes:byte(at + 26)
    local body = at + 27 + count
    for i = 1, count do
      local size = bytes:byte(at + 26 + i)
      part = part .. bytes:sub(body, body + size - 1)
      body = body + size
      if size < 255 then packets[#packets + 1], part = part, "" end
    end
    at = body
  end
  return table.move(packets, 3, #packets, 1, {}), ("<I2"):unpack(packets[1], 11)
end

function TestOpus:setUp() installed(live.opus) end

function TestOpus:test_packets_become_what_the_file_holds()
  local path, sound = folder .. "/clip.opus", lib.clip(2, 48000).data:unsqueeze(0)
  audio.save(path, lib.waveform(torch.cat({sound, sound * 0.5}, 0), 48000))
  local packets, skipped = packets_of(path)
  local decoder, parts = live.opus {rate = 48000, channels = 2}, {}
  for i, packet in ipairs(packets) do parts[i] = decoder:decode(packet) end
  local whole = audio.load(path, {rate = "native", mono = false}).data
  local heard = torch.cat(parts, 1):narrow(1, skipped, whole:size(1))
  lib.close(heard, whole, 1e-3)
  local mono = live.opus {rate = 16000, channels = 1}
  lu.assertEquals(mono:decode(packets[1]):shape(), {1, decoder:decode(packets[1]):size(1) // 3})
  lu.assertEquals(mono:decode(""):shape(), {1, 320}) -- a lost one
end

-- Any bytes give sound or an error, and the decoder goes on.
function TestOpus:test_bytes_of_strangers()
  math.randomseed(5)
  local decoder, session, heard = live.opus(), live.session {rate = 48000, events = "level"}, 0
  for _ = 1, 2000 do
    local bytes = {}
    for i = 1, math.random(0, 200) do bytes[i] = string.char(math.random(0, 255)) end
    local ok, sound = pcall(decoder.decode, decoder, table.concat(bytes))
    if ok then
      heard = heard + sound:size(1)
      pcall(session.push, session, sound) -- refuses what no sound is as loud as
    else
      lu.assertStrContains(sound, "no packet of Opus")
    end
  end
  lu.assertTrue(heard > 0)
end

-- --- the command -----------------------------------------------------------------------------

TestCommand = {}

function TestCommand:test_events_as_json()
  local ran = lib.moonlark(folder, nil, "listen", "clip.wav", "--fast", "--json", "--events", "level,columns")
  lu.assertEquals(ran.code, 0, ran.all)
  local counts = {}
  for line in ran.out:gmatch "[^\n]+" do
    local event = json.decode(line)
    counts[event.kind] = (counts[event.kind] or 0) + (event.columns or 1)
  end
  lu.assertEquals(counts, {level = 20, columns = 44, ["end"] = 1})
end

function TestCommand:test_a_pipe()
  local ran = lib.shell([["$0" listen - --channels 1 --format f32 --events level < "$1"]], lib.program, folder .. "/clip.f32")
  lu.assertEquals(ran.code, 0, ran.err)
  local lines = {}
  for line in ran.out:gmatch "[^\n]+" do lines[#lines + 1] = line end
  lu.assertEquals(#lines, 2)
  lu.assertStrMatches(lines[1], "0:00:01%.0  level +%-%d+%.%d LUFS  peak +%-%d+%.%d dBFS")
  lu.assertEquals(lib.shell([["$0" listen - --channels 1 < /dev/null]], lib.program).code, 0)
end

function TestCommand:test_ctrl_c_ends_it()
  local ran = lib.shell([[sleep 6 | { timeout --preserve-status -s INT 4 "$0" listen -; echo $?; }]], lib.program)
  lu.assertEquals(ran.out, "130\n")
  lu.assertStrContains(ran.err, "interrupted")
end

function TestCommand:test_errors()
  local function fails(code, words, ...)
    local ran = lib.moonlark(folder, nil, "listen", ...)
    lu.assertEquals(ran.code, code, ran.all)
    lu.assertStrContains(ran.err, words)
  end
  fails(1, "No such file", "missing.wav")
  fails(1, "not by rtsp", "rtsp://host/x")
  fails(2, "--format", "-", "--format", "mp3")
  fails(2, "--events", "-", "--events", "smell")
  fails(1, '"prediction" needs a model', "clip.wav", "--events", "prediction")
end

lib.run()
