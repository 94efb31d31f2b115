--- dfsmn: speech, singing and music every 10 ms: a feed-forward network whose layers remember neighbouring frames.
---
---     local net = require("models.dfsmn") {classes = 3}
---     net(x)                                -- [n, frames, 80], log-mel, to logits [n, frames, 3]
---
--- Zhang, Lei, Yan and Dai (2018), "Deep-FSMN for large vocabulary continuous speech recognition"; names of FireRedVAD.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

-- What frames before and after add to a frame, each channel for itself.
local Memory = nn.Module:extend "DfsmnMemory"

function Memory:init(width, order)
  self.order = order
  self.lookback_filter = nn.Conv1d(width, width, order, {groups = width, bias = false})
  self.lookahead_filter = nn.Conv1d(width, width, order, {groups = width, bias = false})
end

function Memory:forward(x)
  x = x:transpose(1, 2)
  local before = self.lookback_filter(x:constant_pad_nd({self.order - 1, 0}, 0))
  local after = self.lookahead_filter(x:constant_pad_nd({0, self.order}, 0)):narrow(2, 1, x:size(2))
  return (x + before + after):transpose(1, 2)
end

local Block = nn.Module:extend "DfsmnBlock"

function Block:init(o)
  self.fc1 = nn.Sequential(nn.Linear(o.projection, o.width), nn.ReLU())
  self.fc2 = nn.Linear(o.width, o.projection, {bias = false})
  self.fsmn = Memory(o.projection, o.order)
end

function Block:forward(x) return self.fsmn(self.fc2(self.fc1(x))) + x end

local Body = nn.Module:extend "DfsmnBody"

function Body:init(o)
  self.fc1 = nn.Sequential(nn.Linear(o.n_mels, o.width), nn.ReLU())
  self.fc2 = nn.Sequential(nn.Linear(o.width, o.projection), nn.ReLU())
  self.fsmn1, self.fsmns = Memory(o.projection, o.order), nn.ModuleList()
  for _ = 2, o.blocks do self.fsmns:append(Block(o)) end
  self.dnns = nn.Sequential(nn.Linear(o.projection, o.width), nn.ReLU())
end

function Body:forward(x)
  x = self.fsmn1(self.fc2(self.fc1(x)))
  for _, block in self.fsmns:each() do x = block(x) end
  return self.dnns(x)
end

local Dfsmn = nn.Module:extend "Dfsmn"

function Dfsmn:init(o) self.dfsmn, self.out = Body(o), nn.Linear(o.width, o.classes) end

function Dfsmn:forward(x) return self.out(self.dfsmn(x)) end

local integer = options.integer

return network.architecture("dfsmn", Dfsmn, {
  classes = integer(3, {least = 1}, "of sound"),
  n_mels = integer(80, {least = 1}, "numbers of a frame"),
  width = integer(256, {least = 1}, "numbers within a block"),
  projection = integer(128, {least = 1}, "numbers between blocks"),
  blocks = integer(8, {least = 1, most = 200}, "with a memory each"),
  order = integer(20, {least = 1}, "frames before and after that a memory sees"),
})
