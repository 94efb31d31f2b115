--- RelativeAttention: self-attention whose scores depend on how far frames are apart, gated by what they hold.
local Embedding = require "moonlark.nn.linear".Embedding
local Linear = require "moonlark.nn.linear".Linear
local Parameter = require "moonlark.nn.module".Parameter
local SelfAttention = require "moonlark.nn.self_attention"
local torch = require "moonlark.torch"

--- Self-attention with WavLM's gated relative position bias (Chen et al., 2022). One layer of a network has the table
--- of distances, which all use: `table_of(t)` of that one is the second argument of a call of any.
---     local attention = RelativeAttention(768, 12, {buckets = 320, max_distance = 800, table = true})
---     local y = attention(x, attention:table_of(x:size(1)))
---@class moonlark.nn.RelativeAttention: moonlark.nn.SelfAttention
local RelativeAttention = SelfAttention:extend "RelativeAttention"

-- `o`: buckets and max_distance of the table; table = true: this layer has it.
function RelativeAttention:init(width, heads, o)
  SelfAttention.init(self, width, heads)
  self.buckets, self.max_distance = o.buckets, o.max_distance
  self.gru_rel_pos_const = Parameter(torch.ones {1, heads, 1, 1})
  self.gru_rel_pos_linear = Linear(width // heads, 8)
  if o.table then self.rel_attn_embed = Embedding(o.buckets, heads) end
end

-- The bucket of each distance: small ones have one each, larger ones are spaced by their logarithm (Raffel et al.,
-- 2020); half of the buckets are for keys that come after the query.
local function bucket(distance, buckets, max_distance)
  local half = buckets // 2
  local exact = half // 2
  local far = distance:abs()
  local spaced = (far:float() / exact):log() / math.log(max_distance / exact) * (half - exact) + exact
  local large = spaced:clamp(0, half - 1):to "int64"
  return torch.where(far:lt(exact), far, large) + distance:gt(0):to "int64" * half
end

--- The bias of each head between all frames, ungated: [1, heads, t, t].
---     local bias = attention:table_of(49)
---@param t integer
---@return moonlark.Tensor
function RelativeAttention:table_of(t)
  local at = torch.arange(t, {dtype = "int64", device = self.rel_attn_embed.weight:device()})
  local distance = at:unsqueeze(0) - at:unsqueeze(1)
  return self.rel_attn_embed(bucket(distance, self.buckets, self.max_distance)):permute({2, 0, 1}):unsqueeze(0)
end

-- How much each frame of each head makes of the bias: [n, heads, t, 1].
local function gate(self, x)
  local n, t = x:size(0), x:size(1)
  local heads = x:view({n, t, self.heads, -1}):transpose(1, 2)
  local two = self.gru_rel_pos_linear(heads):view({n, self.heads, t, 2, 4}):sum {-1}:sigmoid()
  return two:narrow(-1, 0, 1) * (two:narrow(-1, 1, 1) * self.gru_rel_pos_const - 1) + 2
end

-- x [n, t, width], the bias of table_of, and which keys take part [n, 1, 1, t].
function RelativeAttention:forward(x, bias, keys)
  local mask = gate(self, x) * bias
  if keys then mask = mask:masked_fill(keys:logical_not(), -math.huge) end
  return SelfAttention.forward(self, x, mask)
end

return RelativeAttention
