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

-- How many frames a network is asked about at once, and how far to each side it hears: what it holds while it computes is
-- many times its input.
local at_once = {beats = 3072, harmony = 600}
local reach = {beats = 1024, harmony = 16}

-- The frames from..to of a network's input, with what it hears beside them, and then without.
local function ask_part(net, x, from, to, beside)
  local low, high = math.max(0, from - beside), math.min(x:size(1), to + beside)
  local results = {net(x:narrow(1, low, high - low):unsqueeze(0))}
  for i, result in ipairs(results) do results[i] = result:squeeze(0):narrow(1, from - low, to - from):clone() end
  return results
end

--- What a network says of one input: rows × frames, to what it gives without the axis of examples. A long input is heard in
--- parts that reach into each other: the answer is the same, and the memory bounded.
---     local chords, keys = networks.ask("harmony", whiten(frontend.harmony(piece).data):t())
---     local logits = networks.ask("beats", frontend.rhythm(piece).data)
---@param name string
---@param x moonlark.Tensor
---@return moonlark.Tensor ...
function networks.ask(name, x)
  local torch, net, parts = require "moonlark.torch", networks.load(name), {}
  torch.no_grad(function()
    for from = 0, math.max(0, x:size(1) - 1), at_once[name] do
      local part = ask_part(net, x, from, math.min(x:size(1), from + at_once[name]), reach[name])
      for i, result in ipairs(part) do
        parts[i] = parts[i] or {}
        table.insert(parts[i], result)
      end
    end
  end)
  for i, list in ipairs(parts) do parts[i] = #list > 1 and torch.cat(list, 1) or list[1] end
  return table.unpack(parts)
end

return networks
