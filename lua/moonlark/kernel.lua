--- Kernel: how support vector machines measure likeness: their option gamma, and the number that it stands for.
local core = require "moonlark_core".classify
local options = require "moonlark.base.options"

local kernel = {}

--- The option gamma of classify.svm and regress.svr.
kernel.gamma = options.either(nil, {options.number(nil, {above = 0}), options.choice {"scale", "auto"}},
  "of the kernel exp(−gamma·|a − b|²)", {usual = '"scale": 1 / (columns · variance of x)'})

--- The number that a setting of gamma stands for on samples. "scale": 1 / (columns · variance of all of x); "auto":
--- 1 / columns.
---@param setting number|"scale"|"auto"|nil  nil: "scale"
---@param x moonlark.Tensor  rows × columns
---@return number
function kernel.gamma_of(setting, x)
  if type(setting) == "number" then return setting end
  if setting == "auto" then return 1 / x:size(1) end
  -- From the columns' moments: these do not depend on the number of cores.
  local means, variances = core.moments(x)
  local variance = (variances + (means - means:mean()):square()):mean():item()
  return variance > 0 and 1 / (x:size(1) * variance) or 1.0
end

return kernel
