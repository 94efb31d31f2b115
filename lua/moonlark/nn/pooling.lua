--- Pooling over time ([n, c, l]) or images ([n, c, h, w]).
local arguments = require "moonlark.nn.arguments"
local Module = require "moonlark.nn.module".Module
local options = require "moonlark.options"
local torch = require "moonlark.torch"

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

return {
  --- The largest of each window. nn.MaxPool1d(kernel_size, stride = kernel_size, padding = 0, dilation = 1,
  --- ceil_mode = false)
  MaxPool1d = max_pool(1),
  --- The same of images; a number or one for each axis.
  MaxPool2d = max_pool(2),
  --- The mean of each window. nn.AvgPool1d(kernel_size, stride = kernel_size, padding = 0, ceil_mode = false,
  --- count_include_pad = true)
  AvgPool1d = avg_pool(1),
  --- The same of images.
  AvgPool2d = avg_pool(2),
  --- Means of as many windows as are asked for. nn.AdaptiveAvgPool1d(output_size)
  AdaptiveAvgPool1d = adaptive("AdaptiveAvgPool1d", "adaptive_avg_pool1d", 1),
  --- nn.AdaptiveAvgPool2d(output_size): a number or {height, width}
  AdaptiveAvgPool2d = adaptive("AdaptiveAvgPool2d", "adaptive_avg_pool2d", 2),
  --- The largest of as many windows as are asked for. nn.AdaptiveMaxPool1d(output_size)
  AdaptiveMaxPool1d = adaptive("AdaptiveMaxPool1d", "adaptive_max_pool1d", 1),
  --- nn.AdaptiveMaxPool2d(output_size)
  AdaptiveMaxPool2d = adaptive("AdaptiveMaxPool2d", "adaptive_max_pool2d", 2),
}
