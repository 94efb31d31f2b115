--- Pooling over time ([n, c, l]) or images ([n, c, h, w]).
local Module = require "moonlark.nn.module".Module
local options = require "moonlark.base.options"
local parameters = require "moonlark.nn.parameters"
local torch = require "moonlark.torch"

local boolean, per_axis = options.boolean, parameters.per_axis
local layers = {}

local function window(axes)
  return {
    kernel_size = per_axis(axes, options.required, "the window"),
    stride = per_axis(axes, nil, "steps between two windows", nil, {usual = "kernel_size"}),
    padding = per_axis(axes, 0, "on either side, at most half of the kernel"),
  }
end

local function ceil_mode() return boolean(false, "keeps windows that reach over the end") end

-- call(operator, x, self): what is given to the operator after x.
local function windowed(name, operator, axes, fields, call)
  local Pool = Module:extend(name)
  local description = options.describe("nn." .. name, fields)

  function Pool:init(...)
    local o = parameters.read(description, ...)
    o.stride = o.stride or o.kernel_size
    for key, value in pairs(o) do
      if type(value) ~= "boolean" then value = parameters.each_axis(value, axes) end
      self[key] = value
    end
  end

  function Pool:forward(x) return call(operator, x, self) end

  function Pool:arguments()
    return ("kernel_size = %s, stride = %s"):format(parameters.text(self.kernel_size), parameters.text(self.stride))
  end

  return Pool
end

local function max_pool(axes)
  local fields = options.join(window(axes), {
    dilation = per_axis(axes, 1, "steps between the window's numbers"),
    ceil_mode = ceil_mode(),
  })
  return windowed(("MaxPool%dd"):format(axes), torch[("max_pool%dd"):format(axes)], axes, fields,
    function(operator, x, o) return operator(x, o.kernel_size, o.stride, o.padding, o.dilation, o.ceil_mode) end)
end

local function avg_pool(axes)
  local fields = options.join(window(axes), {
    ceil_mode = ceil_mode(),
    count_include_pad = boolean(true, "the padding's zeros count in the mean"),
  })
  return windowed(("AvgPool%dd"):format(axes), torch[("avg_pool%dd"):format(axes)], axes, fields,
    function(operator, x, o)
      return operator(x, o.kernel_size, o.stride, o.padding, o.ceil_mode, o.count_include_pad)
    end)
end

local function adaptive(name, operator, axes)
  local Pool = Module:extend(name)
  local description = options.describe("nn." .. name, {
    output_size = per_axis(axes, options.required, axes == 1 and "windows" or "for both axes, or {height, width}"),
  })

  function Pool:init(...)
    self.output_size = parameters.each_axis(parameters.read(description, ...).output_size, axes)
  end

  function Pool:forward(x) return (torch[operator](x, self.output_size)) end

  function Pool:arguments() return parameters.text(self.output_size) end

  return Pool
end

--- The largest of each window along time: [n, c, l] to [n, c, l'], l' = (l + 2 padding - dilation (kernel_size - 1) -
--- 1) // stride + 1. PyTorch: MaxPool1d.
---@class moonlark.nn.MaxPool1d: moonlark.nn.Module
layers.MaxPool1d = max_pool(1)

--- The largest of each window of images: [n, c, h, w] to [n, c, h', w'], as MaxPool1d along each axis. A number is for
--- both axes, or {height, width}. PyTorch: MaxPool2d.
---@class moonlark.nn.MaxPool2d: moonlark.nn.Module
layers.MaxPool2d = max_pool(2)

--- The mean of each window along time: [n, c, l] to [n, c, l'], l' = (l + 2 padding - kernel_size) // stride + 1.
--- PyTorch: AvgPool1d.
---@class moonlark.nn.AvgPool1d: moonlark.nn.Module
layers.AvgPool1d = avg_pool(1)

--- The mean of each window of images: [n, c, h, w] to [n, c, h', w'], as AvgPool1d along each axis. A number is for
--- both axes, or {height, width}. PyTorch: AvgPool2d.
---@class moonlark.nn.AvgPool2d: moonlark.nn.Module
layers.AvgPool2d = avg_pool(2)

--- Means of as many windows as are asked for: [n, c, l] to [n, c, output_size]. PyTorch: AdaptiveAvgPool1d.
---@class moonlark.nn.AdaptiveAvgPool1d: moonlark.nn.Module
layers.AdaptiveAvgPool1d = adaptive("AdaptiveAvgPool1d", "adaptive_avg_pool1d", 1)

--- Means of as many windows as are asked for: [n, c, h, w] to [n, c, height, width]. PyTorch: AdaptiveAvgPool2d.
---@class moonlark.nn.AdaptiveAvgPool2d: moonlark.nn.Module
layers.AdaptiveAvgPool2d = adaptive("AdaptiveAvgPool2d", "adaptive_avg_pool2d", 2)

--- The largest of as many windows as are asked for: [n, c, l] to [n, c, output_size]. PyTorch: AdaptiveMaxPool1d.
---@class moonlark.nn.AdaptiveMaxPool1d: moonlark.nn.Module
layers.AdaptiveMaxPool1d = adaptive("AdaptiveMaxPool1d", "adaptive_max_pool1d", 1)

--- The largest of as many windows as are asked for: [n, c, h, w] to [n, c, height, width]. PyTorch:
--- AdaptiveMaxPool2d.
---@class moonlark.nn.AdaptiveMaxPool2d: moonlark.nn.Module
layers.AdaptiveMaxPool2d = adaptive("AdaptiveMaxPool2d", "adaptive_max_pool2d", 2)

return layers
