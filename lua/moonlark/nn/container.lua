--- Sequential, ModuleList, ModuleDict. Names of modules in a list count from 0, as in PyTorch's state dicts.
local module = require "moonlark.nn.module"
local show = require "moonlark.base.show"

local Module = module.Module

local function check(owner, value)
  if not module.is_module(value) then show.fail("%s holds modules, got %s", owner, type(value)) end
end

-- Adds modules, given one by one or as a list, after those that are there.
local function append(self, ...)
  local first = ...
  local is_list = select("#", ...) == 1 and type(first) == "table" and not module.is_module(first)
  for _, value in ipairs(is_list and first or {...}) do
    check(self.__name, value)
    self[tostring(#self._modules.order)] = value
  end
end

--- One module after the other, each given what the one before gave. PyTorch: Sequential.
---     local net = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 10))
---     local first = net[0]                  -- its modules are counted from 0
---@class moonlark.nn.Sequential: moonlark.nn.Module
---@param ... moonlark.nn.Module  one by one, or a list of them
local Sequential = Module:extend "Sequential"

Sequential.init = append

function Sequential:forward(x)
  local kept = self._modules
  for _, name in ipairs(kept.order) do x = kept.values[name](x) end
  return x
end

--- Adds a module at the end.
---     net:append(nn.Softmax(1))
---@param value moonlark.nn.Module
---@return moonlark.nn.Module self
function Sequential:append(value)
  append(self, {value})
  return self
end

--- Modules that are registered as a list; their owner says what is done with them. PyTorch: ModuleList.
---     self.blocks = nn.ModuleList {Block(64), Block(128)}
---     for i, block in self.blocks:each() do x = block(x) end
---@class moonlark.nn.ModuleList: moonlark.nn.Module
---@param ... moonlark.nn.Module  one by one, or a list of them
local ModuleList = Module:extend "ModuleList"

ModuleList.init = append

--- Adds a module at the end.
---     self.blocks:append(Block(256))
---@param value moonlark.nn.Module
---@return moonlark.nn.Module self
ModuleList.append = Sequential.append

--- The i-th module, from 0; negative ones count from the end. Errors: an index beyond.
---     local last = self.blocks:at(-1)
---@param i integer
---@return moonlark.nn.Module
function ModuleList:at(i)
  local count = #self._modules.order
  local value = self._modules.values[tostring(i < 0 and i + count or i)]
  if not value then show.fail("index %d is out of %d modules", i, count) end
  return value
end

--- The modules in order, with their numbers from 0.
---     for i, block in self.blocks:each() do x = block(x) end
---@return fun(): integer?, moonlark.nn.Module?
function ModuleList:each()
  local i = -1
  return function()
    i = i + 1
    local value = self._modules.values[tostring(i)]
    if value then return i, value end
  end
end

--- Modules that are registered by name, and read as fields. PyTorch: ModuleDict.
---
--- A Lua table has no order: modules come sorted by name, unless they are given as a list of pairs, {{"mel", …},
--- {"chroma", …}}.
---     self.stems = nn.ModuleDict {mel = nn.Linear(128, 64), chroma = nn.Linear(12, 64)}
---     local y = self.stems.mel(x)
---@class moonlark.nn.ModuleDict: moonlark.nn.Module
---@param given table<string, moonlark.nn.Module>?
local ModuleDict = Module:extend "ModuleDict"

function ModuleDict:init(given)
  local named = {}
  for key, value in pairs(given or {}) do
    local is_pair = type(key) == "number" and type(value) == "table" and not module.is_module(value)
    named[#named + 1] = is_pair and {value[1], value[2], key} or {key, value, key}
  end
  table.sort(named, function(a, b) return a[3] < b[3] end)
  for _, pair in ipairs(named) do
    local name, value = pair[1], pair[2]
    if type(name) ~= "string" then show.fail("ModuleDict: a name must be a string, got %s", type(name)) end
    check("ModuleDict", value)
    self[name] = value
  end
end

--- The modules in order, with their names.
---     for name, stem in self.stems:each() do print(name, stem) end
---@return fun(): string?, moonlark.nn.Module?
function ModuleDict:each()
  local i = 0
  return function()
    i = i + 1
    local name = self._modules.order[i]
    if name then return name, self._modules.values[name] end
  end
end

return {Sequential = Sequential, ModuleList = ModuleList, ModuleDict = ModuleDict}
