--- Optimisers: how parameters follow their gradients, with PyTorch's names, defaults and formulas.
---
---     local opt = optim.AdamW(net:parameters(), {lr = 1e-3})
---     for … do
---       opt:zero_grad()
---       loss(net(x), y):backward()
---       optim.clip_grad_norm(net:parameters(), 1)
---       opt:step()
---     end
---
--- Parameters may be in groups with options of their own: {{params = head, lr = 1e-2}, {params = body}}. Without
--- parameters (optim.AdamW {lr = 1e-3}) an optimiser is a recipe: recipe:bind(parameters) makes it.
--- To accumulate gradients over n batches, divide each loss by n and step after the n-th.
local options = require "moonlark.options"
local torch = require "moonlark.torch"

local optim = {}

---@class moonlark.Optimizer
---@field groups table[]  {params = list, lr = …}: options may be changed at any time
local Optimizer = {}
Optimizer.__index = Optimizer

local Recipe = {}
Recipe.__index = Recipe

-- checks ---------------------------------------------------------------------------

local function check_options(name, o)
  for _, key in ipairs {"lr", "weight_decay", "eps", "momentum", "alpha", "dampening"} do
    local value = o[key]
    if value ~= nil and not (type(value) == "number" and value >= 0 and value < math.huge) then
      error(("%s: %s must be a finite number, 0 or more, got %s"):format(name, key, tostring(value)), 0)
    end
  end
  for i, beta in ipairs(o.betas or {}) do
    if type(beta) ~= "number" or beta < 0 or beta >= 1 then
      error(("%s: betas must be 0 or more and below 1, got %s as the %s"):format(name, tostring(beta), i == 1 and "first" or "second"), 0)
    end
  end
  if o.nesterov and (o.momentum <= 0 or o.dampening ~= 0) then
    error(("%s: nesterov needs a momentum and no dampening"):format(name), 0)
  end
end

local function check_parameters(name, list)
  if type(list) ~= "table" or #list == 0 then error(("%s: there are no parameters"):format(name), 0) end
  for i, tensor in ipairs(list) do
    if not torch.is_tensor(tensor) then
      error(("%s: parameter %d is no tensor, but a %s"):format(name, i, type(tensor)), 0)
    end
  end
end

-- the engine of all -----------------------------------------------------------------

-- params is a list of tensors or of groups.
local function make(name, defaults, update, params, given)
  local common = options.read("optim." .. name, given, defaults)
  local listed = params
  if type(params) == "table" and type(params[1]) == "table" then listed = params else listed = {{params = params}} end
  local groups = {}
  for i, group in ipairs(listed) do
    local own = {}
    for key, value in pairs(group) do own[key] = value end
    own.params = nil
    groups[i] = options.read("optim." .. name, own, defaults)
    for key, value in pairs(common) do
      if own[key] == nil then groups[i][key] = value end
    end
    check_parameters("optim." .. name, group.params)
    check_options("optim." .. name, groups[i])
    groups[i].params = group.params
  end
  return setmetatable({name = name, groups = groups, update = update, states = {}}, Optimizer)
end

--- Makes the optimiser of a recipe.
---@param params moonlark.Tensor[]|table[]
---@return moonlark.Optimizer
function Recipe:bind(params) return make(self.name, self.defaults, self.update, params, self.given) end

-- f(parameter, its number, group) for each, in order.
local function each(self, f)
  local number = 0
  for _, group in ipairs(self.groups) do
    for _, parameter in ipairs(group.params) do
      number = number + 1
      f(parameter, number, group)
    end
  end
end

--- Moves every parameter that has a gradient.
function Optimizer:step()
  torch.no_grad(function()
    each(self, function(parameter, number, group)
      local gradient = parameter:grad()
      if not gradient then return end
      local state = self.states[number] or {step = 0}
      self.states[number] = state
      state.step = state.step + 1
      self.update(parameter, gradient, group, state)
    end)
  end)
end

--- Forgets all gradients.
function Optimizer:zero_grad()
  each(self, function(parameter) parameter:set_grad(nil) end)
end

--- What a resumed optimiser needs: tensors by "NUMBER.NAME" (parameters are counted from 1), and steps and
--- options by name.
---@return {tensors: table<string, moonlark.Tensor>, numbers: table<string, number>}
function Optimizer:state_dict()
  local tensors, numbers = {}, {}
  for number, state in pairs(self.states) do
    for key, value in pairs(state) do
      (torch.is_tensor(value) and tensors or numbers)[("%d.%s"):format(number, key)] = value
    end
  end
  for i, group in ipairs(self.groups) do
    for key, value in pairs(group) do
      if type(value) == "number" then numbers[("group%d.%s"):format(i, key)] = value end
    end
  end
  return {tensors = tensors, numbers = numbers}
end

--- Goes on where another optimiser of the same parameters was; tensors are copied.
---@param state {tensors: table<string, moonlark.Tensor>, numbers: table<string, number>}
---@return moonlark.Optimizer self
function Optimizer:load_state_dict(state)
  local parameters = {}
  each(self, function(parameter, number) parameters[number] = parameter end)
  local states = {}
  local function place(name, value)
    local number, key = name:match "^(%d+)%.(.+)$"
    number = tonumber(number)
    local parameter = number and parameters[number]
    if not parameter then error(("the state of %s is of a parameter that is not there"):format(name), 0) end
    if torch.is_tensor(value) and table.concat(value:shape(), ",") ~= table.concat(parameter:shape(), ",") then
      error(("the state %s has the shape [%s], the parameter [%s]"):format(name, table.concat(value:shape(), ", "),
        table.concat(parameter:shape(), ", ")), 0)
    end
    states[number] = states[number] or {step = 0}
    states[number][key] = torch.is_tensor(value) and value:clone() or value
  end
  for name, value in pairs(state.tensors) do place(name, value) end
  for name, value in pairs(state.numbers) do
    local group, key = name:match "^group(%d+)%.(.+)$"
    if group then
      local own = self.groups[tonumber(group)]
      if not own or own[key] == nil then error(("the state knows %s, this optimiser does not"):format(name), 0) end
      own[key] = value
    else
      place(name, math.tointeger(value) or value)
    end
  end
  self.states = states
  return self
end

-- A constructor: of parameters and options, or of options alone (a recipe).
local function constructor(name, defaults, update)
  return function(params, given)
    local alone = given == nil and (params == nil or type(params) == "table" and #params == 0)
    if not alone then return make(name, defaults, update, params, given) end
    check_options("optim." .. name, options.read("optim." .. name, params, defaults))
    return setmetatable({name = name, defaults = defaults, update = update, given = params}, Recipe)
  end
end

-- A tensor of the state, zeros at first.
local function kept(state, key, parameter)
  if not state[key] then state[key] = torch.zeros_like(parameter) end
  return state[key]
end

-- the optimisers ----------------------------------------------------------------------

--- Stochastic gradient descent. Options: lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0, nesterov =
--- false.
---@param params moonlark.Tensor[]|table[]|table
---@param given table?
---@return moonlark.Optimizer
optim.SGD = constructor("SGD", {lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0, nesterov = false},
  function(p, g, o, state)
    if o.weight_decay ~= 0 then g = g:add(p, {alpha = o.weight_decay}) end
    if o.momentum ~= 0 then
      if state.momentum_buffer then
        state.momentum_buffer:mul_(o.momentum):add_(g, {alpha = 1 - o.dampening})
      else
        state.momentum_buffer = g:clone()
      end
      g = o.nesterov and g:add(state.momentum_buffer, {alpha = o.momentum}) or state.momentum_buffer
    end
    p:add_(g, {alpha = -o.lr})
  end)

local function adam(p, g, o, state)
  local beta1, beta2 = o.betas[1], o.betas[2]
  local mean, square = kept(state, "exp_avg", p), kept(state, "exp_avg_sq", p)
  mean:lerp_(g, 1 - beta1)
  square:mul_(beta2):addcmul_(g, g, {value = 1 - beta2})
  if o.amsgrad then
    local most = kept(state, "max_exp_avg_sq", p)
    most:copy_(torch.maximum(most, square))
    square = most
  end
  local spread = square:sqrt():div_(math.sqrt(1 - beta2 ^ state.step)):add_(o.eps)
  p:addcdiv_(mean, spread, {value = -o.lr / (1 - beta1 ^ state.step)})
end

--- Adam (Kingma and Ba, 2015). Options: lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0 (added to
--- the
--- gradient), amsgrad = false.
---@param params moonlark.Tensor[]|table[]|table
---@param given table?
---@return moonlark.Optimizer
optim.Adam = constructor("Adam", {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 0, amsgrad = false},
  function(p, g, o, state)
    if o.weight_decay ~= 0 then g = g:add(p, {alpha = o.weight_decay}) end
    adam(p, g, o, state)
  end)

--- Adam with weights that decay by themselves (Loshchilov and Hutter, 2019). Options: as Adam's, weight_decay =
--- 0.01.
---@param params moonlark.Tensor[]|table[]|table
---@param given table?
---@return moonlark.Optimizer
optim.AdamW = constructor("AdamW", {lr = 1e-3, betas = {0.9, 0.999}, eps = 1e-8, weight_decay = 1e-2, amsgrad = false},
  function(p, g, o, state)
    if o.weight_decay ~= 0 then p:mul_(1 - o.lr * o.weight_decay) end
    adam(p, g, o, state)
  end)

--- RMSprop (Tieleman and Hinton, 2012). Options: lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0,
--- momentum = 0,
--- centered = false.
---@param params moonlark.Tensor[]|table[]|table
---@param given table?
---@return moonlark.Optimizer
optim.RMSprop = constructor("RMSprop",
  {lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0, centered = false},
  function(p, g, o, state)
    if o.weight_decay ~= 0 then g = g:add(p, {alpha = o.weight_decay}) end
    local square = kept(state, "square_avg", p):mul_(o.alpha):addcmul_(g, g, {value = 1 - o.alpha})
    local spread = square
    if o.centered then
      local mean = kept(state, "grad_avg", p):lerp_(g, 1 - o.alpha)
      spread = square:addcmul(mean, mean, {value = -1})
    end
    spread = spread:sqrt():add_(o.eps)
    if o.momentum > 0 then
      p:add_(kept(state, "momentum_buffer", p):mul_(o.momentum):addcdiv_(g, spread), {alpha = -o.lr})
    else
      p:addcdiv_(g, spread, {value = -o.lr})
    end
  end)

-- gradients -----------------------------------------------------------------------------

local function gradients_of(params)
  local list = {}
  for _, parameter in ipairs(params) do list[#list + 1] = parameter:grad() end
  return list
end

--- Scales the gradients so that their norm, over all parameters together, is at most `max_norm`.
---@param params moonlark.Tensor[]
---@param max_norm number
---@return number norm  before; not finite when a gradient is not: then nothing is scaled
function optim.clip_grad_norm(params, max_norm)
  if type(max_norm) ~= "number" or max_norm <= 0 then
    error(("max_norm must be a number above 0, got %s"):format(tostring(max_norm)), 0)
  end
  return torch.no_grad(function()
    local list, square = gradients_of(params), 0
    for _, gradient in ipairs(list) do square = square + gradient:norm():item() ^ 2 end
    local norm = math.sqrt(square)
    local scale = max_norm / (norm + 1e-6)
    if scale < 1 then
      for _, gradient in ipairs(list) do gradient:mul_(scale) end
    end
    return norm
  end)
end

--- Clips every number of the gradients to -limit .. limit.
---@param params moonlark.Tensor[]
---@param limit number
function optim.clip_grad_value(params, limit)
  if type(limit) ~= "number" or limit <= 0 then error(("limit must be a number above 0, got %s"):format(tostring(limit)), 0) end
  torch.no_grad(function()
    for _, gradient in ipairs(gradients_of(params)) do gradient:clamp_(-limit, limit) end
  end)
end

for name, make in pairs(require "moonlark.optim.schedule") do optim[name] = make end

return optim
