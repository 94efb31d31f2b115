--- music_tagging: tags of music by three networks that were compared with each other on MTG-Jamendo and MagnaTagATune.
---
---     local net = require("models.music_tagging") {layout = "musicnn", classes = 50}
---     net(x)                                -- [n, 96, frames], mel in dB, to logits [n, 50]
---     net:embedding(x)                      -- [n, 200], fcn: 64, crnn: 32
---
--- Won, Ferraro, Bogdanov and Serra (2020), "Evaluation of CNN-based automatic music tagging models", whose names the
--- parameters have. musicnn hears 3 s, fcn and crnn hear 29 s.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

-- A convolution, batch norm, ReLU.
local Block = nn.Module:extend "MusicTaggingBlock"

function Block:init(conv, norm) self.conv, self.bn = conv, norm end

function Block:forward(x) return self.bn(self.conv(x)):relu() end

local function block1d(from, to, kernel)
  return Block(nn.Conv1d(from, to, kernel, {padding = kernel // 2}), nn.BatchNorm1d(to))
end

local function block2d(from, to, kernel, padding)
  return Block(nn.Conv2d(from, to, kernel, {padding = padding}), nn.BatchNorm2d(to))
end

-- What all have: the front end's window and filters, as the file has them, and the norm of its output.
local function begin(net)
  net:register_buffer("window", nn.functional.zeros {512})
  net:register_buffer("fb", nn.functional.zeros {257, 96})
  net.spec_bn = nn.BatchNorm2d(1)
end

local Musicnn = nn.Module:extend "MusicTaggingMusicnn"

local front_width, width = 561, 64

function Musicnn:init(o)
  begin(self)
  self.layers = nn.ModuleList()
  for _, bands in ipairs {67, 38} do self.layers:append(block2d(1, 204, {bands, 7}, {0, 3})) end
  for _, frames in ipairs {129, 65, 33} do self.layers:append(block1d(1, 51, frames)) end
  for i = 1, 3 do self["layer" .. i] = block1d(i == 1 and front_width or width, width, 7) end
  self.dense1, self.bn = nn.Linear(2 * (front_width + 3 * width), 200), nn.BatchNorm1d(200)
  self.dense2 = nn.Linear(200, o.classes)
end

function Musicnn:embedding(x)
  x = self.spec_bn(x:unsqueeze(1))
  local mean, parts = x:mean {2}, {}
  for i, layer in self.layers:each() do
    parts[i + 1] = i < 2 and layer(x):amax {2} or layer(mean)
  end
  local a = torch.cat(parts, 1)
  local b = self.layer1(a)
  local c = self.layer2(b) + b
  local all = torch.cat({a, b, c, self.layer3(c) + c}, 1)
  return self.bn(self.dense1(torch.cat({all:amax {2}, all:mean {2}}, 1))):relu()
end

function Musicnn:forward(x) return self.dense2(self:embedding(x)) end

-- Convolutions 3 × 3, each with its pooling over bands and frames.
local function pyramid(net, channels, pools)
  begin(net)
  net.pools = {}
  for i, pool in ipairs(pools) do
    net["layer" .. i] = block2d(channels[i], channels[i + 1], 3, 1)
    net.pools[i] = nn.MaxPool2d(pool)
  end
end

local function climb(net, x)
  x = net.spec_bn(x:unsqueeze(1))
  for i, pool in ipairs(net.pools) do x = pool(net["layer" .. i](x)) end
  return x
end

local Fcn = nn.Module:extend "MusicTaggingFcn"

function Fcn:init(o)
  pyramid(self, {1, 64, 128, 128, 128, 64}, {{2, 4}, {2, 4}, {2, 4}, {3, 5}, {4, 4}})
  self.dense = nn.Linear(64, o.classes)
end

function Fcn:embedding(x) return climb(self, x):flatten(1) end

function Fcn:forward(x) return self.dense(self:embedding(x)) end

local Crnn = nn.Module:extend "MusicTaggingCrnn"

function Crnn:init(o)
  pyramid(self, {1, 64, 128, 128, 128}, {2, 3, 4, 4})
  self.layer5 = nn.GRU(128, 32, {num_layers = 2, batch_first = true})
  self.dense = nn.Linear(32, o.classes)
end

function Crnn:embedding(x)
  local y = self.layer5(climb(self, x):squeeze(2):transpose(1, 2))
  return y:select(1, -1)
end

function Crnn:forward(x) return self.dense(self:embedding(x)) end

local layouts = {musicnn = Musicnn, fcn = Fcn, crnn = Crnn}

return network.architecture("music_tagging", function(o) return layouts[o.layout](o) end, {
  layout = options.choice({"musicnn", "fcn", "crnn"}, "musicnn", "of the three"),
  classes = options.integer(50, {least = 1}, "tags"),
})
