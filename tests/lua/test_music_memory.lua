-- Long songs need little more memory than short ones: an analysis of ten minutes beside one of one, each in a process of
-- its own, whose peak the system tells. Pieces are of 40 s there, so that neither is heard at once.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local heard = require "moonlark.music.hearing.heard"
local music = require "moonlark.music"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder = lib.folder()
local rate = 8000 -- fewer samples to write; they are heard at 22 050 Hz as all are

-- Clicks twice a second under notes that change, in a file that is written block by block.
local function song(minutes)
  local path = files.join(folder, minutes .. ".wav")
  torch.manual_seed(1)
  local t = torch.arange(10 * rate, {dtype = "float64"}) / rate
  local clicks = torch.zeros {20, rate // 2}
  clicks:narrow(1, 0, 200):copy_(torch.randn {20, 200} * 0.3)
  local parts = {}
  for i = 1, minutes * 6 do
    local hz = 220 * 2 ^ ((i * 5 % 12) / 12)
    parts[i] = ((t * (2 * math.pi * hz)):sin() * 0.2):float() + clicks:flatten()
  end
  audio.save(path, signal.new {data = torch.cat(parts, 0):unsqueeze(0), rate = rate, kind = "waveform"})
  return path
end

-- Megabytes: the most that was resident, beyond what the process has when networks and libtorch are loaded.
local script = [[
local path = arg[1]
local heard = require "moonlark.music.hearing.heard"
heard.piece_seconds, heard.overlap_seconds = 40, 8
local function peak() return tonumber(io.open("/proc/self/status"):read "a":match "VmHWM:%s+(%d+)") / 1024 end
local music = require "moonlark.music"
music.analyze(require "moonlark.signal".new {data = require "moonlark.torch".zeros {1, 22050}, rate = 22050, kind = "waveform"})
local before = peak()
local about = music.analyze(path)
print(peak() - before, about.duration, #about.beats)
]]

local function measure(path)
  local said = lib.moonlark(folder, {"OMP_NUM_THREADS=1"}, lib.write(files.join(folder, "peak.lua"), script), path)
  lu.assertEquals(said.code, 0, said.all)
  local peak, seconds, beats = said.out:match "(%S+)%s+(%S+)%s+(%S+)"
  return tonumber(peak), tonumber(seconds), tonumber(beats)
end

TestMemory = {}

local function sanitized()
  local file <close> = assert(io.open "/proc/self/maps")
  return file:read "a":match "libasan" ~= nil
end

function TestMemory:test_ten_times_the_length_is_not_ten_times_the_memory()
  local short, seconds = measure(song(1))
  lu.assertAlmostEquals(seconds, 60, 0.01)
  local long, more, beats = measure(song(10))
  lu.assertAlmostEquals(more, 600, 0.01)
  lu.assertAlmostEquals(beats, 1200, 12) -- heard all through
  print(("%.0f MB for a minute, %.0f MB for ten"):format(short, long))
  if sanitized() then return end -- the sanitizers' shadow memory and quarantine are resident, too
  lu.assertTrue(long < short + 60, ("%g, %g"):format(short, long))
  lu.assertTrue(long < 120, long)
end

function TestMemory:test_a_song_in_pieces_has_the_beats_of_the_whole()
  local path = song(4)
  local whole = music.beats(path)
  local long = heard.piece_seconds
  heard.piece_seconds = 90 -- five, with what each two share
  local ok, pieces = pcall(music.beats, path)
  heard.piece_seconds = long
  lu.assertTrue(ok, pieces)
  lu.assertEquals(#pieces, #whole)
  for i, beat in ipairs(whole) do
    lu.assertAlmostEquals(pieces[i].start, beat.start, 1e-3)
    lu.assertEquals(pieces[i].position, beat.position)
  end
end

lib.run()
