--- Trains the network that hears chords and keys (models/harmony.lua), from clips with their chords and key beside.
---
---     moonlark corpus data --clips 16 --seconds 30 --seed 1
---     OMP_NUM_THREADS=1 moonlark scripts/train/music/harmony.lua data --out harmony.safetensors
---
--- Chords other than of major and minor triads and their sevenths, sixths and ninths are not learnt from.
local clips = require "scripts.train.music.clips"
local command = require "moonlark.shell.command"
local frontend = require "moonlark.music.hearing.frontend"
local labels = require "scripts.train.music.labels"
local loop = require "scripts.train.music.loop"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local random = require "scripts.train.music.random"
local torch = require "moonlark.torch"
local whiten = require "moonlark.music.hearing.whiten"

local parser = command.parser("scripts/train/music/harmony.lua", "Trains the network that hears chords and keys.")
parser:argument("data", "A folder of NAME.wav with NAME.jams beside.")
parser:option("--out", "The weights to write, NAME.safetensors."):argname "<path>":default "harmony.safetensors"
command.option(parser, "steps", options.integer(800, {least = 1}, "batches to learn from"))
command.seed(parser)
local given = parser:parse()

local rate, bands, frames, batch = 10, 216, 200, 8

-- All notes higher or lower by semitones.
local function transposed(x, semitones)
  if semitones == 0 then return x end
  local by = 3 * math.abs(semitones)
  local zeros, kept = torch.zeros {by, x:size(1)}, bands - by
  return semitones > 0 and torch.cat({zeros, x:narrow(0, 0, kept)}, 0) or torch.cat({x:narrow(0, by, kept), zeros}, 0)
end

-- A spectrum as another recording would have it.
local function augmented(x)
  x = x * random.equaliser(bands, 7, 6):unsqueeze(1)
  if random.chance(0.3) then x:narrow(0, 0, random.integer(1, 54)):mul_(0.05) end
  if random.chance(0.5) then
    x = x + torch.randn(x:shape()):abs() * (10 ^ (-random.uniform(10, 40) / 20) * x:std():item())
  end
  return x * 10 ^ (random.uniform(-15, 5) / 20)
end

-- In some clips a stretch falls silent, up to a noise: what no chord sounds like.
local function hushed(x, y)
  if not random.chance(0.2) then return end
  local length = random.integer(10, 60)
  local from = random.integer(0, frames - length)
  local level = random.chance(0.5) and 0 or 10 ^ random.uniform(-6, -3)
  x:narrow(1, from, length):copy_(torch.rand {bands, length} * level)
  for t = from + 1, from + length do y[t] = labels.none end
end

local function example(clip)
  local semitones = random.integer(-6, 6)
  local first = random.integer(0, clip.x:size(1) - frames)
  local x = transposed(augmented(clip.x:narrow(1, first, frames)), semitones)
  local y = labels.moved(clip.labels, semitones, first, frames)
  hushed(x, y)
  return whiten(x):t(), torch.tensor(y, {dtype = "int64"}), labels.turned(clip.key, semitones)
end

local list = {}
for _, clip in ipairs(clips.of(given.data, function(piece) return frontend.harmony(piece).data:clone() end)) do
  clip.key = clip.keys[1] and labels.key(clip.keys[1].value)
  clip.labels = labels.frames(clip.chords, clip.x:size(1), rate)
  if clip.key and clip.x:size(1) >= frames then list[#list + 1] = clip end
end
print(#list .. " clips")

local chord_loss = nn.CrossEntropyLoss {label_smoothing = 0.05, ignore_index = labels.unknown}
local key_loss = nn.CrossEntropyLoss {label_smoothing = 0.1}
loop("harmony", {steps = given.steps, rate = 3e-3, seed = given.seed, out = given.out, clips = #list,
  script = "scripts/train/music/harmony.lua"}, function(net)
  local x, y, keys = {}, {}, {}
  for i = 1, batch do x[i], y[i], keys[i] = example(list[random.integer(1, #list)]) end
  local chords, key = net(torch.stack(x))
  return chord_loss(chords, torch.stack(y)) + 0.5 * key_loss(key:mean {2}, torch.tensor(keys, {dtype = "int64"}))
end)
