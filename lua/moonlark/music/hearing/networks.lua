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

--- The network of a name, ready to be asked: "beats" (models/beat_tcn.lua), "harmony" (models/harmony.lua) or "voice"
--- (models/voice.lua). Errors: no weights of this name.
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

-- Windows of one length, at most `step.window` frames, that cover `frames` and reach into each other: a list of where
-- each begins, and their length. Equal windows let a network use the same memory again.
local function windows_of(step, frames)
  local shared = 2 * step.reach
  local count = math.max(1, math.ceil((frames - shared) / (step.window - shared)))
  local length = math.ceil((frames + shared * (count - 1)) / count)
  local begins = {0}
  for i = 2, count do begins[i] = (frames - length) * (i - 1) // (count - 1) end
  return begins, length
end

-- Puts what a step says of the frames from..to, of which it hears the window, where it belongs in each of `results`, of
-- `frames` in all. What the step makes on its way is freed at once.
local function put(results, step, x, window, length, from, to, frames)
  local torch, each = require "moonlark.torch", step.frames or 1
  return torch.scope(function()
    for i, part in ipairs {step[1](x:narrow(-1, window * each, length * each))} do
      if not results[i] then
        local shape = part:shape()
        shape[#shape] = frames
        results[i] = torch.empty(shape)
      end
      results[i]:narrow(-1, from, to - from):copy_(part:narrow(-1, from - window, to - from))
    end
    return results
  end)
end

-- What a step gives of an input of any length. Windows and reach count what it gives: frames, of which each may stand for
-- several of the input.
local function take(step, x)
  local results, frames, from = {}, x:size(-1) // (step.frames or 1), 0
  local begins, length = windows_of(step, frames)
  for i, window in ipairs(begins) do
    local to = begins[i + 1] and window + length - step.reach or frames
    put(results, step, x, window, length, from, to, frames)
    from = to
  end
  return results
end

--- What a network says of one input: rows × frames, to what it gives without the axis of examples. Each of the network's
--- steps hears a long input in windows that reach into each other: the answer is the same, and the memory bounded.
---     local chords, keys = networks.ask("harmony", frontend.whitened(piece):t())
---     local logits = networks.ask("beats", frontend.rhythm(piece).data)
---@param name string
---@param x moonlark.Tensor
---@return moonlark.Tensor ...
function networks.ask(name, x)
  local torch, results = require "moonlark.torch", {x:unsqueeze(0)}
  torch.no_grad(function()
    for number, step in ipairs(networks.load(name):steps()) do
      local before = results[1]
      results = take(step, before)
      if number > 1 then before:free() end
    end
  end)
  for i, result in ipairs(results) do results[i] = result:squeeze(0) end
  return table.unpack(results)
end

return networks
