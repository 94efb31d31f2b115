-- Optimisers against ten steps of PyTorch's (tests/reference/optim/generate.py), their states and their mistakes.
local lu = require "luaunit"
local optim = require "moonlark.optim"
local torch = require "moonlark.torch"

local reference = torch.load "tests/reference/optim/optim.safetensors"

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
  lu.assertErrorMsgContains("lr must be a finite number, 0 or more, got -1", optim.Adam, {a}, {lr = -1})
  lu.assertErrorMsgContains("lr must be a finite number, 0 or more, got", optim.Adam, {a}, {lr = 0 / 0})
  lu.assertErrorMsgContains("betas must be 0 or more and below 1, got 1 as the second", optim.Adam, {a}, {betas = {0.9, 1}})
  lu.assertErrorMsgContains("did you mean 'momentum'", optim.SGD, {a}, {momentun = 0.9})
  lu.assertErrorMsgContains("did you mean 'momentum'", optim.SGD, {momentun = 0.9})
  lu.assertErrorMsgContains("nesterov needs a momentum", optim.SGD, {a}, {nesterov = true})
  lu.assertErrorMsgContains("parameter 1 is no tensor, but a string", optim.SGD, {{params = {"a"}}}, {lr = 1})
  local opt = optim.Adam({a, b}, {lr = 1})
  step(opt, a, b)
  lu.assertErrorMsgContains("of a parameter that is not there", function()
    local alone = optim.Adam({a}, {lr = 1})
    alone:load_state_dict(opt:state_dict())
  end)
end

os.exit(lu.LuaUnit.run())
