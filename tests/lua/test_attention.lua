-- Attention: blocks of queries, masks and the order of axes, beside the formula written out in float64.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local torch = require "moonlark.torch"

local function random(...) return torch.randn({...}, {dtype = "float64"}) end

-- softmax(query · keyᵀ · scale + mask) · value.
local function formula(query, key, value, o)
  local scores = query:matmul(key:transpose(-2, -1)) * (o.scale or 1 / math.sqrt(query:size(-1)))
  if o.is_causal then
    local later = torch.ones({query:size(-2), key:size(-2)}, {dtype = "bool"}):triu(1)
    scores = scores:masked_fill(later, -math.huge)
  end
  local mask = o.attn_mask
  if mask then
    scores = mask:dtype() == "bool" and scores:masked_fill(mask:logical_not(), -math.huge) or scores + mask:double()
  end
  return scores:softmax(-1):matmul(value)
end

local function compare(query, key, value, o)
  local given = {}
  for name, option in pairs(o) do given[name] = option end
  local got = torch.no_grad(torch.scaled_dot_product_attention, query:float(), key:float(), value:float(), given)
  lib.close(got, formula(query, key, value, o), 2e-6)
  return got
end

TestAttention = {}

function TestAttention:setUp() torch.manual_seed(1) end

function TestAttention:test_blocks_of_every_length()
  for _, rows in ipairs {1, 5, 127, 128, 129, 300} do
    compare(random(2, 3, rows, 16), random(2, 3, 200, 16), random(2, 3, 200, 8), {})
  end
  compare(random(1, 1, 1, 1), random(1, 1, 1, 1), random(1, 1, 1, 1), {scale = 0.3})
end

function TestAttention:test_heads_that_lie_between_each_other()
  local function heads() return random(2, 150, 4 * 16):view(2, 150, 4, 16):transpose(1, 2) end
  local got = compare(heads(), heads(), heads(), {})
  lu.assertEquals(got:transpose(1, 2):flatten(2):shape(), {2, 150, 64})
end

function TestAttention:test_keys_that_all_examples_share()
  compare(random(3, 2, 20, 8), random(1, 2, 30, 8), random(1, 1, 30, 8), {})
end

function TestAttention:test_masks()
  local query, key, value = random(2, 3, 140, 8), random(2, 3, 90, 8), random(2, 3, 90, 8)
  local valid = torch.arange(90):lt(torch.tensor {40, 90}:view(2, 1, 1, 1))
  compare(query, key, value, {attn_mask = valid})
  compare(query, key, value, {attn_mask = random(140, 90):float()})
  compare(query, key, value, {attn_mask = random(2, 1, 1, 90):float()})
  compare(query, key, value, {attn_mask = random(90, 140):float():transpose(0, 1)})
end

function TestAttention:test_later_keys_are_not_seen()
  compare(random(1, 2, 150, 8), random(1, 2, 150, 8), random(1, 2, 150, 8), {is_causal = true})
  compare(random(1, 2, 1, 8), random(1, 2, 9, 8), random(1, 2, 9, 8), {is_causal = true})
end

function TestAttention:test_large_scores()
  compare(random(1, 1, 4, 8) * 100, random(1, 1, 50, 8), random(1, 1, 50, 8), {})
end

function TestAttention:test_the_same_bits_with_any_number_of_threads()
  local query, key = torch.randn {1, 6, 300, 64}, torch.randn {1, 6, 300, 64}
  local threads, got = torch.get_num_threads(), {}
  for n = 1, 2 do
    torch.set_num_threads(n)
    got[n] = torch.no_grad(torch.scaled_dot_product_attention, query, key, key)
  end
  torch.set_num_threads(threads)
  lu.assertTrue(got[1]:equal(got[2]))
end

lib.run()
