--- Linear, Embedding, Identity, Flatten.
local arguments = require "moonlark.nn.parameters"
local init = require "moonlark.nn.initialise"
local module = require "moonlark.nn.module"
local options = require "moonlark.base.options"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter
local layers = {}

--- y = x Wᵀ + b over the last axis: [*, in_features] to [*, out_features]. PyTorch: Linear.
---@class moonlark.nn.Linear: moonlark.nn.Module
---@param in_features integer
---@param out_features integer
---@param bias boolean?  default true; false leaves b out
layers.Linear = Module:extend "Linear"

function layers.Linear:init(...)
  local o = arguments.read("Linear", {"in_features", "out_features", "bias"}, {bias = true}, ...)
  self.in_features = arguments.size("Linear", "in_features", o.in_features)
  self.out_features = arguments.size("Linear", "out_features", o.out_features)
  self.weight = Parameter(init.kaiming_uniform(torch.empty {o.out_features, o.in_features}, math.sqrt(5)))
  if o.bias then self.bias = Parameter(init.bias_beside(torch.empty {o.out_features}, self.weight)) end
end

function layers.Linear:forward(x) return x:linear(self.weight, self.bias) end

function layers.Linear:expects() return ("[*, %d]"):format(self.in_features) end

function layers.Linear:arguments()
  return ("%d, %d%s"):format(self.in_features, self.out_features, self.bias and "" or ", bias = false")
end

--- A row of numbers for each id: int64 [*] to [*, embedding_dim]. PyTorch: Embedding.
---@class moonlark.nn.Embedding: moonlark.nn.Module
---@param num_embeddings integer  ids are 0 .. num_embeddings - 1
---@param embedding_dim integer
---@param padding_idx integer?  the row of this id begins as zeros and gets no gradient
layers.Embedding = Module:extend "Embedding"

function layers.Embedding:init(...)
  local o = arguments.read("Embedding", {"num_embeddings", "embedding_dim", "padding_idx"},
    {padding_idx = options.none}, ...)
  self.num_embeddings = arguments.size("Embedding", "num_embeddings", o.num_embeddings)
  self.embedding_dim = arguments.size("Embedding", "embedding_dim", o.embedding_dim)
  local padding, count = o.padding_idx, o.num_embeddings
  if padding and not (math.tointeger(padding) and padding >= -count and padding < count) then
    error(("Embedding: padding_idx must be %d..%d, got %s"):format(-count, count - 1, padding), 0)
  end
  self.padding_idx = padding and padding % count -- from the end when negative
  local weight = init.normal(torch.empty {count, o.embedding_dim})
  if padding then init.constant(weight[self.padding_idx], 0) end
  self.weight = Parameter(weight)
end

function layers.Embedding:forward(ids)
  return torch.embedding(self.weight, ids, self.padding_idx or -1)
end

function layers.Embedding:arguments() return ("%d, %d"):format(self.num_embeddings, self.embedding_dim) end

--- Gives what it is given. PyTorch: Identity.
---@class moonlark.nn.Identity: moonlark.nn.Module
layers.Identity = Module:extend "Identity"

function layers.Identity:forward(...) return ... end

--- Joins the axes from start_dim to end_dim: by default [n, *] to [n, numbers of an example]. PyTorch: Flatten.
---@class moonlark.nn.Flatten: moonlark.nn.Module
---@param start_dim integer?  default 1
---@param end_dim integer?  default -1
layers.Flatten = Module:extend "Flatten"

function layers.Flatten:init(...)
  local o = arguments.read("Flatten", {"start_dim", "end_dim"}, {start_dim = 1, end_dim = -1}, ...)
  self.start_dim, self.end_dim = o.start_dim, o.end_dim
end

function layers.Flatten:forward(x) return x:flatten(self.start_dim, self.end_dim) end

return layers
