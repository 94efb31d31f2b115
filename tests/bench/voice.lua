-- How often music.voice is right, each tenth of a second, on voices and music that its network did not hear:
--   moonlark scripts/train/voices/make.lua FOLDER --clips 50 --seed 2 --test
--   moonlark scripts/train/rendered/make.lua FOLDER/solo --solo --fonts FONTS --clips 20 --seed 5
--   moonlark scripts/train/rendered/make.lua FOLDER/music --fonts FONTS --clips 40 --seed 6
--   moonlark tests/bench/voice.lua FOLDER [MODEL]
-- FONTS holds a font that training did not ask. Voices and music are mixed as sounds, the voice so many dB over the music.
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local music = require "moonlark.music"
local random = require "moonlark.corpus.random"
local signal = require "moonlark.signal"
local torch = require "moonlark.torch"

local folder, model = arg[1], arg[2] or "own"
local rate, seconds, frame = 22050, 20, 2205
local samples = rate * seconds

local function sounds(name)
  local list = {}
  for _, path in ipairs(files.tree(files.join(folder, name), {".wav"})) do
    list[#list + 1] = audio.load(path, {rate = rate, duration = seconds, pad = true}).data[0]
  end
  return list
end

local stems = {sung = sounds "sung", spoken = sounds "spoken", music = sounds "music", solo = sounds "solo"}

-- Mean squares of tenths of a second, and where they are a voice: gaps of 0.4 s are not told from it.
local function heard(x)
  local power = x:reshape({seconds * 10, frame}):pow(2):mean {1}
  local active = power:gt(2e-3 * power:sort()[190]:item()):to "float32":reshape {1, 1, -1}
  local closed = -(-active:max_pool1d({5}, {1}, {2})):max_pool1d({5}, {1}, {2})
  return closed:reshape({-1}), ((power * closed:reshape {-1}):sum() / closed:sum():clamp_min(1)):sqrt():item()
end

-- The label of each tenth of a second.
local function labels(said)
  local list, k = {}, 1
  for t = 1, seconds * 10 do
    while said[k + 1] and said[k + 1].start <= (t - 0.5) / 10 do k = k + 1 end
    list[t] = said[k].label
  end
  return list
end

-- The share of frames that music.voice labels as they are; those next to where a voice begins or ends do not count.
local function judge(x, kind, active)
  local said = labels(music.voice(signal.new {data = (x * (0.5 / x:abs():max():item())):reshape {1, -1}, rate = rate,
    kind = "waveform"}, {model = model}))
  local right, all, truth = 0, 0, active and active:totable() or {}
  for t = 1, #said do
    local now, before, after = truth[t] or 0, truth[t - 1] or truth[t] or 0, truth[t + 1] or truth[t] or 0
    if now == before and now == after then
      all, right = all + 1, right + (said[t] == (now > 0 and kind or "instrumental") and 1 or 0)
    end
  end
  return right / math.max(all, 1)
end

local function mean(list)
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x / #list end
  return sum
end

-- The 90 % interval of the mean when other clips are drawn.
local function interval(list)
  local dice, means = random.new("clips"), {}
  for i = 1, 1000 do
    local drawn = {}
    for k = 1, #list do drawn[k] = dice:pick(list) end
    means[i] = mean(drawn)
  end
  table.sort(means)
  return means[50], means[950]
end

local function report(name, list)
  print(("| %s | %d | %.3f (%.3f to %.3f) |"):format(name, #list, mean(list), interval(list)))
end

print "| | clips | frames right (90 %) |\n|---|---:|---:|"
for _, name in ipairs {"music", "solo"} do
  local list = {}
  for i, x in ipairs(stems[name]) do list[i] = judge(x) end
  report(name == "solo" and "one instrument alone" or "music", list)
end
for _, kind in ipairs {"sung", "spoken"} do
  for _, db in ipairs {math.huge, 10, 5, 0, -5} do
    local list = {}
    for i, voice in ipairs(stems[kind]) do
      local active, level = heard(voice)
      local played = stems.music[(i - 1) % #stems.music + 1]
      local x = voice / level + played * (10 ^ (-db / 20) / math.max(played:std():item(), 1e-6))
      list[i] = judge(x, kind, active)
    end
    report(db == math.huge and kind .. ", alone" or ("%s, %+d dB over music"):format(kind, db), list)
  end
end
