--- Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d.
local Parameter = require "moonlark.nn.module".Parameter
local init = require "moonlark.nn.initialise"
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local per_axis, size = layer.per_axis, layer.size
local axis_names = {"l", "h, w"}
local layers = {}

-- Options are listed in the order in which they are made.
local function first(axes, kernel_help, stride_help)
  return {
    in_channels = size "a multiple of groups",
    out_channels = size "a multiple of groups",
    kernel_size = per_axis(axes, options.required, kernel_help),
    stride = per_axis(axes, 1, stride_help),
  }
end

local function dilation(axes) return {dilation = per_axis(axes, 1, "steps between the kernel's numbers")} end

local function groups_and_bias()
  return {
    groups = options.integer(1, {least = 1}, "the channels fall into groups that see only their own"),
    bias = options.boolean(true, "a number that is added to each channel"),
  }
end

-- A class of layers; `weight_channels(o)` are the weight's axes before the kernel's.
local function convolution(name, axes, fields, weight_channels, forward)
  return layer.class(name, fields, {
    init = function(self, o)
      if o.in_channels % o.groups ~= 0 or o.out_channels % o.groups ~= 0 then
        show.fail("nn.%s: in_channels and out_channels must be multiples of groups (%d), got %d and %d", name, o.groups,
          o.in_channels, o.out_channels)
      end
      self.in_channels, self.out_channels, self.groups = o.in_channels, o.out_channels, o.groups
      for _, key in ipairs {"kernel_size", "stride", "padding", "dilation", "output_padding"} do
        if o[key] ~= nil and o[key] ~= "same" then self[key] = layer.each_axis(o[key], axes) end
      end
      local shape = table.move(self.kernel_size, 1, axes, 3, {weight_channels(o)})
      self.weight = Parameter(init.kaiming_uniform(torch.empty(shape), math.sqrt(5)))
      if o.bias then self.bias = Parameter(init.bias_beside(torch.empty {o.out_channels}, self.weight)) end
      self.same = o.padding == "same"
    end,
    forward = forward,
    expects = function(self) return ("[n, %d, %s]"):format(self.in_channels, axis_names[axes]) end,
    arguments = function(self)
      return ("%d, %d, kernel_size = %s, stride = %s"):format(self.in_channels, self.out_channels,
        layer.text(self.kernel_size), layer.text(self.stride))
    end,
  })
end

local function ordinary(name, axes, operator)
  local kernel, stride = "numbers along each axis that one result sees", "steps between two results"
  local fields = options.join(first(axes, kernel, stride), {
    padding = per_axis(axes, 0, 'zeros on either side; "same" (stride 1): as long as the input',
      options.choice({"same"}, options.none)),
  }, dilation(axes), groups_and_bias())
  return convolution(name, axes, fields, function(o) return o.out_channels, o.in_channels // o.groups end,
    function(self, x)
      return operator(x, self.weight, self.bias, self.stride, self.same and "same" or self.padding, self.dilation,
        self.groups)
    end)
end

local function transposed(name, axes, operator)
  local kernel, stride = "numbers along each axis that one input reaches", "steps between the results of two inputs"
  local fields = options.join(first(axes, kernel, stride), {
    padding = per_axis(axes, 0, "what is cut from either side"),
    output_padding = per_axis(axes, 0, "what is added at the end; below stride"),
  }, groups_and_bias(), dilation(axes))
  return convolution(name, axes, fields, function(o) return o.in_channels, o.out_channels // o.groups end,
    function(self, x)
      return operator(x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups,
        self.dilation)
    end)
end

--- Cross-correlation along time: [n, in_channels, l] to [n, out_channels, l'], l' = (l + 2 padding - dilation
--- (kernel_size - 1) - 1) // stride + 1. PyTorch: Conv1d.
---     local y = nn.Conv1d(40, 64, 3, {padding = "same"})(x)
---@class moonlark.nn.Conv1d: moonlark.nn.Module
layers.Conv1d = ordinary("Conv1d", 1, torch.conv1d)

--- Cross-correlation over images, as Conv1d along each axis: [n, in_channels, h, w] to [n, out_channels, h', w']. Lists
--- are {height, width}. PyTorch: Conv2d.
---     local y = nn.Conv2d(1, 16, 3, {padding = 1})(x)
---@class moonlark.nn.Conv2d: moonlark.nn.Module
layers.Conv2d = ordinary("Conv2d", 2, torch.conv2d)

--- Transposed convolution along time, the gradient of Conv1d: [n, in_channels, l] to [n, out_channels, l'], l' = (l -
--- 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1. PyTorch: ConvTranspose1d.
---     local y = nn.ConvTranspose1d(64, 40, 4, {stride = 2})(x)
---@class moonlark.nn.ConvTranspose1d: moonlark.nn.Module
layers.ConvTranspose1d = transposed("ConvTranspose1d", 1, torch.conv_transpose1d)

--- Transposed convolution over images, as ConvTranspose1d along each axis: [n, in_channels, h, w] to [n, out_channels,
--- h', w']. Lists are {height, width}. PyTorch: ConvTranspose2d.
---     local y = nn.ConvTranspose2d(16, 1, 4, {stride = 2})(x)
---@class moonlark.nn.ConvTranspose2d: moonlark.nn.Module
layers.ConvTranspose2d = transposed("ConvTranspose2d", 2, torch.conv_transpose2d)

return layers
