--- LSTM and GRU: stacked, bidirectional.
local arguments = require "moonlark.nn.parameters"
local init = require "moonlark.nn.initialise"
local module = require "moonlark.nn.module"
local torch = require "moonlark.torch"

local Module, Parameter = module.Module, module.Parameter

local layers = {}

local names = {"input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional"}

-- gates: rows of a weight for each hidden unit; states: how many tensors a hidden state has.
local function recurrent(name, gates, states)
  local Layer = Module:extend(name)

  function Layer:init(...)
    local o = arguments.read(name, names,
      {num_layers = 1, bias = true, batch_first = false, dropout = 0.0, bidirectional = false}, ...)
    for _, key in ipairs(names) do self[key == "bias" and "has_bias" or key] = o[key] end
    for _, key in ipairs {"input_size", "hidden_size", "num_layers"} do arguments.size(name, key, o[key]) end
    arguments.probability(name, "dropout", o.dropout)
    self.directions = o.bidirectional and 2 or 1
    self.keys = {}
    local bound = 1 / math.sqrt(o.hidden_size)
    for layer = 0, o.num_layers - 1 do
      for direction = 1, self.directions do
        local suffix = ("_l%d%s"):format(layer, direction == 2 and "_reverse" or "")
        local width = layer == 0 and o.input_size or o.hidden_size * self.directions
        local rows = gates * o.hidden_size
        local shapes = {{"weight_ih", {rows, width}}, {"weight_hh", {rows, o.hidden_size}}}
        if o.bias then shapes[3], shapes[4] = {"bias_ih", {rows}}, {"bias_hh", {rows}} end
        for _, shape in ipairs(shapes) do
          self[shape[1] .. suffix] = Parameter(init.uniform(torch.empty(shape[2]), -bound, bound))
          self.keys[#self.keys + 1] = shape[1] .. suffix
        end
      end
    end
  end

  -- Zeros for a batch.
  local function start(self, x)
    local shape = {self.num_layers * self.directions, x:size(self.batch_first and 0 or 1), self.hidden_size}
    local made = {}
    for i = 1, states do made[i] = torch.zeros(shape, {dtype = x:dtype(), device = x:device()}) end
    return made
  end

  -- With a batch; the state is a list.
  local function run(self, x, state)
    local weights = {}
    for i, key in ipairs(self.keys) do weights[i] = self[key] end
    return torch[name:lower()](x, states == 2 and state or state[1], weights, self.has_bias, self.num_layers,
      self.dropout + 0.0, self.training, self.bidirectional, self.batch_first)
  end

  function Layer:forward(x, state)
    if x:dim() ~= 3 and x:dim() ~= 2 then error(("the input has %d axes"):format(x:dim()), 0) end
    local alone, axis = x:dim() == 2, self.batch_first and 0 or 1
    if alone then x = x:unsqueeze(axis) end
    if torch.is_tensor(state) then state = {state} end
    state = state or start(self, x)
    if alone and state[1]:dim() == 2 then
      local batched = {}
      for i, tensor in ipairs(state) do batched[i] = tensor:unsqueeze(1) end
      state = batched
    end
    local y, h, c = run(self, x, state)
    if alone then y, h, c = y:squeeze(axis), h:squeeze(1), c and c:squeeze(1) end
    return y, states == 2 and {h, c} or h
  end

  function Layer:expects()
    return (self.batch_first and "[n, t, %d]" or "[t, n, %d]"):format(self.input_size)
  end

  function Layer:arguments()
    local layered = self.num_layers > 1 and ", num_layers = " .. self.num_layers or ""
    return ("%d, %d%s%s"):format(self.input_size, self.hidden_size, layered,
      self.bidirectional and ", bidirectional" or "")
  end

  return Layer
end

--- Long short-term memory (Hochreiter and Schmidhuber, 1997). PyTorch: LSTM.
---
---     local y, state = lstm(x)              -- from zeros
---     local z, after = lstm(more, state)
---
--- x [t, n, input_size] gives y [t, n, hidden_size], the last layer's outputs; with batch_first [n, t, *]. The state
--- {h, c} is that of every layer after the last step, [num_layers, n, hidden_size] each; bidirectional layers have two.
--- Without a batch the n is left out everywhere.
---@class moonlark.nn.LSTM: moonlark.nn.Module
---@param input_size integer  numbers a step
---@param hidden_size integer  numbers of the state
---@param num_layers integer?  default 1; layers after the first read the outputs of the one before
---@param bias boolean?  default true
---@param batch_first boolean?  default false
---@param dropout number?  default 0; of the outputs between layers, while training
---@param bidirectional boolean?  default false; true also reads backwards, and gives 2 hidden_size numbers a step
layers.LSTM = recurrent("LSTM", 4, 2)

--- Gated recurrent units (Cho et al., 2014). PyTorch: GRU.
---
---     local y, state = gru(x)               -- from zeros
---     local z, after = gru(more, state)
---
--- x [t, n, input_size] gives y [t, n, hidden_size], the last layer's outputs; with batch_first [n, t, *]. The state is
--- that of every layer after the last step, [num_layers, n, hidden_size]; bidirectional layers have two. Without a
--- batch the n is left out everywhere.
---@class moonlark.nn.GRU: moonlark.nn.Module
---@param input_size integer  numbers a step
---@param hidden_size integer  numbers of the state
---@param num_layers integer?  default 1; layers after the first read the outputs of the one before
---@param bias boolean?  default true
---@param batch_first boolean?  default false
---@param dropout number?  default 0; of the outputs between layers, while training
---@param bidirectional boolean?  default false; true also reads backwards, and gives 2 hidden_size numbers a step
layers.GRU = recurrent("GRU", 3, 1)

return layers
