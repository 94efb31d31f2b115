-- Numbers too small for the ordinary format are zeros in whatever libtorch computes, on every thread, and only there.
local lu = require "luaunit"
local classify = require "moonlark.classify"
local files = require "moonlark.base.files"
local nn = require "moonlark.nn"
local torch = require "moonlark.torch"

-- Float32 of these bits; the least numbers of all have the bits 1, 2, 3 …
local function with_bits(bits, ...)
  return torch.full({...}, bits, {dtype = "int32"}):view "float32"
end

local function bits_that_differ(tensor, bits)
  return tensor:view("int32"):ne(bits):sum():item()
end

TestSubnormal = {}

-- Many enough that every thread has a part.
function TestSubnormal:test_zeros_on_every_thread()
  local x = with_bits(12345, 1 << 21)
  lu.assertEquals(bits_that_differ(x * 1, 0), 0)
  lu.assertEquals(bits_that_differ(x + x, 0), 0)
end

function TestSubnormal:test_threads_made_anew_do_the_same()
  local x, threads = with_bits(12345, 1 << 21), torch.get_num_threads()
  torch.set_num_threads(1)
  lu.assertEquals(bits_that_differ(x * 1, 0), 0)
  torch.set_num_threads(threads + 1)
  lu.assertEquals(bits_that_differ(x * 1, 0), 0)
  torch.set_num_threads(threads)
  classify.boosted_trees({n_estimators = 2}):fit(torch.randn(50, 3), torch.arange(50):remainder(2))
  lu.assertEquals(bits_that_differ(x * 1, 0), 0)
end

function TestSubnormal:test_a_convolution_with_them_is_one_with_zeros()
  torch.manual_seed(1)
  local x, weight = torch.randn(4, 8, 32, 32), torch.randn(16, 8, 3, 3)
  local mask = torch.rand(16, 8, 3, 3):lt(0.58)
  local with = torch.where(mask, with_bits(54321, 16, 8, 3, 3), weight)
  lu.assertTrue(bits_that_differ(with, 54321) < 16 * 8 * 9) -- they are in it
  lu.assertTrue(with:view("int32"):eq(54321):any():item())
  local zeros = weight:masked_fill(mask, 0)
  lu.assertEquals(x:conv2d(with):sub(x:conv2d(zeros)):abs():max():item(), 0)
end

function TestSubnormal:test_gradients_too()
  local x = torch.ones({1 << 20}, {requires_grad = true})
  local loss = (x * 2.0 ^ -100):sum() * 2.0 ^ -30
  loss:backward()
  lu.assertEquals(bits_that_differ(x:grad(), 0), 0)
end

function TestSubnormal:test_weights_are_loaded_without()
  local net = nn.Linear(3, 2)
  local weight = torch.tensor {{1e-20, 2 ^ -126, -2 ^ -126}, {0, 0, 1}}
  weight[{1, {0, 2}}] = with_bits(7, 2)
  local state = {weight = weight, bias = with_bits(9, 2)}
  lu.assertEquals(bits_that_differ(state.bias, 9), 0)
  net:load_state_dict(state)
  lu.assertEquals(bits_that_differ(net.bias:detach(), 0), 0)
  lu.assertEquals(bits_that_differ(net.weight:detach()[1]["0:2"], 0), 0)
  lu.assertEquals(net.weight:detach()[0]:totable(), weight[0]:totable()) -- the least ordinary ones stay
  local half = nn.Linear(1, 1):to "float16"
  half:load_state_dict {weight = torch.tensor {{6e-8}}:to "float16", bias = torch.tensor {1}:to "float16"}
  lu.assertTrue(half.weight:item() > 0) -- float16's own are ordinary numbers to the processor
end

function TestSubnormal:test_they_are_found()
  local holds = require "moonlark_core".store.holds_subnormals
  local x = torch.zeros {3, 1 << 20}
  x[0][0], x[0][1], x[0][2], x[0][3] = 2 ^ -126, -2.0 ^ -126, 1 / 0, 0 / 0
  for _, dtype in ipairs {"float32", "float64", "bfloat16", "float16", "int64"} do
    lu.assertFalse(holds(x:nan_to_num(0):to(dtype)), dtype)
  end
  lu.assertFalse(holds(x))
  for _, bits in ipairs {1, 0x7fffff, -0x7fffffff} do
    local one = x:clone()
    one[2][(1 << 20) - 1] = with_bits(bits, 1)[0]
    lu.assertTrue(holds(one))
    lu.assertTrue(holds(one:t()))
  end
  lu.assertTrue(holds(torch.tensor({1, 2.0 ^ -1060}, {dtype = "float64"})))
  lu.assertTrue(holds(torch.tensor {1, 100}:to "int16":view "bfloat16"))
end

function TestSubnormal:test_assigned_weights_are_copied_only_where_they_hold_some()
  local state = {weight = torch.ones {2, 3}, bias = with_bits(9, 2)}
  local net = nn.Linear(3, 2):load_state_dict(state, {assign = true})
  net.weight:detach()[0][0] = 5
  lu.assertEquals(state.weight[0][0]:item(), 5)
  lu.assertEquals({bits_that_differ(net.bias:detach(), 0), bits_that_differ(state.bias, 9)}, {0, 0})
end

function TestSubnormal:test_files_keep_every_bit()
  local place = files.temporary_folder()
  torch.save(place .. "/x.npy", with_bits(77, 5))
  local read = torch.load(place .. "/x.npy")
  files.remove(place)
  lu.assertEquals(bits_that_differ(read, 77), 0)
end

function TestSubnormal:test_lua_s_own_numbers_are_exact()
  local least = 2.0 ^ -1074
  torch.ones(3):add(1)
  lu.assertTrue(least > 0)
  lu.assertEquals(least + least, 2.0 ^ -1073)
  lu.assertFalse(pcall(torch.ones(3).view, torch.ones(3), 2, 2)) -- after an error too
  lu.assertTrue(least > 0)
end

os.exit(lu.LuaUnit.run())
