--- gpvad: kinds of sound, or speech, every 20 ms: five convolutions and a GRU that reads both ways.
---
---     local net = require("models.gpvad") {classes = 527}
---     net(x)                                -- [n, frames, 64], log-mel, to logits [n, frames, 527]
---
--- Dinkel, Chen, Wu and Yu (2021), "Voice activity detection in the wild: a data-driven approach using teacher-student
--- training".
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local Block = nn.Module:extend "GpvadBlock"

function Block:init(from, to)
  self.block = nn.Sequential(nn.BatchNorm2d(from), nn.Conv2d(from, to, 3, {padding = 1, bias = false}))
end

function Block:forward(x) return self.block(x):leaky_relu(0.1) end

-- The fourth root of the sum of fourth powers.
local Pool = nn.Module:extend "GpvadPool"

function Pool:init(time, mel) self.kernel, self.count = {time, mel}, time * mel end

function Pool:forward(x)
  return (x:square():square():avg_pool2d(self.kernel, self.kernel) * self.count):sqrt():sqrt()
end

local Gpvad = nn.Module:extend "Gpvad"

function Gpvad:init(o)
  self.features = nn.Sequential(Block(1, 32), Pool(2, 4), Block(32, 128), Block(128, 128), Pool(2, 4),
    Block(128, 128), Block(128, 128), Pool(1, 4))
  self.gru = nn.GRU(128, 128, {bidirectional = true, batch_first = true})
  self.outputlayer = nn.Linear(256, o.classes)
end

-- What the GRU gives for four frames each: [n, frames // 4, 256].
local function states(self, x)
  return (self.gru(self.features(x:unsqueeze(1)):transpose(1, 2):flatten(2)))
end

--- The mean of the GRU's states: [n, frames, 64] to [n, 256].
function Gpvad:embedding(x) return states(self, x):mean {1} end

-- Probabilities are stretched from every four frames to all of them, as the reference does.
function Gpvad:forward(x)
  local p = self.outputlayer(states(self, x)):sigmoid():clamp(1e-7, 1)
  return p:transpose(1, 2):upsample_linear1d({x:size(1)}, false):transpose(1, 2):logit(1e-7)
end

return network.architecture("gpvad", Gpvad, {classes = options.integer(527, {least = 1}, "kinds of sound")})
