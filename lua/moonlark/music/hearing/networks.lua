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

-- Puts what a step says of the frames from..to where it belongs in each of `results`. The step is told what it hears
-- beside them, too; what it makes on its way is freed at once.
local function put(results, step, x, from, to)
  local torch = require "moonlark.torch"
  local frames = x:size(-1)
  local low, high = math.max(0, from - step.reach), math.min(frames, to + step.reach)
  return torch.scope(function()
    for i, part in ipairs {step[1](x:narrow(-1, low, high - low))} do
      if not results[i] then
        local shape = part:shape()
        shape[#shape] = frames
        results[i] = torch.empty(shape)
      end
      results[i]:narrow(-1, from, to - from):copy_(part:narrow(-1, from - low, to - from))
    end
    return results
  end)
end

--- What a network says of one input: rows × frames, to what it gives without the axis of examples. Each of the network's steps
--- hears a long input in parts that reach into each other: the answer is the same, and the memory bounded.
---     local chords, keys = networks.ask("harmony", whiten(frontend.harmony(piece).data):t())
---     local logits = networks.ask("beats", frontend.rhythm(piece).data)
---@param name string
---@param x moonlark.Tensor
---@return moonlark.Tensor ...
function networks.ask(name, x)
  local torch, results = require "moonlark.torch", {x:unsqueeze(0)}
  local frames = x:size(1)
  torch.no_grad(function()
    for number, step in ipairs(networks.load(name):steps()) do
      local before = results[1]
      results = {}
      for from = 0, math.max(0, frames - 1), step.at_once do
        put(results, step, before, from, math.min(frames, from + step.at_once))
      end
      if number > 1 then before:free() end
    end
  end)
  for i, result in ipairs(results) do results[i] = result:squeeze(0) end
  return table.unpack(results)
end

return networks
