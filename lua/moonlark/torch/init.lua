--- Tensors and every operator of libtorch.
---
--- Names, arguments and defaults are PyTorch's: `torch.NAME(...)` and `t:NAME(...)` find any ATen operator by its
--- schema (`torch.help "conv2d"` shows it). A last table with string keys holds named arguments, a list is a list.
--- Dimensions and indices are 0-based: `t[0]` is the first row, `t[-1]` the last, `t[{{0, 10}, 3}]` or
--- `t["0:10, 3"]` takes rows 0 to 9 of column 3, and `t[mask]` what a mask marks. `a + b`, `-a`, `a ^ 2` … work;
--- `a == b` asks whether they are the same object, `a:eq(b)` compares elements.
---
--- Numbers too small for the ordinary format (subnormal: below 1.2e-38 in float32) are zeros in whatever libtorch
--- computes, since processors are a hundred times slower with them; files keep them, Lua's own numbers are exact.
---     local x = torch.randn({8, 3}, {dtype = "float64"})
---     local y = x:matmul(w):relu():mean({0}, {keepdim = true})
local engine = require "moonlark.torch.engine"
local functions = require "moonlark.torch.functions"
local options = require "moonlark.base.options"
local shards = require "moonlark.torch.shards"
local show = require "moonlark.base.show"
local store = require "moonlark_core".store

---@class moonlark.Tensor
local Tensor = engine.methods
engine.metatable.__tostring = require "moonlark.torch.text"

---@class moonlark.torch
local torch = {}

--- The methods of tensors: a function added here is a method of every tensor.
torch.Tensor = Tensor

--- Version of libtorch.
torch.version = engine.version

for name, value in pairs(functions) do
  torch[name] = value
  Tensor[name] = value
end

for _, name in ipairs {"float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
  "complex64", "complex128"} do
  torch[name] = name -- a dtype is its name: {dtype = torch.float64} and {dtype = "float64"} are the same
end

--- Runs `f(...)` without recording gradients and returns its results; an error restores the mode too.
---     local y = torch.no_grad(net, x)
---@param f function
---@param ... any  its arguments
---@return any ...  its results
torch.no_grad = engine.no_grad

--- Runs `f(...)` recording gradients, inside `no_grad`.
---     torch.enable_grad(function() loss(net(x), y):backward() end)
---@param f function
---@param ... any  its arguments
---@return any ...  its results
torch.enable_grad = engine.enable_grad

--- Runs `f(...)` in mixed precision: matrix products and convolutions on `device` are computed in `dtype`, what needs
--- float32's range in float32; weights stay as they are. As torch.autocast.
---     local y = torch.autocast("cuda", "bfloat16", net, x)
---@param device string  "cpu", "cuda:0"
---@param dtype string  "bfloat16" or "float16"
---@param f function
---@param ... any  its arguments
---@return any ...  its results
torch.autocast = engine.autocast

--- Allows only operators that give the same bits twice; others, some on a GPU, are then an error.
---     torch.set_deterministic(true)
---@param deterministic boolean
torch.set_deterministic = engine.set_deterministic

--- True while gradients are recorded.
---     print(torch.is_grad_enabled())
---@return boolean
torch.is_grad_enabled = engine.is_grad_enabled

--- Switches the recording of gradients for the whole program; `no_grad` is the safer choice.
---     torch.set_grad_enabled(false)
---@param enabled boolean
torch.set_grad_enabled = engine.set_grad_enabled

local graph_options = {
  retain_graph = options.boolean(false, "the graph is kept for another backward"),
  create_graph = options.boolean(false, "the gradients have a graph, too, for gradients of gradients"),
}

local grad_options = options.describe("torch.grad", graph_options, {
  grad_outputs = options.value("moonlark.Tensor|moonlark.Tensor[]", "a tensor or a list of tensors", function(value)
    return (engine.is_tensor(value) or type(value) == "table" and not getmetatable(value)) and value or nil
  end, nil, "gradients of the outputs", {usual = "1 for outputs of one element"}),
  allow_unused = options.boolean(false, "nil for inputs that the outputs do not depend on, not an error"),
})

--- Gradients of outputs with respect to inputs (a tensor or a list each), one result for each input.
---     local dx, dw = torch.grad(loss(net(x), y), {x, net[0].weight})
---@param outputs moonlark.Tensor|moonlark.Tensor[]
---@param inputs moonlark.Tensor|moonlark.Tensor[]
---@param given moonlark.torch.grad.Options?
---@return moonlark.Tensor ...
function torch.grad(outputs, inputs, given)
  return engine.grad(outputs, inputs, grad_options:read(given))
end

local backward, backward_options = Tensor.backward, options.describe("Tensor:backward", graph_options)

--- Adds the gradients of this tensor to those of the leaves it was made from.
---     loss(net(x), y):backward()
---@param gradient moonlark.Tensor?  needed unless the tensor has one element; may be left out before the options
---@param given moonlark.Tensor.backward.Options?
function Tensor:backward(gradient, given)
  if type(gradient) == "table" then gradient, given = nil, gradient end
  backward(self, gradient, backward_options:read(given))
end

--- Runs `f(...)` and frees every tensor made in it, except those that it returns, also inside tables.
---     local y = torch.scope(net, x)
---@param f function
---@param ... any  its arguments
---@return any ...  its results
torch.scope = engine.scope

--- Bytes of CPU tensors: {live, cached, wrapped, total} in use, kept for reuse, of mapped files that tensors lie in,
--- handed out since the start.
---     print(torch.memory().live)
---@return {live: integer, cached: integer, wrapped: integer, total: integer}
torch.memory = engine.memory

--- Collects garbage and gives the memory kept for reuse back to the system.
---     torch.empty_cache()
torch.empty_cache = engine.empty_cache

--- Seeds every random generator: the same seed gives the same numbers on the same machine.
---     torch.manual_seed(1)
---@param seed integer
torch.manual_seed = engine.manual_seed

--- Threads that libtorch and the BLAS under it use. At load: MOONLARK_THREADS, else OMP_NUM_THREADS, else every core.
---     torch.set_num_threads(4)
---@param threads integer
torch.set_num_threads = engine.set_num_threads

--- Threads that libtorch uses.
---     print(torch.get_num_threads())
---@return integer
torch.get_num_threads = engine.get_num_threads

--- True for tensors.
---     if torch.is_tensor(x) then print(x:shape()) end
---@param value any
---@return boolean
torch.is_tensor = engine.is_tensor

--- The overload that these arguments choose: "add.Scalar".
---     print(torch.resolve("add", x, 1))
---@param name string
---@return string
torch.resolve = engine.resolve

--- Names of all operators of this libtorch, sorted.
---     print(#torch.operators())
---@return string[]
torch.operators = engine.operators

--- Shows libtorch's warnings, each once, on standard error (default), or not.
---     torch.show_warnings(false)
---@param shown boolean
torch.show_warnings = engine.show_warnings

--- What multiplies libtorch's matrices on the CPU: library, threading, kernels, threads.
---     print(torch.blas())
---@return string
torch.blas = engine.blas

--- GPUs.
torch.cuda = {}

--- Number of CUDA devices; when it is 0, also the reason.
---     print(torch.cuda.device_count())
---@return integer devices, string? reason
torch.cuda.device_count = engine.cuda_devices

--- True when there is a CUDA device to use.
---     if torch.cuda.is_available() then net:to "cuda" end
---@return boolean
function torch.cuda.is_available() return engine.cuda_devices() > 0 end

--- Waits until the GPU has done what it was given; for measuring time.
---     torch.cuda.synchronize()
torch.cuda.synchronize = engine.synchronize

local new = options.describe("torch.tensor", {
  dtype = options.text(nil, 'its elements: "float32", "int64" …', {usual = "what the values are"}),
  device = options.text(nil, 'where it lies: "cpu", "cuda:0" …', {usual = "the CPU, or the tensors\' own"}),
  requires_grad = options.boolean(false, "gradients are recorded for it"),
})

--- A tensor from a number, a boolean or nested tables of equal length: int64 when all are integers, bool when all are
--- booleans, else float32. A list of tensors is stacked.
---     local x = torch.tensor {{1, 2}, {3, 4}}
---@param value any
---@param given moonlark.torch.tensor.Options?
---@return moonlark.Tensor
function torch.tensor(value, given)
  local o, tensor = new:read(given), nil
  if engine.is_tensor(value) then
    tensor = value:detach():clone()
  elseif type(value) == "table" and engine.is_tensor(value[1]) then
    tensor = torch.stack(value)
  else
    tensor = engine.tensor(value, o.dtype)
  end
  if o.dtype or o.device then tensor = tensor:convert(o.dtype, o.device) end
  if o.requires_grad then tensor:requires_grad_(true) end
  return tensor
end

--- Writes tensors; the ending decides how:
---
--- `.safetensors` takes a table of tensors, and metadata; `.npz` a table of tensors, strings and lists of strings;
--- `.npy` one of these; `.mat` (MATLAB, level 5) a table of them, whose vectors become rows; `.csv` and `.tsv` one
--- tensor of numbers with 1 or 2 axes, and a list of names for its columns.
---     torch.save("weights.npz", {w = w, b = b, classes = {"rock", "jazz"}})
---     torch.save("table.csv", x, {"tempo", "loudness"})
---@param path string
---@param tensors moonlark.Tensor|table<string, moonlark.Tensor|string|string[]>
---@param about table<string, string>|string[]?  metadata of .safetensors; names of the columns of .csv and .tsv
torch.save = store.save

local reading = options.describe("torch.load", store.parameters.read_table)

--- Reads what `torch.save`, numpy, safetensors, scipy.io or MATLAB (level 5) wrote: the tensor of a .npy file, a table
--- of tensors by name of .safetensors, .npz and .mat. Arrays of strings are strings and lists of strings; uint16 becomes
--- int32, uint32 and uint64 int64. Of .mat, what has no place here (structs, mixed cells, sparse matrices) is left out,
--- and named in the second value: {name = "struct"}. Of .onnx it is the weights by name; of NAME.index.json, an index of
--- shards, the tensors of all of them.
---
--- Large tensors of .safetensors, .onnx and PyTorch's files lie in the mapped file: opening gigabytes costs no memory
--- until they are used. What changes them changes memory, never the file. (Other programs must not shorten a file that
--- is in use; Moonlark itself writes a new one beside it.)
---
--- Files of torch.save (.pt, .pth, .bin, .ckpt, or any other ending where the content says so) give what Python's
--- torch.load gives: dicts are tables, lists and tuples sequences; None is nothing in a dict, false in a list. They are
--- read without running anything: what asks for a name that weights do not need is refused by that name.
---
--- Of .csv and .tsv it is one float64 tensor rows × columns, NaN where a number is missing; the second value is the
--- list of the columns' names, nil when the file gives none. Columns of texts are refused: `dataset.table` takes those.
---     local w = torch.load("weights.npz").w
---     local x, names = torch.load("table.csv", {decimal = ","})
---     local state = torch.load("tiny.en.pt").model_state_dict
---@param path string
---@param given moonlark.torch.load.Options?  of .csv and .tsv
---@return moonlark.Tensor|table<string, moonlark.Tensor|string|string[]>
---@return string[]|table<string, string>?
function torch.load(path, given)
  if given == nil and shards.is_index(path) then return shards.load(path) end
  return store.load(path, given and reading:read(given))
end

--- What an operator takes and gives: its schemas, one a line; nil when there is none of that name.
---     print(torch.help "conv2d")
---@param name string
---@return string?
function torch.help(name)
  local overloads = engine.overloads(name)
  if not overloads then return nil end
  local lines = {}
  for _, overload in ipairs(overloads) do
    if not overload.unusable then lines[#lines + 1] = overload.schema end
  end
  if #lines == 0 then return ("%s cannot be called from Lua: it %s"):format(name, overloads[1].unusable) end
  return table.concat(lines, "\n")
end

--- The rows in order, with their 0-based index.
---     for i, row in x:rows() do print(i, row) end
---@return fun(): integer?, moonlark.Tensor
function Tensor:rows()
  local i, n = -1, #self
  return function()
    i = i + 1
    if i < n then return i, self[i] end
  end
end

--- The same tensor with another dtype or on another device; another tensor stands for both of its own.
---     x = x:to("cuda", "float16")
---     x = x:to {dtype = "float16", device = "cuda", copy = true}
---@param ... string|table|moonlark.Tensor
---@return moonlark.Tensor
function Tensor:to(...)
  local wanted = {}
  for i = 1, select("#", ...) do
    local target = select(i, ...)
    if engine.is_tensor(target) then
      wanted.dtype, wanted.device = target:dtype(), target:device()
    elseif type(target) == "table" then
      for key, value in pairs(target) do wanted[key] = value end
    elseif type(target) == "string" then
      wanted[engine.is_dtype(target) and "dtype" or "device"] = target
    elseif target ~= nil then
      show.fail("to: a dtype, a device, a tensor or a table is wanted, got %s", type(target))
    end
  end
  return self:convert(wanted.dtype, wanted.device, wanted.copy, wanted.non_blocking)
end

for name, dtype in pairs {
  float = "float32", double = "float64", half = "float16", bfloat16 = "bfloat16", long = "int64", int = "int32",
  short = "int16", char = "int8", byte = "uint8", bool = "bool", cfloat = "complex64", cdouble = "complex128",
} do
  Tensor[name] = function(self) return self:convert(dtype) end
end

--- The same tensor on the CPU.
---     x = x:cpu()
---@return moonlark.Tensor
function Tensor:cpu() return self:convert(nil, "cpu") end

--- The same tensor on a GPU.
---     x = x:cuda()
---@param index integer?  default: the current one
---@return moonlark.Tensor
function Tensor:cuda(index) return self:convert(nil, index and "cuda:" .. index or "cuda") end

--- As nested tables, 1-based; the same as `totable`.
---     local list = x:tolist()
Tensor.tolist = Tensor.totable

-- Any other name is an operator of libtorch, found when it is asked for first; nil when this libtorch lacks it.
setmetatable(torch, {
  __index = function(_, name)
    local operator = type(name) == "string" and engine.operator(name) or nil
    if operator then rawset(torch, name, operator) end
    return operator
  end,
})

return torch
