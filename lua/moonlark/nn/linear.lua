--- Linear, Embedding, Identity, Flatten.
local init = require "moonlark.nn.initialise"
local module = require "moonlark.nn.module"
local options = require "moonlark.base.options"
local parameters = require "moonlark.nn.parameters"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter
local layers = {}

--- y = x Wᵀ + b over the last axis: [*, in_features] to [*, out_features]. PyTorch: Linear.
---@class moonlark.nn.Linear: moonlark.nn.Module
layers.Linear = Module:extend "Linear"

local linear = options.describe("nn.Linear", {
  in_features = parameters.size "numbers of the last axis",
  out_features = parameters.size "numbers that become of them",
  bias = options.boolean(true, "false leaves b out"),
})

function layers.Linear:init(...)
  local o = parameters.read(linear, ...)
  self.in_features, self.out_features = o.in_features, o.out_features
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
layers.Embedding = Module:extend "Embedding"

local embedding = options.describe("nn.Embedding", {
  num_embeddings = parameters.size "ids are 0 .. num_embeddings - 1",
  embedding_dim = parameters.size "numbers for each id",
  padding_idx = options.integer(nil, nil, "the row of this id begins as zeros and gets no gradient"),
})

function layers.Embedding:init(...)
  local o = parameters.read(embedding, ...)
  local padding, count = o.padding_idx, o.num_embeddings
  if padding and not (padding >= -count and padding < count) then
    show.fail("nn.Embedding: padding_idx must be %d..%d, got %d", -count, count - 1, padding)
  end
  self.num_embeddings, self.embedding_dim = count, o.embedding_dim
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
layers.Flatten = Module:extend "Flatten"

local flatten = options.describe("nn.Flatten", {
  start_dim = options.integer(1, nil, "the first axis that is joined"),
  end_dim = options.integer(-1, nil, "the last one, from the end when negative"),
})

function layers.Flatten:init(...)
  local o = parameters.read(flatten, ...)
  self.start_dim, self.end_dim = o.start_dim, o.end_dim
end

function layers.Flatten:forward(x) return x:flatten(self.start_dim, self.end_dim) end

return layers
