--- Trains the network that hears voices (models/voice.lua), from music without voices and voices without music.
---
---     moonlark scripts/train/rendered/make.lua music --clips 100 --seed 1
---     moonlark scripts/train/rendered/make.lua voices/solo --solo --clips 80 --seed 4
---     moonlark scripts/train/voices/make.lua voices --clips 240 --seed 1
---     OMP_NUM_THREADS=1 moonlark scripts/train/music/voice.lua music voices --out voice.safetensors
---
--- They meet in each example anew, at other levels, in other rooms, with other noise: as magnitudes, for the squares of
--- what has nothing to do with each other add up. So features are made once.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local frontend = require "moonlark.music.hearing.frontend"
local heard = require "moonlark.music.hearing.heard"
local loop = require "scripts.train.music.loop"
local options = require "moonlark.base.options"
local random = require "scripts.train.music.random"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local parser = command.parser("scripts/train/music/voice.lua", "Trains the network that hears voices.")
parser:argument("music", "A folder of music without voices.")
parser:argument("voices", "A folder with sung, spoken and solo, the last of instruments that play alone.")
parser:option("--out", "The weights to write, NAME.safetensors."):argname "<path>":default "voice.safetensors"
command.option(parser, "steps", options.integer(1200, {least = 1}, "batches to learn from"))
command.seed(parser)
local given = parser:parse()

local bands, frames, ratio, batch = 80, 600, 5, 12
local lowest, highest = 30, 10000 -- Hz, of the front end

local function db(x) return 10 ^ (x / 20) end

-- Stems: magnitudes of each clip, and in which frames a voice sounds.

local function magnitudes(path) return frontend.rhythm(heard.of(path):pieces()()).data:expm1() end

-- 1 where a frame is not far below the loud ones, or lies in a gap of at most 0.4 s.
local function activity(x)
  local power = x:pow(2):sum {0}
  local loud = power:sort()[math.floor(0.95 * (power:size(0) - 1))]:item()
  local active = power:gt(2e-3 * loud):to "float32":reshape {1, 1, -1}
  local closed = active:max_pool1d({21}, {1}, {10})
  return (-(-closed):max_pool1d({21}, {1}, {10})):reshape {-1}
end

local function level_of(x, active)
  return math.max((x:pow(2):sum({0}) * active):sum():item() / math.max(active:sum():item(), 1), 1e-9) ^ 0.5
end

-- Adds the stems of a folder to a list.
local function stems(folder, is_voice, list)
  for _, path in ipairs(files.tree(folder, {".wav"})) do
    local x = magnitudes(path)
    local active = is_voice and activity(x) or torch.ones {x:size(1)}
    list[#list + 1] = {x = (x / level_of(x, active)), active = active}
  end
  if #list == 0 then show.fail("%s holds no NAME.wav", folder) end
  return list
end

local music = stems(files.join(given.voices, "solo"), false, stems(given.music, false, {}))
local voices = {}
for _, kind in ipairs {"sung", "spoken"} do voices[kind] = stems(files.join(given.voices, kind), true, {}) end

-- What recordings do to a stem.

local function mel(hz) return 2595 * math.log(1 + hz / 700, 10) end
local function hz(m) return 700 * (10 ^ (m / 2595) - 1) end

-- All frequencies times `scale`, all times times `stretch`: `count` frames from a random one on.
local function taken(stem, count, scale, stretch)
  local span = math.floor(count * stretch) + 2
  local x, active = stem.x, stem.active
  if x:size(1) < span + 1 then
    x, active = torch.cat({x, x, x}, 1), torch.cat({active, active, active}, 0)
  end
  local at = torch.arange(count, {dtype = "float32"}) * stretch + random.integer(0, x:size(1) - span - 1)
  local whole = at:to "int64"
  local share = at - whole:to "float32"
  x = x:index_select(1, whole) * (1 - share) + x:index_select(1, whole + 1) * share
  local step, rows = (mel(highest) - mel(lowest)) / (bands + 1), {}
  for b = 1, bands do
    rows[b] = math.max(0, math.min(bands - 1.001, (mel(hz(mel(lowest) + b * step) / scale) - mel(lowest)) / step - 1))
  end
  local row = torch.tensor(rows, {dtype = "float32"})
  local below = row:to "int64"
  local part = (row - below:to "float32"):unsqueeze(1)
  return x:index_select(0, below) * (1 - part) + x:index_select(0, below + 1) * part, active:index_select(0, whole)
end

-- A room that sounds on: magnitudes after which a part of them dies away.
local function echoed(x)
  local length = random.integer(10, 60)
  local decay = (torch.arange(length, {dtype = "float32"}) * (-6.9 / random.uniform(8, length))):exp()
  local late = torch.cat({torch.zeros {1}, decay * random.uniform(0.02, 0.35)}, 0):flip({0}):reshape {1, 1, -1}
  local padded = x:pow(2):unsqueeze(1):constant_pad_nd({length, 0}, 0)
  return (x:pow(2) + padded:conv1d(late):squeeze(1)):sqrt()
end

local function equalised(x, deviation) return x * random.equaliser(bands, random.integer(3, 8), deviation):unsqueeze(1) end

local function noise(level)
  local x = torch.rand {bands, frames}:clamp_min(1e-6):log():neg():sqrt()
  return equalised(x, 8) * (level / math.sqrt(bands))
end

-- What a microphone and a codec leave: all of `x`.
local function recorded(x)
  if random.chance(0.7) then x = equalised(x, 5) end
  if random.chance(0.3) then
    local from = random.integer(42, bands - 1)
    x:narrow(0, from, bands - from):mul_(db(-random.uniform(15, 60)))
  end
  if random.chance(0.15) then x:narrow(0, 0, random.integer(2, 12)):mul_(db(-random.uniform(10, 40))) end
  if random.chance(0.1) then x:narrow(0, random.integer(0, bands - 13), random.integer(3, 12)):mul_(0.01) end
  if random.chance(0.25) then -- somebody turns a knob
    local gain = random.equaliser(frames, random.integer(3, 8), 4)
    x = x * gain
  end
  return x
end

-- Examples: one or two scenes one after the other.

local scenes = {
  {weight = 28, voice = "sung", music = true, over = {-9, 14}}, {weight = 8, voice = "sung"},
  {weight = 16, voice = "spoken", music = true, over = {-4, 20}}, {weight = 16, voice = "spoken"},
  {weight = 28, music = true}, {weight = 4},
}

local function scene_of()
  local at = random.uniform(0, 100)
  for _, scene in ipairs(scenes) do
    at = at - scene.weight
    if at < 0 then return scene end
  end
  return scenes[#scenes]
end

local function voice_of(kind, count)
  local x, active = taken(voices[kind][random.integer(1, #voices[kind])], count, math.exp(random.normal(0.1)),
    math.exp(random.uniform(-0.15, 0.15)))
  if random.chance(0.6) then x = equalised(x, 5) end
  if random.chance(0.5) then x = echoed(x) end
  return x, active
end

-- A scene of `count` frames: magnitudes, and two rows of what is voiced.
local function staged(scene, count)
  local power, sung = torch.zeros {bands, count}, torch.zeros {2, count}
  if scene.voice then
    local x, active = voice_of(scene.voice, count)
    local gain = scene.over and db(random.uniform(scene.over[1], scene.over[2])) or 1
    power:add_((x * gain):pow(2))
    if random.chance(scene.voice == "sung" and 0.2 or 0.05) then -- a second one
      local second, also = voice_of(scene.voice, count)
      power:add_((second * (gain * db(-random.uniform(0, 10)))):pow(2))
      active = active:maximum(also)
    end
    sung[scene.voice == "sung" and 0 or 1]:copy_(active)
  end
  if scene.music then
    local x = taken(music[random.integer(1, #music)], count, math.exp(random.normal(0.08)),
      math.exp(random.uniform(-0.2, 0.2)))
    if random.chance(0.5) then x = equalised(x, 5) end
    if random.chance(0.2) then x = echoed(x) end
    power:add_(x:pow(2))
  end
  return power:sqrt(), sung
end

local function example()
  local cut = random.chance(0.35) and ratio * random.integer(20, frames // ratio - 20) or frames
  local x, y = staged(scene_of(), cut)
  if cut < frames then
    local second, also = staged(scene_of(), frames - cut)
    x, y = torch.cat({x, second}, 1), torch.cat({y, also}, 1)
  end
  x = (x:pow(2) + noise(db(random.chance(0.6) and -random.uniform(15, 45) or -random.uniform(45, 90))):pow(2)):sqrt()
  return (recorded(x) * db(random.uniform(20, 56))):log1p(), y
end

-- What is voiced ten times a second, and which of these frames count: not those where it begins or ends.
local function truth(y)
  local pooled = y:avg_pool1d({ratio}):gt(0.5):to "float32"
  local wide, narrow = pooled:max_pool1d({3}, {1}, {1}), -(-pooled):max_pool1d({3}, {1}, {1})
  return pooled, wide:eq(narrow):to "float32"
end

local count = #music + #voices.sung + #voices.spoken
print(count .. " clips")
loop("voice", {steps = given.steps, rate = 3e-3, seed = given.seed, out = given.out, clips = count,
  script = "scripts/train/music/voice.lua"}, function(net)
  local x, y = {}, {}
  for i = 1, batch do x[i], y[i] = example() end
  local wanted, mask = truth(torch.stack(y))
  local z = net(torch.stack(x))
  return ((z:softplus() - z * wanted) * mask):sum() / mask:sum()
end)
