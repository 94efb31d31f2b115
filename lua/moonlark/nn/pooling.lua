--- Pooling over time ([n, c, l]) or images ([n, c, h, w]).
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local boolean, per_axis = options.boolean, layer.per_axis
local layers = {}

local function window(axes)
  return {
    kernel_size = per_axis(axes, options.required, axes == 1 and "the window" or "its side, or {height, width}"),
    stride = per_axis(axes, nil, "steps between two windows", nil, {usual = "kernel_size"}),
    padding = per_axis(axes, 0, "on either side, at most half of the kernel"),
  }
end

local function ceil_mode() return {ceil_mode = boolean(false, "keeps windows that reach over the end")} end

local function windowed(name, axes, fields, forward)
  return layer.class(name, fields, {
    init = function(self, o)
      o.stride = o.stride or o.kernel_size
      for key, value in pairs(o) do
        if type(value) ~= "boolean" then value = layer.each_axis(value, axes) end
        self[key] = value
      end
    end,
    forward = forward,
    arguments = function(self)
      return ("kernel_size = %s, stride = %s"):format(layer.text(self.kernel_size), layer.text(self.stride))
    end,
  })
end

local function max_pool(name, axes, operator)
  local fields = options.join(window(axes), {dilation = per_axis(axes, 1, "steps between the window's numbers")},
    ceil_mode())
  return windowed(name, axes, fields, function(self, x)
    return operator(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
  end)
end

local function avg_pool(name, axes, operator)
  local fields = options.join(window(axes), ceil_mode(),
    {count_include_pad = boolean(true, "the padding's zeros count in the mean")})
  return windowed(name, axes, fields, function(self, x)
    return operator(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
  end)
end

local function adaptive(name, axes, operator)
  local help = axes == 1 and "windows" or "for both axes, or {height, width}"
  return layer.class(name, {output_size = per_axis(axes, options.required, help)}, {
    init = function(self, o) self.output_size = layer.each_axis(o.output_size, axes) end,
    forward = function(self, x) return (operator(x, self.output_size)) end,
    arguments = function(self) return layer.text(self.output_size) end,
  })
end

--- The largest of each window along time: [n, c, l] to [n, c, l'], l' = (l + 2 padding - dilation (kernel_size - 1) -
--- 1) // stride + 1. PyTorch: MaxPool1d.
---     local y = nn.MaxPool1d(2)(x)
---@class moonlark.nn.MaxPool1d: moonlark.nn.Module
layers.MaxPool1d = max_pool("MaxPool1d", 1, torch.max_pool1d)

--- The largest of each window of images, as MaxPool1d along each axis: [n, c, h, w] to [n, c, h', w']. PyTorch:
--- MaxPool2d.
---     local y = nn.MaxPool2d({4, 2})(x)
---@class moonlark.nn.MaxPool2d: moonlark.nn.Module
layers.MaxPool2d = max_pool("MaxPool2d", 2, torch.max_pool2d)

--- The mean of each window along time: [n, c, l] to [n, c, l'], l' = (l + 2 padding - kernel_size) // stride + 1.
--- PyTorch: AvgPool1d.
---     local y = nn.AvgPool1d(4, {stride = 2})(x)
---@class moonlark.nn.AvgPool1d: moonlark.nn.Module
layers.AvgPool1d = avg_pool("AvgPool1d", 1, torch.avg_pool1d)

--- The mean of each window of images, as AvgPool1d along each axis: [n, c, h, w] to [n, c, h', w']. PyTorch: AvgPool2d.
---     local y = nn.AvgPool2d(2)(x)
---@class moonlark.nn.AvgPool2d: moonlark.nn.Module
layers.AvgPool2d = avg_pool("AvgPool2d", 2, torch.avg_pool2d)

--- Means of output_size windows along time: [n, c, l] to [n, c, output_size]. PyTorch: AdaptiveAvgPool1d.
---     local y = nn.AdaptiveAvgPool1d(1)(x)
---@class moonlark.nn.AdaptiveAvgPool1d: moonlark.nn.Module
layers.AdaptiveAvgPool1d = adaptive("AdaptiveAvgPool1d", 1, torch.adaptive_avg_pool1d)

--- Means of height × width windows of images: [n, c, h, w] to [n, c, height, width]. PyTorch: AdaptiveAvgPool2d.
---     local y = nn.AdaptiveAvgPool2d({1, 8})(x)
---@class moonlark.nn.AdaptiveAvgPool2d: moonlark.nn.Module
layers.AdaptiveAvgPool2d = adaptive("AdaptiveAvgPool2d", 2, torch.adaptive_avg_pool2d)

--- The largest of output_size windows along time: [n, c, l] to [n, c, output_size]. PyTorch: AdaptiveMaxPool1d.
---     local y = nn.AdaptiveMaxPool1d(1)(x)
---@class moonlark.nn.AdaptiveMaxPool1d: moonlark.nn.Module
layers.AdaptiveMaxPool1d = adaptive("AdaptiveMaxPool1d", 1, torch.adaptive_max_pool1d)

--- The largest of height × width windows of images: [n, c, h, w] to [n, c, height, width]. PyTorch: AdaptiveMaxPool2d.
---     local y = nn.AdaptiveMaxPool2d({1, 8})(x)
---@class moonlark.nn.AdaptiveMaxPool2d: moonlark.nn.Module
layers.AdaptiveMaxPool2d = adaptive("AdaptiveMaxPool2d", 2, torch.adaptive_max_pool2d)

return layers
