-- What an analysis and its parts take of a song, as JSON: for analysis.py.
--
--   moonlark tests/bench/analysis.lua SONG [ROUNDS]
--
-- Milliseconds of the processor, of one thread: the least and the median of the rounds, after a first one. The song is a
-- waveform in memory, stereo at its own rate for all of it together, mono at 22 050 Hz for one part; "from the file" reads
-- and decodes it, too. Also what is resident: of the bare program, and with libtorch and the networks.
local started = io.open("/proc/self/status"):read "a"
local audio = require "moonlark.audio"
local json = require "moonlark.base.json"
local music = require "moonlark.music"
local torch = require "moonlark.torch"

torch.set_num_threads(1)

local path, rounds = assert(arg[1], "which song?"), tonumber(arg[2]) or 15
local whole = audio.load(path, {rate = "native", mono = false})
local song = audio.load(path, {rate = 22050})

local function resident(status) return tonumber(status:match "VmRSS:%s+(%d+)") / 1024 end

local function timed(f)
  f()
  local times = {}
  for i = 1, rounds do
    local before = os.clock()
    f()
    times[i] = 1000 * (os.clock() - before)
  end
  table.sort(times)
  return {least = times[1], median = times[(rounds + 1) // 2]}
end

torch.ones({8, 8}):matmul(torch.ones {8, 8})
local with_torch = resident(io.open("/proc/self/status"):read "a")

local made = {
  {name = "music.analyze, from the file", what = "all", ms = timed(function() music.analyze(path) end)},
  {name = "music.analyze", what = "all", ms = timed(function() music.analyze(whole) end)},
}
for _, name in ipairs {"beats", "key", "chords", "sections", "onsets", "quality"} do
  made[#made + 1] = {name = "music." .. name, what = name, ms = timed(function() music[name](song) end)}
end
made[#made + 1] = {name = "music.beats, network = false", what = "beats",
  ms = timed(function() music.beats(song, {network = false}) end)}
print(json.encode {times = made, bare = resident(started), with_torch = with_torch, seconds = whole:duration()})
