--- MultiheadAttention, TransformerEncoderLayer, TransformerEncoder.
local container = require "moonlark.nn.container"
local init = require "moonlark.nn.initialise"
local layer = require "moonlark.nn.layer"
local linear = require "moonlark.nn.linear"
local module = require "moonlark.nn.module"
local normalization = require "moonlark.nn.normalization"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local Parameter = module.Parameter
local boolean, size, tensor = options.boolean, layer.size, options.tensor
local attention = {}

-- Numbers to add to scores: a mask of booleans has true where nothing may be seen.
local function additive(mask, like)
  if mask:dtype() ~= "bool" then return mask:to(like:dtype()) end
  return torch.zeros(mask:shape(), {dtype = like:dtype(), device = like:device()}):masked_fill(mask, -math.huge)
end

local function check_shape(name, mask, ...)
  local allowed, got = {}, table.concat(mask:shape(), ", ")
  for i, shape in ipairs {...} do
    allowed[i] = "[" .. table.concat(shape, ", ") .. "]"
    if table.concat(shape, ", ") == got then return end
  end
  show.fail("%s must be %s, got [%s]", name, table.concat(allowed, " or "), got)
end

-- All masks in one that fits scores of batch × heads × queries × keys; nil when there is none.
local function joined(o, q, k)
  local batch, heads, queries, keys = q:size(0), q:size(1), q:size(2), k:size(2)
  local mask
  if o.attn_mask then
    mask = additive(o.attn_mask, q)
    check_shape("attn_mask", mask, {queries, keys}, {batch * heads, queries, keys})
    if mask:dim() == 3 then mask = mask:view {batch, heads, queries, keys} end
  end
  if o.key_padding_mask then
    local padding = additive(o.key_padding_mask, q)
    if padding:dim() == 1 then padding = padding:unsqueeze(0) end
    check_shape("key_padding_mask", padding, {batch, keys})
    padding = padding:view {batch, 1, 1, keys}
    mask = mask and mask + padding or padding
  end
  if o.is_causal then
    local later = additive(torch.ones({queries, keys}, {dtype = "bool", device = q:device()}):triu(1), q)
    mask = mask and mask + later or later
  end
  return mask
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
  if x:dim() ~= 3 then show.fail("an input has %d axes", x:dim()) end
  return self.batch_first and x or x:transpose(0, 1)
end

-- Means of values, and the weights of each head.
local function weigh(q, k, v, mask, dropout)
  local scores = (q / math.sqrt(q:size(-1))):matmul(k:transpose(-2, -1))
  local weights = (mask and scores + mask or scores):softmax(-1)
  if dropout > 0 then weights = torch.dropout(weights, dropout, true) end
  return weights:matmul(v), weights
end

local padding_help = "[n, s], booleans (true: padding, not looked at) or numbers to add to the scores"
local causal_help = "the i-th query sees only the first i keys"

local looking = options.describe("MultiheadAttention:forward", {
  key_padding_mask = tensor(nil, padding_help),
  need_weights = boolean(true, "false: a call gives no weights, which is quicker"),
  attn_mask = tensor(nil, "[l, s] or [n num_heads, l, s], booleans or numbers as key_padding_mask"),
  average_attn_weights = boolean(true, "false: the weights of each head, [n, num_heads, l, s]"),
  is_causal = boolean(false, causal_help),
})

-- What the heads see, and their weights if they are wanted.
local function look(self, o, q, k, v)
  q, k, v = split(q, self.num_heads), split(k, self.num_heads), split(v, self.num_heads)
  local dropout = self.training and self.dropout or 0.0
  if o.need_weights then
    local mixed, weights = weigh(q, k, v, joined(o, q, k), dropout)
    return mixed, o.average_attn_weights and weights:mean {1} or weights
  end
  local masked = o.attn_mask or o.key_padding_mask
  return torch.scaled_dot_product_attention(q, k, v, {dropout_p = dropout, is_causal = not masked and o.is_causal,
    attn_mask = masked and joined(o, q, k)})
end

local function make_projections(self, width, o)
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

--- Every query looks at all keys, in several heads at once, and takes a weighted mean of their values (Vaswani et
--- al., 2017). PyTorch: MultiheadAttention.
---
--- query [l, n, embed_dim], key [s, n, kdim] and value [s, n, vdim] give y [l, n, embed_dim] and weights [n, l, s],
--- the mean over the heads; with batch_first they are [n, l, embed_dim] and so on; without a batch the n is left
--- out. Without a key, the query serves; without a value, the key.
---
--- A call's last table: key_padding_mask [n, s], booleans (true: padding, not looked at) or numbers to add to the
--- scores; attn_mask [l, s] or [n num_heads, l, s], the same; is_causal = true: the i-th query sees only the first i
--- keys; need_weights = false leaves the weights out, which is quicker (libtorch's fused kernel, or blocks of 128
--- queries); average_attn_weights = false gives weights [n, num_heads, l, s].
---     local attention = nn.MultiheadAttention(64, 4)
---     local y, weights = attention(query, key, value, {key_padding_mask = padding})
---@class moonlark.nn.MultiheadAttention: moonlark.nn.Module
attention.MultiheadAttention = layer.class("MultiheadAttention", {
  embed_dim = size "a multiple of num_heads",
  num_heads = size "heads, which look at the keys side by side",
  dropout = layer.probability(0.0, "of the weights, while training"),
  bias = boolean(true, "the projections have biases"),
  kdim = options.integer(nil, {least = 1, usual = "embed_dim"}, "numbers of a key"),
  vdim = options.integer(nil, {least = 1, usual = "embed_dim"}, "numbers of a value"),
  batch_first = boolean(false, "the batch is the first axis, time the second"),
}, {
  init = function(self, o)
    local width = o.embed_dim
    if width % o.num_heads ~= 0 then
      show.fail("nn.MultiheadAttention: embed_dim must be a multiple of num_heads (%d), got %d", o.num_heads, width)
    end
    self.embed_dim, self.num_heads, self.dropout, self.batch_first = width, o.num_heads, o.dropout, o.batch_first
    self.kdim, self.vdim = o.kdim or width, o.vdim or width
    make_projections(self, width, o)
  end,
  forward = function(self, query, key, value, ...)
    local o = layer.read(looking, ...)
    key = key or query
    value = value or key
    local same = rawequal(query, key) and rawequal(key, value)
    local alone = query:dim() == 2
    query = batch_first(self, query)
    if same then key, value = query, query else key, value = batch_first(self, key), batch_first(self, value) end
    local mixed, weights = look(self, o, project(self, query, key, value))
    if alone and weights then weights = weights:squeeze(0) end
    local y = self.out_proj(mixed:transpose(1, 2):flatten(2))
    if alone then return y:squeeze(0), weights end
    return self.batch_first and y or y:transpose(0, 1), weights
  end,
  expects = function(self) return layer.in_time(self, self.embed_dim) end,
  arguments = function(self) return ("%d, num_heads = %d"):format(self.embed_dim, self.num_heads) end,
})

local activations = {relu = torch.relu, gelu = torch.gelu}

-- What the calls of the encoder and of its layers take after the input; `mask` is the name of the first.
local function masks(owner, mask)
  return options.describe(owner, {
    [mask] = tensor(nil, "[t, t], as attn_mask of nn.MultiheadAttention"),
    src_key_padding_mask = tensor(nil, padding_help),
    is_causal = boolean(false, causal_help),
  })
end

local function attend(self, x, o)
  return self.dropout1((self.self_attn(x, x, x, {attn_mask = o.src_mask, key_padding_mask = o.src_key_padding_mask,
    is_causal = o.is_causal, need_weights = false})))
end

local function feed_forward(self, x)
  return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))
end

local layer_masks = masks("TransformerEncoderLayer:forward", "src_mask")

--- Self-attention and two linear layers, each with a sum around it and a LayerNorm (Vaswani et al., 2017). PyTorch:
--- TransformerEncoderLayer.
---
--- x and y are [t, n, d_model], or [n, t, d_model] with batch_first. A call also takes src_mask [t, t],
--- src_key_padding_mask [n, t] and is_causal, in this order or by name: see nn.MultiheadAttention.
---     local layer = nn.TransformerEncoderLayer(64, 4, {batch_first = true})
---     local y = layer(x, {src_key_padding_mask = padding})
---@class moonlark.nn.TransformerEncoderLayer: moonlark.nn.Module
attention.TransformerEncoderLayer = layer.class("TransformerEncoderLayer", {
  d_model = size "a multiple of nhead",
  nhead = size "heads of the attention",
  dim_feedforward = options.integer(2048, {least = 1}, "numbers between the two linear layers"),
  dropout = layer.probability(0.1, "of weights and of what is added, while training"),
  activation = options.either("relu", {options.choice {"relu", "gelu"}, options.callable()},
    "between the two linear layers"),
  layer_norm_eps = options.number(1e-5, nil, "added to the variance"),
  batch_first = boolean(false, "the batch is the first axis, time the second"),
  norm_first = boolean(false, "normalises before attention and linear layers, not after the sums"),
  bias = boolean(true, "the layers have biases"),
}, {
  init = function(self, o)
    self.activation = activations[o.activation] or o.activation
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
  end,
  forward = function(self, x, ...)
    local o = layer.read(layer_masks, ...)
    if self.norm_first then
      x = x + attend(self, self.norm1(x), o)
      return x + feed_forward(self, self.norm2(x))
    end
    x = self.norm1(x + attend(self, x, o))
    return self.norm2(x + feed_forward(self, x))
  end,
  expects = function(self) return layer.in_time(self, self.d_model) end,
  arguments = function(self)
    return ("%d, nhead = %d, dim_feedforward = %d"):format(self.d_model, self.self_attn.num_heads,
      self.linear1.out_features)
  end,
})

local function module_kind(default, help)
  local function accept(value) return module.is_module(value) and value or nil end
  return options.value("moonlark.nn.Module", "a module", accept, default, help)
end

local encoder_masks = masks("TransformerEncoder:forward", "mask")

--- A layer several times, one copy after the other. PyTorch: TransformerEncoder.
---
--- x and y are as the layer has them. A call also takes mask [t, t], src_key_padding_mask [n, t] and is_causal, in this
--- order or by name: see nn.MultiheadAttention. The copies begin with the layer's own values, all the same.
---     local encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4), 3)
---     local y = encoder(x, {src_key_padding_mask = padding})
---@class moonlark.nn.TransformerEncoder: moonlark.nn.Module
attention.TransformerEncoder = layer.class("TransformerEncoder", {
  encoder_layer = module_kind(options.required, "it is cloned, not kept"),
  num_layers = size "copies of it",
  norm = module_kind(nil, "for what the last layer gives"),
}, {
  init = function(self, o)
    self.layers = container.ModuleList()
    for _ = 1, o.num_layers do self.layers:append(o.encoder_layer:clone()) end
    self.norm = o.norm
  end,
  forward = function(self, x, ...)
    local o = layer.read(encoder_masks, ...)
    for _, each in self.layers:each() do x = each(x, o.mask, o.src_key_padding_mask, o.is_causal) end
    return self.norm and self.norm(x) or x
  end,
})

return attention
