--- Tensors and every operator of libtorch.
---
---     local torch = require "moonlark.torch"
---     local x = torch.randn({8, 3}, {dtype = "float64"})
---     local y = x:matmul(w):relu():mean({0}, {keepdim = true})
---
--- Names, arguments and defaults are PyTorch's: `torch.NAME(...)` and `t:NAME(...)` find any ATen operator by its
--- schema (`torch.help "conv2d"` shows it). A last table with string keys holds named arguments, a list is a list.
--- Dimensions and indices are 0-based: `t[0]` is the first row, `t[-1]` the last, `t[{{0, 10}, 3}]` or
--- `t["0:10, 3"]` takes rows 0 to 9 of column 3. `a + b`, `-a`, `a ^ 2` … work; `a == b` asks whether they are
--- the same object, `a:eq(b)` compares elements.
local engine = require "moonlark_torch"

---@class moonlark.Tensor
---@operator add(moonlark.Tensor|number): moonlark.Tensor
---@operator sub(moonlark.Tensor|number): moonlark.Tensor
---@operator mul(moonlark.Tensor|number): moonlark.Tensor
---@operator div(moonlark.Tensor|number): moonlark.Tensor
---@operator mod(moonlark.Tensor|number): moonlark.Tensor
---@operator pow(moonlark.Tensor|number): moonlark.Tensor
---@operator unm: moonlark.Tensor
---@operator len: integer
local Tensor = engine.methods

local torch = {
  --- Version of libtorch.
  version = engine.version,
  --- The methods of tensors; add your own here.
  Tensor = Tensor,
  no_grad = engine.no_grad,
  enable_grad = engine.enable_grad,
  is_grad_enabled = engine.is_grad_enabled,
  set_grad_enabled = engine.set_grad_enabled,
  grad = engine.grad,
  scope = engine.scope,
  memory = engine.memory,
  empty_cache = engine.empty_cache,
  manual_seed = engine.manual_seed,
  set_num_threads = engine.set_num_threads,
  get_num_threads = engine.get_num_threads,
  is_tensor = engine.is_tensor,
  resolve = engine.resolve,
  operators = engine.operators,
}

setmetatable(torch, {
  __index = function(_, name)
    local operator = type(name) == "string" and engine.operator(name) or nil
    if operator then rawset(torch, name, operator) end
    return operator
  end,
})

--- A tensor from a number, a boolean or nested tables of equal length: int64 when all are integers, bool when all are
--- booleans, else float32.
---@param value any
---@param options {dtype: string?, device: string?, requires_grad: boolean?}?
---@return moonlark.Tensor
function torch.tensor(value, options)
  options = options or {}
  local made
  if engine.is_tensor(value) then
    made = value:detach():clone()
    if options.dtype then made = made:convert(options.dtype) end
  elseif type(value) == "table" and engine.is_tensor(value[1]) then
    made = torch.stack(value)
    if options.dtype then made = made:convert(options.dtype) end
  else
    made = engine.tensor(value, options.dtype)
  end
  if options.device then made = made:convert(nil, options.device) end
  if options.requires_grad then made:requires_grad_(true) end
  return made
end

--- The rows in order, with their 0-based index: `for i, row in t:rows() do … end`.
---@return fun(): integer?, moonlark.Tensor
function Tensor:rows()
  local i, n = -1, #self
  return function()
    i = i + 1
    if i < n then return i, self[i] end
  end
end

--- The same tensor with another dtype or on another device: `t:to("cuda")`, `t:to("float64")`,
--- `t:to {dtype = "float16", device = "cuda", copy = true}`, `t:to(other)`.
---@param target string|table|moonlark.Tensor
---@param options table?
---@return moonlark.Tensor
function Tensor:to(target, options)
  local dtype, device
  options = options or {}
  if engine.is_tensor(target) then
    dtype, device = target:dtype(), target:device()
  elseif type(target) == "table" then
    options = target
  elseif engine.is_dtype(target) then
    dtype = target
  else
    device = target
  end
  return self:convert(options.dtype or dtype, options.device or device, options.copy, options.non_blocking)
end

for name, dtype in pairs {
  float = "float32", double = "float64", half = "float16", bfloat16 = "bfloat16", long = "int64", int = "int32",
  short = "int16", char = "int8", byte = "uint8", bool = "bool", cfloat = "complex64", cdouble = "complex128",
} do
  Tensor[name] = function(self) return self:convert(dtype) end
end

--- On the CPU.
---@return moonlark.Tensor
function Tensor:cpu()
  return self:convert(nil, "cpu")
end

--- On a GPU.
---@param index integer?
---@return moonlark.Tensor
function Tensor:cuda(index)
  return self:convert(nil, index and "cuda:" .. index or "cuda")
end

--- As nested tables; the same as `totable`.
Tensor.tolist = Tensor.totable

--- Writes a tensor or a table of tensors; the ending decides: .npy, .npz or .safetensors.
---@param path string
---@param tensors moonlark.Tensor|table<string, moonlark.Tensor>
---@param metadata table<string, string>?  of .safetensors
function torch.save(path, tensors, metadata)
  require("moonlark_core").store.save(path, tensors, metadata)
end

--- Reads what `torch.save`, numpy or safetensors wrote: the tensor of a .npy file, a table of tensors otherwise.
---@param path string
---@return moonlark.Tensor|table<string, moonlark.Tensor>
function torch.load(path)
  return require("moonlark_core").store.load(path)
end

return torch
