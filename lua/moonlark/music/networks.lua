--- Networks that come with Moonlark: what the functions of music ask. They, and libtorch, are loaded when first needed.
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local show = require "moonlark.base.show"

local networks = {}

local loaded = {}

-- Makes one step of a convolution and the batch normalisation behind it, as it is when nothing is learnt any more.
local function fold_pair(parent, first, second)
  local convolution, norm = parent[first], parent[second]
  local scale = norm.weight / (norm.running_var + norm.eps):sqrt()
  local shape = {-1}
  for axis = 2, convolution.weight:dim() do shape[axis] = 1 end
  convolution.bias:copy_((convolution.bias - norm.running_mean) * scale + norm.bias)
  convolution.weight:copy_(convolution.weight * scale:reshape(shape))
  parent[second] = require("moonlark.nn").Identity()
end

-- Folds all pairs that the modules name.
local function fold(net)
  require("moonlark.torch").no_grad(function()
    for _, parent in net:named_modules() do
      for _, pair in ipairs(parent.folds or {}) do fold_pair(parent, pair[1], pair[2]) end
    end
  end)
  return net
end

--- The network of a name, ready to be asked: "beats" (models/beat_tcn.lua) or "harmony" (models/harmony.lua). Errors:
--- no weights of this name.
---     local net = networks.load "harmony"
---@param name string
---@return moonlark.nn.Module
function networks.load(name)
  if not loaded[name] then
    local path = files.join(moonlark.home, "models", "weights", name .. ".safetensors")
    if not files.exists(path) then show.fail("there is no network '%s': %s does not exist", name, path) end
    loaded[name] = fold(require("moonlark.network").load(path))
  end
  return loaded[name]
end

--- What a network says of one input: rows × frames, to what it gives without the axis of examples.
---     local chords, keys = networks.ask("harmony", whiten(frontend.harmony(piece).data):t())
---     local logits = networks.ask("beats", frontend.rhythm(piece).data)
---@param name string
---@param x moonlark.Tensor
---@return moonlark.Tensor ...
function networks.ask(name, x)
  local net = networks.load(name)
  return require("moonlark.torch").no_grad(function()
    local first, second = net(x:unsqueeze(0))
    return first:squeeze(0), second and second:squeeze(0)
  end)
end

return networks
