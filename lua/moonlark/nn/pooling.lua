--- Pooling over time ([n, c, l]) or images ([n, c, h, w]).
local arguments = require "moonlark.nn.parameters"
local Module = require "moonlark.nn.module".Module
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local layers = {}

-- kernel_size, stride (the kernel's by default), padding, and what else is given to the operator.
local function windowed(name, operator, axes, more, defaults, call)
  local Pool = Module:extend(name)
  local names = {"kernel_size", "stride", "padding", table.unpack(more)}
  defaults.stride, defaults.padding = options.none, 0

  function Pool:init(...)
    local o = arguments.read(name, names, defaults, ...)
    for _, key in ipairs(more) do self[key] = o[key] end
    self.kernel_size = arguments.each_axis(name, "kernel_size", o.kernel_size, axes)
    self.stride = o.stride and arguments.each_axis(name, "stride", o.stride, axes) or self.kernel_size
    self.padding = arguments.each_axis(name, "padding", o.padding, axes)
  end

  function Pool:forward(x) return call(torch[operator], x, self) end

  function Pool:arguments()
    return ("kernel_size = %s, stride = %s"):format(arguments.text(self.kernel_size), arguments.text(self.stride))
  end

  return Pool
end

local function max_pool(axes)
  return windowed(("MaxPool%dd"):format(axes), ("max_pool%dd"):format(axes), axes, {"dilation", "ceil_mode"},
    {dilation = 1, ceil_mode = false}, function(operator, x, o)
      local dilation = arguments.each_axis("MaxPool", "dilation", o.dilation, axes)
      return operator(x, o.kernel_size, o.stride, o.padding, dilation, o.ceil_mode)
    end)
end

local function avg_pool(axes)
  return windowed(("AvgPool%dd"):format(axes), ("avg_pool%dd"):format(axes), axes, {"ceil_mode", "count_include_pad"},
    {ceil_mode = false, count_include_pad = true}, function(operator, x, o)
      return operator(x, o.kernel_size, o.stride, o.padding, o.ceil_mode, o.count_include_pad)
    end)
end

local function adaptive(name, operator, axes)
  local Pool = Module:extend(name)

  function Pool:init(...)
    local o = arguments.read(name, {"output_size"}, {}, ...)
    self.output_size = arguments.each_axis(name, "output_size", o.output_size, axes)
  end

  function Pool:forward(x) return (torch[operator](x, self.output_size)) end

  function Pool:arguments() return arguments.text(self.output_size) end

  return Pool
end

--- The largest of each window along time: [n, c, l] to [n, c, l'], l' = (l + 2 padding - dilation (kernel_size - 1) -
--- 1) // stride + 1. PyTorch: MaxPool1d.
---@class moonlark.nn.MaxPool1d: moonlark.nn.Module
---@param kernel_size integer
---@param stride integer?  kernel_size unless given
---@param padding integer?  default 0; on either side, at most half of the kernel
---@param dilation integer?  default 1; steps between the window's numbers
---@param ceil_mode boolean?  default false; true keeps windows that reach over the end
layers.MaxPool1d = max_pool(1)

--- The largest of each window of images: [n, c, h, w] to [n, c, h', w'], as MaxPool1d along each axis. A number is for
--- both axes, or {height, width}. PyTorch: MaxPool2d.
---@class moonlark.nn.MaxPool2d: moonlark.nn.Module
---@param kernel_size integer|integer[]
---@param stride integer|integer[]?  kernel_size unless given
---@param padding integer|integer[]?  default 0; on either side, at most half of the kernel
---@param dilation integer|integer[]?  default 1; steps between the window's numbers
---@param ceil_mode boolean?  default false; true keeps windows that reach over the end
layers.MaxPool2d = max_pool(2)

--- The mean of each window along time: [n, c, l] to [n, c, l'], l' = (l + 2 padding - kernel_size) // stride + 1.
--- PyTorch: AvgPool1d.
---@class moonlark.nn.AvgPool1d: moonlark.nn.Module
---@param kernel_size integer
---@param stride integer?  kernel_size unless given
---@param padding integer?  default 0; on either side, at most half of the kernel
---@param ceil_mode boolean?  default false; true keeps windows that reach over the end
---@param count_include_pad boolean?  default true; the padding's zeros count in the mean
layers.AvgPool1d = avg_pool(1)

--- The mean of each window of images: [n, c, h, w] to [n, c, h', w'], as AvgPool1d along each axis. A number is for
--- both axes, or {height, width}. PyTorch: AvgPool2d.
---@class moonlark.nn.AvgPool2d: moonlark.nn.Module
---@param kernel_size integer|integer[]
---@param stride integer|integer[]?  kernel_size unless given
---@param padding integer|integer[]?  default 0; on either side, at most half of the kernel
---@param ceil_mode boolean?  default false; true keeps windows that reach over the end
---@param count_include_pad boolean?  default true; the padding's zeros count in the mean
layers.AvgPool2d = avg_pool(2)

--- Means of as many windows as are asked for: [n, c, l] to [n, c, output_size]. PyTorch: AdaptiveAvgPool1d.
---@class moonlark.nn.AdaptiveAvgPool1d: moonlark.nn.Module
---@param output_size integer
layers.AdaptiveAvgPool1d = adaptive("AdaptiveAvgPool1d", "adaptive_avg_pool1d", 1)

--- Means of as many windows as are asked for: [n, c, h, w] to [n, c, height, width]. PyTorch: AdaptiveAvgPool2d.
---@class moonlark.nn.AdaptiveAvgPool2d: moonlark.nn.Module
---@param output_size integer|integer[]  for both axes, or {height, width}
layers.AdaptiveAvgPool2d = adaptive("AdaptiveAvgPool2d", "adaptive_avg_pool2d", 2)

--- The largest of as many windows as are asked for: [n, c, l] to [n, c, output_size]. PyTorch: AdaptiveMaxPool1d.
---@class moonlark.nn.AdaptiveMaxPool1d: moonlark.nn.Module
---@param output_size integer
layers.AdaptiveMaxPool1d = adaptive("AdaptiveMaxPool1d", "adaptive_max_pool1d", 1)

--- The largest of as many windows as are asked for: [n, c, h, w] to [n, c, height, width]. PyTorch:
--- AdaptiveMaxPool2d.
---@class moonlark.nn.AdaptiveMaxPool2d: moonlark.nn.Module
---@param output_size integer|integer[]  for both axes, or {height, width}
layers.AdaptiveMaxPool2d = adaptive("AdaptiveMaxPool2d", "adaptive_max_pool2d", 2)

return layers
