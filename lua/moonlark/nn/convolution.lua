--- Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d.
local arguments = require "moonlark.nn.parameters"
local init = require "moonlark.nn.initialise"
local module = require "moonlark.nn.module"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter
local axis_names = {"l", "h, w"}
local layers = {}

-- Fields that both kinds share; `shape` is the weight's before the kernel's axes.
local function set_up(self, o, axes, first, second)
  local name = self.__name
  self.in_channels = arguments.size(name, "in_channels", o.in_channels)
  self.out_channels = arguments.size(name, "out_channels", o.out_channels)
  self.groups = arguments.size(name, "groups", o.groups)
  for _, what in ipairs {"kernel_size", "stride", "padding", "dilation", "output_padding"} do
    if o[what] ~= nil and o[what] ~= "same" then self[what] = arguments.each_axis(name, what, o[what], axes) end
  end
  if o.in_channels % o.groups ~= 0 or o.out_channels % o.groups ~= 0 then
    error(("%s: in_channels and out_channels must be multiples of groups (%d), got %d and %d"):format(name, o.groups,
      o.in_channels, o.out_channels), 0)
  end
  local shape = {first, second}
  table.move(self.kernel_size, 1, axes, 3, shape)
  self.weight = Parameter(init.kaiming_uniform(torch.empty(shape), math.sqrt(5)))
  if o.bias then self.bias = Parameter(init.bias_beside(torch.empty {o.out_channels}, self.weight)) end
end

local function describe(self)
  return ("%d, %d, kernel_size = %s, stride = %s"):format(self.in_channels, self.out_channels,
    arguments.text(self.kernel_size), arguments.text(self.stride))
end

local function convolution(axes)
  local name = ("Conv%dd"):format(axes)
  local operator = torch[("conv%dd"):format(axes)]
  local Conv = Module:extend(name)
  local names = {"in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"}

  function Conv:init(...)
    local o = arguments.read(name, names, {stride = 1, padding = 0, dilation = 1, groups = 1, bias = true}, ...)
    self.same = o.padding == "same"
    set_up(self, o, axes, o.out_channels, o.in_channels // o.groups)
  end

  function Conv:forward(x)
    return operator(x, self.weight, self.bias, self.stride, self.same and "same" or self.padding, self.dilation,
      self.groups)
  end

  function Conv:expects() return ("[n, %d, %s]"):format(self.in_channels, axis_names[axes]) end

  Conv.arguments = describe
  return Conv
end

local function transposed(axes)
  local name = ("ConvTranspose%dd"):format(axes)
  local operator = torch[("conv_transpose%dd"):format(axes)]
  local Conv = Module:extend(name)
  local names = {"in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding", "groups", "bias",
    "dilation"}

  function Conv:init(...)
    local o = arguments.read(name, names,
      {stride = 1, padding = 0, output_padding = 0, groups = 1, bias = true, dilation = 1}, ...)
    set_up(self, o, axes, o.in_channels, o.out_channels // o.groups)
  end

  function Conv:forward(x)
    return operator(x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups,
      self.dilation)
  end

  function Conv:expects() return ("[n, %d, %s]"):format(self.in_channels, axis_names[axes]) end

  Conv.arguments = describe
  return Conv
end

--- Cross-correlation along time: [n, in_channels, l] to [n, out_channels, l'], l' = (l + 2 padding - dilation
--- (kernel_size - 1) - 1) // stride + 1. PyTorch: Conv1d.
---@class moonlark.nn.Conv1d: moonlark.nn.Module
---@param in_channels integer  a multiple of groups
---@param out_channels integer  a multiple of groups
---@param kernel_size integer
---@param stride integer?  default 1
---@param padding integer|string?  default 0; zeros on either side, or "same" (stride 1): as long as the input
---@param dilation integer?  default 1; steps between the kernel's numbers
---@param groups integer?  default 1; the channels fall into groups that see only their own
---@param bias boolean?  default true
layers.Conv1d = convolution(1)

--- Cross-correlation over images: [n, in_channels, h, w] to [n, out_channels, h', w'], h' = (h + 2 padding - dilation
--- (kernel_size - 1) - 1) // stride + 1. A number is for both axes, or {height, width}. PyTorch: Conv2d.
---@class moonlark.nn.Conv2d: moonlark.nn.Module
---@param in_channels integer  a multiple of groups
---@param out_channels integer  a multiple of groups
---@param kernel_size integer|integer[]
---@param stride integer|integer[]?  default 1
---@param padding integer|integer[]|string?  default 0; zeros on either side, or "same" (stride 1): as long as the input
---@param dilation integer|integer[]?  default 1; steps between the kernel's numbers
---@param groups integer?  default 1; the channels fall into groups that see only their own
---@param bias boolean?  default true
layers.Conv2d = convolution(2)

--- The gradient of Conv1d as a layer, which makes longer: [n, in_channels, l] to [n, out_channels, l'], l' = (l - 1)
--- stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1. PyTorch: ConvTranspose1d.
---@class moonlark.nn.ConvTranspose1d: moonlark.nn.Module
---@param in_channels integer  a multiple of groups
---@param out_channels integer  a multiple of groups
---@param kernel_size integer
---@param stride integer?  default 1
---@param padding integer?  default 0; what is cut from either side
---@param output_padding integer?  default 0; what is added at the end; below stride
---@param groups integer?  default 1; the channels fall into groups that see only their own
---@param bias boolean?  default true
---@param dilation integer?  default 1; steps between the kernel's numbers
layers.ConvTranspose1d = transposed(1)

--- The gradient of Conv2d as a layer, which makes larger: [n, in_channels, h, w] to [n, out_channels, h', w'], h' =
--- (h - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1. PyTorch: ConvTranspose2d.
---@class moonlark.nn.ConvTranspose2d: moonlark.nn.Module
---@param in_channels integer  a multiple of groups
---@param out_channels integer  a multiple of groups
---@param kernel_size integer|integer[]
---@param stride integer|integer[]?  default 1
---@param padding integer|integer[]?  default 0; what is cut from either side
---@param output_padding integer|integer[]?  default 0; what is added at the end; below stride
---@param groups integer?  default 1; the channels fall into groups that see only their own
---@param bias boolean?  default true
---@param dilation integer|integer[]?  default 1; steps between the kernel's numbers
layers.ConvTranspose2d = transposed(2)

return layers
