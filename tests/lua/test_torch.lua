local lu = require "luaunit"
local torch = require "moonlark.torch"

TestTensor = {}

function TestTensor:test_from_tables()
  local t = torch.tensor {{1, 2.5}, {3, 4}}
  lu.assertEquals(t:shape(), {2, 2})
  lu.assertEquals(t:dtype(), "float32")
  lu.assertEquals(t:totable(), {{1, 2.5}, {3, 4}})
  lu.assertEquals(torch.tensor({1, 2, 3}):dtype(), "int64")
  lu.assertEquals(torch.tensor({true, false}):totable(), {true, false})
  lu.assertEquals(torch.tensor(7):item(), 7)
  lu.assertEquals(torch.tensor({}):shape(), {0})
  lu.assertErrorMsgContains("rows differ in length", torch.tensor, {{1, 2}, {3}})
  lu.assertErrorMsgContains("numbers or booleans are wanted, got string \"a\"", torch.tensor, {1, "a"})
end

function TestTensor:test_factories_and_operators()
  local t = torch.zeros({2, 3}, {dtype = "float64"})
  lu.assertEquals({t:dtype(), t:numel(), t:dim(), t:size(-1), #t}, {"float64", 6, 2, 3, 2})
  local a = torch.arange(6):view(2, 3)
  lu.assertEquals((a * 2 + 1):totable(), {{1, 3, 5}, {7, 9, 11}})
  lu.assertEquals((2 - a):totable(), {{2, 1, 0}, {-1, -2, -3}})
  lu.assertEquals((-a):sum():item(), -15)
  lu.assertEquals((a ^ 2):totable(), {{0, 1, 4}, {9, 16, 25}})
  lu.assertEquals(a:float():mean({0}, {keepdim = true}):shape(), {1, 3})
  local values, indices = a:max(1)
  lu.assertEquals({values:totable(), indices:totable()}, {{2, 5}, {2, 2}})
end

os.exit(lu.LuaUnit.run())
