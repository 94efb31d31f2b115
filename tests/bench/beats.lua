-- Beats of every .wav in a folder, by each way, as JSON: for beats.py.
--
--   moonlark tests/bench/beats.lua FOLDER
--
-- Seconds are the processor's, of one thread, the least of three, of a waveform in memory. The first sound is heard once
-- beforehand: libraries and weights are there.
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local music = require "moonlark.music"
local torch = require "moonlark.torch"

torch.set_num_threads(1)

local ways = {
  {name = "music.beats"}, {name = "music.beats, network = false", options = {network = false}},
  {name = "music.beats, method = librosa", options = {method = "librosa"}},
  {name = "music.beats, method = plp", options = {method = "plp"}},
}

local function hear(song, way)
  local least, beats = math.huge, nil
  for _ = 1, 3 do
    local before = os.clock()
    beats = music.beats(song, way.options)
    least = math.min(least, os.clock() - before)
  end
  return {seconds = least, tempo = beats.tempo, beats = beats.times, downbeats = beats.downbeats, meter = beats.meter}
end

local folder, made = assert(arg[1], "which folder?"), {}
for i, name in ipairs(files.list(folder)) do
  if name:match "%.wav$" then
    local song = audio.load(folder .. "/" .. name, {rate = 22050})
    if next(made) == nil then for _, way in ipairs(ways) do music.beats(song, way.options) end end
    made[name] = {}
    for _, way in ipairs(ways) do made[name][way.name] = hear(song, way) end
  end
end
print(json.encode(made))
