--- SelfAttention: attention as pretrained transformers have it: four linear layers, each with or without a bias, and a
--- look at which frame looks at which.
local Linear = require "moonlark.nn.linear".Linear
local Module = require "moonlark.nn.module".Module
local examples = require "moonlark.nn.examples"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local queries_at_once = 256 -- a block of scores stays small where the map of an hour would not

-- [n, t, heads × d] as [n, heads, t, d].
local function split(x, heads) return x:view({x:size(0), x:size(1), heads, -1}):transpose(1, 2) end

-- Numbers to add to scores; booleans say which keys take part.
local function additive(mask, like)
  if mask:dtype() ~= "bool" then return mask:to(like:dtype()) end
  return torch.zeros(mask:shape(), {dtype = like:dtype(), device = like:device()})
    :masked_fill(mask:logical_not(), -math.huge)
end

--- Every frame looks at all frames, in several heads at once, and takes a weighted mean of what they hold (Vaswani et
--- al., 2017). Its layers have the names of transformers' Whisper and wav2vec2: q_proj, k_proj, v_proj, out_proj.
---
--- x [n, t, width] gives [n, t, width]. A call's second argument, the mask, is what fits [n, heads, t, t]: booleans
--- (true: this key takes part), or numbers to add to the scores.
---     local attention = SelfAttention(384, 6, {k_bias = false})
---     local y = attention(x)
---@class moonlark.nn.SelfAttention: moonlark.nn.Module
---@field heads integer
---@field watcher (fun(attention: moonlark.nn.SelfAttention, x: moonlark.Tensor, mask: moonlark.Tensor?): moonlark.Tensor?)?
--- is told what each call was given; weights that it gives are used in place of the call's own
local SelfAttention = Module:extend "SelfAttention"

-- `without` names projections that have no bias: {k = true}.
function SelfAttention:init(width, heads, without)
  if width % heads ~= 0 then show.fail("width must be a multiple of heads (%d), got %d", heads, width) end
  self.width, self.heads = width, heads
  for _, name in ipairs {"q", "k", "v", "out"} do
    self[name .. "_proj"] = Linear(width, width, not (without and without[name]))
  end
end

--- f(x), in which a layer with this attention computes. Of what is made in it only the result stays, and the rest goes
--- at once, not when the collector comes; on the CPU, without gradients, examples are computed one after the other. While
--- somebody watches it is f(x) as it is.
---     return self.attention:lean(x, function(part) return part + self.attention(self.norm(part)) end)
---@param x moonlark.Tensor  [n, t, width]
---@param f fun(x: moonlark.Tensor): moonlark.Tensor
---@return moonlark.Tensor
function SelfAttention:lean(x, f)
  if self.watcher then return f(x) end
  return torch.scope(examples.few, 1, x, f)
end

function SelfAttention:forward(x, mask)
  local watched = self.watcher and self.watcher(self, x, mask)
  return torch.scope(function()
    local q, k, v = self:projected(x)
    local mixed = watched and watched:matmul(v)
      or torch.scaled_dot_product_attention(q, k, v, mask and {attn_mask = mask} or nil)
    return self.out_proj(mixed:transpose(1, 2):flatten(2))
  end)
end

function SelfAttention:expects() return ("[n, t, %d]"):format(self.width) end

function SelfAttention:arguments() return ("%d, %d"):format(self.width, self.heads) end

--- Queries, keys and values of the frames, [n, heads, t, width / heads] each.
---     local q, k, v = attention:projected(x)
---@param x moonlark.Tensor  [n, t, width]
---@return moonlark.Tensor q
---@return moonlark.Tensor k
---@return moonlark.Tensor v
function SelfAttention:projected(x)
  local heads = self.heads
  return split(self.q_proj(x), heads), split(self.k_proj(x), heads), split(self.v_proj(x), heads)
end

--- The weights with which every frame (query) looks at every frame (key): [n, heads, t, t], each row sums to 1. They are
--- computed in blocks of queries. With `reduce` a block [n, heads, block, t] is made smaller at once, and the results
--- are joined along their second to last axis: so a long song's map needs little memory.
---     local mean = attention:weights(x, nil, function(block, first) return block:mean({1}, true) end)
---@param x moonlark.Tensor  [n, t, width], what the call was given
---@param mask moonlark.Tensor?  as in a call
---@param reduce (fun(weights: moonlark.Tensor, first: integer): moonlark.Tensor)?
---@return moonlark.Tensor
function SelfAttention:weights(x, mask, reduce)
  local q, k = self:projected(x)
  local scale, t, blocks = 1 / math.sqrt(q:size(-1)), q:size(2), {}
  mask = mask and additive(mask, q):expand {-1, -1, t, -1}
  local keys = k:transpose(-2, -1)
  for first = 0, t - 1, queries_at_once do
    local count = math.min(queries_at_once, t - first)
    local scores = (q:narrow(2, first, count) * scale):matmul(keys)
    if mask then scores = scores + mask:narrow(2, first, count) end
    local weights = scores:softmax(-1)
    blocks[#blocks + 1] = reduce and reduce(weights, first) or weights
  end
  return #blocks == 1 and blocks[1] or torch.cat(blocks, -2)
end

return SelfAttention
