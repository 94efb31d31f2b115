--- clap: the audio side of CLAP, a Swin transformer on log-mel of ten seconds; its embeddings lie beside those of texts.
---
---     local net = require("models.clap") {}
---     net(x)                                -- [n, 1, 1001, 64], frames × mel, to embeddings [n, 512]
---     local net = require("models.clap") {classes = 10}
---     net(x)                                -- to logits of texts whose embeddings are net.text_embeds
---
--- Wu et al. (2023), "Large-scale contrastive language-audio pretraining"; Chen et al. (2022), HTS-AT; Liu et al.
--- (2021), Swin transformer. Parameters have the names of transformers' ClapModel without `audio_model.audio_encoder`,
--- but q_proj … out_proj in attention.
local SelfAttention = require "moonlark.nn.self_attention"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local integer, number, boolean = options.integer, options.number, options.boolean

-- --- windows of an image ------------------------------------------------------------------

-- [n, height, width, c] as [n windows, window², c], and back.
local function partition(x, window)
  local n, height, width, c = table.unpack(x:shape())
  return x:view({n, height // window, window, width // window, window, c}):permute({0, 1, 3, 2, 4, 5})
    :reshape {-1, window * window, c}
end

local function joined(windows, window, height, width)
  local c = windows:size(-1)
  return windows:view({-1, height // window, width // window, window, window, c}):permute({0, 1, 3, 2, 4, 5})
    :reshape {-1, height, width, c}
end

-- Regions of an axis that lay apart before the shift.
local function regions(size, window, shift)
  local at = torch.arange(size)
  return at:ge(size - window):to "int64" + at:ge(size - shift):to "int64"
end

-- What is added to scores so that places that lay apart do not look at each other: [windows, 1, window², window²].
local function apart(size, window, shift)
  local along = regions(size, window, shift)
  local image = along:unsqueeze(1) * 3 + along:unsqueeze(0)
  local places = partition(image:view {1, size, size, 1}, window):squeeze(-1)
  return places:unsqueeze(1):ne(places:unsqueeze(2)):to "float32":unsqueeze(1) * -100
end

-- The row of the table for each two places of a window: [window², window²].
local function relative_index(window)
  local at = torch.arange(window * window)
  local row, column = torch.div(at, window, {rounding_mode = "floor"}), at:remainder(window)
  local rows = row:unsqueeze(1) - row:unsqueeze(0) + window - 1
  return rows * (2 * window - 1) + column:unsqueeze(1) - column:unsqueeze(0) + window - 1
end

-- Scores depend on how places lie to each other.
local WindowAttention = SelfAttention:extend "WindowAttention"

function WindowAttention:init(o, width, heads)
  local free = not o.qkv_bias
  SelfAttention.init(self, width, heads, {q = free, k = free, v = free})
  self.relative_position_bias_table = nn.Parameter(torch.zeros {(2 * o.window - 1) * (2 * o.window - 1), heads})
  self.index = relative_index(o.window):flatten()
end

--- `mask` [windows of one image, 1, window², window²].
function WindowAttention:forward(x, mask)
  local places = x:size(1)
  local index = self.index:to(x:device())
  local bias = self.relative_position_bias_table:index_select(0, index):view({places, places, -1}):permute({2, 0, 1})
    :unsqueeze(0)
  if mask then
    mask = mask:to(x:device()):to(x:dtype())
    bias = (bias + mask):unsqueeze(0):expand({x:size(0) // mask:size(0), -1, -1, -1, -1}):flatten(0, 1)
  end
  return SelfAttention.forward(self, x, bias)
end

--- Windows are squares of folded time: there is no map over a song.
function WindowAttention:weights() show.fail "attention within windows has no map over time" end

local Block = nn.Module:extend "SwinBlock"

function Block:init(o, width, heads, size, shift)
  self.size, self.window, self.shift = size, o.window, size > o.window and shift or 0
  self.layernorm_before = nn.LayerNorm(width, {eps = o.eps})
  self.attention = WindowAttention(o, width, heads)
  self.layernorm_after = nn.LayerNorm(width, {eps = o.eps})
  local inner = math.floor(o.ratio * width)
  self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)
  self.activation = nonlinearity.named(o.activation)
  self.mask = self.shift > 0 and apart(size, self.window, self.shift) or nil
end

function Block:forward(x)
  local n, size, shift = x:size(0), self.size, self.shift
  local image = self.layernorm_before(x):view {n, size, size, -1}
  if shift > 0 then image = image:roll({-shift, -shift}, {1, 2}) end
  image = joined(self.attention(partition(image, self.window), self.mask), self.window, size, size)
  if shift > 0 then image = image:roll({shift, shift}, {1, 2}) end
  x = x + image:reshape(x:shape())
  return x + self.fc2(self.activation(self.fc1(self.layernorm_after(x))))
end

-- Four neighbours become one place of twice the width.
local Merging = nn.Module:extend "SwinMerging"

function Merging:init(width, size)
  self.size = size
  self.norm, self.reduction = nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width, {bias = false})
end

function Merging:forward(x)
  local n, half = x:size(0), self.size // 2
  local four = x:view({n, half, 2, half, 2, -1}):permute({0, 1, 3, 4, 2, 5}):reshape {n, half * half, -1}
  return self.reduction(self.norm(four))
end

local Stage = nn.Module:extend "SwinStage"

function Stage:init(o, i, size)
  local width = o.width << (i - 1)
  self.blocks = nn.ModuleList()
  for j = 1, o.depths[i] do
    self.blocks:append(Block(o, width, o.heads[i], size, j % 2 == 0 and o.window // 2 or 0))
  end
  if i < #o.depths then self.downsample = Merging(width, size) end
end

function Stage:forward(x)
  for _, block in self.blocks:each() do x = block(x) end
  return self.downsample and self.downsample(x) or x
end

-- --- the whole ----------------------------------------------------------------------------

local Patches = nn.Module:extend "ClapPatches"

function Patches:init(o)
  self.proj = nn.Conv2d(1, o.width, o.patch, {stride = o.patch})
  if o.patch_norm then self.norm = nn.LayerNorm(o.width) end
end

function Patches:forward(image)
  local x = self.proj(image):flatten(2):transpose(1, 2)
  return self.norm and self.norm(x) or x
end

local Projection = nn.Module:extend "ClapProjection"

function Projection:init(o, width)
  self.linear1, self.linear2 = nn.Linear(width, o.projection), nn.Linear(o.projection, o.projection)
  self.activation = nonlinearity.named(o.projection_activation)
end

function Projection:forward(x) return self.linear2(self.activation(self.linear1(x))) end

local Clap = nn.Module:extend "Clap"

function Clap:init(o)
  if #o.heads ~= #o.depths then
    show.fail("heads and depths must be of one length, got %d and %d", #o.heads, #o.depths)
  end
  self.n_mels, self.folds, self.image = o.n_mels, o.image // o.n_mels, o.image
  local grid, last = o.image // o.patch, o.width << (#o.depths - 1)
  self.batch_norm, self.patch_embed, self.layers = nn.BatchNorm2d(o.n_mels), Patches(o), nn.ModuleList()
  for i = 1, #o.depths do
    local size = grid >> (i - 1)
    if size < o.window or size % o.window ~= 0 or (i < #o.depths and size % 2 ~= 0) then
      show.fail("an image of %d does not fall into windows of %d at each of %d stages", o.image, o.window, #o.depths)
    end
    self.layers:append(Stage(o, i, size))
  end
  self.norm = nn.LayerNorm(last)
  if o.projection then self.audio_projection = Projection(o, last) end
  if not o.classes then return end
  self.logit_scale_a = nn.Parameter(torch.full({}, math.log(1 / 0.07)))
  self:register_buffer("text_embeds", torch.zeros {o.classes, o.projection or last})
end

-- A mel spectrogram [n, 1, frames, n_mels] as a square: stretched in time, cut into pieces one above the other.
local function folded(self, x)
  local n, long = x:size(0), self.image * self.folds
  if x:size(2) > long then show.fail("the input must have %d frames at most, got %d", long, x:size(2)) end
  if x:size(2) < long then x = x:upsample_bicubic2d({long, self.n_mels}, true) end
  x = x:reshape({n, self.folds, self.image, self.n_mels}):permute {0, 1, 3, 2}
  return x:reshape {n, 1, self.image, self.image}
end

function Clap:expects() return ("[n, 1, frames, %d]"):format(self.n_mels) end

--- The embedding of sounds: [n, 1, frames, n_mels] to [n, 512].
function Clap:embedding(x)
  x = self.batch_norm(x:transpose(1, 3)):transpose(1, 3)
  x = self.patch_embed(folded(self, x))
  for _, stage in self.layers:each() do x = stage(x) end
  x = self.norm(x):mean {1}
  return self.audio_projection and self.audio_projection(x) or x
end

local function unit(x) return x / x:norm(2, {-1}, true) end

function Clap:forward(x)
  x = self:embedding(x)
  if not self.text_embeds then return x end
  return unit(x):matmul(unit(self.text_embeds):transpose(0, 1)) * self.logit_scale_a:exp()
end

local function list(default, help)
  return options.list(integer(nil, {least = 1}), default, {least = 1, most = 8}, help)
end

return network.architecture("clap", Clap, {
  n_mels = integer(64, {least = 1}, "rows of the spectrogram"),
  image = integer(256, {least = 1}, "rows and columns of the square that it is folded to"),
  patch = integer(4, {least = 1}, "rows and columns of a patch"),
  patch_norm = boolean(true, "normalises what patches become"),
  width = integer(96, {least = 1}, "numbers of a patch; each stage doubles them"),
  depths = list({2, 2, 6, 2}, "blocks of each stage"),
  heads = list({4, 8, 16, 32}, "of the attentions of each stage"),
  window = integer(8, {least = 1}, "patches along a window in which they look at each other"),
  ratio = number(4, {above = 0}, "how many times wider blocks are between their two linear layers"),
  activation = nonlinearity.option("gelu", "between the two linear layers"),
  qkv_bias = boolean(true, "queries, keys and values have a bias"),
  eps = number(1e-5, {least = 0}, "added to variances of the blocks"),
  projection = integer(512, {least = 1, usual = "none"}, "numbers of the embedding; false: those of the last stage"),
  projection_activation = nonlinearity.option("relu", "between the two layers of the projection"),
  classes = integer(nil, {least = 1, usual = "embeddings only"}, "texts that are told apart"),
})
