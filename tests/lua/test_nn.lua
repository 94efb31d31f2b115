-- Modules and losses against PyTorch 2.15 (tests/reference/nn/generate.py), and what modules know of themselves.
local lib = require "lib"
local lu = require "luaunit"
local files = require "moonlark.base.files"
local nn = require "moonlark.nn"
local optim = require "moonlark.optim"
local torch = require "moonlark.torch"

torch.set_num_threads(1) -- nothing here is large

-- tests/gpu.sh runs this on a GPU.
local device = os.getenv "MOONLARK_TEST_DEVICE" or "cpu"

local weight = torch.tensor {0.5, 1.0, 2.0, 0.25}

local modules = {
  linear = function() return nn.Linear(5, 3) end,
  linear_no_bias = function() return nn.Linear(5, 3, {bias = false}) end,
  conv1d = function() return nn.Conv1d(3, 4, 5, {stride = 2, padding = 2}) end,
  conv1d_same = function() return nn.Conv1d(3, 4, 4, {padding = "same", dilation = 2}) end,
  conv2d = function() return nn.Conv2d(2, 6, {3, 5}, {1, 2}, {1, 0}, 1, 2) end,
  conv2d_dilated = function() return nn.Conv2d(2, 3, 3, {dilation = 2, bias = false}) end,
  conv_transpose1d = function() return nn.ConvTranspose1d(3, 2, 4, 2, 1, 1) end,
  conv_transpose2d = function() return nn.ConvTranspose2d(4, 2, 3, {stride = 2, groups = 2}) end,
  batch_norm1d = function() return nn.BatchNorm1d(4) end,
  batch_norm1d_frames = function() return nn.BatchNorm1d(4, 1e-3, 0.3) end,
  batch_norm2d = function() return nn.BatchNorm2d(3) end,
  batch_norm2d_plain = function() return nn.BatchNorm2d(3, {affine = false, track_running_stats = false}) end,
  layer_norm = function() return nn.LayerNorm {3, 4} end,
  group_norm = function() return nn.GroupNorm(2, 6) end,
  max_pool1d = function() return nn.MaxPool1d(3, 2, 1) end,
  max_pool2d = function() return nn.MaxPool2d(2, {ceil_mode = true}) end,
  avg_pool1d = function() return nn.AvgPool1d(3, {padding = 1, count_include_pad = false}) end,
  avg_pool2d = function() return nn.AvgPool2d({2, 3}) end,
  adaptive_avg_pool1d = function() return nn.AdaptiveAvgPool1d(3) end,
  adaptive_avg_pool2d = function() return nn.AdaptiveAvgPool2d({2, 3}) end,
  adaptive_max_pool1d = function() return nn.AdaptiveMaxPool1d(4) end,
  adaptive_max_pool2d = function() return nn.AdaptiveMaxPool2d(2) end,
  relu = nn.ReLU, gelu = nn.GELU, silu = nn.SiLU, sigmoid = nn.Sigmoid, tanh = nn.Tanh, flatten = nn.Flatten,
  gelu_tanh = function() return nn.GELU "tanh" end,
  elu = function() return nn.ELU(0.5) end,
  leaky_relu = function() return nn.LeakyReLU(0.2) end,
  softmax = function() return nn.Softmax(1) end,
  log_softmax = function() return nn.LogSoftmax {dim = 0} end,
  lstm = function() return nn.LSTM(4, 5) end,
  lstm_deep = function() return nn.LSTM(4, 5, 2, {batch_first = true, bidirectional = true}) end,
  gru = function() return nn.GRU(4, 5, {bias = false}) end,
  gru_deep = function() return nn.GRU(4, 5, 2, {batch_first = true, bidirectional = true}) end,
  sequential = function()
    return nn.Sequential(nn.Conv2d(1, 4, 3, {padding = 1}), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
      nn.Sequential(nn.Flatten(), nn.Linear(48, 5)))
  end,
}

-- Attention: what its calls are given beside the input (tests/reference/nn/generate.py).
local padding = torch.tensor {{0, 0, 0, 0, 0}, {0, 0, 0, 1, 1}} :bool():to(device)
local causal = torch.ones({5, 5}):bool():triu(1):to(device)
local memory = torch.linspace(-1, 1, 48):view {2, 4, 6} :to(device)
local small = {dropout = 0.0, dim_feedforward = 11}

local function with(more)
  for key, value in pairs(small) do more[key] = value end
  return more
end

modules.attention = function() return nn.MultiheadAttention(6, 2) end
modules.attention_no_bias = function() return nn.MultiheadAttention(6, 3, {bias = false, batch_first = true}) end
modules.attention_masked = function() return nn.MultiheadAttention(6, 2, {batch_first = true}) end
modules.attention_heads = function() return nn.MultiheadAttention(6, 1, {batch_first = true}) end
modules.attention_cross = modules.attention_masked
modules.attention_widths = function() return nn.MultiheadAttention(6, 2, {kdim = 4, vdim = 3, batch_first = true}) end
modules.attention_alone = modules.attention
modules.encoder_layer = function() return nn.TransformerEncoderLayer(8, 2, small) end
modules.encoder_layer_first = function()
  return nn.TransformerEncoderLayer(8, 4,
    with {activation = "gelu", norm_first = true, batch_first = true, layer_norm_eps = 1e-3})
end
modules.encoder_layer_no_bias = function() return nn.TransformerEncoderLayer(8, 2, with {bias = false}) end
modules.encoder = function() return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, small), 2) end
modules.encoder_masked = function()
  return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, with {batch_first = true}), 2, nn.LayerNorm(8))
end

local calls = {
  attention_no_bias = function(m, x, o) return m(x, x, x, {average_attn_weights = false, need_weights = o}) end,
  attention_masked = function(m, x, o)
    return m(x, x, x, {key_padding_mask = padding, attn_mask = causal, need_weights = o})
  end,
  attention_heads = function(m, x, o)
    return m(x, x, x, nil, o, ((torch.arange(50.0):view {2, 5, 5} - 25) / 20):to(device))
  end,
  attention_cross = function(m, x, o) return m(x, memory, memory * 0.5, {need_weights = o}) end,
  attention_widths = function(m, x, o) return m(x, memory["..., 0:4"], memory["..., 0:3"], {need_weights = o}) end,
  encoder_layer_first = function(m, x) return m(x, {is_causal = true}) end,
  encoder_masked = function(m, x) return m(x, causal, padding) end,
}

local function call_of(name)
  return calls[name] or function(m, x) return m(x) end
end

local losses = {
  cross_entropy = function() return nn.CrossEntropyLoss() end,
  cross_entropy_weighted = function() return nn.CrossEntropyLoss {weight = weight, label_smoothing = 0.1} end,
  cross_entropy_frames = function() return nn.CrossEntropyLoss {ignore_index = 2, reduction = "sum"} end,
  cross_entropy_soft = function() return nn.CrossEntropyLoss {reduction = "none"} end,
  nll = function() return nn.NLLLoss {weight = weight} end,
  bce_with_logits = function() return nn.BCEWithLogitsLoss {pos_weight = weight} end,
  mse = function() return nn.MSELoss() end,
  l1 = function() return nn.L1Loss {reduction = "sum"} end,
  huber = function() return nn.HuberLoss {delta = 0.7} end,
  smooth_l1 = function() return nn.SmoothL1Loss {beta = 0.5} end,
}

local reference = torch.load "tests/reference/nn/nn.safetensors"
for key, tensor in pairs(reference) do reference[key] = tensor:to(device) end

-- The frozen tensors of a module's state or gradients, by key.
local function frozen(name, what)
  local prefix, found = name .. "/" .. what .. "/", {}
  for key, tensor in pairs(reference) do
    if key:sub(1, #prefix) == prefix then found[key:sub(#prefix + 1)] = tensor end
  end
  return found
end

local distance = lib.distance

TestReference, TestModule = {}, {}

function TestReference:test_modules_agree_with_pytorch()
  local names = {}
  for name in pairs(modules) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local module = modules[name]():to(device)
    module:load_state_dict(frozen(name, "state"))
    local input = reference[name .. "/input"]:clone():requires_grad_(true)
    local call = call_of(name)
    local output, weights = call(module, input)
    local worst = distance(output:detach(), reference[name .. "/output"])
    local expected = reference[name .. "/weights"]
    if expected then worst = math.max(worst, distance(weights:detach(), expected)) end
    local total = (output * reference[name .. "/slope"]):sum()
    total:backward()
    worst = math.max(worst, distance(input:grad(), reference[name .. "/grad_input"]))
    for key, gradient in pairs(frozen(name, "grad")) do
      for own, parameter in module:named_parameters() do
        if own == key then worst = math.max(worst, distance(parameter:grad(), gradient)) end
      end
    end
    local evaluated = call(module:eval(), input:detach())
    worst = math.max(worst, distance(evaluated:detach(), reference[name .. "/eval"]))
    print(("%-24s largest deviation %.1e"):format(name, worst))
    lu.assertTrue(worst <= 1e-5, name)
  end
end

function TestReference:test_ten_steps_of_training_are_pytorchs()
  local count = 0
  for name, make in pairs(modules) do
    local expected, worst = reference[name .. "/losses"], 0
    if expected then
      local module = make():to(device):load_state_dict(frozen(name, "state"))
      local opt = optim.SGD(module:parameters(), {lr = 0.05})
      for step, loss in ipairs(expected:totable()) do
        opt:zero_grad()
        local output = call_of(name)(module, reference[name .. "/input"])
        local value = ((output - reference[name .. "/slope"]) ^ 2):mean()
        value:backward()
        opt:step()
        worst = math.max(worst, math.abs(value:item() - loss) / math.max(1, loss))
        lu.assertTrue(worst <= 1e-5, ("%s, step %d: %.1e"):format(name, step, worst))
      end
      count = count + 1
    end
  end
  lu.assertEquals(count, 30)
end

function TestReference:test_attention_without_weights_is_the_same()
  for name in pairs(modules) do
    if name:find "^attention" then
      local module = modules[name]():to(device):load_state_dict(frozen(name, "state"))
      local input = reference[name .. "/input"]:clone():requires_grad_(true)
      local output, weights
      if calls[name] then
        output, weights = calls[name](module, input, false)
      else
        output, weights = module(input, nil, nil, {need_weights = false})
      end
      lu.assertNil(weights)
      lu.assertTrue(distance(output:detach(), reference[name .. "/output"]) <= 1e-5, name)
      local total = (output * reference[name .. "/slope"]):sum()
      total:backward()
      lu.assertTrue(distance(input:grad(), reference[name .. "/grad_input"]) <= 1e-5, name)
    end
  end
end

function TestReference:test_the_same_seed_begins_with_the_same_numbers()
  for name, make in pairs(modules) do
    torch.manual_seed(7)
    local state = make():to(device):state_dict()
    for key, value in pairs(frozen(name, "state")) do
      lu.assertTrue(distance(state[key], value) <= 1e-6, name .. " " .. key)
    end
  end
end

function TestReference:test_losses_agree_with_pytorch()
  for name, make in pairs(losses) do
    local input = reference[name .. "/input"]:clone():requires_grad_(true)
    local output = make():to(device)(name == "nll" and input:log_softmax(1) or input, reference[name .. "/target"])
    lu.assertTrue(distance(output:detach(), reference[name .. "/output"]) <= 1e-5, name)
    local total = (output * reference[name .. "/slope"]):sum()
    total:backward()
    lu.assertTrue(distance(input:grad(), reference[name .. "/grad_input"]) <= 1e-5, name)
  end
end

-- modules ---------------------------------------------------------------------------

local Net = nn.Module:extend "Net"

function Net:init(classes)
  self.features = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 8)))
  self.head = nn.Linear(8, classes)
  self.scale = nn.Parameter(torch.ones {1})
  self:register_buffer("seen", torch.tensor(0))
  self.note = "plain"
end

function Net:forward(x) return self.head(self.features(x)) * self.scale end

function TestModule:test_fields_are_registered_in_order()
  local net = Net(3)
  lu.assertEquals(net:state_keys(), {"scale", "seen", "features.0.weight", "features.0.bias", "features.2.0.weight",
    "features.2.0.bias", "head.weight", "head.bias"})
  lu.assertTrue(torch.is_tensor(net.scale))
  lu.assertEquals({net.note, #net:parameters(), #net:children()}, {"plain", 7, 2})
  lu.assertEquals({net:count()}, {1 + 40 + 72 + 27, 1 + 40 + 72 + 27})
  net.head = nn.Linear(8, 5)
  lu.assertEquals(net(torch.ones {2, 4}):shape(), {2, 5})
  net.head = nil
  lu.assertEquals(#net:children(), 1)
  lu.assertErrorMsgContains("scale is a parameter: assign nn.Parameter(tensor)", function()
    net.scale = torch.ones {1}
  end)
  net.scale = nn.Parameter(torch.zeros {1})
  lu.assertEquals(net:state_dict().scale:item(), 0)
end

function TestModule:test_freeze_train_and_zero_grad()
  local net = Net(3)
  net:freeze "^features"
  lu.assertEquals({net:count()}, {140, 28})
  net(torch.ones {2, 4}):sum():backward()
  lu.assertNil(net.features["0"].weight:grad())
  lu.assertNotNil(net.head.weight:grad())
  net:unfreeze()
  lu.assertEquals({net:count()}, {140, 140})
  lu.assertErrorMsgContains("no parameter's name matches '^body'", net.freeze, net, "^body")
  net:eval()
  lu.assertFalse(net.features["2"]["0"].training)
  net:train()
  lu.assertTrue(net.features["2"].training)
end

function TestModule:test_errors_say_where()
  local net = Net(3)
  lu.assertErrorMsgContains("features.0 (Linear(4, 8)): expected input [*, 4], got [2, 5]: ", net, torch.ones {2, 5})
  net.features["2"]["0"] = nn.Linear(9, 8)
  lu.assertErrorMsgContains("features.2.0 (Linear(9, 8)): expected input [*, 9], got [2, 8]: ", net, torch.ones {2, 4})
  lu.assertErrorMsgContains("Conv2d needs kernel_size", nn.Conv2d, 1, 2)
  lu.assertErrorMsgContains("did you mean 'padding'", nn.Conv2d, 1, 2, 3, {paddin = 1})
  lu.assertErrorMsgContains("Conv2d: stride is given twice", nn.Conv2d, 1, 2, 3, 1, {stride = 2})
  lu.assertErrorMsgContains("multiples of groups (2), got 3 and 4", nn.Conv1d, 3, 4, 5, {groups = 2})
  lu.assertErrorMsgContains("p must be a number 0..1, got 2", nn.Dropout, 2)
  lu.assertErrorMsgContains("Sequential holds modules, got number", nn.Sequential, nn.ReLU(), 3)
  lu.assertErrorMsgContains('nn.MSELoss: reduction must be "none", "mean" or "sum", got string "max"', nn.MSELoss,
    {reduction = "max"})
end

function TestModule:test_states_are_saved_and_checked()
  local place = files.temporary_folder()
  local net, path = Net(3), place .. "/net.safetensors"
  net:save(path)
  local again = Net(3):load(path)
  lu.assertTrue(torch.equal(net(torch.ones {1, 4}), again(torch.ones {1, 4})))
  local other = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
  local ok, message = pcall(other.load, other, path)
  files.remove(place)
  lu.assertFalse(ok)
  for _, fault in ipairs {"missing: 0.weight", "missing: 1.bias", "unknown: features.2.0.weight", "unknown: seen"} do
    lu.assertStrContains(message, fault)
  end
  local state = net:state_dict()
  state["head.bias"] = torch.zeros {4}
  lu.assertErrorMsgContains("shape: head.bias is [3], the state has [4]", net.load_state_dict, net, state)
  lu.assertTrue(torch.equal(net.head.bias, again.head.bias)) -- nothing was copied
  state["head.bias"], state.extra = nil, torch.ones {1}
  net:load_state_dict(state, {strict = false})
end

function TestModule:test_a_state_is_taken_over()
  local state = Net(3):to "float64":state_dict()
  local net = Net(3):freeze "head":load_state_dict(state, {assign = true})
  lu.assertEquals({net.head.bias:dtype(), net.head.bias:requires_grad(), net.features[0].weight:requires_grad()},
    {"float64", false, true})
  state["head.bias"]:fill_(7)
  lu.assertEquals(net.head.bias:totable(), {7, 7, 7})
  local tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
  tied[1].weight = nn.Parameter(tied[0].weight)
  local fresh = {}
  for name, value in pairs(tied:state_dict()) do fresh[name] = value:clone() end
  tied:load_state_dict(fresh, {assign = true})
  lu.assertTrue(rawequal(tied[0].weight, tied[1].weight))
  lu.assertEquals(#tied:parameters(), 3)
end

function TestModule:test_summary_and_text()
  local net = Net(3)
  lu.assertStrContains(tostring(net), "Net {\n  (features): Sequential {\n    (0): Linear(4, 8)\n    (1): ReLU\n")
  local text = net:summary {2, 4}
  lu.assertStrMatches(text, ".*\nfeatures%.2%.0 +Linear%(8, 8%) +%[2, 8%] +72\n.*140 parameters, 140 of them trained")
  lu.assertTrue(net.training)
  lu.assertErrorMsgContains("features.0", net.summary, net, {2, 5})
  lu.assertEquals(net(torch.ones {2, 4}):shape(), {2, 3})
end

function TestModule:test_summary_of_several_results_and_mixed_modes()
  local Tagger = nn.Module:extend "Tagger"
  function Tagger:init()
    self.lstm, self.head = nn.LSTM(4, 6, {batch_first = true}), nn.Linear(6, 2)
  end
  function Tagger:forward(x)
    local _, state = self.lstm(x)
    return self.head(state[1][-1])
  end
  local net = Tagger():to "float64"
  net.lstm:eval()
  local text = net:summary {3, 7, 4}
  lu.assertStrMatches(text, ".*\nlstm +LSTM%(4, 6%) +%[3, 7, 6%] +288\nhead +Linear%(6, 2%) +%[3, 2%] +14\n.*")
  lu.assertEquals({net.training, net.lstm.training, net.head.training}, {true, false, true})
end

function TestModule:test_recurrent_layers_without_a_batch()
  for _, class in ipairs {nn.LSTM, nn.GRU} do
    for _, batch_first in ipairs {false, true} do
      local layer = class(4, 6, 2, {batch_first = batch_first, bidirectional = true})
      local x, axis = torch.randn {5, 4}, batch_first and 0 or 1
      local y, state = layer(x:unsqueeze(axis))
      local again, own = layer(x)
      lu.assertEquals(distance(again:detach(), y:squeeze(axis):detach()), 0)
      local h = torch.is_tensor(own) and own or own[1]
      lu.assertEquals(h:shape(), {4, 6})
      local on, whole = layer(x, own), layer(x:unsqueeze(axis), state)
      lu.assertEquals(distance(on:detach(), whole:squeeze(axis):detach()), 0)
    end
  end
  lu.assertErrorMsgContains("the input has 1 axes", nn.LSTM(4, 6), torch.randn {4})
end

function TestModule:test_dropout_between_recurrent_layers()
  local x = torch.randn {2, 5, 4}
  for _, class in ipairs {nn.LSTM, nn.GRU} do
    local deep = class(4, 6, 2, {dropout = 0.5, batch_first = true})
    lu.assertTrue(distance(deep(x):detach(), deep(x):detach()) > 0)
    deep:eval()
    lu.assertEquals(distance(deep(x):detach(), deep(x):detach()), 0)
    local plain = class(4, 6, 2, {batch_first = true}):load_state_dict(deep:state_dict())
    lu.assertTrue(distance(deep(x):detach(), plain(x):detach()) <= 1e-6)
    lu.assertErrorMsgContains("dropout must be a number 0..1, got 2", class, 4, 6, {dropout = 2})
  end
end

function TestModule:test_lists_and_dicts()
  local list = nn.ModuleList {nn.Linear(2, 3), nn.ReLU()}
  list:append(nn.Linear(3, 4))
  lu.assertEquals(list:state_keys(), {"0.weight", "0.bias", "2.weight", "2.bias"})
  lu.assertEquals({list:at(-1).out_features, list:at(0).out_features}, {4, 3})
  lu.assertErrorMsgContains("index 3 is out of 3 modules", list.at, list, 3)
  local count = 0
  for i in list:each() do count = count + i end
  lu.assertEquals(count, 3)
  local one = nn.Linear(1, 1, false)
  lu.assertEquals(nn.ModuleDict {b = one, a = one}:state_keys(), {"a.weight", "b.weight"})
  local dict = nn.ModuleDict {{"b", one}, {"a", nn.ReLU()}}
  local names = {}
  for name in dict:each() do names[#names + 1] = name end
  lu.assertEquals({names, dict.b.in_features}, {{"b", "a"}, 1})
  lu.assertErrorMsgContains("a name must be a string, got number", nn.ModuleDict, {one})
  lu.assertErrorMsgContains("ModuleDict holds modules, got number", nn.ModuleDict, {a = 3})
  lu.assertEquals(nn.Sequential(nn.ReLU(), one)[1].in_features, 1)
end

function TestModule:test_dropout_and_embedding()
  torch.manual_seed(1)
  local x = torch.ones {1000}
  local dropout = nn.Dropout(0.25)
  local kept = dropout(x)
  lu.assertAlmostEquals(kept:mean():item(), 1, 0.1)
  lu.assertAlmostEquals(kept:max():item(), 1 / 0.75, 1e-6)
  lu.assertTrue(torch.equal(dropout:eval()(x), x))
  local whole = nn.Dropout2d(0.5)(torch.ones {4, 8, 3, 3}):sum({2, 3})
  lu.assertTrue((whole:eq(0) + whole:eq(18)):all():item())
  local table_of = nn.Embedding(5, 3, 2)
  lu.assertEquals(table_of(torch.tensor {{2, 4}}):shape(), {1, 2, 3})
  lu.assertEquals(table_of.weight[2]:abs():sum():item(), 0)
  local last = nn.Embedding(5, 3, -1)
  last(torch.tensor {4, 1}):sum():backward()
  lu.assertEquals(last.weight:grad():sum({1}):totable(), {0, 3, 0, 0, 0})
  lu.assertErrorMsgContains("padding_idx must be -5..4, got 5", nn.Embedding, 5, 3, 5)
end

function TestModule:test_clones_share_nothing()
  local net = Net(3):eval()
  net.notes = {"a", {list = net.features}}
  net:freeze "^head"
  local copy = net:clone()
  lu.assertTrue(torch.equal(copy(torch.ones {2, 4}), net(torch.ones {2, 4})))
  lu.assertEquals({copy.training, copy:state_keys(), tostring(copy)}, {false, net:state_keys(), tostring(net)})
  lu.assertEquals({copy:count()}, {net:count()})
  lu.assertTrue(rawequal(copy.notes[2].list, copy.features))
  torch.no_grad(function() for _, parameter in ipairs(copy:parameters()) do parameter:fill_(0) end end)
  copy.notes[1], copy.seen = "b", torch.tensor(7)
  lu.assertTrue(net.head.weight:abs():sum():item() > 0)
  lu.assertEquals({net.notes[1], net.seen:item()}, {"a", 0})
end

function TestModule:test_shared_weights_stay_shared()
  local net = nn.Sequential(nn.Embedding(7, 3), nn.Linear(3, 7, false))
  net["1"].weight = nn.Parameter(net["0"].weight)
  for _, each in ipairs {net, net:clone(), net:clone():to "float64"} do
    lu.assertEquals({#each:parameters(), each:count()}, {1, 21, 21})
    lu.assertEquals(each:state_keys(), {"0.weight", "1.weight"})
    each(torch.tensor {1, 2}):sum():backward()
    lu.assertTrue(rawequal(each["0"].weight, each["1"].weight))
    lu.assertTrue(each["1"].weight:grad()[0]:abs():sum():item() > 0)
  end
end

function TestModule:test_attention_over_many_blocks_and_causally()
  torch.manual_seed(3)
  local attention = nn.MultiheadAttention(16, 4, {batch_first = true})
  local x = torch.randn {2, 300, 16}
  local later = torch.ones({300, 300}):bool():triu(1)
  local whole, weights = attention(x, x, x, {attn_mask = later})
  lu.assertEquals(weights:shape(), {2, 300, 300})
  lu.assertEquals(weights[{0, 5}]:gt(0):sum():item(), 6)
  for _, given in ipairs {{is_causal = true}, {is_causal = true, need_weights = false},
    {attn_mask = later, need_weights = false},
    {is_causal = true, need_weights = false, key_padding_mask = torch.zeros({2, 300}):bool()}} do
    lu.assertTrue(distance(attention(x, x, x, given):detach(), whole:detach()) <= 1e-5)
  end
end

function TestModule:test_attention_mistakes()
  local attention = nn.MultiheadAttention(6, 2, {batch_first = true})
  local x = torch.randn {2, 5, 6}
  lu.assertErrorMsgContains("embed_dim must be a multiple of num_heads (4), got 6", nn.MultiheadAttention, 6, 4)
  lu.assertErrorMsgContains("dropout must be a number 0..1, got 3", nn.MultiheadAttention, 6, 2, {dropout = 3})
  lu.assertErrorMsgContains("key_padding_mask must be [2, 5], got [5, 2]", attention, x, x, x,
    {key_padding_mask = torch.zeros {5, 2}})
  lu.assertErrorMsgContains("attn_mask must be [5, 5] or [4, 5, 5], got [5, 4]", attention, x, x, x,
    {attn_mask = torch.zeros {5, 4}})
  lu.assertErrorMsgContains("expected input [n, t, 6], got [2, 5, 4]", attention, torch.randn {2, 5, 4})
  lu.assertErrorMsgContains("did you mean 'attn_mask'", attention, x, x, x, {atn_mask = causal})
  lu.assertErrorMsgContains('activation must be "relu" or "gelu" or a function, got string "tanhh"',
    nn.TransformerEncoderLayer, 8, 2, {activation = "tanhh"})
  lu.assertErrorMsgContains("nn.TransformerEncoder: encoder_layer must be a module, got 3", nn.TransformerEncoder, 3, 2)
  local encoder = modules.encoder()
  encoder.layers:at(1).linear2 = nn.Linear(7, 8)
  lu.assertErrorMsgContains("layers.1.linear2 (Linear(7, 8)): expected input [*, 7], got [5, 2, 11]", encoder,
    torch.randn {5, 2, 8})
end

-- A net whose forward lets others compute in between.
local function pausing(width)
  local Net = nn.Module:extend("Pausing" .. width)
  function Net:init() self.first, self.second = nn.Linear(width, width), nn.Linear(width, width) end
  function Net:forward(x)
    local y = self.first(x)
    coroutine.yield()
    return self.second(y)
  end
  return Net()
end

function TestModule:test_coroutines_do_not_mix_their_paths()
  local narrow, wide = pausing(3), pausing(5)
  wide.second = nn.Linear(4, 4)
  local function start(net, width)
    local thread = coroutine.create(function() return net(torch.ones {1, width}) end)
    lu.assertTrue(coroutine.resume(thread))
    return thread
  end
  local one, two = start(narrow, 3), start(wide, 5)
  lu.assertEquals(nn.Linear(2, 2)(torch.ones {1, 2}):shape(), {1, 2})
  local ok, message = coroutine.resume(two)
  lu.assertFalse(ok)
  lu.assertStrContains(message, "second (Linear(4, 4)): expected input [*, 4], got [1, 5]: ")
  ok, message = coroutine.resume(one)
  lu.assertTrue(ok, tostring(message))
  lu.assertEquals(message:shape(), {1, 3})
end

function TestModule:test_another_precision()
  local net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)):to "float64"
  lu.assertEquals({net["0"].weight:dtype(), net["1"].running_mean:dtype(), net["1"].num_batches_tracked:dtype()},
    {"float64", "float64", "int64"})
  lu.assertTrue(net["0"].weight:requires_grad())
  lu.assertEquals(net(torch.ones({2, 3}, {dtype = "float64"})):dtype(), "float64")
end

function TestModule:test_a_small_network_learns()
  torch.manual_seed(2)
  local x = torch.randn {64, 4}
  local y = (x:select(1, 0) * x:select(1, 1)):gt(0):to "int64"
  local net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
  local loss, last = nn.CrossEntropyLoss(), nil
  for _ = 1, 300 do
    net:zero_grad()
    local value = loss(net(x), y)
    value:backward()
    torch.no_grad(function()
      for _, parameter in ipairs(net:parameters()) do parameter:sub_(parameter:grad() * 0.3) end
    end)
    last = value:item()
  end
  lu.assertTrue(last < 0.2, tostring(last))
end

lib.run()
