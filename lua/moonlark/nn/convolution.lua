--- Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d.
local init = require "moonlark.nn.initialise"
local module = require "moonlark.nn.module"
local options = require "moonlark.base.options"
local parameters = require "moonlark.nn.parameters"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter
local per_axis, size = parameters.per_axis, parameters.size
local axis_names = {"l", "h, w"}
local layers = {}

local groups_help = "the channels fall into groups that see only their own"

local function fields_of_convolution(axes)
  return {
    in_channels = size "a multiple of groups",
    out_channels = size "a multiple of groups",
    kernel_size = per_axis(axes, options.required, "numbers along each axis that one result sees"),
    stride = per_axis(axes, 1, "steps between two results"),
    padding = per_axis(axes, 0, 'zeros on either side; "same" (stride 1): as long as the input',
      options.choice({"same"}, options.none)),
    dilation = per_axis(axes, 1, "steps between the kernel's numbers"),
    groups = options.integer(1, {least = 1}, groups_help),
    bias = options.boolean(true, "a number that is added to each channel"),
  }
end

local function fields_of_transposed(axes)
  return {
    in_channels = size "a multiple of groups",
    out_channels = size "a multiple of groups",
    kernel_size = per_axis(axes, options.required, "numbers along each axis that one input reaches"),
    stride = per_axis(axes, 1, "steps between the results of two inputs"),
    padding = per_axis(axes, 0, "what is cut from either side"),
    output_padding = per_axis(axes, 0, "what is added at the end; below stride"),
    groups = options.integer(1, {least = 1}, groups_help),
    bias = options.boolean(true, "a number that is added to each channel"),
    dilation = per_axis(axes, 1, "steps between the kernel's numbers"),
  }
end

-- A class whose constructor makes the weight; `weight_channels(o)` are the weight's axes before the kernel's.
local function layer(name, axes, fields, weight_channels)
  local Layer = Module:extend(name)
  local description = options.describe("nn." .. name, fields)

  function Layer:init(...)
    local o = parameters.read(description, ...)
    if o.in_channels % o.groups ~= 0 or o.out_channels % o.groups ~= 0 then
      show.fail("nn.%s: in_channels and out_channels must be multiples of groups (%d), got %d and %d", name, o.groups,
        o.in_channels, o.out_channels)
    end
    self.in_channels, self.out_channels, self.groups = o.in_channels, o.out_channels, o.groups
    for _, key in ipairs {"kernel_size", "stride", "padding", "dilation", "output_padding"} do
      if o[key] ~= nil and o[key] ~= "same" then self[key] = parameters.each_axis(o[key], axes) end
    end
    local shape = table.move(self.kernel_size, 1, axes, 3, {weight_channels(o)})
    self.weight = Parameter(init.kaiming_uniform(torch.empty(shape), math.sqrt(5)))
    if o.bias then self.bias = Parameter(init.bias_beside(torch.empty {o.out_channels}, self.weight)) end
    self.same = o.padding == "same"
  end

  function Layer:expects() return ("[n, %d, %s]"):format(self.in_channels, axis_names[axes]) end

  function Layer:arguments()
    return ("%d, %d, kernel_size = %s, stride = %s"):format(self.in_channels, self.out_channels,
      parameters.text(self.kernel_size), parameters.text(self.stride))
  end

  return Layer
end

local function convolution(axes)
  local Conv = layer(("Conv%dd"):format(axes), axes, fields_of_convolution(axes),
    function(o) return o.out_channels, o.in_channels // o.groups end)
  local operator = torch[("conv%dd"):format(axes)]

  function Conv:forward(x)
    return operator(x, self.weight, self.bias, self.stride, self.same and "same" or self.padding, self.dilation,
      self.groups)
  end

  return Conv
end

local function transposed(axes)
  local Conv = layer(("ConvTranspose%dd"):format(axes), axes, fields_of_transposed(axes),
    function(o) return o.in_channels, o.out_channels // o.groups end)
  local operator = torch[("conv_transpose%dd"):format(axes)]

  function Conv:forward(x)
    return operator(x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups,
      self.dilation)
  end

  return Conv
end

--- Cross-correlation along time: [n, in_channels, l] to [n, out_channels, l'], l' = (l + 2 padding - dilation
--- (kernel_size - 1) - 1) // stride + 1. PyTorch: Conv1d.
---@class moonlark.nn.Conv1d: moonlark.nn.Module
layers.Conv1d = convolution(1)

--- Cross-correlation over images: [n, in_channels, h, w] to [n, out_channels, h', w'], h' = (h + 2 padding - dilation
--- (kernel_size - 1) - 1) // stride + 1. A number is for both axes, or {height, width}. PyTorch: Conv2d.
---@class moonlark.nn.Conv2d: moonlark.nn.Module
layers.Conv2d = convolution(2)

--- The gradient of Conv1d as a layer, which makes longer: [n, in_channels, l] to [n, out_channels, l'], l' = (l - 1)
--- stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1. PyTorch: ConvTranspose1d.
---@class moonlark.nn.ConvTranspose1d: moonlark.nn.Module
layers.ConvTranspose1d = transposed(1)

--- The gradient of Conv2d as a layer, which makes larger: [n, in_channels, h, w] to [n, out_channels, h', w'], h' =
--- (h - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1. PyTorch: ConvTranspose2d.
---@class moonlark.nn.ConvTranspose2d: moonlark.nn.Module
layers.ConvTranspose2d = transposed(2)

return layers
