--- Networks: modules with PyTorch's names, arguments, initialisation and state dicts.
---
--- Arguments come in PyTorch's order; further ones also by name in a last table. Tensors are 0-based, as in PyTorch.
--- nn.init has the ways in which parameters begin; nn.functional is torch, which has all functions.
---     local net = nn.Sequential(nn.Conv2d(1, 16, 3, {padding = 1}), nn.BatchNorm2d(16), nn.ReLU(),
---                               nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
---     print(net:summary {8, 1, 128, 130})
---     nn.CrossEntropyLoss {label_smoothing = 0.1} (net(x), y):backward()
---     net:save "net.safetensors"
local module = require "moonlark.nn.module"

---@class moonlark.nn
local nn = {
  Module = module.Module,
  Parameter = module.Parameter,
  init = require "moonlark.nn.initialise",
  functional = require "moonlark.torch", -- all of PyTorch's functions are there
}

local parts = {
  "linear", "convolution", "normalization", "activation", "pooling", "container", "recurrent", "attention", "loss",
}
for _, part in ipairs(parts) do
  for name, class in pairs(require("moonlark.nn." .. part)) do nn[name] = class end
end

return nn
