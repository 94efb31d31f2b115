--- yamnet: MobileNet on log-mel of 0.96 s, trained on AudioSet: 521 kinds of sound, and 1024 numbers that describe one.
---
---     local net = require("models.yamnet") {}
---     net(x)                                -- [n, 96, 64], time × mel, to logits [n, 521]
---
--- MobileNet v1 (Howard et al., 2017): a convolution, then thirteen pairs of a depthwise and a pointwise one. Batch
--- norm is part of the weights, as in the published TFLite file.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"

local integer = options.integer

local Yamnet = nn.Module:extend "Yamnet"

-- Outputs and stride of the thirteen pairs.
local pairs_of = {{64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1}, {512, 1}, {512, 1}, {512, 1},
  {512, 1}, {1024, 2}, {1024, 1}}

local bands, bins, frame = 64, 257, 400

function Yamnet:init(o)
  local from, at = 32, 1
  self.strides = {2}
  self.layer1 = nn.Conv2d(1, from, 3, {stride = 2})
  for _, pair in ipairs(pairs_of) do
    local to, stride = table.unpack(pair)
    self["layer" .. at + 1] = nn.Conv2d(from, from, 3, {stride = stride, groups = from})
    self["layer" .. at + 2] = nn.Conv2d(from, to, 1)
    self.strides[at + 1], self.strides[at + 2] = stride, 0
    from, at = to, at + 2
  end
  self.layers = at
  self.fc = nn.Linear(from, o.classes)
  self:register_buffer("mel", nn.functional.zeros {bands, bins}) -- the front end, as the file has it
  self:register_buffer("window", nn.functional.zeros {frame})
  self:register_buffer("log_offset", nn.functional.zeros {bands})
end

-- TensorFlow's "same": an even size is padded at its end only when every second place is taken.
local padding = {[0] = false, [1] = {1, 1, 1, 1}, [2] = {0, 1, 0, 1}}

--- The 1024 numbers before the last layer: [n, 96, 64] to [n, 1024].
function Yamnet:embedding(x)
  x = x:unsqueeze(1)
  for i = 1, self.layers do
    local pad = padding[self.strides[i]]
    x = self["layer" .. i](pad and x:constant_pad_nd(pad, 0) or x):clamp(0, 6)
  end
  return x:mean {2, 3}
end

Yamnet.heads = {"fc"}

--- Logits, of the embedding.
function Yamnet:told(x) return self.fc(x) end

function Yamnet:forward(x) return self.fc(self:embedding(x)) end

return network.architecture("yamnet", Yamnet, {classes = integer(521, {least = 1}, "kinds of sound")})
