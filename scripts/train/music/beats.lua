--- Trains the network that hears beats (models/beat_tcn.lua), from clips with their beats beside.
---
---     moonlark corpus data --clips 16 --seconds 30 --seed 1
---     OMP_NUM_THREADS=1 moonlark scripts/train/music/beats.lua data --out beats.safetensors
---
--- The loss lets a beat be found up to three frames early or late ("Beat This", Foscarin, Schlüter and Widmer, 2024).
--- Augmentation changes features, not sounds: they are made once.
local clips = require "scripts.train.music.clips"
local command = require "moonlark.shell.command"
local frontend = require "moonlark.music.hearing.frontend"
local loop = require "scripts.train.music.loop"
local options = require "moonlark.base.options"
local random = require "scripts.train.music.random"
local torch = require "moonlark.torch"

local parser = command.parser("scripts/train/music/beats.lua", "Trains the network that hears beats.")
parser:argument("data", "A folder of NAME.wav with NAME.jams beside.")
parser:option("--out", "The weights to write, NAME.safetensors."):argname "<path>":default "beats.safetensors"
command.option(parser, "steps", options.integer(600, {least = 1}, "batches to learn from"))
command.seed(parser)
local given = parser:parse()

local rate, bands, frames, batch = 50, 80, 1000, 8
local tolerance = 3           -- frames
local positive = {12, 24}     -- what a beat and a downbeat weigh beside the frames without

local function minmax(value, low, high) return math.max(low, math.min(high, value)) end

-- The frames of a clip from `first` on, `stretch` of them for one.
local function stretched(x, first, stretch)
  local last = x:size(1) - 1
  local at = (torch.arange(frames, {dtype = "float32"}) * stretch + first):clamp(0, last - 0.001)
  local whole = at:floor()
  local share = at - whole
  local index = whole:to "int64"
  return x:index_select(1, index) * (1 - share) + x:index_select(1, index + 1) * share
end

-- Bands moved up or down, as if all was higher or lower.
local function moved(x, by)
  if by == 0 then return x end
  local kept, zeros = bands - math.abs(by), torch.zeros {math.abs(by), frames}
  return by > 0 and torch.cat({zeros, x:narrow(0, 0, kept)}, 0) or torch.cat({x:narrow(0, -by, kept), zeros}, 0)
end

-- Gains of the bands, as a room or a recording changes them.
local function gains()
  local gain = random.chance(0.7) and random.equaliser(bands, 6, 5) or torch.ones {bands}
  if random.chance(0.25) then
    local from = random.integer(40, bands - 1)
    gain:narrow(0, from, bands - from):mul_(10 ^ -random.uniform(1, 3))
  end
  if random.chance(0.15) then gain:narrow(0, 0, random.integer(3, 14)):mul_(10 ^ -random.uniform(0.5, 2)) end
  return gain:mul(10 ^ (random.uniform(-12, 6) / 20)):unsqueeze(1)
end

local function augmented(x)
  if random.chance(0.5) then x = moved(x, random.integer(-4, 4)) end
  x = x:expm1():mul(gains()):log1p()
  if random.chance(0.15) then x:narrow(1, random.integer(0, frames - 41), random.integer(5, 40)):zero_() end
  if random.chance(0.2) then x:narrow(0, random.integer(0, bands - 13), random.integer(3, 12)):zero_() end
  return x
end

-- Where beats and downbeats lie, 2 × frames of 0 and 1, and how many frames there are before the end.
local function truth(clip, first, stretch)
  local rows = {{}, {}}
  for row = 1, 2 do for t = 1, frames do rows[row][t] = 0 end end
  for _, beat in ipairs(clip.beats) do
    local t = math.floor((beat.time * rate - first) / stretch + 0.5)
    if t >= 0 and t < frames then
      rows[1][t + 1] = 1
      if beat.value == 1 then rows[2][t + 1] = 1 end
    end
  end
  return torch.tensor(rows, {dtype = "float32"}), minmax(math.floor((clip.seconds * rate - first) / stretch), 1, frames)
end

local function example(clip)
  local stretch = random.chance(0.6) and math.exp(random.uniform(-0.25, 0.25)) or 1
  local first = random.integer(0, clip.x:size(1) - math.ceil(frames * stretch) - 2)
  local y, heard = truth(clip, first, stretch)
  local mask = torch.ones {2, frames}
  if heard < frames then mask:narrow(1, heard, frames - heard):zero_() end
  return augmented(stretched(clip.x, first, stretch)), y, mask
end

local function batch_of(list)
  local x, y, mask = {}, {}, {}
  for i = 1, batch do x[i], y[i], mask[i] = example(list[random.integer(1, #list)]) end
  return torch.stack(x), torch.stack(y), torch.stack(mask)
end

local weights = torch.tensor(positive, {dtype = "float32"}):reshape {1, 2, 1}

-- Cross entropy that takes the best frame within the tolerance for each beat, and none of those around for the rest.
local function shift_tolerant(z, y, mask)
  local best = z:max_pool1d({2 * tolerance + 1}, {1}, {tolerance})
  local around = y:max_pool1d({4 * tolerance + 1}, {1}, {2 * tolerance})
  local found = (-best):softplus() * y * weights
  local wrong = z:softplus() * (1 - around)
  return ((found + wrong) * mask):sum() / mask:sum()
end

local list = clips.of(given.data, function(piece) return frontend.rhythm(piece).data:clone() end)
print(#list .. " clips")
loop("beat_tcn", {steps = given.steps, rate = 2e-3, seed = given.seed, out = given.out, clips = #list,
  script = "scripts/train/music/beats.lua"}, function(net)
  local x, y, mask = batch_of(list)
  return shift_tolerant(net(x), y, mask)
end)
