--- LSTM and GRU: stacked, bidirectional.
local Parameter = require "moonlark.nn.module".Parameter
local init = require "moonlark.nn.initialise"
local layer = require "moonlark.nn.layer"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local torch = require "moonlark.torch"

local boolean = options.boolean
local layers = {}

local fields = {
  input_size = layer.size "numbers a step",
  hidden_size = layer.size "numbers of the state",
  num_layers = options.integer(1, {least = 1}, "layers after the first read the outputs of the one before"),
  bias = boolean(true, "numbers that are added before the gates"),
  batch_first = boolean(false, "the batch is the first axis, time the second"),
  dropout = layer.probability(0.0, "of the outputs between layers, while training"),
  bidirectional = boolean(false, "also reads backwards, and gives 2 hidden_size numbers a step"),
}

-- {name, shape} of the parameters of a layer, counted from 0, in one direction; `gates`: rows for each hidden unit.
local function shapes_of(o, gates, layer, direction)
  local suffix = ("_l%d%s"):format(layer, direction == 2 and "_reverse" or "")
  local width = layer == 0 and o.input_size or o.hidden_size * (o.bidirectional and 2 or 1)
  local rows = gates * o.hidden_size
  local list = {{"weight_ih" .. suffix, {rows, width}}, {"weight_hh" .. suffix, {rows, o.hidden_size}}}
  if o.bias then list[3], list[4] = {"bias_ih" .. suffix, {rows}}, {"bias_hh" .. suffix, {rows}} end
  return list
end

-- Registers all parameters; self.keys has their names in the order in which libtorch wants them.
local function make_parameters(self, o, gates)
  local bound = 1 / math.sqrt(o.hidden_size)
  self.keys = {}
  for layer = 0, o.num_layers - 1 do
    for direction = 1, self.directions do
      for _, it in ipairs(shapes_of(o, gates, layer, direction)) do
        self[it[1]] = Parameter(init.uniform(torch.empty(it[2]), -bound, bound))
        self.keys[#self.keys + 1] = it[1]
      end
    end
  end
end

-- A state of zeros for a batch: a list of tensors.
local function zero_state(self, x, tensors)
  local shape, state = {self.num_layers * self.directions, x:size(self.batch_first and 0 or 1), self.hidden_size}, {}
  for i = 1, tensors do state[i] = torch.zeros(shape, {dtype = x:dtype(), device = x:device()}) end
  return state
end

-- A state without a batch as one of a batch of 1.
local function batched(state)
  if state[1]:dim() ~= 2 then return state end
  local list = {}
  for i, tensor in ipairs(state) do list[i] = tensor:unsqueeze(1) end
  return list
end

-- `states`: how many tensors a hidden state has.
local function recurrent(name, operator, gates, states)
  return layer.class(name, fields, {
    init = function(self, o)
      for key, value in pairs(o) do self[key == "bias" and "has_bias" or key] = value end
      self.directions = o.bidirectional and 2 or 1
      make_parameters(self, o, gates)
    end,
    forward = function(self, x, state)
      if x:dim() ~= 3 and x:dim() ~= 2 then show.fail("the input has %d axes", x:dim()) end
      local alone, axis = x:dim() == 2, self.batch_first and 0 or 1
      if alone then x = x:unsqueeze(axis) end
      if torch.is_tensor(state) then state = {state} end
      state = state and (alone and batched(state) or state) or zero_state(self, x, states)
      local weights = {}
      for i, key in ipairs(self.keys) do weights[i] = self[key] end
      local y, h, c = operator(x, states == 2 and state or state[1], weights, self.has_bias, self.num_layers,
        self.dropout + 0.0, self.training, self.bidirectional, self.batch_first)
      if alone then y, h, c = y:squeeze(axis), h:squeeze(1), c and c:squeeze(1) end
      return y, states == 2 and {h, c} or h
    end,
    expects = function(self) return layer.in_time(self, self.input_size) end,
    arguments = function(self)
      local layered = self.num_layers > 1 and ", num_layers = " .. self.num_layers or ""
      return ("%d, %d%s%s"):format(self.input_size, self.hidden_size, layered,
        self.bidirectional and ", bidirectional" or "")
    end,
  })
end

--- Long short-term memory (Hochreiter and Schmidhuber, 1997). PyTorch: LSTM.
---
--- x [t, n, input_size] gives y [t, n, hidden_size], the last layer's outputs; with batch_first [n, t, *]. The state
--- {h, c} is that of every layer after the last step, [num_layers, n, hidden_size] each; bidirectional layers have two.
--- Without a batch the n is left out everywhere.
---     local lstm = nn.LSTM(40, 64, {batch_first = true})
---     local y, state = lstm(x)              -- from zeros
---     local z, after = lstm(more, state)
---@class moonlark.nn.LSTM: moonlark.nn.Module
layers.LSTM = recurrent("LSTM", torch.lstm, 4, 2)

--- Gated recurrent units (Cho et al., 2014): called as an LSTM is, but the state is one tensor. PyTorch: GRU.
---     local y, state = nn.GRU(40, 64, {batch_first = true})(x)
---@class moonlark.nn.GRU: moonlark.nn.Module
layers.GRU = recurrent("GRU", torch.gru, 3, 1)

return layers
