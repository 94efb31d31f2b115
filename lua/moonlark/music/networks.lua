--- Networks that come with Moonlark: what the functions of music ask, loaded when it is first needed.
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local network = require "moonlark.network"
local show = require "moonlark.base.show"

local networks = {}

local loaded = {}

--- The network of a name, ready to be asked: "beats" (models/beat_tcn.lua) or "harmony" (models/harmony.lua). Errors:
--- no weights of this name.
---     local net = networks.load "harmony"
---@param name string
---@return moonlark.nn.Module
function networks.load(name)
  if not loaded[name] then
    local path = files.join(moonlark.home, "models", "weights", name .. ".safetensors")
    if not files.exists(path) then show.fail("there is no network '%s': %s does not exist", name, path) end
    loaded[name] = network.load(path)
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
  local torch, net = require "moonlark.torch", networks.load(name)
  return torch.no_grad(function()
    local first, second = net(x:unsqueeze(0))
    return first:squeeze(0), second and second:squeeze(0)
  end)
end

return networks
