--- BatchNorm1d, BatchNorm2d, LayerNorm, GroupNorm, Dropout, Dropout2d.
local arguments = require "moonlark.nn.parameters"
local module = require "moonlark.nn.module"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter
local layers = {}

local function affine(self, shape, bias)
  self.weight = Parameter(torch.ones(shape))
  if bias ~= false then self.bias = Parameter(torch.zeros(shape)) end
end

local function batch_norm(axes, lowest, highest, expected)
  local name = ("BatchNorm%dd"):format(axes)
  local Norm = Module:extend(name)

  function Norm:init(...)
    local o = arguments.read(name, {"num_features", "eps", "momentum", "affine", "track_running_stats"},
      {eps = 1e-5, momentum = 0.1, affine = true, track_running_stats = true}, ...)
    self.num_features = arguments.size(name, "num_features", o.num_features)
    self.eps, self.momentum = o.eps, o.momentum
    if o.affine then affine(self, {o.num_features}) end
    if o.track_running_stats then
      self:register_buffer("running_mean", torch.zeros {o.num_features})
      self:register_buffer("running_var", torch.ones {o.num_features})
      self:register_buffer("num_batches_tracked", torch.tensor(0))
    end
  end

  function Norm:forward(x)
    if x:dim() < lowest or x:dim() > highest then error(("the input has %d axes"):format(x:dim()), 0) end
    local tracked = self.running_mean ~= nil
    if (self.training or not tracked) and x:numel() == x:size(1) then
      error("training needs more than one value for each channel: the batch holds one example", 0)
    end
    if self.training and tracked then torch.no_grad(function() self.num_batches_tracked:add_(1) end) end
    return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var,
      self.training or not tracked, self.momentum, self.eps, true)
  end

  function Norm:expects() return expected:format(self.num_features) end

  function Norm:arguments() return tostring(self.num_features) end

  return Norm
end

--- Each example normalised over its last axes, [*, normalized_shape] (Ba et al., 2016). PyTorch: LayerNorm.
---@class moonlark.nn.LayerNorm: moonlark.nn.Module
---@param normalized_shape integer|integer[]  the last axes
---@param eps number?  default 1e-5; added to the variance
---@param elementwise_affine boolean?  default true; a weight and a bias for each number
---@param bias boolean?  default true; false leaves the bias out
local LayerNorm = Module:extend "LayerNorm"

layers.LayerNorm = LayerNorm

function LayerNorm:init(shape, ...)
  if type(shape) == "number" then shape = {shape} end
  local o = arguments.read("LayerNorm", {"eps", "elementwise_affine", "bias"},
    {eps = 1e-5, elementwise_affine = true, bias = true}, ...)
  if type(shape) ~= "table" or #shape == 0 then error("LayerNorm: normalized_shape must be a number or a list", 0) end
  self.normalized_shape, self.eps = shape, o.eps
  if o.elementwise_affine then affine(self, shape, o.bias) end
end

function LayerNorm:forward(x)
  return torch.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
end

function LayerNorm:expects() return "[*, " .. table.concat(self.normalized_shape, ", ") .. "]" end

function LayerNorm:arguments() return table.concat(self.normalized_shape, ", ") end

--- Each example normalised over groups of channels, [n, num_channels, *] (Wu and He, 2018). PyTorch: GroupNorm.
---@class moonlark.nn.GroupNorm: moonlark.nn.Module
---@param num_groups integer
---@param num_channels integer  a multiple of num_groups
---@param eps number?  default 1e-5; added to the variance
---@param affine boolean?  default true; a weight and a bias for each channel
local GroupNorm = Module:extend "GroupNorm"

layers.GroupNorm = GroupNorm

function GroupNorm:init(...)
  local o = arguments.read("GroupNorm", {"num_groups", "num_channels", "eps", "affine"},
    {eps = 1e-5, affine = true}, ...)
  self.num_groups = arguments.size("GroupNorm", "num_groups", o.num_groups)
  self.num_channels = arguments.size("GroupNorm", "num_channels", o.num_channels)
  if self.num_channels % self.num_groups ~= 0 then
    error(("GroupNorm: num_channels must be a multiple of num_groups (%d), got %d"):format(o.num_groups,
      o.num_channels), 0)
  end
  self.eps = o.eps
  if o.affine then affine(self, {o.num_channels}) end
end

function GroupNorm:forward(x) return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps) end

function GroupNorm:expects() return ("[n, %d, *]"):format(self.num_channels) end

function GroupNorm:arguments() return ("%d, %d"):format(self.num_groups, self.num_channels) end

local function dropout(name, operator)
  local Dropout = Module:extend(name)

  function Dropout:init(...)
    local o = arguments.read(name, {"p"}, {p = 0.5}, ...)
    self.p = arguments.probability(name, "p", o.p)
  end

  function Dropout:forward(x) return operator(x, self.p, self.training) end

  function Dropout:arguments() return ("p = %g"):format(self.p) end

  return Dropout
end

--- Each channel normalised over the batch (and time), [n, c] or [n, c, l]; in evaluation by running averages (Ioffe
--- and Szegedy, 2015). PyTorch: BatchNorm1d.
---@class moonlark.nn.BatchNorm1d: moonlark.nn.Module
---@param num_features integer  channels
---@param eps number?  default 1e-5; added to the variance
---@param momentum number?  default 0.1; the share of a batch in the running averages
---@param affine boolean?  default true; a weight and a bias for each channel
---@param track_running_stats boolean?  default true; false uses the batch's statistics in evaluation too
layers.BatchNorm1d = batch_norm(1, 2, 3, "[n, %d] or [n, c, l]")

--- Each channel normalised over the batch and the image, [n, c, h, w]; in evaluation by running averages (Ioffe and
--- Szegedy, 2015). PyTorch: BatchNorm2d.
---@class moonlark.nn.BatchNorm2d: moonlark.nn.Module
---@param num_features integer  channels
---@param eps number?  default 1e-5; added to the variance
---@param momentum number?  default 0.1; the share of a batch in the running averages
---@param affine boolean?  default true; a weight and a bias for each channel
---@param track_running_stats boolean?  default true; false uses the batch's statistics in evaluation too
layers.BatchNorm2d = batch_norm(2, 4, 4, "[n, %d, h, w]")

--- In training, zeroes numbers by chance and lifts the rest by 1 / (1 - p); in evaluation nothing. PyTorch: Dropout.
---@class moonlark.nn.Dropout: moonlark.nn.Module
---@param p number?  default 0.5; the probability, 0..1
layers.Dropout = dropout("Dropout", torch.dropout)

--- Dropout of whole channels of [n, c, *]. PyTorch: Dropout2d.
---@class moonlark.nn.Dropout2d: moonlark.nn.Module
---@param p number?  default 0.5; the probability, 0..1
layers.Dropout2d = dropout("Dropout2d", torch.feature_dropout)

return layers
