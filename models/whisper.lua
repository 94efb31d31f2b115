--- whisper: Whisper's encoder on 30 s of log-mel, with or without a head that tells classes, or a decoder of text.
---
---     local net = require("models.whisper") {width = 384, layers = 4, heads = 6, classes = 10}
---     net(x)                                -- [n, 80, 3000], mel × frames, to logits [n, 10]
---     net:hidden(x)                         -- what each layer gives, [n, 1500, 384]
---
--- Radford et al. (2022), "Robust speech recognition via large-scale weak supervision". Parameters have the names of
--- transformers' WhisperForAudioClassification, whose head this is: a projection, the mean over all frames, a linear
--- layer.
local Decoder = require "models.whisper_decoder"
local SelfAttention = require "moonlark.nn.self_attention"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local integer, boolean = options.integer, options.boolean

local Layer = nn.Module:extend "WhisperEncoderLayer"

function Layer:init(o)
  self.self_attn = SelfAttention(o.width, o.heads, {k = true})
  self.self_attn_layer_norm = nn.LayerNorm(o.width)
  self.fc1 = nn.Linear(o.width, o.inner)
  self.fc2 = nn.Linear(o.inner, o.width)
  self.final_layer_norm = nn.LayerNorm(o.width)
end

function Layer:forward(x)
  return self.self_attn:lean(x, function(y)
    y = y + self.self_attn(self.self_attn_layer_norm(y))
    return y + self.fc2(self.fc1(self.final_layer_norm(y)):gelu())
  end)
end

local Encoder = nn.Module:extend "WhisperEncoder"

function Encoder:init(o)
  self.conv1 = nn.Conv1d(o.n_mels, o.width, 3, {padding = 1})
  self.conv2 = nn.Conv1d(o.width, o.width, 3, {stride = 2, padding = 1})
  self.embed_positions = nn.Embedding(o.frames, o.width)
  self.layers, self.depth = nn.ModuleList(), o.layers
  for _ = 1, o.layers do self.layers:append(Layer(o)) end
  self.layer_norm = nn.LayerNorm(o.width)
end

--- The input of the first layer, of [n, n_mels, 2 frames]: [n, frames, width].
function Encoder:stem(x)
  local expected = 2 * self.embed_positions.num_embeddings
  if x:size(-1) ~= expected then show.fail("the input must have %d frames, got %d", expected, x:size(-1)) end
  x = self.conv2(self.conv1(x):gelu()):gelu()
  return x:transpose(1, 2):contiguous() + self.embed_positions.weight
end

--- Calls f(state, index) for the first layer's input (0) and what each layer gives; the last one is normalised.
function Encoder:each_state(x, f)
  x = self:stem(x)
  f(x, 0)
  local last = self.depth - 1
  for i, layer in self.layers:each() do
    x = layer(x)
    if i == last then x = self.layer_norm(x) end
    f(x, i + 1)
  end
end

function Encoder:forward(x)
  local last
  self:each_state(x, function(state) last = state end)
  return last
end

local Whisper = nn.Module:extend "Whisper"

function Whisper:init(o)
  o.inner = o.inner or 4 * o.width
  self.encoder = Encoder(o)
  self.valid = o.pooling == "valid"
  if o.classes then
    self.projector = nn.Linear(o.width, o.projection)
    self.classifier = nn.Linear(o.projection, o.classes)
  end
  if o.decoder then
    o.decoder.width = o.width
    self.decoder = Decoder(o.decoder)
  end
  if o.weighted then self.layer_weights = nn.Parameter(torch.full({o.layers + 1}, 1 / (o.layers + 1))) end
end

--- What each layer gives: a list of layers + 1 tensors [n, frames, width]; the first is the first layer's input.
function Whisper:hidden(x)
  local states = {}
  self.encoder:each_state(x, function(state) states[#states + 1] = state end)
  return states
end

Whisper.heads = {"projector", "classifier", "layer_weights"}
Whisper.fixed = "^encoder%.embed_positions%."
Whisper.last = "^encoder%.layer_norm%."

-- Which states are of sound, of an input [n, n_mels, 2 frames]: [n, frames]. Silence that fills up an input has all its
-- bands at the lowest value.
local function of_sound(x)
  local loud = x:amax({1}):gt(x:amin({1, 2}):unsqueeze(1)):slice(1, 0, nil, 2)
  local up_to_last = loud:flip({1}):to("int64"):cumsum(1):gt(0):flip {1}
  return up_to_last:logical_or(up_to_last:any(1, true):logical_not())
end

-- The mean over frames, of those that `keys` names.
local function mean(states, keys)
  if not keys then return states:mean {1} end
  keys = keys:unsqueeze(-1):to(states:dtype())
  return (states * keys):sum {1} / keys:sum {1}
end

--- The network in steps, for fine-tuning: see models/README.md.
function Whisper:steps()
  local encoder, keys = self.encoder, nil
  local list = {function(x)
    keys = self.valid and of_sound(x) or nil
    return encoder:stem(x)
  end}
  for i, layer in encoder.layers:each() do
    local last = i == encoder.depth - 1
    list[i + 2] = function(x) return last and encoder.layer_norm(layer(x)) or layer(x) end
  end
  return {list = list, pooled = function(x) return mean(x, keys) end}
end

--- Logits, of the mean over frames.
function Whisper:told(x) return self.classifier(self.projector(x)) end

--- The last layer's output, or the learned mean of all: what the head is given.
function Whisper:mixed(x)
  if not self.layer_weights then return self.encoder(x) end
  local weights, sum = self.layer_weights:softmax(-1), nil
  self.encoder:each_state(x, function(state, i)
    local part = state * weights[i]
    sum = sum and sum + part or part
  end)
  return sum
end

function Whisper:forward(x)
  local states = self:mixed(x)
  if not self.classifier then return states end
  return self.classifier(mean(self.projector(states), self.valid and of_sound(x)))
end

return network.architecture("whisper", Whisper, {
  n_mels = integer(80, {least = 1}, "rows of the input"),
  width = integer(384, {least = 1}, "numbers of a frame"),
  layers = integer(4, {least = 1, most = 200}, "of the encoder"),
  heads = integer(6, {least = 1}, "of each attention"),
  inner = integer(nil, {least = 1, usual = "4 width"}, "numbers between the two linear layers"),
  frames = integer(1500, {least = 1}, "that the encoder gives; the input has twice as many"),
  classes = integer(nil, {least = 1, usual = "no head"}, "how many to tell apart"),
  projection = integer(256, {least = 1}, "numbers between the encoder and the last layer"),
  weighted = boolean(false, "the head hears a learned mean of all layers"),
  pooling = options.choice({"all", "valid"}, "all", "frames of which the head hears the mean: all, as transformers has "
    .. "it, or those of sound, not of silence that fills up the input"),
  decoder = options.record("decoder", options.described "models.whisper_decoder":pick {"vocabulary", "length", "layers",
    "heads", "inner"}, nil, "of text, see models/whisper_decoder.lua", {usual = "none"}),
})
