-- What a call costs: build/release/bin/moonlark tests/bench/torch.lua
--
-- Python's x.add(y) takes about 1.0 µs on the machine where this was written first (1.1 to 1.3 here).
local torch = require "moonlark.torch"

torch.set_num_threads(1)
local x, y = torch.ones(3), torch.ones(3)
local image, weight, bias = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), torch.ones(1)

local cases = {
  {"x:add(y)", 1000000, function(n) for _ = 1, n do local _ = x:add(y) end end},
  {"x + y", 1000000, function(n) for _ = 1, n do local _ = x + y end end},
  {"x * 2", 1000000, function(n) for _ = 1, n do local _ = x * 2 end end},
  {"x:add_(y)", 1000000, function(n) for _ = 1, n do x:add_(y) end end},
  {"x[0]", 1000000, function(n) for _ = 1, n do local _ = x[0] end end},
  {"x[0]:item()", 300000, function(n) for _ = 1, n do local _ = x[0]:item() end end},
  {"x:sum({0}, {keepdim = true})", 300000, function(n) for _ = 1, n do local _ = x:sum({0}, {keepdim = true}) end end},
  {"conv2d with named arguments", 100000,
    function(n) for _ = 1, n do local _ = image:conv2d(weight, bias, {stride = 1, padding = 1}) end end},
  {"an error and its pcall", 30000, function(n) for _ = 1, n do pcall(x.view, x, 2, 2) end end},
  {"torch.zeros of 1 MB, dropped", 10000, function(n) for _ = 1, n do local _ = torch.zeros(262144) end end},
}

for _, case in ipairs(cases) do
  local name, n, run = table.unpack(case)
  run(n // 10)
  local best = math.huge
  for _ = 1, 3 do
    local start = os.clock()
    run(n)
    best = math.min(best, os.clock() - start)
  end
  print(("%-32s %8.2f µs"):format(name, best / n * 1e6))
end
