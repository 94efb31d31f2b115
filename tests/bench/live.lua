-- How many streams one core carries, and how late what is told of them is.
--
--   OMP_NUM_THREADS=1 moonlark tests/bench/live.lua [STREAMS [SECONDS [SONG]]]
--
-- Each stream is a session of 44.1 kHz that tells columns of a mel spectrogram and, once a second, what a res_cnn of ten
-- classes (random weights, 64 mel bands, segments of 3 s at 22 050 Hz) hears. First all of it as fast as it goes: seconds of
-- the processor for a second of a stream, with and without the rest (level, beats, key, chords). Then STREAMS at once in
-- real time, 50 ms of each after the other: from the moment at which a piece had come until its events were told; late is
-- what an event tells of, behind that, in the time of the sound. One thread. Writes JSON.
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local json = require "moonlark.base.json"
local live = require "moonlark.live"
local model = require "moonlark.model"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

torch.set_num_threads(1)
torch.manual_seed(1)

local RATE, PIECE = 44100, 2205
local streams, seconds = tonumber(arg[1]) or 20, tonumber(arg[2]) or 20

local function network()
  local net = require("models.res_cnn") {classes = 10, n_mels = 64}
  local statistics, classes = {mean = {}, std = {}}, {}
  for i = 1, 64 do statistics.mean[i], statistics.std[i] = -30, 15 end
  for i = 1, 10 do classes[i] = "class " .. i end
  net.card = {architecture = "res_cnn", options = {classes = 10, n_mels = 64}, classes = classes, statistics = statistics,
    input = {features = {mel = {n_mels = 64}}, rate = 22050, segment = 3, hop = 3, normalize = true, decibel = true}}
  net:eval()
  return model.open(net)
end

-- The song, as long as asked for, or chords with noise.
local function sound()
  if arg[3] then
    local song = audio.load(arg[3], {rate = RATE})
    return song.data:narrow(1, 0, math.min(song.data:size(1), seconds * RATE))
  end
  local t, sum = torch.arange(seconds * RATE, {dtype = "float64"}) / RATE, 0
  for _, hz in ipairs {110, 277.2, 329.6, 440} do sum = sum + (t * (2 * math.pi * hz)):sin() * (t * -4):remainder(1) end
  return (sum * 0.1):float():unsqueeze(0) + torch.randn {1, seconds * RATE} * 0.01
end

local opened, song = network(), sound()
local pieces = song:size(1) // PIECE
seconds = pieces * PIECE / RATE

local function open(events) return live.session {rate = RATE, model = opened, events = events} end

local function piece(i) return song:narrow(1, i * PIECE, PIECE) end

-- Seconds of the processor for a second of a stream.
local function cost(events)
  local session = open(events)
  for i = 0, math.min(100, pieces - 1) do session:push(piece(i)) end -- what is loaded and planned once
  session = open(events)
  local before = os.clock()
  for i = 0, pieces - 1 do session:push(piece(i)) end
  return (os.clock() - before) / seconds
end

local function quantile(list, q)
  table.sort(list)
  return list[math.max(1, math.ceil(q * #list))]
end

-- In real time: how long events waited, and how far the sound was ahead of what they tell of.
local function at_once(events)
  local sessions, waited, late, told = {}, {}, {}, 0
  for k = 1, streams do sessions[k] = open(events) end
  local start, used = core.system.clock(), os.clock()
  for i = 0, pieces - 1 do
    local due = start + (i + 1) * PIECE / RATE
    core.system.sleep(math.max(0, due - core.system.clock()))
    for k, session in ipairs(sessions) do
      local list = i >= k and session:push(piece(i)) or {} -- they began at different moments, as people do
      local now = core.system.clock()
      for _, event in ipairs(list) do
        told = told + 1
        waited[told], late[told] = now - due, now - due + session.heard - event.time
      end
    end
  end
  return {streams = streams, seconds = seconds, events = told, busy = (os.clock() - used) / seconds,
    waited_ms = {median = 1000 * quantile(waited, 0.5), p99 = 1000 * quantile(waited, 0.99), most = 1000 * waited[#waited]},
    late_ms = {median = 1000 * quantile(late, 0.5), p99 = 1000 * quantile(late, 0.99), most = 1000 * late[#late]}}
end

local narrow = {"columns", "prediction"}
local each, all = cost(narrow), cost(nil)
print(json.encode({
  of_one = {columns_and_prediction = each, streams_a_core = 1 / each, everything = all, streams_of_everything = 1 / all},
  at_once = at_once(narrow),
}, "  "))
