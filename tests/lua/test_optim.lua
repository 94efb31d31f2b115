-- Optimisers against ten steps of PyTorch's (tests/reference/optim/generate.py), schedules against thirty; their
-- states and their mistakes.
local lu = require "luaunit"
local json = require "moonlark.base.json"
local nn = require "moonlark.nn"
local optim = require "moonlark.optim"
local torch = require "moonlark.torch"

-- tests/gpu.sh runs this on a GPU.
local device = os.getenv "MOONLARK_TEST_DEVICE" or "cpu"

local reference = torch.load "tests/reference/optim/optim.safetensors"
for key, tensor in pairs(reference) do reference[key] = tensor:to(device) end

local cases = {
  sgd = function(a, b) return optim.SGD({a, b}, {lr = 0.1}) end,
  sgd_momentum = function(a, b)
    return optim.SGD({a, b}, {lr = 0.05, momentum = 0.9, dampening = 0.1, weight_decay = 0.02})
  end,
  sgd_nesterov = function(a, b) return optim.SGD({a, b}, {lr = 0.05, momentum = 0.8, nesterov = true}) end,
  adam = function(a, b) return optim.Adam({lr = 0.05}):bind {a, b} end,
  adam_decay = function(a, b)
    return optim.Adam({a, b}, {lr = 0.05, betas = {0.8, 0.99}, weight_decay = 0.1, amsgrad = true})
  end,
  adamw = function(a, b) return optim.AdamW({a, b}, {lr = 0.05}) end,
  adamw_groups = function(a, b)
    return optim.AdamW({{params = {a}, lr = 0.1}, {params = {b}, weight_decay = 0.3}}, {lr = 0.02, eps = 1e-4})
  end,
  rmsprop = function(a, b) return optim.RMSprop({a, b}, {lr = 0.02}) end,
  rmsprop_centered = function(a, b)
    return optim.RMSprop({a, b}, {lr = 0.02, alpha = 0.9, momentum = 0.5, centered = true, weight_decay = 0.1})
  end,
  clipped = function(a, b) return optim.SGD({a, b}, {lr = 0.1}) end,
}

local function start()
  return reference["start/a"]:clone():requires_grad_(true), reference["start/b"]:clone():requires_grad_(true)
end

-- One step; the loss before it.
local function step(opt, a, b, clip)
  opt:zero_grad()
  local loss = ((a:matmul(reference["start/x"]) - 1) ^ 2):mean() + (b ^ 4):sum()
  loss:backward()
  if clip then optim.clip_grad_norm({a, b}, clip) end
  opt:step()
  return loss:item()
end

local function distance(a, b) return (a:detach() - b):abs():max():item() end

TestOptim = {}

function TestOptim:test_ten_steps_are_pytorchs()
  for name, make in pairs(cases) do
    local a, b = start()
    local opt, losses = make(a, b), {}
    for i = 1, 10 do losses[i] = step(opt, a, b, name == "clipped" and 0.5 or nil) end
    local worst = math.max(distance(a, reference[name .. "/a"]), distance(b, reference[name .. "/b"]))
    for i, loss in ipairs(reference[name .. "/losses"]:totable()) do
      worst = math.max(worst, math.abs(loss - losses[i]) / math.max(1, loss))
    end
    print(("%-18s largest deviation %.1e"):format(name, worst))
    lu.assertTrue(worst <= 1e-5, name)
  end
end

function TestOptim:test_a_saved_state_goes_on_to_the_bit()
  for name, make in pairs(cases) do
    local a, b = start()
    local whole = make(a, b)
    for _ = 1, 5 do step(whole, a, b) end
    local saved = whole:state_dict()
    local c, d = a:detach():clone():requires_grad_(true), b:detach():clone():requires_grad_(true)
    local resumed = make(c, d)
    resumed.groups[1].lr = 99
    resumed:load_state_dict(saved)
    for _ = 1, 5 do
      step(whole, a, b)
      step(resumed, c, d)
    end
    lu.assertTrue(torch.equal(a, c) and torch.equal(b, d), name)
  end
end

function TestOptim:test_parameters_without_gradient_stay()
  local a, b = start()
  local opt = optim.AdamW({a, b}, {lr = 0.1})
  opt:zero_grad();
  (a * a):sum():backward()
  opt:step()
  lu.assertEquals(distance(b, reference["start/b"]), 0)
  lu.assertTrue(distance(a, reference["start/a"]) > 0)
end

function TestOptim:test_clipping()
  local a, b = start();
  ((a * 30):sum() + b:sum()):backward()
  local norm = optim.clip_grad_norm({a, b}, 2)
  lu.assertAlmostEquals(norm, math.sqrt(12 * 900 + 5), 1e-2)
  lu.assertAlmostEquals(math.sqrt(a:grad():norm():item() ^ 2 + b:grad():norm():item() ^ 2), 2, 1e-4)
  optim.clip_grad_value({a, b}, 0.1)
  lu.assertAlmostEquals(a:grad():max():item(), 0.1, 1e-7)
  lu.assertErrorMsgContains("max_norm must be a number above 0, got 0", optim.clip_grad_norm, {a}, 0)
end

function TestOptim:test_mistakes()
  local a, b = start()
  lu.assertErrorMsgContains("optim.SGD: there are no parameters", optim.SGD, {}, {lr = 1})
  lu.assertErrorMsgContains("unknown option of optim.SGD: '1'", optim.SGD, {{a}, {b}})
  lu.assertErrorMsgContains("optim.Adam: lr must be a number 0 or more, got -1", optim.Adam, {a}, {lr = -1})
  lu.assertErrorMsgContains("lr must be a number 0 or more, got nan", optim.Adam, {a}, {lr = 0 / 0})
  lu.assertErrorMsgContains("optim.SGD: lr must be a finite number 0 or more, got inf", optim.SGD, {a},
    {lr = math.huge})
  lu.assertErrorMsgContains("betas must be a list of 2 numbers 0 or more and below 1, got 1 as item 2", optim.Adam,
    {a}, {betas = {0.9, 1}})
  lu.assertErrorMsgContains("did you mean 'momentum'", optim.SGD, {a}, {momentun = 0.9})
  lu.assertErrorMsgContains("did you mean 'momentum'", optim.SGD, {momentun = 0.9})
  lu.assertErrorMsgContains("nesterov needs a momentum", optim.SGD, {a}, {nesterov = true})
  lu.assertErrorMsgContains("parameter 1 is no tensor, but a string", optim.SGD, {{params = {"a"}}}, {lr = 1})
  lu.assertErrorMsgContains("parameter 1 is given twice", optim.SGD, {{params = {a, b}}, {params = {b}}})
  lu.assertErrorMsgContains("parameter 2 is computed from others", optim.SGD, {a, b * 2})
  lu.assertErrorMsgContains("give net:parameters()", optim.SGD, nn.Linear(1, 1))
  lu.assertErrorMsgContains("give net:parameters()", optim.SGD, nn.Sequential(nn.ReLU()), {lr = 1})
  local opt = optim.Adam({a, b}, {lr = 1})
  step(opt, a, b)
  lu.assertErrorMsgContains("of a parameter that is not there", function()
    local alone = optim.Adam({a}, {lr = 1})
    alone:load_state_dict(opt:state_dict())
  end)
end

function TestOptim:test_a_norm_that_is_not_finite_scales_nothing()
  local a, b = start()
  a:set_grad(torch.full({3, 4}, math.huge))
  b:set_grad(torch.full({5}, 2.0))
  lu.assertEquals(optim.clip_grad_norm({a, b}, 1), math.huge)
  lu.assertEquals(b:grad():min():item(), 2)
  a:set_grad(torch.full({3, 4}, 0 / 0))
  local norm = optim.clip_grad_norm({a, b}, 1)
  lu.assertTrue(norm ~= norm)
  lu.assertEquals(b:grad():max():item(), 2)
  a:set_grad(nil)
  b:set_grad(nil)
  lu.assertEquals(optim.clip_grad_norm({a, b}, 1), 0)
end

function TestOptim:test_two_halves_make_a_batch()
  torch.manual_seed(4)
  local whole = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
  local halves = whole:clone()
  local x, y, loss = torch.randn {8, 6}, torch.randint(0, 3, {8}), nn.CrossEntropyLoss()
  local one, two = optim.AdamW(whole:parameters(), {lr = 0.01}), optim.AdamW(halves:parameters(), {lr = 0.01})
  for _ = 1, 5 do
    one:zero_grad()
    loss(whole(x), y):backward()
    one:step()
    two:zero_grad()
    for from = 0, 4, 4 do (loss(halves(x:narrow(0, from, 4)), y:narrow(0, from, 4)) / 2):backward() end
    two:step()
  end
  local state = whole:state_dict()
  for name, tensor in pairs(halves:state_dict()) do lu.assertTrue(distance(tensor, state[name]) <= 1e-6, name) end
end

function TestOptim:test_memory_out_of_order_and_steps_that_differ()
  local function run(order)
    local a, b = start()
    if order then a = a:detach():t():contiguous():t():requires_grad_(true) end
    local opt = optim.AdamW({a, b}, {lr = 0.05, amsgrad = true})
    for i = 1, 6 do
      opt:zero_grad()
      local loss = (a ^ 2):sum()
      if i > 3 then loss = loss + (b ^ 4):sum() end
      loss:backward()
      opt:step()
    end
    return a, b
  end
  local a, b = run(false)
  local c, d = run(true)
  lu.assertEquals(c:stride(1), 3)
  lu.assertTrue(distance(a, c:detach()) <= 1e-6 and distance(b, d:detach()) <= 1e-6)
end

-- averages ------------------------------------------------------------------------------

TestAverage = {}

local function part(name)
  local found = {}
  for key, tensor in pairs(reference) do
    local own = key:match("^" .. name .. "/(.+)$")
    if own then found[own] = tensor end
  end
  return found
end

local function small_net() return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)):to(device) end

local function same_states(a, b, allowed)
  for name, tensor in pairs(b) do lu.assertTrue(distance(a[name], tensor) <= allowed, name) end
end

-- Steps of training with an average.
local function train(net, ema, opt, steps)
  for _ = 1, steps do
    opt:zero_grad();
    ((net(reference["ema/x"]) - 1) ^ 2):mean():backward()
    opt:step()
    ema:update()
  end
end

function TestAverage:test_it_is_pytorchs()
  local net = small_net():load_state_dict(part "ema/start")
  local ema = optim.EMA(net, {decay = 0.9})
  train(net, ema, optim.SGD(net:parameters(), {lr = 0.1}), 8)
  same_states(net:state_dict(), part "ema/net", 1e-6)
  same_states(ema:state_dict().tensors, part "ema/average", 1e-6)
  ema:swap()
  same_states(net:state_dict(), part "ema/average", 1e-6)
  same_states(ema:state_dict().tensors, part "ema/average", 1e-6)
  lu.assertErrorMsgContains("call ema:swap() first", ema.update, ema)
  ema:swap()
  same_states(net:state_dict(), part "ema/net", 1e-6)
end

function TestAverage:test_a_saved_average_goes_on()
  local net = small_net():load_state_dict(part "ema/start")
  local opt, ema = optim.SGD(net:parameters(), {lr = 0.1}), optim.EMA(net, {decay = 0.9, warmup = true})
  train(net, ema, opt, 3)
  local copy = net:clone()
  local saved = ema:state_dict()
  local again = optim.EMA(copy, {decay = 0.9, warmup = true}):load_state_dict(saved)
  train(copy, again, optim.SGD(copy:parameters(), {lr = 0.1}), 4)
  train(net, ema, opt, 4)
  lu.assertEquals(again.updates, 7)
  same_states(again:state_dict().tensors, ema:state_dict().tensors, 0)
  saved.tensors["0.weight"], saved.tensors.other = nil, torch.ones {1}
  lu.assertErrorMsgContains("missing: 0.weight", again.load_state_dict, again, saved)
  lu.assertErrorMsgContains("no number 'updates'", again.load_state_dict, again, {tensors = {}})
end

function TestAverage:test_warmup_begins_with_a_small_decay()
  local net = nn.Linear(1, 1, false)
  local ema = optim.EMA(net, {decay = 0.999, warmup = true})
  local expected
  for n = 0, 4 do
    torch.no_grad(function() net.weight:fill_(n) end)
    ema:update()
    local decay = (1 + n) / (10 + n)
    expected = n == 0 and 0 or decay * expected + (1 - decay) * n
  end
  lu.assertAlmostEquals(ema.net.weight:item(), expected, 1e-6)
  lu.assertErrorMsgContains("net must be a module, got table", optim.EMA, {})
  lu.assertErrorMsgContains("decay must be a number 0..1, got 2", optim.EMA, net, {decay = 2})
end

-- schedules ---------------------------------------------------------------------------

local schedules = {
  step = function() return optim.step {step_size = 7, gamma = 0.3} end,
  step_warm = function() return optim.step {step_size = 4, warmup = 5} end,
  cosine = optim.cosine,
  cosine_low = function() return optim.cosine {min_lr = 0.003} end,
  cosine_warm = function() return optim.cosine {warmup = 4, min_lr = 1e-3} end,
  warmup = function() return optim.warmup {steps = 12, start_factor = 0.25} end,
  one_cycle = function() return optim.one_cycle {max_lr = 0.5} end,
  one_cycle_groups = function()
    return optim.one_cycle {max_lr = {0.5, 0.2}, pct_start = 0.37, div_factor = 10, final_div_factor = 100,
      base_momentum = 0.7, max_momentum = 0.9}
  end,
  one_cycle_three = function() return optim.one_cycle {max_lr = 0.5, three_phase = true} end,
  one_cycle_linear = function()
    return optim.one_cycle {max_lr = 0.5, anneal_strategy = "linear", cycle_momentum = false}
  end,
  plateau = function() return optim.plateau {patience = 2, cooldown = 1} end,
  plateau_most = function()
    return optim.plateau {mode = "max", factor = 0.5, patience = 1, threshold = 0.05, threshold_mode = "abs",
      min_lr = {0.02, 0.001}}
  end,
  plateau_default = optim.plateau,
}

local metric = reference["schedule/metric"]:totable()

local function two_groups(name)
  local groups = {{params = {torch.zeros {1}}, lr = 0.1}, {params = {torch.zeros {1}}, lr = 0.02}}
  if name == "one_cycle" or name == "step" then return optim.AdamW(groups, {}) end
  return optim.SGD(groups, {momentum = 0.8})
end

local function row_of(opt)
  local first, second = opt.groups[1], opt.groups[2]
  return {first.lr, second.lr, first.betas and first.betas[1] or first.momentum}
end

TestSchedules = {}

function TestSchedules:test_thirty_steps_are_pytorchs()
  for name, make in pairs(schedules) do
    local opt = two_groups(name)
    local bound, worst = make():bind(opt, 30), 0
    for step, row in ipairs(reference["schedule/" .. name]:totable()) do
      for i, value in ipairs(row_of(opt)) do
        local allowed = 1e-7 * math.abs(row[i]) + 1e-12
        worst = math.max(worst, math.abs(value - row[i]) / allowed)
      end
      bound:step(metric[step])
    end
    print(("%-18s largest deviation %.1e"):format(name, worst * 1e-7))
    lu.assertTrue(worst <= 1, name)
  end
end

function TestSchedules:test_a_saved_state_goes_on()
  for name, make in pairs(schedules) do
    local whole = two_groups(name)
    local bound = make():bind(whole, 30)
    for step = 1, 11 do bound:step(metric[step]) end
    local saved = json.decode(json.encode(bound:state()))
    local resumed = two_groups(name)
    for _, group in ipairs(resumed.groups) do group.lr = 7 end -- the state knows the base rates
    local again = make():bind(resumed, 30):load_state(saved)
    for step = 12, 29 do
      lu.assertEquals(row_of(resumed), row_of(whole), name .. " " .. step)
      bound:step(metric[step])
      again:step(metric[step])
    end
  end
end

function TestSchedules:test_after_the_end_the_rate_stays()
  for _, make in ipairs {optim.cosine, schedules.one_cycle, schedules.one_cycle_three} do
    local opt = two_groups "one_cycle"
    local bound = make():bind(opt, 5)
    for _ = 1, 5 do bound:step() end
    local last = row_of(opt)
    bound:step()
    lu.assertEquals(row_of(opt), last)
    lu.assertTrue(last[1] < 1e-5)
  end
end

function TestSchedules:test_in_words()
  local opt = two_groups()
  lu.assertStrContains(tostring(opt),
    "SGD  dampening 0  lr 0.1  momentum 0.8  nesterov false  weight_decay 0  1 parameters\nSGD  ")
  lu.assertEquals(tostring(optim.cosine():bind(opt, 9)), "cosine  batch 0 of 9  lr 0.1, 0.02")
  lu.assertEquals(tostring(optim.EMA(nn.ReLU())), "EMA  decay 0.999  0 updates")
end

function TestSchedules:test_units_and_momenta()
  lu.assertEquals({optim.cosine().unit, optim.one_cycle({max_lr = 1}).unit, optim.warmup({steps = 1}).unit},
    {"batch", "batch", "batch"})
  lu.assertEquals({optim.step({step_size = 1}).unit, optim.plateau().unit, optim.cosine({unit = "epoch"}).unit},
    {"epoch", "epoch", "epoch"})
  lu.assertEquals(optim.cosine():bind(two_groups(), 3).unit, "batch")
  local plain = optim.SGD({torch.zeros {1}}, {lr = 0.1})
  optim.one_cycle({max_lr = 1}):bind(plain, 10)
  lu.assertEquals(plain.groups[1].momentum, 0)
  optim.one_cycle({max_lr = 1, cycle_momentum = true}):bind(plain, 10)
  lu.assertEquals(plain.groups[1].momentum, 0.95)
end

function TestSchedules:test_plateau_warms_up_first()
  local opt = two_groups()
  local bound, rates = optim.plateau({warmup = 3, patience = 0}):bind(opt), {}
  for _ = 1, 6 do
    rates[#rates + 1] = opt.groups[1].lr
    bound:step(1)
  end
  for i, rate in ipairs {0.025, 0.05, 0.075, 0.1, 0.1, 0.01} do lu.assertAlmostEquals(rates[i], rate, 1e-12) end
end

function TestSchedules:test_mistakes()
  local opt = two_groups()
  lu.assertErrorMsgContains("optim.cosine needs total (bind's second argument)", function()
    optim.cosine():bind(opt)
  end)
  lu.assertErrorMsgContains("optim.cosine: total (bind's second argument) must be a whole number 1 or more, got 0",
    function() optim.cosine():bind(opt, 0) end)
  lu.assertErrorMsgContains("warmup must be below the total of 5, got 5", function()
    optim.cosine({warmup = 5}):bind(opt, 5)
  end)
  lu.assertErrorMsgContains("optim.step needs the option 'step_size'", optim.step, {})
  lu.assertErrorMsgContains("step_size must be a whole number 1 or more, got 0", optim.step, {step_size = 0})
  lu.assertErrorMsgContains("did you mean 'gamma'", optim.step, {step_size = 1, gama = 2})
  lu.assertErrorMsgContains("pct_start must be a number 0..1, got 2", optim.one_cycle, {max_lr = 1, pct_start = 2})
  lu.assertErrorMsgContains('mode must be "min" or "max", got string "least"', optim.plateau, {mode = "least"})
  lu.assertErrorMsgContains('unit must be "batch" or "epoch", got string "step"', optim.cosine, {unit = "step"})
  lu.assertErrorMsgContains("max_lr has 3 rates for 2 groups", function()
    optim.one_cycle({max_lr = {1, 2, 3}}):bind(opt, 5)
  end)
  lu.assertErrorMsgContains("needs a number, got nil", function() optim.plateau():bind(opt):step() end)
  lu.assertErrorMsgContains("optim.step: the state is of cosine", function()
    local state = optim.cosine():bind(opt, 5):state()
    optim.step({step_size = 1}):bind(opt):load_state(state)
  end)
  lu.assertErrorMsgContains("needs an optimiser, got nil", function() optim.cosine():bind() end)
end

os.exit(lu.LuaUnit.run())
