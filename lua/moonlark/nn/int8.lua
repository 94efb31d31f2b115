--- Int8Linear: a linear layer whose weights are 8-bit integers; it is made of one that was trained.
local Linear = require "moonlark.nn.linear".Linear
local Module = require "moonlark.nn.module".Module
local engine = require "moonlark.torch.engine"
local show = require "moonlark.base.show"

local pack, product = engine.operator "moonlark::int8_pack", engine.operator "moonlark::int8_linear"

local int8 = {}

--- y = x Wᵀ + b, as nn.Linear, with a quarter of its memory, on the CPU. The weights of each output are whole multiples,
--- -127..127, of a number of their own; each row of x is rounded likewise when it comes (dynamic quantisation); sums are
--- exact. The processor should have AVX-512 VNNI: with AVX2 it is about as fast as float32, without either slow.
---     net.fc = int8.Int8Linear(net.fc)
---@class moonlark.nn.Int8Linear: moonlark.nn.Module
local Int8Linear = Module:extend "Int8Linear"
int8.Int8Linear = Int8Linear

function Int8Linear:init(linear)
  local weight = linear.weight:detach()
  if weight:device() ~= "cpu" then show.fail("8-bit layers compute on the CPU, the weight is on %s", weight:device()) end
  self.in_features, self.out_features = linear.in_features, linear.out_features
  local packed, scales = pack(weight:float())
  self:register_buffer("packed", packed)
  self:register_buffer("scales", scales)
  if linear.bias then self:register_buffer("bias", linear.bias:detach():float()) end
end

function Int8Linear:forward(x) return product(x, self.packed, self.scales, self.bias) end

function Int8Linear:expects() return ("[*, %d]"):format(self.in_features) end

function Int8Linear:arguments() return ("%d, %d"):format(self.in_features, self.out_features) end

local least_outputs = 64 -- smaller ones, as the last layer of a classifier, cost nothing and decide

--- Puts an Int8Linear in the place of each nn.Linear within a module that has 64 outputs or more; returns the module.
---     int8.quantise(net:eval())
---@param net moonlark.nn.Module
---@return moonlark.nn.Module
function int8.quantise(net)
  for _, module in net:named_modules() do
    for _, name in ipairs(module._modules.order) do
      local inner = module._modules.values[name]
      if getmetatable(inner).__class == Linear and inner.out_features >= least_outputs then
        module._modules.values[name] = Int8Linear(inner)
      end
    end
  end
  return net
end

return int8
