--- LoRA: linear layers that are changed by a product of two thin matrices, which alone are trained (Hu et al., 2022).
local Module = require "moonlark.nn.module".Module
local Parameter = require "moonlark.nn.module".Parameter
local init = require "moonlark.nn.initialise"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

--- y = x (W + scale · up · down)ᵀ + b: `down` [rank, inputs] begins at random, `up` [outputs, rank] as zeros, so that
--- at first nothing is changed. The names of W and b stay.
---@class moonlark.finetune.LoraLinear: moonlark.nn.Module
local LoraLinear = Module:extend "LoraLinear"

function LoraLinear:init(linear, rank, alpha)
  self.rank, self.scale = rank, alpha / rank
  local outputs, inputs = table.unpack(linear.weight:shape())
  self.weight = Parameter(linear.weight, {requires_grad = false})
  if linear.bias then self.bias = Parameter(linear.bias, {requires_grad = false}) end
  self.lora_down = Parameter(init.kaiming_uniform(torch.empty {rank, inputs}, math.sqrt(5)))
  self.lora_up = Parameter(torch.zeros {outputs, rank})
end

function LoraLinear:forward(x)
  return x:linear(self.weight, self.bias) + x:linear(self.lora_down):linear(self.lora_up) * self.scale
end

function LoraLinear:expects() return ("[*, %d]"):format(self.weight:size(1)) end

function LoraLinear:arguments()
  return ("%d, %d, rank %d"):format(self.weight:size(1), self.weight:size(0), self.rank)
end

--- Takes the adapter of a state into the weights there; its own tensors leave.
---     module:merge(state, "layers.0.q_proj.")
---@param state table<string, moonlark.Tensor>
---@param prefix string  of the module's names
function LoraLinear:merge(state, prefix)
  local up, down, weight = prefix .. "lora_up", prefix .. "lora_down", prefix .. "weight"
  state[weight] = state[weight] + state[up]:matmul(state[down]) * self.scale
  state[up], state[down] = nil, nil
end

local lora = {}

--- Gives linear layers adapters. Errors: none has such a name.
---     lora.add(net, {rank = 8, alpha = 16, targets = "[qv]_proj$"})
---@param net moonlark.nn.Module
---@param o {rank: integer, alpha: number, targets: string}  a Lua pattern of the layers' names
---@return integer count
function lora.add(net, o)
  local found = {}
  for path, parent in net:named_modules() do
    for _, key in ipairs(parent._modules.order) do
      local name, child = (path == "" and "" or path .. ".") .. key, parent._modules.values[key]
      if child.__name == "Linear" and name:find(o.targets) then found[#found + 1] = {parent, key, child} end
    end
  end
  if #found == 0 then show.fail("no linear layer's name matches '%s'", o.targets) end
  for _, it in ipairs(found) do it[1][it[2]] = LoraLinear(it[3], o.rank, o.alpha) end
  return #found
end

return lora
