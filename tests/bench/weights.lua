--- Opening weights: `moonlark weights.lua FILE [sum]` prints seconds passed, and the megabytes that the process grew by;
--- with `sum` all tensors are summed once. weights.py runs it beside torch.load and safetensors.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local torch = require "moonlark.torch"

local function resident() return tonumber(files.read("/proc/self/status"):match "VmRSS:%s*(%d+)") / 1024 end

local path, sum = arg[1], arg[2] == "sum"
torch.ones({8}):sum():item() -- libtorch is loaded
local start, before = core.system.clock(), resident()
local state, total = torch.load(path), 0
for _, tensor in pairs(sum and state or {}) do total = total + tensor:sum():item() end
print(("%.4f\t%.0f\t%.6g"):format(core.system.clock() - start, resident() - before, total))
