--- finetuned: a network from elsewhere under a head of one's own, that hears waveforms.
---
---     local net = require("models.finetuned") {family = "whisper", classes = 10, network = {width = 384, layers = 4}}
---     net(x)                                -- [n, 1, samples] to logits [n, 10]
---
--- moonlark.finetune makes such networks of models from elsewhere, and says what of them is trained. What a network of
--- models/ gives so that this can hold it stands in models/README.md.
local Found = require "moonlark.pretrained.found"
local family = require "moonlark.pretrained.family"
local hearing = require "moonlark.pretrained.hearing"
local json = require "moonlark.base.json"
local network = require "moonlark.network"
local nn = require "moonlark.nn"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"
local walk = require "moonlark.finetune.walk"

local integer, number, text = options.integer, options.number, options.text

local function a_table(default, help)
  return options.value("table", "a table", function(x) return type(x) == "table" and x or nil end, default, help)
end

local function decoded(body) return body and json.decode(body) end

local Finetuned = nn.Module:extend "Finetuned"

function Finetuned:init(o)
  local one = family.named(o.family)
  local inner = options.join(o.network)
  local make = network.find(one.architecture)
  local described = options.described("models." .. one.architecture)
  if not o.width then inner.classes = o.classes end
  if o.weighted then
    if not described.by_name.weighted then show.fail("a %s has no learned mean of its layers", o.family) end
    inner.weighted = true
  end
  self.net = make(inner)
  if o.width then self.head = nn.Linear(o.width, o.classes) end
  self.dropout = nn.Dropout(o.dropout)
  self.front = one.front(Found.described(o.family, decoded(o.config), decoded(o.settings)), inner)
  self.frozen, self.checkpointing, self.ways = 0, false, {}
end

-- Samples that the network needs: some take whole windows only.
local function padded(self, waves)
  local front = self.front
  local least = front.fixed and math.floor(front.window * front.rate + 0.5) or front.least or 1
  local missing = least - waves:size(-1)
  return missing > 0 and waves:constant_pad_nd({0, missing}, 0) or waves
end

local function input_of(self, waves)
  waves = padded(self, waves)
  if self.front.feature then
    local rows = {}
    for i = 0, waves:size(0) - 1 do rows[i + 1] = hearing.prepared(self.front, waves:select(0, i):cpu()) end
    waves = torch.stack(rows)
  end
  return hearing.input({front = self.front, net = self.net, device = self.net:device()}, waves)
end

--- The network's input, of waveforms: [n, 1, samples] or [n, samples].
---     local mel = net:heard(batch.x)
function Finetuned:heard(x)
  return torch.no_grad(input_of, self, x:dim() == 3 and x:select(1, 0) or x)
end

-- What the head is given of waveforms of one length.
local function pooled(self, x)
  local states, way = walk.forward(walk.steps(self.net), self:heard(x), {
    frozen = self.frozen, all = self.net.layer_weights ~= nil, checkpointing = self.checkpointing and self.training,
  })
  self.ways[#self.ways + 1] = way
  return #states == 1 and states[1] or torch.stack(states, 1):flatten(1)
end

-- The rows of each length, and the order in which they stand then.
local function by_length(mask)
  local groups, lengths, order = {}, {}, {}
  for row, length in ipairs(mask:sum({1}):totable()) do
    if not groups[length] then groups[length], lengths[#lengths + 1] = {}, length end
    table.insert(groups[length], row - 1)
  end
  for _, length in ipairs(lengths) do table.move(groups[length], 1, #groups[length], #order + 1, order) end
  return groups, lengths, torch.tensor(order, {device = mask:device()})
end

--- What the head is given of waveforms: [n, width], with a learned mean of layers [n, states × width]. Clips that are
--- shorter than others of their batch (`mask` [n, samples]) are heard in their own length, as they are alone.
---     local known = net:pooled(batch.x, batch.mask)
function Finetuned:pooled(x, mask)
  self.ways = {}
  if not mask or self.front.fixed then return pooled(self, x) end
  local groups, lengths, order = by_length(mask)
  local parts = {}
  for i, length in ipairs(lengths) do
    local rows = torch.tensor(groups[length], {device = x:device()})
    parts[i] = pooled(self, x:index_select(0, rows):narrow(-1, 0, length))
  end
  return torch.cat(parts):index_select(0, order:argsort())
end

--- Logits, of what the head is given.
---     local logits = net:told(known)
function Finetuned:told(known)
  local weights = self.net.layer_weights
  if weights then
    known = (known:view {known:size(0), weights:size(0), -1} * weights:softmax(-1):unsqueeze(-1)):sum {1}
  end
  known = self.dropout(known)
  return self.head and self.head(known) or self.net:told(known)
end

--- Logits of waveforms [n, 1, samples]; or of what the head is given, [n, numbers], where that is known already.
function Finetuned:forward(x, mask)
  return self:told(x:dim() == 2 and x or self:pooled(x, mask))
end

function Finetuned:expects() return "[n, 1, samples]" end

--- Training mode is of the head alone: what the network was trained to by others stays as it is used, also its
--- batch norm's statistics.
function Finetuned:train(mode)
  nn.Module.train(self, mode)
  if mode ~= false then self.net:eval() end
  return self
end

--- Gradients of a loss, also through what was not kept (checkpointing).
---     net:backward(loss)
function Finetuned:backward(loss)
  loss:backward()
  for _, way in ipairs(self.ways) do walk.backward(way) end
  self.ways = {}
end

--- The parameters that are trained, by name: all that differs from the files that the network came from.
---     local state = net:changing()
---@return table<string, moonlark.Tensor>
function Finetuned:changing()
  local state = {}
  for name, tensor in self:named_parameters() do
    if tensor:requires_grad() then state[name] = tensor:detach() end
  end
  return state
end

--- The whole state with these values of what is trained; adapters are part of the weights that they change.
---     local state = net:whole(net:changing())
---@param changed table<string, moonlark.Tensor>
---@return table<string, moonlark.Tensor>
function Finetuned:whole(changed)
  local state = self:state_dict()
  for name, tensor in pairs(changed) do state[name] = tensor:to(state[name]:device()) end
  for name, module in self:named_modules() do
    if module.merge then module:merge(state, name .. ".") end
  end
  return state
end

return network.architecture("finetuned", Finetuned, {
  family = text(options.required, "of the network, as moonlark.pretrained knows it"),
  network = a_table(options.required, "options of its architecture"),
  config = text(nil, "its config.json"),
  settings = text(nil, "its preprocessor_config.json"),
  classes = integer(options.required, {least = 1}, "how many to tell apart"),
  width = integer(nil, {least = 1, usual = "the network has one"}, "numbers that a new head is given"),
  weighted = options.boolean(false, "the head hears a learned mean of all layers"),
  dropout = number(0, {least = 0, below = 1}, "before the head"),
})
