--- wav2vec2: transformers that hear the samples themselves: wav2vec 2.0, and by its options HuBERT, UniSpeech-SAT,
--- WavLM and data2vec.
---
---     local net = require("models.wav2vec2") {classes = 10}
---     net(x)                                -- [n, samples] of 16 kHz to logits [n, 10]
---     net(x, mask)                          -- which samples are sound: clips of several lengths in one batch
---     net:hidden(x)                         -- what each layer gives, [n, frames, 768], 50 frames a second
---
--- Baevski et al. (2020), "wav2vec 2.0"; Hsu et al. (2021), "HuBERT"; Chen et al. (2022), "UniSpeech-SAT" and "WavLM";
--- Baevski et al. (2022), "data2vec"; adapters: Pratap et al. (2023), "Scaling speech technology to 1,000+ languages".
--- Parameters have the names of transformers' Wav2Vec2ForSequenceClassification, without its prefix.
local RelativeAttention = require "moonlark.nn.relative_attention"
local SelfAttention = require "moonlark.nn.self_attention"
local examples = require "moonlark.nn.examples"
local init = require "moonlark.nn.initialise"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local integer, number, boolean, choice = options.integer, options.number, options.boolean, options.choice

-- --- from samples to frames --------------------------------------------------------------

local ConvLayer = nn.Module:extend "Wav2Vec2ConvLayer"

function ConvLayer:init(o, i)
  local channels = o.conv_dim[i]
  self.conv = nn.Conv1d(o.conv_dim[i - 1] or 1, channels, o.conv_kernel[i], {stride = o.conv_stride[i],
    bias = o.conv_bias})
  self.activation, self.norm = nonlinearity.named(o.conv_activation), o.conv_norm
  if o.conv_norm == "layer" then self.layer_norm = nn.LayerNorm(channels) end
  if o.conv_norm == "group" and i == 1 then self.layer_norm = nn.GroupNorm(channels, channels) end
end

function ConvLayer:forward(x)
  x = self.conv(x)
  if self.norm == "layer" then
    x = self.layer_norm(x:transpose(1, 2)):transpose(1, 2)
  elseif self.layer_norm then
    x = self.layer_norm(x)
  end
  return self.activation(x)
end

local Extractor = nn.Module:extend "Wav2Vec2FeatureExtractor"

function Extractor:init(o)
  if #o.conv_kernel ~= #o.conv_dim or #o.conv_stride ~= #o.conv_dim then
    show.fail("conv_dim, conv_kernel and conv_stride must be of one length, got %d, %d and %d", #o.conv_dim,
      #o.conv_kernel, #o.conv_stride)
  end
  self.kernels, self.strides, self.conv_layers = o.conv_kernel, o.conv_stride, nn.ModuleList()
  for i = 1, #o.conv_dim do self.conv_layers:append(ConvLayer(o, i)) end
end

-- [n, samples] to [n, channels, frames].
local function convolved(self, x)
  x = x:unsqueeze(1)
  for _, layer in self.conv_layers:each() do
    local before = x
    x = torch.scope(function() return layer(before) end) -- of many samples: what is done with goes at once
  end
  return x
end

--- [n, samples] to [n, frames, channels].
function Extractor:forward(x)
  return examples.few(1, x, function(part) return convolved(self, part) end):transpose(1, 2)
end

function Extractor:expects() return ("[n, %d samples or more]"):format(self:least()) end

--- Samples that one frame hears.
function Extractor:least()
  local samples = 1
  for i = #self.kernels, 1, -1 do samples = (samples - 1) * self.strides[i] + self.kernels[i] end
  return samples
end

--- Which frames are of sound, of which samples are: [n, samples] to booleans [n, frames].
function Extractor:frames_of(mask, frames)
  local lengths = mask:to "int64":sum {1}
  if lengths:min():item() < self:least() then
    show.fail("mask: each row needs %d samples at least, got one of %d", self:least(), lengths:min():item())
  end
  for i, kernel in ipairs(self.kernels) do
    lengths = torch.div(lengths - kernel, self.strides[i], {rounding_mode = "floor"}) + 1
  end
  return torch.arange(frames, {device = mask:device()}):unsqueeze(0):lt(lengths:unsqueeze(1))
end

local Projection = nn.Module:extend "Wav2Vec2FeatureProjection"

function Projection:init(o)
  local channels = o.conv_dim[#o.conv_dim]
  if o.projection_norm then self.layer_norm = nn.LayerNorm(channels, {eps = o.eps}) end
  self.projection = nn.Linear(channels, o.width)
end

function Projection:forward(x) return self.projection(self.layer_norm and self.layer_norm(x) or x) end

-- --- where a frame stands -----------------------------------------------------------------

-- A convolution over frames that keeps their number: an even kernel's last result is dropped.
local function same_length(x, kernel) return kernel % 2 == 0 and x:narrow(-1, 0, x:size(-1) - 1) or x end

-- Its weight is split into lengths and directions (Salimans and Kingma, 2016), as the files have it.
local NormedConv = nn.Module:extend "Wav2Vec2PositionalConv"

function NormedConv:init(o)
  if o.width % o.positions_groups ~= 0 then
    show.fail("width must be a multiple of positions_groups (%d), got %d", o.positions_groups, o.width)
  end
  local shape = {o.width, o.width // o.positions_groups, o.positions_kernel}
  self.groups = o.positions_groups
  self.bias = nn.Parameter(torch.zeros {o.width})
  self.weight_g = nn.Parameter(torch.ones {1, 1, o.positions_kernel})
  self.weight_v = nn.Parameter(init.normal(torch.empty(shape), 0, 2 / math.sqrt(shape[2] * shape[3])))
end

function NormedConv:forward(x)
  local weight = torch._weight_norm(self.weight_v, self.weight_g, 2)
  return x:conv1d(weight, self.bias, {1}, {weight:size(2) // 2}, {1}, self.groups)
end

local function plain_conv(o)
  return nn.Conv1d(o.width, o.width, o.positions_kernel, {padding = o.positions_kernel // 2,
    groups = o.positions_groups})
end

local Positions = nn.Module:extend "Wav2Vec2Positions"

function Positions:init(o)
  self.kernel, self.activation = o.positions_kernel, nonlinearity.named(o.conv_activation)
  if o.positions_norm == "batch" then self.batch_norm = nn.BatchNorm1d(o.width) end
  self.conv = o.positions_norm == "batch" and plain_conv(o) or NormedConv(o)
end

--- [n, frames, width] to what is added to it.
function Positions:forward(x)
  x = x:transpose(1, 2)
  if self.batch_norm then x = self.batch_norm(x) end
  return self.activation(same_length(self.conv(x), self.kernel)):transpose(1, 2)
end

-- data2vec's: several convolutions, each normalised.
local StackedPositions = nn.Module:extend "Data2VecPositions"

function StackedPositions:init(o)
  self.kernel, self.activation, self.layers = o.positions_kernel, nonlinearity.named(o.conv_activation), nn.ModuleList()
  for _ = 1, o.positions_layers do
    local layer = nn.Module:extend "Data2VecPositionalLayer"()
    layer.conv, layer.norm = plain_conv(o), nn.LayerNorm(o.width, {elementwise_affine = false})
    self.layers:append(layer)
  end
end

function StackedPositions:forward(x)
  for _, layer in self.layers:each() do
    local y = same_length(layer.conv(x:transpose(1, 2)), self.kernel)
    x = self.activation(layer.norm(y:transpose(1, 2)))
  end
  return x
end

-- --- the transformer ----------------------------------------------------------------------

local FeedForward = nn.Module:extend "Wav2Vec2FeedForward"

function FeedForward:init(o)
  self.intermediate_dense, self.output_dense = nn.Linear(o.width, o.inner), nn.Linear(o.inner, o.width)
  self.activation = nonlinearity.named(o.activation)
end

function FeedForward:forward(x)
  return torch.scope(function() return self.output_dense(self.activation(self.intermediate_dense(x))) end)
end

local Adapter = nn.Module:extend "Wav2Vec2Adapter"

function Adapter:init(o)
  self.norm = nn.LayerNorm(o.width)
  self.linear_1, self.linear_2 = nn.Linear(o.width, o.adapter), nn.Linear(o.adapter, o.width)
end

function Adapter:forward(x) return self.linear_2(self.linear_1(self.norm(x)):relu()) end

local Layer = nn.Module:extend "Wav2Vec2Layer"

function Layer:init(o, i)
  self.attention = o.buckets and RelativeAttention(o.width, o.heads, {buckets = o.buckets,
    max_distance = o.max_distance, table = i == 1}) or SelfAttention(o.width, o.heads)
  self.layer_norm = nn.LayerNorm(o.width, {eps = o.eps})
  self.feed_forward = FeedForward(o)
  self.final_layer_norm = nn.LayerNorm(o.width, {eps = o.eps})
  if o.adapter then self.adapter_layer = Adapter(o) end
  self.stable = o.stable
end

--- `...` is what the attention is given beside its input.
function Layer:forward(x, ...)
  if not self.stable then
    x = self.layer_norm(x + self.attention(x, ...))
    return self.final_layer_norm(x + self.feed_forward(x))
  end
  x = x + self.attention(self.layer_norm(x), ...)
  x = x + self.feed_forward(self.final_layer_norm(x))
  return self.adapter_layer and x + self.adapter_layer(x) or x
end

local Encoder = nn.Module:extend "Wav2Vec2Encoder"

function Encoder:init(o)
  self.pos_conv_embed = o.positions_layers and StackedPositions(o) or Positions(o)
  self.layer_norm = nn.LayerNorm(o.width, {eps = o.eps})
  self.layers, self.depth, self.stable, self.relative = nn.ModuleList(), o.layers, o.stable, o.buckets ~= nil
  for i = 1, o.layers do self.layers:append(Layer(o, i)) end
end

--- The first layer's input, of frames [n, frames, width]. `keys` [n, frames]: what is sound.
function Encoder:stem(x, keys)
  if keys then x = x:masked_fill(keys:logical_not():unsqueeze(-1), 0) end
  x = x + self.pos_conv_embed(x)
  return self.stable and x or self.layer_norm(x)
end

-- The scores of distances between frames that WavLM adds, kept in its first layer.
local function distances(self, frames)
  return self.relative and self.layers:at(0).attention:table_of(frames) or nil
end

-- What a layer gives; the last one of stable networks is normalised.
local function through(self, i, layer, x, bias, mask)
  if bias then x = layer(x, bias, mask) else x = layer(x, mask) end
  return self.stable and i == self.depth - 1 and self.layer_norm(x) or x
end

--- Each layer as a function of a state.
function Encoder:steps()
  local list = {}
  for i, layer in self.layers:each() do
    list[i + 1] = function(x) return through(self, i, layer, x, distances(self, x:size(1))) end
  end
  return list
end

--- Calls f(state, index) for the first layer's input (0) and what each layer gives.
function Encoder:each_state(x, keys, f)
  x = self:stem(x, keys)
  f(x, 0)
  local mask, bias = keys and keys:unsqueeze(1):unsqueeze(1), distances(self, x:size(1))
  for i, layer in self.layers:each() do
    x = through(self, i, layer, x, bias, mask)
    f(x, i + 1)
  end
end

-- --- the whole ------------------------------------------------------------------------------

local Wav2Vec2 = nn.Module:extend "Wav2Vec2"

function Wav2Vec2:init(o)
  o.inner = o.inner or 4 * o.width
  self.feature_extractor, self.feature_projection = Extractor(o), Projection(o)
  self.encoder, self.last = Encoder(o), o.stable and "^encoder%.layer_norm%." or nil
  if o.weighted then self.layer_weights = nn.Parameter(torch.full({o.layers + 1}, 1 / (o.layers + 1))) end
  if not o.classes then return end
  self.projector = nn.Linear(o.width, o.projection)
  self.classifier = nn.Linear(o.projection, o.classes)
end

Wav2Vec2.heads, Wav2Vec2.fixed = {"projector", "classifier", "layer_weights"}, "^feature_extractor%."

--- The network in steps, for fine-tuning: see models/README.md.
function Wav2Vec2:steps()
  local list = self.encoder:steps()
  table.insert(list, 1, function(x) return self.encoder:stem(self.feature_projection(self.feature_extractor(x))) end)
  return {list = list, pooled = function(x) return x:mean {1} end}
end

--- Logits, of the mean over all frames.
function Wav2Vec2:told(mean) return self.classifier(self.projector(mean)) end

-- Calls f for each state; gives which frames are sound, where a mask says so.
local function each_state(self, x, mask, f)
  local frames = self.feature_extractor(x)
  local keys = mask and self.feature_extractor:frames_of(mask, frames:size(1))
  self.encoder:each_state(self.feature_projection(frames), keys, f)
  return keys
end

--- What each layer gives: a list of layers + 1 tensors [n, frames, width]; the first is the first layer's input.
function Wav2Vec2:hidden(x, mask)
  local states = {}
  each_state(self, x, mask, function(state) states[#states + 1] = state end)
  return states
end

-- What the head is given, the last state or a learned mean of all, and which frames are sound.
local function mixed(self, x, mask)
  local weights, sum = self.layer_weights and self.layer_weights:softmax(-1), nil
  local keys = each_state(self, x, mask, function(state, i)
    if not weights then sum = state return end
    sum = sum and sum + state * weights[i] or state * weights[i]
  end)
  return sum, keys
end

--- `mask` [n, samples]: which samples are sound, in clips that are padded at their end.
function Wav2Vec2:forward(x, mask)
  local states, keys = mixed(self, x, mask)
  if not self.classifier then return states end
  states = self.projector(states)
  if not keys then return self.classifier(states:mean {1}) end
  keys = keys:unsqueeze(-1):to(states:dtype())
  return self.classifier((states * keys):sum {1} / keys:sum {1})
end

return network.architecture("wav2vec2", Wav2Vec2, {
  conv_dim = options.list(integer(nil, {least = 1}), {512, 512, 512, 512, 512, 512, 512}, {least = 1},
    "channels of the convolutions"),
  conv_kernel = options.list(integer(nil, {least = 1}), {10, 3, 3, 3, 3, 2, 2}, {least = 1}, "their lengths"),
  conv_stride = options.list(integer(nil, {least = 1}), {5, 2, 2, 2, 2, 2, 2}, {least = 1}, "their steps"),
  conv_bias = boolean(false, "the convolutions have a bias"),
  conv_norm = choice({"group", "layer"}, "group", "the first is normalised over time, or each over channels"),
  conv_activation = nonlinearity.option("gelu", "of the convolutions"),
  projection_norm = boolean(true, "normalises what the convolutions give"),
  positions_kernel = integer(128, {least = 1}, "frames that tell where a frame stands"),
  positions_groups = integer(16, {least = 1}, "of that convolution"),
  positions_norm = choice({"weight", "batch"}, "weight", "of that convolution: its weight, or its input"),
  positions_layers = integer(nil, {least = 1, most = 200, usual = "one"}, "data2vec: so many convolutions"),
  width = integer(768, {least = 1}, "numbers of a frame"),
  layers = integer(12, {least = 1, most = 200}, "of the transformer"),
  heads = integer(12, {least = 1}, "of each attention"),
  inner = integer(nil, {least = 1, usual = "4 width"}, "numbers between the two linear layers"),
  activation = nonlinearity.option("gelu", "between the two linear layers"),
  stable = boolean(false, "normalises before attention and linear layers, not after them"),
  adapter = integer(nil, {least = 1, usual = "none"}, "numbers of an adapter after each layer, where it is stable"),
  buckets = integer(nil, {least = 4, usual = "none"}, "WavLM: distances that are told apart"),
  max_distance = integer(800, {least = 1}, "WavLM: frames beyond which distances are one"),
  eps = number(1e-5, {least = 0}, "added to variances of the transformer"),
  classes = integer(nil, {least = 1, usual = "no head"}, "how many to tell apart"),
  projection = integer(256, {least = 1}, "numbers between the transformer and the last layer"),
  weighted = boolean(false, "the head hears a learned mean of all layers"),
})
