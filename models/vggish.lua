--- vggish: VGG on log-mel of 0.96 s, trained on 70 million videos: 128 numbers that describe sound.
---
---     local net = require("models.vggish") {}
---     net(x)                                -- [n, 96, 64], time × mel, to [n, 128]
---
--- Hershey et al. (2017), "CNN architectures for large-scale audio classification". With `pca` its numbers are those of
--- AudioSet: whitened, and quantised to 0..255. Parameters have the names of torchvggish.
local examples = require "moonlark.nn.examples"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local integer = options.integer

local Whitening = nn.Module:extend "VggishWhitening"

function Whitening:init(width)
  self:register_buffer("pca_eigen_vectors", torch.eye(width))
  self:register_buffer("pca_means", torch.zeros {width})
end

--- Turned to the axes of the PCA, cut to -2..2 and quantised.
function Whitening:forward(x)
  local turned = (x - self.pca_means):matmul(self.pca_eigen_vectors:transpose(0, 1))
  return ((turned:clamp(-2, 2) + 2) * (255 / 4)):round()
end

local Vggish = nn.Module:extend "Vggish"

-- Which of the six convolutions are followed by a maximum over 2 × 2.
local pooled = {true, true, false, true, false, true}

local function features(channels)
  local list, from = nn.Sequential(), 1
  for i, to in ipairs(channels) do
    list:append(nn.Conv2d(from, to, 3, {padding = 1})):append(nn.ReLU())
    if pooled[i] then list:append(nn.MaxPool2d(2)) end
    from = to
  end
  return list
end

function Vggish:init(o)
  self.features = features(o.channels)
  self.embeddings = nn.Sequential(nn.Linear(6 * 4 * o.channels[#o.channels], o.hidden), nn.ReLU(),
    nn.Linear(o.hidden, o.hidden), nn.ReLU(), nn.Linear(o.hidden, o.width), nn.ReLU())
  if o.pca then self.pproc = Whitening(o.width) end
end

function Vggish:embedding(x)
  local made = examples.few(8, x, function(part)
    local maps = self.features(part:unsqueeze(1)):permute {0, 2, 3, 1}
    return self.embeddings(maps:flatten(1))
  end)
  return self.pproc and self.pproc(made) or made
end

function Vggish:expects() return "[n, 96, 64]" end

function Vggish:forward(x) return self:embedding(x) end

return network.architecture("vggish", Vggish, {
  channels = options.list(integer(nil, {least = 1}), {64, 128, 256, 256, 512, 512}, {length = 6},
    "of the convolutions"),
  hidden = integer(4096, {least = 1}, "numbers of the dense layers"),
  width = integer(128, {least = 1}, "numbers of the embedding"),
  pca = options.boolean(false, "whitened and quantised to 0..255"),
})
