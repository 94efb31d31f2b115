-- Key and chords of every .wav in a folder, by each way, as JSON: for harmony.py.
--
--   moonlark tests/bench/harmony.lua FOLDER [CHORDIA]
--
-- Seconds are the processor's, of one thread, the least of three, of a waveform in memory. The first sound is heard
-- once beforehand: libraries and weights are there. CHORDIA, a path of its weights, is heard once only.
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local music = require "moonlark.music"
local torch = require "moonlark.torch"

torch.set_num_threads(1)

local folder, chordia = assert(arg[1], "which folder?"), arg[2]

local ways = {
  {part = "key", name = "music.key"}, {part = "key", name = "music.key, network = false", options = {network = false}},
  {part = "chords", name = "music.chords"},
  {part = "chords", name = "music.chords, beats = false", options = {beats = false}},
  {part = "chords", name = "music.chords, network = false", options = {network = false}},
}
if chordia then
  ways[#ways + 1] = {part = "chords", name = "music.chords, model = chordia", options = {model = chordia}, once = true}
  ways[#ways + 1] = {part = "chords", name = "music.chords, model = chordia, vocabulary = large", once = true,
    options = {model = chordia, vocabulary = "large"}}
end

local function hear(song, way)
  local least, found = math.huge, nil
  for _ = 1, way.once and 1 or 3 do
    local before = os.clock()
    found = music[way.part](song, way.options)
    least = math.min(least, os.clock() - before)
  end
  local segments = {}
  for i, item in ipairs(found) do segments[i] = {item.start, item.stop, item.label} end
  return {seconds = least, segments = json.array(segments)}
end

local made = {}
for _, name in ipairs(files.list(folder)) do
  if name:match "%.wav$" then
    local song = audio.load(folder .. "/" .. name, {rate = 22050})
    if next(made) == nil then for _, way in ipairs(ways) do music[way.part](song, way.options) end end
    made[name] = {key = {}, chords = {}}
    for _, way in ipairs(ways) do made[name][way.part][way.name] = hear(song, way) end
  end
end
print(json.encode(made))
