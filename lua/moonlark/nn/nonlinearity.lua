--- Nonlinearity: functions of each element, by the names that config.json files give them (hidden_act).
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local nonlinearity = {}

local function gelu(x) return x:gelu() end
local function gelu_tanh(x) return torch.gelu(x, {approximate = "tanh"}) end
local function silu(x) return torch.silu(x) end

local functions = {
  gelu = gelu, gelu_python = gelu, -- Hendrycks and Gimpel (2016)
  gelu_new = gelu_tanh, gelu_fast = gelu_tanh, gelu_pytorch_tanh = gelu_tanh, -- their approximation
  quick_gelu = function(x) return x * (x * 1.702):sigmoid() end,
  silu = silu, swish = silu,
  relu = function(x) return x:relu() end,
  tanh = function(x) return x:tanh() end,
  sigmoid = function(x) return x:sigmoid() end,
}

local names = {}
for name in pairs(functions) do names[#names + 1] = name end
table.sort(names)

--- The function of a name.
---     local y = nonlinearity.named "gelu" (x)
---@param name string
---@return fun(x: moonlark.Tensor): moonlark.Tensor
function nonlinearity.named(name) return functions[name] end

--- An option that is one of the names.
---     local fields = {activation = nonlinearity.option("gelu", "between the two linear layers")}
---@param default string
---@param help string?
---@return moonlark.Parameter
function nonlinearity.option(default, help) return options.choice(names, default, help) end

return nonlinearity
