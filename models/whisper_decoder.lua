--- whisper_decoder: Whisper's decoder: which token comes next, after those that are there and what the encoder heard.
---
---     local net = require("models.whisper_decoder") {vocabulary = 51864, width = 384}
---     local memory = net:remember(states)            -- what the encoder gave, [n, frames, 384]
---     local x = net(ids, memory)                     -- [n, t] ids to [n, t, 384]; the next call goes on behind them
---     local logits = net:logits(x)                   -- [n, t, 51864]
---
--- Radford et al. (2022), "Robust speech recognition via large-scale weak supervision". Parameters have the names of
--- transformers' WhisperForConditionalGeneration.
local SelfAttention = require "moonlark.nn.self_attention"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local integer = options.integer

-- [n, t, heads × d] as [n, heads, t, d].
local function split(x, heads) return x:view({x:size(0), x:size(1), heads, -1}):transpose(1, 2) end

-- The reverse.
local function joined(x) return x:transpose(1, 2):flatten(2) end

local Layer = nn.Module:extend "WhisperDecoderLayer"

function Layer:init(o)
  self.self_attn = SelfAttention(o.width, o.heads, {k = true})
  self.self_attn_layer_norm = nn.LayerNorm(o.width)
  self.encoder_attn = SelfAttention(o.width, o.heads, {k = true})
  self.encoder_attn_layer_norm = nn.LayerNorm(o.width)
  self.fc1 = nn.Linear(o.width, o.inner)
  self.fc2 = nn.Linear(o.inner, o.width)
  self.final_layer_norm = nn.LayerNorm(o.width)
end

-- Keys and values of what was heard.
function Layer:remember(states)
  local a = self.encoder_attn
  return {heard_k = split(a.k_proj(states), a.heads), heard_v = split(a.v_proj(states), a.heads)}
end

-- Each token looks at itself and those before it; their keys and values are kept for the next call.
function Layer:look_back(x, memory)
  local a, first = self.self_attn, memory.k == nil
  local q, k, v = a:projected(x)
  if not first then k, v = torch.cat({memory.k, k}, 2), torch.cat({memory.v, v}, 2) end
  memory.k, memory.v = k, v
  if x:size(1) > 1 and not first then show.fail "several tokens at once come first, then one by one" end
  return a.out_proj(joined(torch.scaled_dot_product_attention(q, k, v, {is_causal = first and x:size(1) > 1})))
end

-- Each token looks at what was heard. Rows that continue one clip are queries of one look: its keys stay one copy.
function Layer:look_up(x, memory)
  local a, clips = self.encoder_attn, memory.heard_k:size(0)
  local q = split(a.q_proj(x):view {clips, -1, x:size(2)}, a.heads)
  local mixed = joined(torch.scaled_dot_product_attention(q, memory.heard_k, memory.heard_v))
  return a.out_proj(mixed:view {x:size(0), x:size(1), -1})
end

function Layer:forward(x, memory)
  x = x + self:look_back(self.self_attn_layer_norm(x), memory)
  x = x + self:look_up(self.encoder_attn_layer_norm(x), memory)
  return x + self.fc2(self.fc1(self.final_layer_norm(x)):gelu())
end

local Decoder = nn.Module:extend "WhisperDecoder"

function Decoder:init(o)
  o.inner = o.inner or 4 * o.width
  self.embed_tokens = nn.Embedding(o.vocabulary, o.width)
  self.embed_positions = nn.Embedding(o.length, o.width)
  self.layers = nn.ModuleList()
  for _ = 1, o.layers do self.layers:append(Layer(o)) end
  self.layer_norm = nn.LayerNorm(o.width)
end

--- What was heard, as every layer looks at it, and room for the tokens: the second argument of a call.
---     local memory = decoder:remember(encoder(mel))
---@param states moonlark.Tensor  [clips, frames, width]
---@return table memory
function Decoder:remember(states)
  local memory = {length = 0}
  for i, layer in self.layers:each() do memory[i + 1] = layer:remember(states) end
  return memory
end

--- Keeps these rows of the tokens' memory, in this order: beams go on from others.
---     decoder:choose(memory, {0, 0, 2})
---@param memory table
---@param rows integer[]  from 0; rows of one clip stay beside each other
function Decoder:choose(memory, rows)
  local ids = torch.tensor(rows, {dtype = "int64", device = self:device()})
  for _, kept in ipairs(memory) do kept.k, kept.v = kept.k:index_select(0, ids), kept.v:index_select(0, ids) end
end

-- ids [rows, t]; the rows of a clip follow each other. After the first call t is 1.
function Decoder:forward(ids, memory)
  local from, t = memory.length, ids:size(1)
  local most = self.embed_positions.num_embeddings
  if from + t > most then show.fail("there is room for %d tokens, got %d", most, from + t) end
  local x = self.embed_tokens(ids) + self.embed_positions.weight:narrow(0, from, t)
  for i, layer in self.layers:each() do x = layer(x, memory[i + 1]) end
  memory.length = from + t
  return self.layer_norm(x)
end

--- Scores of every token as the next one, in float32: [*, width] to [*, vocabulary].
---     local logits = decoder:logits(decoder(ids, memory))
---@param x moonlark.Tensor
---@return moonlark.Tensor
function Decoder:logits(x) return x:linear(self.embed_tokens.weight):float() end

return network.architecture("whisper_decoder", Decoder, {
  vocabulary = integer(51865, {least = 1}, "tokens to choose from"),
  length = integer(448, {least = 1}, "tokens there is room for"),
  width = integer(384, {least = 1}, "numbers of a token"),
  layers = integer(4, {least = 1, most = 200}, "of the decoder"),
  heads = integer(6, {least = 1}, "of each attention"),
  inner = integer(nil, {least = 1, usual = "4 width"}, "numbers between the two linear layers"),
})
