--- Sequential, ModuleList, ModuleDict. Names of modules in a list count from 0, as in PyTorch's state dicts.
local module = require "moonlark.nn.module"

local Module = module.Module

local function check(owner, value)
  if not module.is_module(value) then error(("%s holds modules, got %s"):format(owner, type(value)), 0) end
end

-- Adds modules after those that are there.
local function append(self, list)
  for _, value in ipairs(list) do
    check(self.__name, value)
    self[tostring(#self._modules.order)] = value
  end
end

-- Modules given one by one, or as a list.
local function listed(...)
  local first = ...
  if select("#", ...) == 1 and type(first) == "table" and not module.is_module(first) then return first end
  return {...}
end

--- One module after the other: nn.Sequential(nn.Linear(4, 8), nn.ReLU()), or a list of modules.
---@class moonlark.nn.Sequential: moonlark.nn.Module
local Sequential = Module:extend "Sequential"

function Sequential:init(...) append(self, listed(...)) end

function Sequential:forward(x)
  local kept = self._modules
  for _, name in ipairs(kept.order) do x = kept.values[name](x) end
  return x
end

--- Adds a module at the end.
---@param value moonlark.nn.Module
---@return moonlark.nn.Module self
function Sequential:append(value)
  append(self, {value})
  return self
end

--- Modules that are registered as a list; `list:at(0)` is the first, `for i, m in list:each() do` goes through.
---@class moonlark.nn.ModuleList: moonlark.nn.Module
local ModuleList = Module:extend "ModuleList"

function ModuleList:init(...) append(self, listed(...)) end

ModuleList.append = Sequential.append

--- The i-th module, from 0; negative ones count from the end.
---@param i integer
---@return moonlark.nn.Module
function ModuleList:at(i)
  local count = #self._modules.order
  local found = self._modules.values[tostring(i < 0 and i + count or i)]
  if not found then error(("index %d is out of %d modules"):format(i, count), 0) end
  return found
end

--- for i, m in list:each() do … end, from 0.
---@return fun(): integer?, moonlark.nn.Module?
function ModuleList:each()
  local i = -1
  return function()
    i = i + 1
    local value = self._modules.values[tostring(i)]
    if value then return i, value end
  end
end

--- Modules that are registered by name: nn.ModuleDict {mel = …, chroma = …} (in the order of their names), then
--- fields.
---@class moonlark.nn.ModuleDict: moonlark.nn.Module
local ModuleDict = Module:extend "ModuleDict"

function ModuleDict:init(given)
  local names = {}
  for name in pairs(given or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    check("ModuleDict", given[name])
    self[name] = given[name]
  end
end

return {Sequential = Sequential, ModuleList = ModuleList, ModuleDict = ModuleDict}
