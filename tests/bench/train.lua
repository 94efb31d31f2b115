-- Training and inference throughput: build/release/bin/moonlark tests/bench/train.lua [cpu|cuda] [name …]
--
-- One line a case: name, milliseconds a training step, milliseconds an inference. tests/bench/train.py runs it beside
-- PyTorch's (peers/train_torch.py): same networks, same batches, same optimiser.
local core = require "moonlark_core"
local nn = require "moonlark.nn"
local optim = require "moonlark.optim"
local torch = require "moonlark.torch"

local device = arg[1] or "cpu"

local function conv(from, to)
  return nn.Sequential(nn.Conv2d(from, to, 3, {padding = 1}), nn.BatchNorm2d(to), nn.ReLU(), nn.MaxPool2d(2))
end

local Recurrent = nn.Module:extend "Recurrent"
function Recurrent:init()
  self.lstm = nn.LSTM(64, 128, {num_layers = 2, batch_first = true})
  self.head = nn.Linear(128, 10)
end
function Recurrent:forward(x) return self.head((self.lstm(x:transpose(1, 2))):mean({1})) end

local cases = {
  {"cnn", {32, 1, 64, 130}, function()
    return nn.Sequential(conv(1, 16), conv(16, 32), conv(32, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
  end},
  {"small_cnn", {32, 1, 13, 130}, function()
    return nn.Sequential(conv(1, 8), conv(8, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
  end},
  {"lstm", {32, 64, 130}, Recurrent},
  {"mlp", {64, 200}, function()
    return nn.Sequential(nn.Linear(200, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
  end},
}

local function wait() if device ~= "cpu" then torch.cuda.synchronize() end end

-- Milliseconds of f, the least of five rounds of at least 0.4 s.
local function time(f)
  for _ = 1, 3 do f() end
  wait()
  local best = math.huge
  for _ = 1, 5 do
    local start, n = core.system.clock(), 0
    repeat
      for _ = 1, 4 do f() end
      wait()
      n = n + 4
    until core.system.clock() - start > 0.4
    best = math.min(best, (core.system.clock() - start) / n)
  end
  return best * 1e3
end

local wanted = {table.unpack(arg, 2)}
for _, case in ipairs(cases) do
  local name, shape, make = table.unpack(case)
  local asked = #wanted == 0
  for _, other in ipairs(wanted) do asked = asked or other == name end
  if asked then
    torch.manual_seed(1)
    local net = make():to(device)
    local x, y = torch.randn(shape):to(device), torch.randint(0, 10, {shape[1]}):long():to(device)
    local opt = optim.AdamW(net:parameters(), {lr = 1e-3})
    local step = time(function()
      opt:zero_grad()
      torch.cross_entropy(net(x), y):backward()
      opt:step()
    end)
    net:eval()
    local inference = time(function() torch.no_grad(net.forward, net, x) end)
    print(("%s\t%.4f\t%.4f"):format(name, step, inference))
  end
end
