--- MultiheadAttention, TransformerEncoderLayer, TransformerEncoder.
local arguments = require "moonlark.nn.parameters"
local container = require "moonlark.nn.container"
local init = require "moonlark.nn.initialise"
local linear = require "moonlark.nn.linear"
local module = require "moonlark.nn.module"
local normalization = require "moonlark.nn.normalization"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter
local none = options.none
local attention = {}

-- masks ---------------------------------------------------------------------------

-- Numbers to add to scores: a mask of booleans has true where nothing may be seen.
local function additive(name, mask, like)
  if not torch.is_tensor(mask) then error(("%s must be a tensor, got %s"):format(name, type(mask)), 0) end
  if mask:dtype() ~= "bool" then return mask:to(like:dtype()) end
  return torch.zeros(mask:shape(), {dtype = like:dtype(), device = like:device()}):masked_fill(mask, -math.huge)
end

local function check_shape(name, mask, ...)
  local allowed, got = {}, table.concat(mask:shape(), ", ")
  for i, shape in ipairs {...} do
    allowed[i] = "[" .. table.concat(shape, ", ") .. "]"
    if table.concat(shape, ", ") == got then return end
  end
  error(("%s must be %s, got [%s]"):format(name, table.concat(allowed, " or "), got), 0)
end

-- All masks in one that fits scores of batch × heads × queries × keys; nil when there is none.
local function joined(o, q, k, causal)
  local batch, heads, queries, keys = q:size(0), q:size(1), q:size(2), k:size(2)
  local mask
  if o.attn_mask then
    mask = additive("attn_mask", o.attn_mask, q)
    check_shape("attn_mask", mask, {queries, keys}, {batch * heads, queries, keys})
    if mask:dim() == 3 then mask = mask:view {batch, heads, queries, keys} end
  end
  if o.key_padding_mask then
    local padding = additive("key_padding_mask", o.key_padding_mask, q)
    if padding:dim() == 1 then padding = padding:unsqueeze(0) end
    check_shape("key_padding_mask", padding, {batch, keys})
    padding = padding:view {batch, 1, 1, keys}
    mask = mask and mask + padding or padding
  end
  if causal then
    local later = torch.ones({queries, keys}, {dtype = "bool", device = q:device()}):triu(1)
    later = additive("is_causal", later, q)
    mask = mask and mask + later or later
  end
  return mask
end

-- attention -----------------------------------------------------------------------

--- Every query looks at all keys, in several heads at once, and takes a weighted mean of their values (Vaswani et
--- al., 2017). PyTorch: MultiheadAttention.
---
---     local y, weights = attention(query, key, value, {key_padding_mask = padding})
---
--- query [l, n, embed_dim], key [s, n, kdim] and value [s, n, vdim] give y [l, n, embed_dim] and weights [n, l, s],
--- the mean over the heads; with batch_first they are [n, l, embed_dim] and so on; without a batch the n is left
--- out. Key is the query by default, value the key.
---
--- In the call's last table: key_padding_mask [n, s], booleans (true: padding, not looked at) or numbers to add to
--- the scores; attn_mask [l, s] or [n num_heads, l, s], the same; is_causal = true: the i-th query sees only the
--- first i keys; need_weights = false leaves the weights out, which is quicker (libtorch's fused kernel, or blocks of
--- 128 queries); average_attn_weights = false gives weights [n, num_heads, l, s].
---@class moonlark.nn.MultiheadAttention: moonlark.nn.Module
---@param embed_dim integer  a multiple of num_heads
---@param num_heads integer
---@param dropout number?  default 0; of the weights, while training
---@param bias boolean?  default true
---@param kdim integer?  numbers of a key; embed_dim unless given
---@param vdim integer?  numbers of a value; embed_dim unless given
---@param batch_first boolean?  default false
local MultiheadAttention = Module:extend "MultiheadAttention"

function MultiheadAttention:init(...)
  local name = "MultiheadAttention"
  local o = arguments.read(name, {"embed_dim", "num_heads", "dropout", "bias", "kdim", "vdim", "batch_first"},
    {dropout = 0.0, bias = true, kdim = none, vdim = none, batch_first = false}, ...)
  local width = arguments.size(name, "embed_dim", o.embed_dim)
  self.embed_dim, self.num_heads = width, arguments.size(name, "num_heads", o.num_heads)
  if width % self.num_heads ~= 0 then
    error(("%s: embed_dim must be a multiple of num_heads (%d), got %d"):format(name, self.num_heads, width), 0)
  end
  self.dropout, self.batch_first = arguments.probability(name, "dropout", o.dropout), o.batch_first
  self.kdim = arguments.size(name, "kdim", o.kdim or width)
  self.vdim = arguments.size(name, "vdim", o.vdim or width)
  local weights
  if self.kdim == width and self.vdim == width then
    self.in_proj_weight = Parameter(torch.empty {3 * width, width})
    weights = {self.in_proj_weight}
  else
    self.q_proj_weight = Parameter(torch.empty {width, width})
    self.k_proj_weight = Parameter(torch.empty {width, self.kdim})
    self.v_proj_weight = Parameter(torch.empty {width, self.vdim})
    weights = {self.q_proj_weight, self.k_proj_weight, self.v_proj_weight}
  end
  if o.bias then self.in_proj_bias = Parameter(torch.zeros {3 * width}) end
  self.out_proj = linear.Linear(width, width, o.bias)
  for _, weight in ipairs(weights) do init.xavier_uniform(weight) end
  if o.bias then init.constant(self.out_proj.bias, 0) end
end

-- Query, key and value, [n, t, *] each, by the projections of their own.
local function project(self, query, key, value)
  if self.in_proj_weight and rawequal(query, key) and rawequal(key, value) then
    return table.unpack(query:linear(self.in_proj_weight, self.in_proj_bias):chunk(3, -1))
  end
  local width, projected = self.embed_dim, {}
  local own = {self.q_proj_weight, self.k_proj_weight, self.v_proj_weight}
  for i, x in ipairs {query, key, value} do
    local weight = own[i] or self.in_proj_weight:narrow(0, (i - 1) * width, width)
    projected[i] = x:linear(weight, self.in_proj_bias and self.in_proj_bias:narrow(0, (i - 1) * width, width))
  end
  return table.unpack(projected)
end

-- [n, t, heads × d] as [n, heads, t, d].
local function split(x, heads)
  return x:view {x:size(0), x:size(1), heads, -1}:transpose(1, 2)
end

-- As [n, t, *], whatever the caller's layout is.
local function batch_first(self, x)
  if x:dim() == 2 then return x:unsqueeze(0) end
  if x:dim() ~= 3 then error(("an input has %d axes"):format(x:dim()), 0) end
  return self.batch_first and x or x:transpose(0, 1)
end

-- Means of values, and the weights of each head.
local function weigh(q, k, v, mask, dropout)
  local scores = (q / math.sqrt(q:size(-1))):matmul(k:transpose(-2, -1))
  local weights = (mask and scores + mask or scores):softmax(-1)
  if dropout > 0 then weights = torch.dropout(weights, dropout, true) end
  return weights:matmul(v), weights
end

function MultiheadAttention:forward(query, key, value, ...)
  local o = arguments.read("a call of MultiheadAttention",
    {"key_padding_mask", "need_weights", "attn_mask", "average_attn_weights", "is_causal"},
    {key_padding_mask = none, need_weights = true, attn_mask = none, average_attn_weights = true, is_causal = false},
    ...)
  key = key or query
  value = value or key
  local same = rawequal(query, key) and rawequal(key, value)
  local alone = query:dim() == 2
  query = batch_first(self, query)
  if same then key, value = query, query else key, value = batch_first(self, key), batch_first(self, value) end
  local q, k, v = project(self, query, key, value)
  q, k, v = split(q, self.num_heads), split(k, self.num_heads), split(v, self.num_heads)
  local dropout = self.training and self.dropout or 0.0
  local mixed, weights
  if o.need_weights then
    mixed, weights = weigh(q, k, v, joined(o, q, k, o.is_causal), dropout)
    if o.average_attn_weights then weights = weights:mean({1}) end
    if alone then weights = weights:squeeze(0) end
  else
    local masked = o.attn_mask or o.key_padding_mask
    mixed = torch.scaled_dot_product_attention(q, k, v, {dropout_p = dropout, is_causal = not masked and o.is_causal,
      attn_mask = masked and joined(o, q, k, o.is_causal)})
  end
  local y = self.out_proj(mixed:transpose(1, 2):flatten(2))
  if alone then return y:squeeze(0), weights end
  return self.batch_first and y or y:transpose(0, 1), weights
end

function MultiheadAttention:expects()
  return (self.batch_first and "[n, t, %d]" or "[t, n, %d]"):format(self.embed_dim)
end

function MultiheadAttention:arguments() return ("%d, num_heads = %d"):format(self.embed_dim, self.num_heads) end

attention.MultiheadAttention = MultiheadAttention

-- transformers --------------------------------------------------------------------

local activations = {relu = torch.relu, gelu = torch.gelu}

-- What the calls of the encoder and of its layers take after the input.
local function read_masks(owner, mask, ...)
  return arguments.read("a call of " .. owner, {mask, "src_key_padding_mask", "is_causal"},
    {[mask] = none, src_key_padding_mask = none, is_causal = false}, ...)
end

--- Self-attention and two linear layers, each with a sum around it and a LayerNorm (Vaswani et al., 2017). PyTorch:
--- TransformerEncoderLayer.
---
---     local y = layer(x, {src_key_padding_mask = padding})
---
--- x and y are [t, n, d_model], or [n, t, d_model] with batch_first. A call also takes src_mask [t, t],
--- src_key_padding_mask [n, t] and is_causal, in this order or by name: see nn.MultiheadAttention.
---@class moonlark.nn.TransformerEncoderLayer: moonlark.nn.Module
---@param d_model integer  a multiple of nhead
---@param nhead integer
---@param dim_feedforward integer?  default 2048; numbers between the two linear layers
---@param dropout number?  default 0.1
---@param activation string|function?  default "relu"; or "gelu"
---@param layer_norm_eps number?  default 1e-5
---@param batch_first boolean?  default false
---@param norm_first boolean?  default false; true normalises before attention and linear layers, not after the sums
---@param bias boolean?  default true
local TransformerEncoderLayer = Module:extend "TransformerEncoderLayer"

function TransformerEncoderLayer:init(...)
  local name = "TransformerEncoderLayer"
  local o = arguments.read(name, {"d_model", "nhead", "dim_feedforward", "dropout", "activation", "layer_norm_eps",
    "batch_first", "norm_first", "bias"}, {dim_feedforward = 2048, dropout = 0.1, activation = "relu",
    layer_norm_eps = 1e-5, batch_first = false, norm_first = false, bias = true}, ...)
  self.activation = activations[o.activation] or o.activation
  if type(self.activation) == "string" or type(self.activation) == "number" then
    error(('%s: activation must be "relu", "gelu" or a function, got %s'):format(name, o.activation), 0)
  end
  self.norm_first, self.batch_first, self.d_model = o.norm_first, o.batch_first, o.d_model
  self.self_attn = attention.MultiheadAttention(o.d_model, o.nhead,
    {dropout = o.dropout, bias = o.bias, batch_first = o.batch_first})
  self.linear1 = linear.Linear(o.d_model, o.dim_feedforward, o.bias)
  self.dropout = normalization.Dropout(o.dropout)
  self.linear2 = linear.Linear(o.dim_feedforward, o.d_model, o.bias)
  self.norm1 = normalization.LayerNorm(o.d_model, {eps = o.layer_norm_eps, bias = o.bias})
  self.norm2 = normalization.LayerNorm(o.d_model, {eps = o.layer_norm_eps, bias = o.bias})
  self.dropout1 = normalization.Dropout(o.dropout)
  self.dropout2 = normalization.Dropout(o.dropout)
end

local function attend(self, x, o)
  return self.dropout1((self.self_attn(x, x, x, {attn_mask = o.src_mask, key_padding_mask = o.src_key_padding_mask,
    is_causal = o.is_causal, need_weights = false})))
end

local function feed_forward(self, x)
  return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))
end

function TransformerEncoderLayer:forward(x, ...)
  local o = read_masks("TransformerEncoderLayer", "src_mask", ...)
  if self.norm_first then
    x = x + attend(self, self.norm1(x), o)
    return x + feed_forward(self, self.norm2(x))
  end
  x = self.norm1(x + attend(self, x, o))
  return self.norm2(x + feed_forward(self, x))
end

function TransformerEncoderLayer:expects()
  return (self.batch_first and "[n, t, %d]" or "[t, n, %d]"):format(self.d_model)
end

function TransformerEncoderLayer:arguments()
  return ("%d, nhead = %d, dim_feedforward = %d"):format(self.d_model, self.self_attn.num_heads,
    self.linear1.out_features)
end

attention.TransformerEncoderLayer = TransformerEncoderLayer

--- A layer several times, one copy after the other. PyTorch: TransformerEncoder.
---
---     local layer = nn.TransformerEncoderLayer(64, 4, {batch_first = true})
---     local encoder = nn.TransformerEncoder(layer, 3)
---     local y = encoder(x, {src_key_padding_mask = padding})
---
--- x and y are [t, n, d_model], or [n, t, d_model] when the layer is batch_first. A call also takes mask [t, t],
--- src_key_padding_mask [n, t] and is_causal, in this order or by name: see nn.MultiheadAttention. The copies begin
--- with the layer's own values, all the same.
---@class moonlark.nn.TransformerEncoder: moonlark.nn.Module
---@param encoder_layer moonlark.nn.Module  it is cloned, not kept
---@param num_layers integer
---@param norm moonlark.nn.Module?  for what the last layer gives
local TransformerEncoder = Module:extend "TransformerEncoder"

function TransformerEncoder:init(...)
  local name = "TransformerEncoder"
  local o = arguments.read(name, {"encoder_layer", "num_layers", "norm"}, {norm = none}, ...)
  for _, key in ipairs {"encoder_layer", "norm"} do
    if o[key] ~= nil and not module.is_module(o[key]) then
      error(("%s: %s must be a module, got %s"):format(name, key, type(o[key])), 0)
    end
  end
  self.layers = container.ModuleList()
  for _ = 1, arguments.size(name, "num_layers", o.num_layers) do self.layers:append(o.encoder_layer:clone()) end
  self.norm = o.norm
end

function TransformerEncoder:forward(x, ...)
  local o = read_masks("TransformerEncoder", "mask", ...)
  for _, layer in self.layers:each() do x = layer(x, o.mask, o.src_key_padding_mask, o.is_causal) end
  return self.norm and self.norm(x) or x
end

attention.TransformerEncoder = TransformerEncoder

return attention
