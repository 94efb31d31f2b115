--- harmony: chords and keys in each frame of a spectrum of three bands a semitone, the same in all transpositions.
---
---     local net = require("models.harmony") {}
---     local chords, keys = net(x)           -- [n, 216, frames] to [n, 25, frames] and [n, 24, frames], logits
---
--- Rows count from A, the lowest note: chords are 12 major, 12 minor and no chord; keys are 12 major and 12 minor. The
--- mean of the keys over time is that of the whole song. Octaves become channels, and convolutions go round the twelve
--- pitch classes. So a song that is transposed by n semitones gives the same answer n rows further.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local integer, number = options.integer, options.number
local octaves = 6

local Harmony = nn.Module:extend "Harmony"
-- What may become one step once it has learnt.
Harmony.folds = {{"conv1", "norm1"}, {"conv2", "norm2"}, {"fold", "norm3"}, {"time", "norm4"}}

function Harmony:init(o)
  local c, h, k = o.channels, o.hidden, o.key_hidden
  self.conv1, self.norm1 = nn.Conv2d(1, c, 5, {padding = 2}), nn.BatchNorm2d(c)
  self.conv2, self.norm2 = nn.Conv2d(c, c, 5, {padding = 2}), nn.BatchNorm2d(c)
  self.fold, self.norm3 = nn.Conv2d(octaves * c, h, {12, 1}), nn.BatchNorm2d(h)
  self.time, self.norm4 = nn.Conv2d(h, h, {1, 9}, {padding = {0, 4}}), nn.BatchNorm2d(h)
  self.chord, self.none = nn.Conv2d(h, 2, 1), nn.Linear(h, 1)
  self.key, self.mode = nn.Conv2d(h, k, {12, 1}), nn.Conv2d(k, 2, 1)
  self.dropout = nn.Dropout(o.dropout)
end

-- A convolution over all twelve pitch classes that goes on from the last to the first: [n, c, 12, frames].
local function round(conv, x)
  return conv(torch.cat({x, x:narrow(2, 0, 11)}, 2))
end

-- One row for each semitone, the largest of its band and the two beside, then octaves as channels. As amax of a view it
-- takes a quarter of max_pool2d's time.
local function classes(x)
  local n, channels, bands, frames = table.unpack(x:shape())
  local threes = x:constant_pad_nd({0, 0, 1, 0}, -math.huge):narrow(2, 0, bands)
  return threes:reshape({n, channels, bands // 3, 3, frames}):amax({3}):reshape({n, channels * octaves, 12, frames})
end

-- The notes of each octave, heard of four frames to each side: [n, octaves · channels, 12, frames].
function Harmony:near(x)
  x = self.norm1(self.conv1(x:unsqueeze(1))):elu()
  return classes(self.norm2(self.conv2(x))):elu()
end

-- Chords and keys of the notes, heard of four frames to each side.
function Harmony:far(x)
  x = self.dropout(self.norm3(round(self.fold, x)):elu())
  x = self.norm4(self.time(x)):elu() + x
  local none = self.none(x:mean({2}):transpose(1, 2)):transpose(1, 2)
  local chords = torch.cat({self.chord(x):flatten(1, 2), none}, 1)
  return chords, self.mode(self.dropout(round(self.key, x):elu())):flatten(1, 2)
end

-- What the network does, step by step, for who asks about a long song (music/hearing/networks.lua): how far to each
-- side a step hears, and how many frames it is best asked about at once.
function Harmony:steps()
  return {
    {reach = 4, window = 160, function(x) return self:near(x) end},
    {reach = 4, window = 320, function(x) return self:far(x) end},
  }
end

function Harmony:forward(x) return self:far(self:near(x)) end

return network.architecture("harmony", Harmony, {
  channels = integer(8, {least = 1}, "of the first two convolutions"),
  hidden = integer(32, {least = 1}, "maps over the pitch classes"),
  key_hidden = integer(24, {least = 1}, "maps that keys are told of"),
  dropout = number(0.2, {least = 0, most = 1}, "of the maps, while training"),
})
