--- ast: the Audio Spectrogram Transformer, a vision transformer on log-mel; with other settings MAEST, of music.
---
---     local net = require("models.ast") {classes = 527}
---     net(x)                                -- [n, 1024, 128], frames × mel, to logits [n, 527]
---     net:embedding(x)                      -- [n, 768]
---
--- Gong et al. (2021), "AST: Audio Spectrogram Transformer"; Alonso-Jiménez et al. (2023), "Efficient supervised
--- training of audio transformers for music representation learning" (MAEST). Parameters have the names of
--- transformers' ASTForAudioClassification, without its prefix.
local SelfAttention = require "moonlark.nn.self_attention"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local nonlinearity = require "moonlark.nn.nonlinearity"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local integer, number, boolean = options.integer, options.number, options.boolean

local Embeddings = nn.Module:extend "AstEmbeddings"

-- Patches along an axis.
local function patches(length, patch, stride) return (length - patch) // stride + 1 end

function Embeddings:init(o)
  local rows = patches(o.n_mels, o.patch, o.frequency_stride)
  local columns = patches(o.frames, o.patch, o.time_stride)
  if rows < 1 or columns < 1 then
    show.fail("a patch of %d does not fit into %d rows and %d frames", o.patch, o.n_mels, o.frames)
  end
  self.frames, self.n_mels = o.frames, o.n_mels
  self.grid = {special = 2, rows = rows, columns = columns, row_step = o.frequency_stride, row_size = o.patch}
  self.cls_token = nn.Parameter(torch.zeros {1, 1, o.width})
  self.distillation_token = nn.Parameter(torch.zeros {1, 1, o.width})
  self.position_embeddings = nn.Parameter(torch.zeros {1, rows * columns + 2, o.width})
  self.patch_embeddings = nn.Module:extend "AstPatchEmbeddings"()
  self.patch_embeddings.projection = nn.Conv2d(1, o.width, o.patch, {stride = {o.frequency_stride, o.time_stride}})
end

--- The tokens of [n, frames, n_mels]: class, distillation, then patches, row after row: [n, tokens, width].
function Embeddings:forward(x)
  if x:dim() ~= 3 or x:size(1) ~= self.frames then show.fail "the input has another length" end
  local image = x:transpose(1, 2):unsqueeze(1)
  local tokens = self.patch_embeddings.projection(image):flatten(2):transpose(1, 2)
  local n = x:size(0)
  return torch.cat({self.cls_token:expand {n, -1, -1}, self.distillation_token:expand {n, -1, -1}, tokens}, 1)
    + self.position_embeddings
end

function Embeddings:expects() return ("[n, %d, %d]"):format(self.frames, self.n_mels) end

local Layer = nn.Module:extend "AstLayer"

function Layer:init(o)
  local bias_free = not o.qkv_bias
  self.layernorm_before = nn.LayerNorm(o.width, {eps = o.eps})
  self.attention = SelfAttention(o.width, o.heads, {q = bias_free, k = bias_free, v = bias_free})
  self.layernorm_after = nn.LayerNorm(o.width, {eps = o.eps})
  self.mlp = nn.Module:extend "AstMLP"()
  self.mlp.fc1, self.mlp.fc2 = nn.Linear(o.width, o.inner), nn.Linear(o.inner, o.width)
  self.activation = nonlinearity.named(o.activation)
end

function Layer:forward(x)
  return self.attention:lean(x, function(y)
    y = y + self.attention(self.layernorm_before(y))
    return y + self.mlp.fc2(self.activation(self.mlp.fc1(self.layernorm_after(y))))
  end)
end

local Ast = nn.Module:extend "Ast"

function Ast:init(o)
  o.inner = o.inner or 4 * o.width
  self.embeddings, self.layers = Embeddings(o), nn.ModuleList()
  for _ = 1, o.layers do self.layers:append(Layer(o)) end
  self.layernorm = nn.LayerNorm(o.width, {eps = o.eps})
  if not o.classes then return end
  self.classifier = nn.Module:extend "AstHead"()
  self.classifier.layernorm = nn.LayerNorm(o.width, {eps = o.eps})
  self.classifier.dense = nn.Linear(o.width, o.classes)
end

--- What each layer gives: a list of layers + 1 tensors [n, tokens, width]; the first is the first layer's input.
function Ast:hidden(x)
  local states = {self.embeddings(x)}
  for i, layer in self.layers:each() do states[i + 2] = layer(states[i + 1]) end
  return states
end

--- The mean of the class and distillation tokens that the last layer gives: [n, width].
function Ast:embedding(x)
  x = self.embeddings(x)
  for _, layer in self.layers:each() do
    local before = x
    x = layer(before)
    before:free()
  end
  return self.layernorm(x:narrow(1, 0, 2)):mean {1}
end

--- How tokens lie: two that hear nothing, then rows × columns of patches; for pretrained/attention.lua.
function Ast:tokens() return self.embeddings.grid end

Ast.heads, Ast.last = {"classifier"}, "^layernorm%."

--- The network in steps, for fine-tuning: see models/README.md.
function Ast:steps()
  local list = {function(x) return self.embeddings(x) end}
  for i, layer in self.layers:each() do list[i + 2] = function(x) return layer(x) end end
  return {list = list, pooled = function(x) return self.layernorm(x:narrow(1, 0, 2)):mean {1} end}
end

--- Logits, of the embedding.
function Ast:told(x) return self.classifier.dense(self.classifier.layernorm(x)) end

function Ast:forward(x)
  x = self:embedding(x)
  return self.classifier and self.classifier.dense(self.classifier.layernorm(x)) or x
end

return network.architecture("ast", Ast, {
  n_mels = integer(128, {least = 1}, "rows of the spectrogram"),
  frames = integer(1024, {least = 1}, "of the spectrogram"),
  patch = integer(16, {least = 1}, "rows and frames of a patch"),
  frequency_stride = integer(10, {least = 1}, "rows from patch to patch"),
  time_stride = integer(10, {least = 1}, "frames from patch to patch"),
  width = integer(768, {least = 1}, "numbers of a token"),
  layers = integer(12, {least = 1, most = 200}, "of the transformer"),
  heads = integer(12, {least = 1}, "of each attention"),
  inner = integer(nil, {least = 1, usual = "4 width"}, "numbers between the two linear layers"),
  activation = nonlinearity.option("gelu", "between the two linear layers"),
  qkv_bias = boolean(true, "queries, keys and values have a bias"),
  eps = number(1e-12, {least = 0}, "added to variances"),
  classes = integer(nil, {least = 1, usual = "no head"}, "how many to tell apart"),
})
