--- BatchNorm1d, BatchNorm2d, LayerNorm, GroupNorm, Dropout, Dropout2d.
local Parameter = require "moonlark.nn.module".Parameter
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local boolean, number, size = options.boolean, options.number, layer.size
local layers = {}

local function eps() return number(1e-5, nil, "added to the variance") end
local function each_channel() return boolean(true, "a weight and a bias for each channel") end

local function affine(self, shape, bias)
  self.weight = Parameter(torch.ones(shape))
  if bias ~= false then self.bias = Parameter(torch.zeros(shape)) end
end

local function batch_norm(name, lowest, highest, expected)
  local fields = {
    num_features = size "channels",
    eps = eps(),
    momentum = number(0.1, nil, "share of a batch in the running averages"),
    affine = each_channel(),
    track_running_stats = boolean(true, "false: evaluation uses the batch's statistics, too"),
  }
  return layer.class(name, fields, {
    init = function(self, o)
      self.num_features, self.eps, self.momentum = o.num_features, o.eps, o.momentum
      if o.affine then affine(self, {o.num_features}) end
      if not o.track_running_stats then return end
      self:register_buffer("running_mean", torch.zeros {o.num_features})
      self:register_buffer("running_var", torch.ones {o.num_features})
      self:register_buffer("num_batches_tracked", torch.tensor(0))
    end,
    forward = function(self, x)
      if x:dim() < lowest or x:dim() > highest then show.fail("the input has %d axes", x:dim()) end
      local tracked = self.running_mean ~= nil
      if (self.training or not tracked) and x:numel() == x:size(1) then
        show.fail "training needs more than one value for each channel: the batch holds one example"
      end
      if self.training and tracked then torch.no_grad(function() self.num_batches_tracked:add_(1) end) end
      return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var,
        self.training or not tracked, self.momentum, self.eps, true)
    end,
    expects = function(self) return expected:format(self.num_features) end,
    arguments = function(self) return tostring(self.num_features) end,
  })
end

--- Each channel normalised over the batch (and time), [n, c] or [n, c, l]; in evaluation by running averages (Ioffe
--- and Szegedy, 2015). PyTorch: BatchNorm1d.
---     local y = nn.BatchNorm1d(64)(x)
---@class moonlark.nn.BatchNorm1d: moonlark.nn.Module
layers.BatchNorm1d = batch_norm("BatchNorm1d", 2, 3, "[n, %d] or [n, c, l]")

--- Each channel normalised over the batch and the image, [n, c, h, w]; in evaluation by running averages (Ioffe and
--- Szegedy, 2015). PyTorch: BatchNorm2d.
---     local y = nn.BatchNorm2d(16)(x)
---@class moonlark.nn.BatchNorm2d: moonlark.nn.Module
layers.BatchNorm2d = batch_norm("BatchNorm2d", 4, 4, "[n, %d, h, w]")

--- Each example normalised over its last axes, [*, normalized_shape] (Ba et al., 2016). PyTorch: LayerNorm.
---     local y = nn.LayerNorm(64)(x)
---@class moonlark.nn.LayerNorm: moonlark.nn.Module
layers.LayerNorm = layer.class("LayerNorm", {
  normalized_shape = options.list(options.integer(), options.required, {least = 1, single = true},
    "lengths of the last axes"),
  eps = eps(),
  elementwise_affine = boolean(true, "a weight and a bias for each number"),
  bias = boolean(true, "false leaves the bias out"),
}, {
  init = function(self, o)
    self.normalized_shape, self.eps = o.normalized_shape, o.eps
    if o.elementwise_affine then affine(self, self.normalized_shape, o.bias) end
  end,
  forward = function(self, x)
    return torch.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
  end,
  expects = function(self) return "[*, " .. table.concat(self.normalized_shape, ", ") .. "]" end,
  arguments = function(self) return table.concat(self.normalized_shape, ", ") end,
})

--- Each example normalised over groups of channels, [n, num_channels, *] (Wu and He, 2018). PyTorch: GroupNorm.
---     local y = nn.GroupNorm(4, 64)(x)
---@class moonlark.nn.GroupNorm: moonlark.nn.Module
layers.GroupNorm = layer.class("GroupNorm", {
  num_groups = size "groups of channels",
  num_channels = size "a multiple of num_groups",
  eps = eps(),
  affine = each_channel(),
}, {
  init = function(self, o)
    if o.num_channels % o.num_groups ~= 0 then
      show.fail("nn.GroupNorm: num_channels must be a multiple of num_groups (%d), got %d", o.num_groups,
        o.num_channels)
    end
    self.num_groups, self.num_channels, self.eps = o.num_groups, o.num_channels, o.eps
    if o.affine then affine(self, {o.num_channels}) end
  end,
  forward = function(self, x) return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps) end,
  expects = function(self) return ("[n, %d, *]"):format(self.num_channels) end,
  arguments = function(self) return ("%d, %d"):format(self.num_groups, self.num_channels) end,
})

local function dropout(name, operator)
  return layer.class(name, {p = layer.probability(0.5, "of a number to become 0")}, {
    forward = function(self, x) return operator(x, self.p, self.training) end,
    arguments = function(self) return ("p = %g"):format(self.p) end,
  })
end

--- Training sets numbers to 0 by chance and multiplies the rest by 1 / (1 - p); evaluation changes nothing. PyTorch:
--- Dropout.
---     local y = nn.Dropout(0.2)(x)
---@class moonlark.nn.Dropout: moonlark.nn.Module
layers.Dropout = dropout("Dropout", torch.dropout)

--- The same for whole channels of [n, c, *]. PyTorch: Dropout2d.
---     local y = nn.Dropout2d(0.2)(x)
---@class moonlark.nn.Dropout2d: moonlark.nn.Module
layers.Dropout2d = dropout("Dropout2d", torch.feature_dropout)

return layers
