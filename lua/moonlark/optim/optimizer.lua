--- Optimizer: parameters in groups, the state of each, and what all optimisers do with them.
local is_module = require "moonlark.nn.module".is_module
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local text = require "moonlark.base.text"

--- Parameters in groups, and how they move: step() after each backward(), then zero_grad().
---@class moonlark.Optimizer
---@field groups table[]  {params = list, lr = …}: options may be changed at any time
---@field name string  "AdamW" …
---@field package update function
---@field package states table[]
local Optimizer = {__name = "moonlark.Optimizer"}
Optimizer.__index = Optimizer

--- An optimiser that waits for its parameters: what optim.AdamW {lr = 1e-3} gives.
---@class moonlark.OptimizerRecipe
---@field name string  "AdamW" …
---@field given table  the options, as they were given
---@field package kind table
local Recipe = {__name = "moonlark.OptimizerRecipe"}
Recipe.__index = Recipe

-- The options of a group, or of a recipe.
local function read(kind, given)
  local o = kind.options:read(given)
  if o.nesterov and (o.momentum <= 0 or o.dampening ~= 0) then
    show.fail("%s: nesterov needs a momentum and no dampening", kind.options.owner)
  end
  return o
end

-- `seen` has the parameters of the groups before.
local function check_parameters(name, list, seen)
  if is_module(list) then show.fail("%s: give net:parameters(), not the network itself", name) end
  if type(list) ~= "table" or #list == 0 then show.fail("%s: there are no parameters", name) end
  for i, tensor in ipairs(list) do
    if not torch.is_tensor(tensor) then show.fail("%s: parameter %d is no tensor, but a %s", name, i, type(tensor)) end
    if not tensor:is_leaf() then show.fail("%s: parameter %d is computed from others", name, i) end
    if seen[tensor] then show.fail("%s: parameter %d is given twice", name, i) end
    seen[tensor] = true
  end
end

-- `params`: a list of tensors, or of groups that may have options of their own.
local function make(kind, params, given)
  local common = kind.options:read(given)
  local groups, seen = {}, {}
  local listed = type(params) == "table" and type(params[1]) == "table" and params or {{params = params}}
  for i, group in ipairs(listed) do
    local own = {}
    for key, value in pairs(common) do own[key] = value end
    for key, value in pairs(group) do own[key] = value end
    own.params = nil
    groups[i] = read(kind, own)
    check_parameters(kind.options.owner, group.params, seen)
    groups[i].params = group.params
  end
  return setmetatable({name = kind.name, groups = groups, update = kind.update, states = {}}, Optimizer)
end

--- Makes the optimiser of a recipe. Errors: no parameters, or one that is given twice or computed from others.
---     local opt = optim.AdamW {lr = 1e-3} :bind(net:parameters())
---@param params moonlark.Tensor[]|table[]
---@return moonlark.Optimizer
function Recipe:bind(params) return make(self.kind, params, self.given) end

-- The parameters of all groups, in order; a state has its parameter's number in this list.
local function parameters_of(self)
  local list = {}
  for _, group in ipairs(self.groups) do table.move(group.params, 1, #group.params, #list + 1, list) end
  return list
end

-- The group's parameters that have gradients: {parameter =, gradient =, state =} each, the states a step further.
local function moving(self, group, number)
  local list = {}
  for _, parameter in ipairs(group.params) do
    number = number + 1
    local gradient = parameter:grad()
    if gradient then
      local state = self.states[number] or {step = 0}
      self.states[number] = state
      state.step = state.step + 1
      list[#list + 1] = {parameter = parameter, gradient = gradient, state = state}
    end
  end
  return list
end

--- Moves every parameter that has a gradient.
---     opt:step()
function Optimizer:step()
  torch.no_grad(function()
    local number = 0
    for _, group in ipairs(self.groups) do
      self.update(moving(self, group, number), group)
      number = number + #group.params
    end
  end)
end

--- Forgets all gradients.
---     opt:zero_grad()
function Optimizer:zero_grad()
  for _, parameter in ipairs(parameters_of(self)) do parameter:set_grad(nil) end
end

--- What a resumed optimiser needs: tensors by "NUMBER.NAME" (parameters are counted from 1), and steps and
--- options by name.
---     local state = opt:state_dict()
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

-- A parameter's state as it was saved: the tensor copied to where the parameter is.
local function restored(name, value, parameter)
  if not torch.is_tensor(value) then return math.tointeger(value) or value end
  local got, wanted = table.concat(value:shape(), ", "), table.concat(parameter:shape(), ", ")
  if got ~= wanted then show.fail("the state %s has the shape [%s], the parameter [%s]", name, got, wanted) end
  return value:detach():to {device = parameter:device(), copy = true}
end

--- Goes on where another optimiser of the same parameters was; tensors are copied. Errors: a state of other parameters,
--- groups or options.
---     opt:load_state_dict(state)
---@param state {tensors: table<string, moonlark.Tensor>, numbers: table<string, number>}
---@return moonlark.Optimizer self
function Optimizer:load_state_dict(state)
  local parameters, states = parameters_of(self), {}
  local function place(name, value)
    local digits, key = name:match "^(%d+)%.(.+)$"
    local number = tonumber(digits)
    local parameter = parameters[number]
    if not parameter then show.fail("the state of %s is of a parameter that is not there", name) end
    states[number] = states[number] or {step = 0}
    states[number][key] = restored(name, value, parameter)
  end
  for name, value in pairs(state.tensors) do place(name, value) end
  for name, value in pairs(state.numbers) do
    local group, key = name:match "^group(%d+)%.(.+)$"
    local own = self.groups[tonumber(group)]
    if group and (not own or own[key] == nil) then show.fail("the state knows %s, this optimiser does not", name) end
    if group then own[key] = value else place(name, value) end
  end
  self.states = states
  return self
end

--- "AdamW  lr 0.001  weight_decay 0.01  40 parameters", a line for each group.
function Optimizer:__tostring()
  local lines = {}
  for i, group in ipairs(self.groups) do
    local words = {}
    for _, name in ipairs(text.keys(group)) do
      local value = group[name]
      if name == "betas" then value = ("{%g, %g}"):format(value[1], value[2]) end
      if name ~= "params" then words[#words + 1] = name .. " " .. tostring(value) end
    end
    lines[i] = ("%s  %s  %d parameters"):format(self.name, table.concat(words, "  "), #group.params)
  end
  return table.concat(lines, "\n")
end

local optimizer = {}
local number = options.number

--- Options that several optimisers have.
optimizer.shared = {
  lr = number(1e-3, {least = 0}, "learning rate"),
  eps = number(1e-8, {least = 0}, "added to the root, so that nothing is divided by 0"),
  weight_decay = number(0, {least = 0}, "share of a parameter that is added to its gradient"),
}

--- A constructor: of parameters and options, or of options alone (a recipe). `update(list, group)` moves a group's
--- parameters: {parameter =, gradient =, state =} each, gradients not recorded, state.step counted up.
function optimizer.constructor(name, fields, update)
  local kind = {name = name, options = options.describe("optim." .. name, fields), update = update}
  return function(params, given)
    local alone = given == nil and (params == nil or type(params) == "table" and #params == 0 and not is_module(params))
    if not alone then return make(kind, params, given) end
    read(kind, params)
    return setmetatable({name = name, kind = kind, given = params}, Recipe)
  end
end

--- A tensor of a parameter's state, zeros at first.
function optimizer.kept(state, key, parameter)
  if not state[key] then state[key] = torch.zeros_like(parameter) end
  return state[key]
end

return optimizer
