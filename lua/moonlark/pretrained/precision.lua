--- Precision: in which numbers a network from elsewhere computes, and whether they can be computed here.
local files = require "moonlark.base.files"
local int8 = require "moonlark.nn.int8"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local warning = require "moonlark.base.warning"

local precision = {}

--- What pretrained.open can be asked for.
precision.names = {"float32", "bfloat16", "float16", "int8"}

-- What a processor's list of features calls arithmetic of each kind.
local instructions = {bfloat16 = {"avx512_bf16", "amx_bf16", "bf16"}, float16 = {"avx512_fp16", "amx_fp16", "fphp"}}

-- Why a processor should not be asked for a kind of numbers; nil: it can.
local function lack_of(name)
  local ok = pcall(function()
    local x, w = torch.ones({1, 4, 4}, {dtype = name}), torch.ones({4, 4, 1}, {dtype = name})
    torch.scaled_dot_product_attention(x, x, x:conv1d(w):gelu():layer_norm {4})
  end)
  if not ok then return ("libtorch %s does not compute %s on the CPU"):format(torch.version, name) end
  local read, text = pcall(files.read, "/proc/cpuinfo")
  if not read then return nil end
  for _, word in ipairs(instructions[name]) do
    if text:find("[%s]" .. word .. "[%s]") then return nil end
  end
  return ("this processor has no instructions for %s"):format(name)
end

local entries = {"forward", "hidden", "embedding", "attention"}

-- The network's functions take float32, too, as front ends give it.
local function convert_input(net, dtype)
  for _, name in ipairs(entries) do
    local compute = net[name]
    if compute then
      net[name] = function(self, x, ...) return compute(self, torch.is_tensor(x) and x:to(dtype) or x, ...) end
    end
  end
end

-- Weights in 16 bits. Tensors of the network's own, not of its layers, are the front end's: they stay.
local function halve(net, dtype)
  local own = {}
  for name, tensor in pairs(net._buffers.values) do own[name] = tensor end
  net:to(dtype)
  for name, tensor in pairs(own) do net._buffers.values[name] = tensor end
  convert_input(net, dtype)
end

--- Puts a network on a device and makes it compute in a precision; returns the precision. Where the processor cannot
--- compute 16-bit numbers, or only by detours, it is float32, which is said. Errors: int8 on another device than the CPU.
---     precision.apply(net, "bfloat16", "cuda:0")
---@param net moonlark.nn.Module
---@param wanted string
---@param device string
---@return string
function precision.apply(net, wanted, device)
  if wanted == "int8" then
    if device ~= "cpu" then show.fail("precision int8 computes on the CPU only, got device %s", device) end
    int8.quantise(net:to "float32")
    return wanted
  end
  local lack = device == "cpu" and instructions[wanted] and lack_of(wanted)
  if lack then
    warning.say("precision", lack .. ": float32 is computed instead")
    wanted = "float32"
  end
  net:to(device)
  if wanted == "float32" then net:to(wanted) else halve(net, wanted) end -- files may hold 16 bits
  return wanted
end

return precision
