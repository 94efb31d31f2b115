--- Trained: which parameters of a network are trained, and how fast: the head alone, the upper layers, by name, all.
local lora = require "moonlark.finetune.lora"
local show = require "moonlark.base.show"
local walk = require "moonlark.finetune.walk"

local trained = {}

--- Whether a parameter of the inner network is its head's.
---@param net moonlark.nn.Module
---@param name string
---@return boolean
function trained.in_head(net, name)
  for _, head in ipairs(net.heads or {}) do
    if name == head or name:sub(1, #head + 1) == head .. "." then return true end
  end
  return false
end

--- Whether nothing below the head is trained.
---@param self moonlark.nn.Module  a network of models/finetuned
---@return boolean
function trained.is_head_only(self)
  for name, tensor in self.net:named_parameters() do
    if tensor:requires_grad() and not trained.in_head(self.net, name) then return false end
  end
  return true
end

-- The step to which a parameter of the inner network belongs, from 1; nil: to the head.
local function step_of(net, name, count)
  if trained.in_head(net, name) then return nil end
  local layer = name:match "^layers%.(%d+)%." or name:match "^encoder%.layers%.(%d+)%."
  if count == 1 then return 1 end
  if net.last and name:find(net.last) then return count end
  return layer and tonumber(layer) + 2 or 1
end

-- All parameters in order: {name, tensor, step}; those of the head have no step.
local function entries(self)
  local count, list = #walk.steps(self.net).list, {}
  for name, tensor in self:named_parameters() do
    local inner = name:match "^net%.(.*)$"
    list[#list + 1] = {name = inner or name, tensor = tensor, step = inner and step_of(self.net, inner, count)}
  end
  return list, count
end

local function upper(net, k, count)
  local layers = count - 1
  if layers == 0 then
    show.fail("this network has no layers to count: unfreeze by a pattern of names, or \"all\"")
  end
  if k > layers then show.fail("unfreeze must be 0..%d, the network's layers, got %d", layers, k) end
  return function(entry) return k > 0 and entry.step > count - k end
end

-- Whether a parameter below the head is trained.
local function wanted(net, unfreeze, count)
  if unfreeze == 0 then return function() return false end end
  if unfreeze == "all" then return function() return true end end
  if math.type(unfreeze) then return upper(net, unfreeze, count) end
  return function(entry) return entry.name:find(unfreeze) end
end

--- Says which parameters are trained, adapters included, and from which step on gradients are needed.
---@param self moonlark.nn.Module  a network of models/finetuned
---@param o {unfreeze: integer|string, lora: table?}
function trained.choose(self, o)
  if o.lora then lora.add(self.net, o.lora) end
  local list, count = entries(self)
  local is_wanted, changed = wanted(self.net, o.unfreeze, count), 0
  self.frozen = count
  for _, entry in ipairs(list) do
    local fixed = self.net.fixed and entry.name:find(self.net.fixed)
    local adapts = entry.name:find "%.lora_%l+$"
    local trains = not entry.step or adapts or not fixed and is_wanted(entry) and true or false
    entry.tensor:requires_grad_(trains and true or false)
    if trains and entry.step then
      self.frozen = math.min(self.frozen, entry.step - 1)
      if not adapts then changed = changed + 1 end
    end
  end
  if type(o.unfreeze) == "string" and changed == 0 then show.fail("no parameter's name matches '%s'", o.unfreeze) end
end

--- The trained parameters in groups, from the head down: each layer's learning rate is `decay` times that of the layer
--- above it (layer-wise decay: Clark et al., ELECTRA, 2020).
---@param self moonlark.nn.Module
---@param o {lr: number, head_lr: number, decay: number}
---@return {params: moonlark.Tensor[], lr: number}[]
function trained.groups(self, o)
  local list, count = entries(self)
  local by_step, groups = {}, {}
  for _, entry in ipairs(list) do
    if entry.tensor:requires_grad() then
      local step = entry.step or count + 1
      by_step[step] = by_step[step] or {}
      table.insert(by_step[step], entry.tensor)
    end
  end
  for step = count + 1, 1, -1 do
    local lr = step > count and o.head_lr or o.lr * o.decay ^ (count - step)
    if by_step[step] then groups[#groups + 1] = {params = by_step[step], lr = lr} end
  end
  return groups
end

return trained
