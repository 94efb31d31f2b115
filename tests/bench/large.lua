-- The encoder of Whisper large-v3's size (637 M parameters, random) on a device: moonlark tests/bench/large.lua [cuda:0]
--
-- Milliseconds a window of 30 s, the least of some runs, by precision and batch. Batches are what fills a card: kernels
-- are queued well ahead of it, so recorded graphs would save little beside batch 16.
local clock = require "moonlark_core".system.clock
local init = require "moonlark.nn.initialise"
local precision = require "moonlark.pretrained.precision"
local torch = require "moonlark.torch"

local device, runs = arg[1] or "cuda:0", tonumber(arg[2] or 10)

local function network()
  local make = require "models.whisper"
  local net = init.without(function() return make {n_mels = 128, width = 1280, layers = 32, heads = 20} end)
  for _, tensor in ipairs(net:parameters()) do
    torch.no_grad(function() tensor:normal_(0, 0.02) end)
  end
  return net:eval()
end

local function seconds(net, x)
  local least = math.huge
  for _ = 1, runs do
    local begin = clock()
    torch.no_grad(function() return net(x) end)
    torch.cuda.synchronize()
    least = math.min(least, clock() - begin)
  end
  return least
end

for _, name in ipairs {"bfloat16", "float16", "float32"} do
  local net = network()
  local computed = precision.apply(net, name, device)
  for _, batch in ipairs {1, 16} do
    local x = torch.randn({batch, 128, 3000}, {device = device})
    torch.no_grad(function() return net(x) end)
    print(("%-9s batch %2d %8.2f"):format(computed, batch, seconds(net, x) / batch * 1e3))
  end
end
