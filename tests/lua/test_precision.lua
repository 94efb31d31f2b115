-- Precision of models from elsewhere: near float32 in 16 and 8 bits, and what cannot be computed here is said.
local lib = dofile "tests/lua/lib.lua"
local int8 = require "moonlark.nn.int8"
local lu = require "luaunit"
local nn = require "moonlark.nn"
local precision = require "moonlark.pretrained.precision"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"
local warning = require "moonlark.base.warning"

local device = os.getenv "MOONLARK_TEST_DEVICE" or "cpu"

TestInt8 = {}

function TestInt8:setUp() torch.manual_seed(1) end

function TestInt8:test_a_layer_is_near_that_of_floats()
  for _, shape in ipairs {{1, 64, 64}, {7, 50, 100}, {300, 384, 130}} do
    local linear, x = nn.Linear(shape[2], shape[3]), torch.randn {2, shape[1], shape[2]}
    local exact, rounded = linear(x):detach(), int8.Int8Linear(linear)(x)
    lu.assertEquals(rounded:shape(), exact:shape())
    lu.assertTrue(((rounded - exact):std() / exact:std()):item() < 0.015)
  end
end

function TestInt8:test_layers_without_a_bias_and_other_orders_of_memory()
  local linear = nn.Linear(64, 70, {bias = false})
  local layer, x = int8.Int8Linear(linear), torch.randn {64, 5}
  lib.close(layer(x:transpose(0, 1)), layer(x:transpose(0, 1):contiguous()), 0)
end

function TestInt8:test_large_layers_of_a_network_are_replaced()
  local net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Sequential(nn.Linear(64, 64)), nn.Linear(64, 10))
  lu.assertEquals(int8.quantise(net), net)
  lu.assertStrContains(tostring(net), "Int8Linear(8, 64)")
  lu.assertStrContains(tostring(net), "Int8Linear(64, 64)")
  lu.assertStrContains(tostring(net), " Linear(64, 10)")
end

function TestInt8:test_a_wrong_input_is_explained()
  local layer = int8.Int8Linear(nn.Linear(64, 64))
  lib.fails("expected input [*, 64], got [2, 60]", layer, torch.zeros {2, 60})
  lib.fails("must be float32", layer, torch.zeros({2, 64}, {dtype = "float64"}))
end

function TestInt8:test_what_is_no_number_stays_so()
  local layer, x = int8.Int8Linear(nn.Linear(64, 64)), torch.zeros {2, 64}
  x[0][3] = 0 / 0
  local y = layer(x)
  lu.assertTrue(y[0]:isnan():all():item())
  lu.assertFalse(y[1]:isnan():any():item())
end

TestPrecision = {}

-- The largest difference of logits from those in float32 on the CPU.
local function difference(folder, wanted, where)
  local exact, model = pretrained.open(folder), pretrained.open(folder, {precision = wanted, device = where})
  torch.manual_seed(2)
  local x = torch.randn {3, 80, 100}
  return lib.distance(model:forward(x):float():cpu(), exact:forward(x)), model
end

function TestPrecision:test_16_bits_are_near_32()
  local folder = lib.tiny_whisper(lib.folder())
  for _, name in ipairs {"bfloat16", "float16"} do
    local before = warning.policy "ignore"
    local distance, model = difference(folder, name, device)
    warning.policy(before)
    lu.assertTrue(model.precision == name or device == "cpu" and model.precision == "float32")
    lu.assertTrue(distance < 0.02)
  end
end

function TestPrecision:test_8_bits_are_near_32()
  torch.manual_seed(2)
  local net = require("models.whisper") {width = 64, layers = 2, heads = 4, frames = 50}:eval()
  local x = torch.randn {3, 80, 100}
  local exact = net(x):detach()
  lu.assertEquals(precision.apply(net, "int8", "cpu"), "int8")
  local rounded = torch.no_grad(function() return net(x) end)
  lu.assertTrue(((rounded - exact):std() / exact:std()):item() < 0.02)
  lib.fails("precision int8 computes on the CPU only, got device cuda:0", precision.apply, net, "int8", "cuda:0")
end

function TestPrecision:test_models_open_in_8_bits()
  local distance, model = difference(lib.tiny_whisper(lib.folder()), "int8", "cpu")
  lu.assertEquals(model.precision, "int8")
  lu.assertTrue(distance < 0.02)
end

function TestPrecision:test_32_bits_on_a_device()
  local distance = difference(lib.tiny_whisper(lib.folder()), "float32", device)
  lu.assertTrue(distance < 1e-4)
end

lib.run()
