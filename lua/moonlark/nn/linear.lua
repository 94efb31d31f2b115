--- Linear, Embedding, Identity, Flatten.
local Parameter = require "moonlark.nn.module".Parameter
local init = require "moonlark.nn.initialise"
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local layers = {}

--- y = x Wᵀ + b over the last axis: [*, in_features] to [*, out_features]. PyTorch: Linear.
---     local y = nn.Linear(40, 10)(x)
---@class moonlark.nn.Linear: moonlark.nn.Module
layers.Linear = layer.class("Linear", {
  in_features = layer.size "numbers of the last axis",
  out_features = layer.size "numbers of the result",
  bias = options.boolean(true, "false leaves b out"),
}, {
  init = function(self, o)
    self.in_features, self.out_features = o.in_features, o.out_features
    self.weight = Parameter(init.kaiming_uniform(torch.empty {o.out_features, o.in_features}, math.sqrt(5)))
    if o.bias then self.bias = Parameter(init.bias_beside(torch.empty {o.out_features}, self.weight)) end
  end,
  forward = function(self, x) return x:linear(self.weight, self.bias) end,
  expects = function(self) return ("[*, %d]"):format(self.in_features) end,
  arguments = function(self)
    return ("%d, %d%s"):format(self.in_features, self.out_features, self.bias and "" or ", bias = false")
  end,
})

--- A row of numbers for each id: int64 [*] to [*, embedding_dim]. PyTorch: Embedding.
---     local y = nn.Embedding(128, 16)(torch.tensor {60, 64, 67})
---@class moonlark.nn.Embedding: moonlark.nn.Module
layers.Embedding = layer.class("Embedding", {
  num_embeddings = layer.size "ids are 0 .. num_embeddings - 1",
  embedding_dim = layer.size "numbers for each id",
  padding_idx = options.integer(nil, nil, "the row of this id begins as zeros and gets no gradient"),
}, {
  init = function(self, o)
    local padding, count = o.padding_idx, o.num_embeddings
    if padding and not (padding >= -count and padding < count) then
      show.fail("nn.Embedding: padding_idx must be %d..%d, got %d", -count, count - 1, padding)
    end
    self.num_embeddings, self.embedding_dim = count, o.embedding_dim
    self.padding_idx = padding and padding % count -- from the end when negative
    local weight = init.normal(torch.empty {count, o.embedding_dim})
    if padding then init.constant(weight[self.padding_idx], 0) end
    self.weight = Parameter(weight)
  end,
  forward = function(self, ids) return torch.embedding(self.weight, ids, self.padding_idx or -1) end,
  arguments = function(self) return ("%d, %d"):format(self.num_embeddings, self.embedding_dim) end,
})

--- Returns its input. PyTorch: Identity.
---     net.head = nn.Identity()
---@class moonlark.nn.Identity: moonlark.nn.Module
layers.Identity = require "moonlark.nn.module".Module:extend "Identity"

function layers.Identity:forward(...) return ... end

--- Joins the axes from start_dim to end_dim: by default [n, *] to [n, numbers of an example]. PyTorch: Flatten.
---     local y = nn.Flatten()(x)
---@class moonlark.nn.Flatten: moonlark.nn.Module
layers.Flatten = layer.class("Flatten", {
  start_dim = options.integer(1, nil, "the first axis that is joined"),
  end_dim = options.integer(-1, nil, "the last one; negative ones count from the end"),
}, {forward = function(self, x) return x:flatten(self.start_dim, self.end_dim) end})

return layers
