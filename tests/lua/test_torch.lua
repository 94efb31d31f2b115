local lu = require "luaunit"
local torch = require "moonlark.torch"

-- The message of the error that f(...) raises.
local function failure(f, ...)
  local ok, message = pcall(f, ...)
  lu.assertFalse(ok)
  return message
end

TestMaking = {}

function TestMaking:test_from_tables()
  local t = torch.tensor {{1, 2.5}, {3, 4}}
  lu.assertEquals(t:shape(), {2, 2})
  lu.assertEquals(t:dtype(), "float32")
  lu.assertEquals(t:totable(), {{1, 2.5}, {3, 4}})
  lu.assertEquals(torch.tensor({1, 2, 3}):dtype(), "int64")
  lu.assertEquals(torch.tensor({true, false}):totable(), {true, false})
  lu.assertEquals(torch.tensor(7):item(), 7)
  lu.assertEquals(torch.tensor({}):shape(), {0})
  lu.assertEquals(torch.tensor({0.1}, {dtype = "float64"}):item(), 0.1)
  lu.assertEquals(torch.tensor({2 ^ 53 // 1 | 0}, {dtype = "int64"}):item(), 2 ^ 53 // 1 | 0)
  lu.assertEquals(torch.tensor({torch.zeros(2), torch.ones(2)}):totable(), {{0, 0}, {1, 1}})
end

function TestMaking:test_refused()
  lu.assertStrContains(failure(torch.tensor, {{1, 2}, {3}}), "rows differ in length: axis 1 has 2 entries and 1")
  lu.assertStrContains(failure(torch.tensor, {{1, 2}, 3}), "rows differ in depth")
  lu.assertStrContains(failure(torch.tensor, {1, "a"}), 'numbers or booleans are wanted, got string "a"')
  lu.assertStrContains(failure(torch.tensor, "a"), 'got string "a"')
  lu.assertStrContains(failure(torch.tensor, {1}, {dtype = "float31"}), "unknown dtype 'float31'")
  lu.assertStrContains(failure(torch.tensor, {1}, {dtyp = "float32"}), "did you mean 'dtype'?")
  local deep = 1
  for _ = 1, 9 do deep = {deep} end
  lu.assertStrContains(failure(torch.tensor, deep), "nested deeper than 8")
end

function TestMaking:test_factories()
  local t = torch.zeros({2, 3}, {dtype = "float64"})
  lu.assertEquals({t:dtype(), t:numel(), t:dim(), t:size(-1), #t}, {"float64", 6, 2, 3, 2})
  lu.assertEquals(torch.zeros(2, 3):shape(), {2, 3})
  lu.assertEquals(torch.arange(3):totable(), {0, 1, 2})
  lu.assertEquals(torch.arange(1, 2, 0.5):totable(), {1, 1.5})
  lu.assertEquals(torch.full({2}, 1.5):totable(), {1.5, 1.5})
  lu.assertTrue(torch.ones({2}, {requires_grad = true}):requires_grad())
  lu.assertEquals(torch.zeros({2}, {dtype = torch.int32}):dtype(), "int32")
end

function TestMaking:test_totable_of_every_dtype()
  for dtype, expected in pairs {float32 = {1, 0}, float64 = {1, 0}, float16 = {1, 0}, bfloat16 = {1, 0}, int64 = {1, 0},
    int32 = {1, 0}, int16 = {1, 0}, int8 = {1, 0}, uint8 = {1, 0}, bool = {true, false},
    complex64 = {{1, 0}, {0, 0}}, complex128 = {{1, 0}, {0, 0}}} do
    lu.assertEquals(torch.tensor({1, 0}):to(dtype):totable(), expected)
    lu.assertEquals(torch.tensor({1, 0}, {dtype = dtype}):dtype(), dtype)
  end
  lu.assertEquals({torch.tensor({1, 0}, {dtype = "complex64"})[0]:item()}, {1, 0})
  lu.assertEquals(torch.arange(6):view(2, 3):t():totable(), {{0, 3}, {1, 4}, {2, 5}})
  lu.assertStrContains(failure(function() return torch.zeros(2):item() end), "this one has 2")
end

function TestMaking:test_seed()
  torch.manual_seed(5)
  local first = torch.randn(10)
  torch.manual_seed(5)
  lu.assertTrue(first:equal(torch.randn(10)))
end

TestOperators = {}

function TestOperators:test_lua_operators()
  local a = torch.arange(6):view(2, 3)
  lu.assertEquals((a * 2 + 1):totable(), {{1, 3, 5}, {7, 9, 11}})
  lu.assertEquals((2 - a):totable(), {{2, 1, 0}, {-1, -2, -3}})
  lu.assertEquals((-a):sum():item(), -15)
  lu.assertEquals((a ^ 2):totable(), {{0, 1, 4}, {9, 16, 25}})
  lu.assertEquals((a % 2):totable(), {{0, 1, 0}, {1, 0, 1}})
  lu.assertEquals((a // 2):totable(), {{0, 0, 1}, {1, 2, 2}})
  lu.assertEquals((1 / torch.tensor {2.0, 4.0}):totable(), {0.5, 0.25})
  lu.assertEquals((a:gt(1) & a:lt(4)):totable(), {{false, false, true}, {true, false, false}})
  lu.assertEquals((~a:gt(1)):sum():item(), 2)
  lu.assertEquals((a + 0.5):dtype(), "float32")
  lu.assertEquals((a + 1):dtype(), "int64")
  lu.assertEquals((a:float() * torch.tensor(2.0, {dtype = "float64"})):dtype(), "float32")
end

function TestOperators:test_comparison()
  local a, b = torch.ones(2), torch.ones(2)
  lu.assertTrue(a == a)
  lu.assertFalse(a == b)
  lu.assertEquals(a:eq(b):totable(), {true, true})
  for _, compare in ipairs {function() return a < b end, function() return a <= b end, function() return a > 1 end} do
    lu.assertStrContains(failure(compare), "write a:lt(b)")
  end
end

function TestOperators:test_overloads()
  local t, dims = torch.ones(2, 3), {0}
  for _, case in ipairs {
    {"add.Tensor", "add", t, t}, {"add.Scalar", "add", t, 1}, {"sum", "sum", t}, {"sum.dim_IntList", "sum", t, dims},
    {"max.dim", "max", t, 1}, {"max.other", "max", t, t}, {"max", "max", t}, {"arange", "arange", 5},
    {"arange.start", "arange", 1, 5}, {"arange.start_step", "arange", 1, 5, 2}, {"pow.Scalar", "pow", 2, t},
    {"pow.Tensor_Scalar", "pow", t, 2}, {"eq.Scalar", "eq", t, 1}, {"where.self", "where", t:gt(0), t, t},
    {"norm.ScalarOpt_dim", "norm", t, 2, {1}}, {"std.dim", "std", t, {0}, true}, {"all.dim", "all", t, 0},
    {"split.Tensor", "split", t, 1}, {"conv2d.padding", "conv2d", t, t, nil, {padding = "same"}},
    {"conv2d", "conv2d", t, t, nil, {padding = 1}}, {"div.Tensor_mode", "div", t, t, {rounding_mode = "floor"}},
  } do
    lu.assertEquals(torch.resolve(table.unpack(case, 2)), case[1])
  end
end

function TestOperators:test_calling()
  local t = torch.arange(6):view {2, 3}
  lu.assertEquals(t:view(3, -1):shape(), {3, 2})
  lu.assertEquals(t:view(3.0, 2):shape(), {3, 2})
  lu.assertEquals(t:float():mean({0}, {keepdim = true}):shape(), {1, 3})
  lu.assertEquals(t:sum({}):item(), 15)
  local values, indices = t:max(1)
  lu.assertEquals({values:totable(), indices:totable()}, {{2, 5}, {2, 2}})
  lu.assertEquals(#torch.arange(10):split(3), 4)
  lu.assertEquals(t:where(t:gt(2), torch.zeros_like(t)):totable(), {{0, 0, 0}, {3, 4, 5}})
  lu.assertTrue(t == t:add_(1))
  lu.assertEquals(torch.promote_types("int64", "float32"), "float32")
  lu.assertEquals(torch.ones(2):dot(torch.ones(2)):item(), 2)
  lu.assertEquals(t:equal(t), true)
end

function TestOperators:test_errors_name_operator_schema_and_what_came()
  local t = torch.ones(2, 3)
  local message = failure(torch.add, t, "x")
  lu.assertStrContains(message, 'add: other must be a number or a tensor, got string "x"')
  lu.assertStrContains(message, 'got: add(tensor 2×3 float32, "x")')
  lu.assertStrContains(message, "schema: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor")
  lu.assertStrContains(failure(torch.zeros, {2}, {dtyp = "float32"}), "zeros has no argument 'dtyp'")
  lu.assertStrContains(failure(torch.zeros, {2}, {dtype = "flot"}), 'dtype must be a dtype such as "float32", got string "flot"')
  lu.assertStrContains(failure(torch.matmul, t, t), "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)")
  lu.assertStrContains(failure(t.view, t, 5, 5), "view: shape '[5, 5]' is invalid")
  lu.assertStrContains(failure(torch.relu), "self is missing")
  lu.assertStrContains(failure(torch.relu, t, 1), "takes 1 positional arguments, got 2")
  lu.assertStrContains(failure(t.sum, t, {1, keepdim = true}), "mixes a list with named arguments")
  lu.assertStrContains(failure(t.add, t, {other = 1, alpha = "b"}), "alpha must be a number")
  lu.assertStrContains(failure(t.add, 3, t), "call methods with a colon")
  lu.assertStrContains(failure(torch.mse_loss, t, t, "avg"), '"none", "mean" or "sum"')
  local itself = {}
  itself[1] = itself
  for _, odd in ipairs {itself, {[1000000] = 1}, {[0] = 1}, {1, [2.5] = 1}, print, coroutine.create(print), io.stdout,
    setmetatable({}, {__name = "Thing"}), string.rep("x", 10000), {{{{{{1}}}}}}, {{}, {}}} do
    lu.assertStrContains(failure(torch.relu, odd), "relu: self must be a tensor, got ")
    pcall(torch.cat, odd) -- right or wrong, it comes back
    pcall(torch.zeros, odd)
    pcall(function() return t[odd] end)
    pcall(function() t[0] = odd end)
  end
  lu.assertStrContains(failure(torch.cat, {t, 3}), "tensors must be a list of tensors, got {tensor 2×3 float32, 3}")
  lu.assertNotStrContains(message, "test_torch.lua") -- the program adds the user's line
end

TestIndexing = {}

function TestIndexing:setUp()
  self.t = torch.arange(24):view(2, 3, 4)
end

function TestIndexing:test_reading()
  local t = self.t
  lu.assertEquals(t[1][2][3]:item(), 23)
  lu.assertEquals(t[-1][-1][-1]:item(), 23)
  lu.assertEquals(t[{1, 2, 3}]:item(), 23)
  lu.assertEquals(t[1.0]:shape(), {3, 4})
  lu.assertEquals(t[{{}, 1}]:totable(), {{4, 5, 6, 7}, {16, 17, 18, 19}})
  lu.assertEquals(t[{0, {1, 3}, 0}]:totable(), {4, 8})
  lu.assertEquals(t[{0, {1}, 0}]:totable(), {4, 8})
  lu.assertEquals(t[{0, {nil, 2}, 0}]:totable(), {0, 4})
  lu.assertEquals(t[{0, 0, {nil, nil, 2}}]:totable(), {0, 2})
  lu.assertEquals(t[{0, {-2, 3}, 0}]:totable(), {4, 8})
  lu.assertEquals(t[{"...", 0}]:shape(), {2, 3})
  lu.assertEquals(t[{"none", 0}]:shape(), {1, 3, 4})
  lu.assertEquals(t["0, 1:3, ::2"]:totable(), {{4, 6}, {8, 10}})
  lu.assertEquals(t["..., -1"]:totable(), {{3, 7, 11}, {15, 19, 23}})
  lu.assertEquals(t["none, ..."]:shape(), {1, 2, 3, 4})
  lu.assertEquals(t[t:gt(20)]:totable(), {21, 22, 23})
  lu.assertEquals(t[{0, torch.tensor {2, 0}}]:totable(), {{8, 9, 10, 11}, {0, 1, 2, 3}})
  lu.assertEquals(t[{nil, torch.tensor {2, 0}}]:shape(), {2, 2, 4})
end

function TestIndexing:test_views_share_memory()
  self.t[0]:zero_()
  lu.assertEquals(self.t:sum():item(), 12 * 17.5)
end

function TestIndexing:test_writing()
  local t = self.t
  t[0] = 0
  t[{1, 0}] = {9, 8, 7, 6}
  t[{1, {1, 3}, 0}] = torch.tensor {5, 4}
  t["1, 1, 1:3"] = -1
  lu.assertEquals(t[1]:totable(), {{9, 8, 7, 6}, {5, -1, -1, 19}, {4, 21, 22, 23}})
  t[t:gt(20)] = 1.0
  lu.assertEquals(t[{1, 2}]:totable(), {4, 1, 1, 1})
  local mask = torch.zeros({3}, {dtype = "bool"})
  mask[1] = true
  lu.assertEquals(mask:totable(), {false, true, false})
  lu.assertStrContains(failure(function() t[0] = "a" end), "must be a tensor, a number or a boolean")
  lu.assertStrContains(failure(function() t.weight = 1 end), "no field 'weight'")
end

function TestIndexing:test_refused()
  local t = self.t
  lu.assertStrContains(failure(function() return t[2] end), "index 2 is out of range: axis 0 has 2 entries, 0..1")
  lu.assertStrContains(failure(function() return t[-3] end), "out of range")
  lu.assertStrContains(failure(function() return t[{0, {1, 3, -1}}] end), "step of a slice must be 1 or more")
  lu.assertStrContains(failure(function() return t[{0, {1, 2, 3, 4}}] end), "a slice is {from, to, step}, got 4")
  lu.assertStrContains(failure(function() return t["1:x"] end), 'cannot read the index "1:x"')
end

function TestIndexing:test_no_such_method_is_nil()
  lu.assertNil(self.t.no_such_method)
  lu.assertStrContains(failure(function() return self.t:no_such_method() end), "no_such_method")
  lu.assertStrContains(failure(function() return self.t["0:1:2:3"] end), "cannot read the index")
  lu.assertStrContains(failure(function() return self.t["1 2"] end), "cannot read the index")
end

function TestIndexing:test_rows()
  local seen = {}
  for i, row in torch.tensor({{1, 2}, {3, 4}}):rows() do seen[#seen + 1] = {i, row:totable()} end
  lu.assertEquals(seen, {{0, {1, 2}}, {1, {3, 4}}})
end

TestMoves = {}

function TestMoves:test_dtype_and_device()
  local t = torch.ones(2)
  lu.assertEquals(t:to("float64"):dtype(), "float64")
  lu.assertEquals(t:to {dtype = "int32"}:dtype(), "int32")
  lu.assertEquals(t:to(torch.zeros({1}, {dtype = "bool"})):dtype(), "bool")
  lu.assertEquals(t:to("cpu", "float16"):dtype(), "float16")
  for name, dtype in pairs {long = "int64", double = "float64", half = "float16", byte = "uint8"} do
    lu.assertEquals(t[name](t):dtype(), dtype)
  end
  lu.assertEquals(t:cpu():device(), "cpu")
  lu.assertStrContains(failure(t.to, t, "gpu"), "device must be like cpu, cuda or cuda:1, got gpu")
  lu.assertStrContains(failure(t.to, t, 3), "to: a dtype, a device, a tensor or a table is wanted, got number")
end

function TestMoves:test_cuda()
  local devices, reason = torch.cuda.device_count()
  if devices > 0 then
    local t = torch.arange(4, {device = "cuda"})
    lu.assertEquals(t:device(), "cuda:0")
    lu.assertEquals((t * 2):cpu():totable(), {0, 2, 4, 6})
    lu.assertEquals(t:totable(), {0, 1, 2, 3})
    lu.assertStrContains(tostring(t), "cuda:0")
  else
    lu.assertEquals(torch.cuda.is_available(), false)
    lu.assertStrContains(failure(torch.zeros, {1}, {device = "cuda"}), "device cuda is not there: " .. reason)
    lu.assertStrContains(failure(torch.zeros(1).cuda, torch.zeros(1)), reason)
  end
end

TestAutograd = {}

function TestAutograd:test_options()
  local x = torch.ones({2}, {requires_grad = true})
  local y = (x * x):sum()
  y:backward {retain_graph = true}
  y:backward(nil, {retain_graph = true})
  y:backward()
  lu.assertEquals(x:grad():totable(), {6, 6})
  lu.assertStrContains(failure(y.backward, y, {retain_grph = true}), "did you mean 'retain_graph'?")
  lu.assertStrContains(failure(y.backward, y, 3), "gradient must be a tensor, got number 3")
  lu.assertStrContains(failure(torch.grad, y, x, {allow_unused = 1}),
    "torch.grad: allow_unused must be true or false, got 1")
  lu.assertStrContains(failure(torch.interpolate, torch.ones(1, 1, 4), {size = 2, mode = "lanczos"}),
    'torch.interpolate: mode must be "nearest", "linear", "bilinear", "bicubic", "trilinear" or "area", got')
end

function TestAutograd:test_backward()
  local w = torch.tensor({1.0, 2.0, 3.0}, {requires_grad = true})
  local loss = (w * w):sum()
  lu.assertTrue(loss:requires_grad())
  lu.assertFalse(loss:is_leaf())
  lu.assertNil(w:grad())
  loss:backward()
  lu.assertEquals(w:grad():totable(), {2, 4, 6})
  local twice = w * 2
  twice:backward(torch.tensor {1.0, 0.0, 0.5})
  lu.assertEquals(w:grad():totable(), {4, 4, 7})
  w:set_grad(nil)
  lu.assertNil(w:grad())
  lu.assertStrContains(failure(loss.backward, loss), "second time")
  lu.assertStrContains(failure(function() w:add_(1) end), "add_: a leaf Variable that requires grad")
  lu.assertStrContains(failure(function() torch.ones(2):backward() end), "backward")
end

function TestAutograd:test_grad()
  local x = torch.tensor({2.0}, {requires_grad = true})
  local y = x ^ 3
  local first = torch.grad(y, x, {create_graph = true})
  lu.assertEquals(first:item(), 12)
  lu.assertEquals(torch.grad(first, x):item(), 12)
  local a, b = torch.grad((x * 2):sum() + (x * x):sum(), {x, x})
  lu.assertEquals({a:item(), b:item()}, {6, 6})
  local unused = torch.zeros({1}, {requires_grad = true})
  lu.assertStrContains(failure(torch.grad, (x * 2):sum(), unused), "differentiated Tensors appears to not have been used")
  lu.assertNil(torch.grad((x * 2):sum(), unused, {allow_unused = true}))
end

function TestAutograd:test_gradients_of_gelu_come_in_any_layout() -- libtorch 1.13 gives what memory held
  local x, gradient = torch.randn {4, 16, 10}, torch.randn({4, 10, 16}):transpose(1, 2)
  local difference = torch.gelu_backward(gradient, x) - torch.gelu_backward(gradient:contiguous(), x)
  lu.assertEquals(difference:abs():max():item(), 0)
end

function TestAutograd:test_no_grad()
  local w = torch.ones({2}, {requires_grad = true})
  lu.assertFalse(torch.no_grad(function(a) return (a * 2):requires_grad() end, w))
  lu.assertStrContains(failure(torch.no_grad, function() error "oh" end), "oh")
  lu.assertTrue(torch.is_grad_enabled())
  lu.assertTrue(torch.no_grad(function() return torch.enable_grad(torch.is_grad_enabled) end))
  torch.no_grad(function() w:add_(1) end)
  lu.assertEquals(w:totable(), {2, 2})
  lu.assertFalse(w:detach():requires_grad())
  -- The traceback shows the line inside the function, as without no_grad and scope.
  local function raises() local _ = torch.ones(2):view(3) end
  for _, run in ipairs {torch.no_grad, torch.scope} do
    local _, trace = xpcall(run, debug.traceback, raises)
    lu.assertStrContains(trace, "test_torch.lua:" .. debug.getinfo(raises, "S").linedefined .. ">")
  end
  lu.assertStrContains(failure(function() (w * 2):requires_grad_(false) end), "only a leaf's")
end

TestMemory = {}

function TestMemory:test_free_and_close()
  local t = torch.ones(2)
  local view = t:view(2)
  t:free()
  lu.assertStrContains(failure(function() return t:sum() end), "this tensor was freed")
  lu.assertEquals(tostring(t):match "freed", "freed")
  lu.assertEquals(view:totable(), {1, 1})
  t:free()
  local kept
  do
    local closed <close> = torch.ones(2)
    kept = closed
  end
  lu.assertStrContains(failure(function() return kept + 1 end), "freed")
  -- What returns the tensor it was given does not make a second owner of it.
  local a = torch.ones(2)
  a:add_(1):free()
  lu.assertStrContains(failure(function() return a + 1 end), "freed")
  local b = torch.ones(2)
  b:contiguous():free()
  lu.assertEquals(b:totable(), {1, 1})
end

function TestMemory:test_scope()
  local inside, deep
  local kept, list = torch.scope(function(x)
    inside = x + 1
    local result = torch.scope(function()
      deep = torch.ones(3)
      return deep * 2
    end)
    return inside * 2, {result, name = {x * 3}}
  end, torch.ones(2))
  lu.assertEquals(kept:totable(), {4, 4})
  lu.assertEquals(list[1]:totable(), {2, 2, 2})
  lu.assertEquals(list.name[1]:totable(), {3, 3})
  lu.assertStrContains(failure(function() return inside:sum() end), "freed")
  lu.assertStrContains(failure(function() return deep:sum() end), "freed")
  lu.assertStrContains(failure(torch.scope, function() inside = torch.ones(1); error "oh" end), "oh")
  lu.assertStrContains(failure(function() return inside:sum() end), "freed")
end

function TestMemory:test_counted()
  collectgarbage()
  local before = torch.memory()
  local t = torch.zeros(1000000)
  local during = torch.memory()
  lu.assertTrue(during.live - before.live >= 4000000 and during.live - before.live < 5100000)
  t:free()
  lu.assertEquals(torch.memory().live, before.live)
  torch.empty_cache()
  lu.assertEquals(torch.memory().cached, 0)
end

function TestMemory:test_more_than_there_is()
  lu.assertStrContains(failure(torch.empty, {1 << 50}), "empty: ")
  lu.assertStrContains(failure(torch.empty, {1 << 50}), "memory")
  lu.assertEquals(torch.ones(2):sum():item(), 2)
end

TestFiles = {}

function TestFiles:test_round_trip()
  local tensors = {weight = torch.randn(2, 3), ids = torch.arange(4), mask = torch.tensor {true, false}}
  for _, ending in ipairs {".npy", ".npz", ".safetensors"} do
    local path = os.tmpname() .. ending
    torch.save(path, ending == ".npy" and tensors.weight or tensors)
    local read = torch.load(path)
    os.remove(path)
    if ending == ".npy" then read = {weight = read, ids = tensors.ids, mask = tensors.mask} end
    for name, tensor in pairs(tensors) do
      lu.assertEquals(read[name]:dtype(), tensor:dtype())
      lu.assertTrue(read[name]:equal(tensor))
    end
  end
end

TestText = {}

function TestText:test_small_and_large()
  lu.assertEquals(tostring(torch.tensor {{1, 2.5}, {3, 4}}), "tensor 2×2 float32\n    1  2.5\n    3    4")
  lu.assertEquals(tostring(torch.tensor(3)), "tensor int64  3")
  lu.assertEquals(tostring(torch.zeros(0, 3)), "tensor 0×3 float32 (empty)")
  lu.assertEquals(tostring(torch.tensor {true, false}), "tensor 2 bool\n   true  false")
  local t = torch.arange(1000000, {dtype = "float32"}):view(1000, 1000)
  t[{3, 3}] = 0 / 0
  local text = tostring(t)
  lu.assertStrContains(text, "tensor 1000×1000 float32  min 0  mean 5e+05  max 1e+06  NaN 1\n")
  lu.assertStrContains(text, "…")
  lu.assertTrue(#text < 2000)
  lu.assertStrContains(tostring(torch.ones({2}, {requires_grad = true})), "requires_grad")
  lu.assertStrContains(tostring(torch.ones(5, 6, 7, 8)), "[4, 0, :, :]")
  lu.assertStrContains(tostring(torch.ones(300):gt(0)), "300 of 300 are true")
  lu.assertStrContains("value: " .. torch.tensor(3), "value: tensor int64  3")
end

function TestText:test_help()
  lu.assertStrContains(torch.help "conv2d", "conv2d(Tensor input, Tensor weight, Tensor? bias=None")
  lu.assertNil(torch.help "no_such_operator")
  lu.assertNil(torch.no_such_operator)
  lu.assertTrue(#torch.operators() > 1400)
end

TestStock = {}

-- The C modules in Debian's own interpreter, which opens them privately.
function TestStock:test_stock_lua()
  local build = os.getenv "MOONLARK_TEST_BUILD"
  if not build or os.execute "command -v lua5.4 > /dev/null" ~= true then lu.skip "no build folder or no lua5.4" end
  local preload = ""
  local maps = assert(io.open "/proc/self/maps")
  local sanitizer = maps:read "a":match "%S*libasan%S*"
  maps:close()
  if sanitizer then preload = ("LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 "):format(sanitizer) end
  local command = ([[%sLUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='%s/lib/moonlark/?.so;;' lua5.4 -e '
    local alone = require "moonlark_torch"
    io.write(alone.tensor({1, 2}):sum():item(), " ")
    local torch = require "moonlark.torch"
    io.write((torch.ones(2, 3) * 2):sum():item(), " ", tostring(torch.tensor(5)))']]):format(preload, build)
  local pipe = assert(io.popen(command))
  local output = pipe:read "a"
  lu.assertTrue(pipe:close())
  lu.assertEquals(output, "3 12 tensor int64  5")
end

os.exit(lu.LuaUnit.run())
