--- wav2vec2_bert: a conformer on pairs of frames of Kaldi's filter bank, trained on speech of 143 languages.
---
---     local net = require("models.wav2vec2_bert") {classes = 10}
---     net(x)                                -- [n, frames, 160] to logits [n, 10]
---     net(x, mask)                          -- which frames are sound: clips of several lengths in one batch
---
--- Seamless Communication et al. (2023); the conformer: Gulati et al. (2020). Parameters have the names of
--- transformers' Wav2Vec2BertForSequenceClassification, without its prefix, but q_proj … for linear_q ….
local SelfAttention = require "moonlark.nn.self_attention"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local integer, number, boolean = options.integer, options.number, options.boolean

-- Scores depend on how far the key is from the query (Shaw et al., 2018), up to some frames before and after it.
local Attention = SelfAttention:extend "DistanceAttention"

function Attention:init(o)
  SelfAttention.init(self, o.width, o.heads)
  self.left, self.right = o.left, o.right
  self.distance_embedding = nn.Embedding(o.left + o.right + 1, o.width // o.heads)
end

-- What distances add to the scores: [n, heads, t, t].
local function bias_of(self, x)
  local n, t = x:size(0), x:size(1)
  local q = self.q_proj(x):view({n, t, self.heads, -1}):transpose(1, 2)
  local each = q:matmul(self.distance_embedding.weight:transpose(0, 1)) / math.sqrt(q:size(-1))
  local at = torch.arange(t, {dtype = "int64", device = x:device()})
  local distance = (at:unsqueeze(0) - at:unsqueeze(1)):clamp(-self.left, self.right) + self.left
  return each:gather(-1, distance:expand {n, self.heads, t, t})
end

-- `keys` [n, 1, 1, t]: which take part.
function Attention:forward(x, keys)
  local bias = bias_of(self, x)
  if keys then bias = bias:masked_fill(keys:logical_not(), -math.huge) end
  return SelfAttention.forward(self, x, bias)
end

local FeedForward = nn.Module:extend "ConformerFeedForward"

function FeedForward:init(o)
  self.intermediate_dense, self.output_dense = nn.Linear(o.width, o.inner), nn.Linear(o.inner, o.width)
  self.activation = nonlinearity.named(o.activation)
end

function FeedForward:forward(x) return self.output_dense(self.activation(self.intermediate_dense(x))) end

local Convolution = nn.Module:extend "ConformerConvolution"

function Convolution:init(o)
  local width, plain = o.width, {bias = false}
  self.layer_norm = nn.LayerNorm(width, {eps = o.eps})
  self.pointwise_conv1 = nn.Conv1d(width, 2 * width, 1, plain)
  self.depthwise_conv = nn.Conv1d(width, width, o.kernel, {groups = width, bias = false})
  self.depthwise_layer_norm = nn.LayerNorm(width, {eps = o.eps})
  self.pointwise_conv2 = nn.Conv1d(width, width, 1, plain)
  self.before, self.activation = o.kernel - 1, nonlinearity.named(o.activation)
end

--- [n, t, width]; a frame sees those before it. `keys` [n, t]: which are sound.
function Convolution:forward(x, keys)
  x = self.layer_norm(x)
  if keys then x = x:masked_fill(keys:logical_not():unsqueeze(-1), 0) end
  x = torch.glu(self.pointwise_conv1(x:transpose(1, 2)), 1)
  x = self.depthwise_conv(x:constant_pad_nd({self.before, 0}, 0)):transpose(1, 2)
  x = self.activation(self.depthwise_layer_norm(x))
  return self.pointwise_conv2(x:transpose(1, 2)):transpose(1, 2)
end

local Layer = nn.Module:extend "ConformerLayer"

function Layer:init(o)
  local function norm() return nn.LayerNorm(o.width, {eps = o.eps}) end
  self.ffn1_layer_norm, self.ffn1 = norm(), FeedForward(o)
  self.self_attn_layer_norm, self.self_attn = norm(), Attention(o)
  self.conv_module = Convolution(o)
  self.ffn2_layer_norm, self.ffn2 = norm(), FeedForward(o)
  self.final_layer_norm = norm()
end

function Layer:forward(x, keys)
  x = x + self.ffn1(self.ffn1_layer_norm(x)) * 0.5
  x = x + self.self_attn(self.self_attn_layer_norm(x), keys and keys:unsqueeze(1):unsqueeze(1))
  x = x + self.conv_module(x, keys)
  return self.final_layer_norm(x + self.ffn2(self.ffn2_layer_norm(x)) * 0.5)
end

local Projection = nn.Module:extend "Wav2Vec2BertFeatureProjection"

function Projection:init(o)
  self.layer_norm, self.projection = nn.LayerNorm(o.bands, {eps = o.eps}), nn.Linear(o.bands, o.width)
end

function Projection:forward(x) return self.projection(self.layer_norm(x)) end

local Wav2Vec2Bert = nn.Module:extend "Wav2Vec2Bert"

function Wav2Vec2Bert:init(o)
  o.inner = o.inner or 4 * o.width
  self.feature_projection, self.encoder = Projection(o), nn.Module:extend "Wav2Vec2BertEncoder"()
  self.encoder.layers = nn.ModuleList()
  for _ = 1, o.layers do self.encoder.layers:append(Layer(o)) end
  if o.weighted then self.layer_weights = nn.Parameter(torch.full({o.layers + 1}, 1 / (o.layers + 1))) end
  if not o.classes then return end
  self.projector = nn.Linear(o.width, o.projection)
  self.classifier = nn.Linear(o.projection, o.classes)
end

Wav2Vec2Bert.heads = {"projector", "classifier", "layer_weights"}

--- The network in steps, for fine-tuning: see models/README.md.
function Wav2Vec2Bert:steps()
  local list = {function(x) return self.feature_projection(x) end}
  for i, layer in self.encoder.layers:each() do list[i + 2] = function(x) return layer(x) end end
  return {list = list, pooled = function(x) return x:mean {1} end}
end

--- Logits, of the mean over all frames.
function Wav2Vec2Bert:told(x) return self.classifier(self.projector(x)) end

--- What each layer gives: a list of layers + 1 tensors [n, frames, width]; the first is the first layer's input.
function Wav2Vec2Bert:hidden(x, mask)
  mask = mask and mask:to "bool"
  x = self.feature_projection(x)
  if mask then x = x:masked_fill(mask:logical_not():unsqueeze(-1), 0) end
  local states = {x}
  for i, layer in self.encoder.layers:each() do states[i + 2] = layer(states[i + 1], mask) end
  return states
end

-- The last state, or a learned mean of all.
local function mixed(self, states)
  if not self.layer_weights then return states[#states] end
  local weights, sum = self.layer_weights:softmax(-1), 0
  for i, state in ipairs(states) do sum = state * weights[i - 1] + sum end
  return sum
end

--- `mask` [n, frames]: which frames are sound, in clips that are padded at their end.
function Wav2Vec2Bert:forward(x, mask)
  x = mixed(self, self:hidden(x, mask))
  if not self.classifier then return x end
  x = self.projector(x)
  if not mask then return self.classifier(x:mean {1}) end
  mask = mask:unsqueeze(-1):to(x:dtype())
  return self.classifier((x * mask):sum {1} / mask:sum {1})
end

return network.architecture("wav2vec2_bert", Wav2Vec2Bert, {
  bands = integer(160, {least = 1}, "numbers of a pair of frames"),
  width = integer(1024, {least = 1}, "numbers of a frame"),
  layers = integer(24, {least = 1, most = 200}, "of the conformer"),
  heads = integer(16, {least = 1}, "of each attention"),
  inner = integer(nil, {least = 1, usual = "4 width"}, "numbers between the two linear layers"),
  activation = nonlinearity.option("swish", "between the two linear layers, and in the convolution"),
  kernel = integer(31, {least = 1}, "frames that the convolution sees, none of them later"),
  left = integer(64, {least = 0}, "distances before a frame that are told apart"),
  right = integer(8, {least = 0}, "distances after it"),
  eps = number(1e-5, {least = 0}, "added to variances"),
  classes = integer(nil, {least = 1, usual = "no head"}, "how many to tell apart"),
  projection = integer(768, {least = 1}, "numbers between the conformer and the last layer"),
  weighted = boolean(false, "the head hears a learned mean of all layers"),
})
