local lu = require "luaunit"
local schema = require "schema"
local torch = require "moonlark.torch"

local by_name = {}
for _, operator in ipairs(schema.operators()) do by_name[operator.name] = operator end

local function overload(name)
  local family = name:match "^[^.]*"
  for _, it in ipairs(by_name[family].overloads) do
    if it.name == name then return it end
  end
end

function TestTorchSchema()
  local add = overload "add.Tensor"
  lu.assertEquals(add.text, torch.help "add":match "[^\n]*add%.Tensor[^\n]*")
  lu.assertEquals(schema.signatures(add, true), {
    "fun(self: moonlark.Tensor, other: moonlark.Tensor): moonlark.Tensor",
    "fun(self: moonlark.Tensor, other: moonlark.Tensor, named?: {alpha?: number|boolean}): moonlark.Tensor",
  })
  local conv = overload "conv2d.padding"
  lu.assertEquals(conv.params[4], {name = "stride", type = "integer|integer[]", optional = true})
  lu.assertEquals(schema.signatures(overload "view", true), {
    "fun(self: moonlark.Tensor, size: integer[]): moonlark.Tensor",
    "fun(self: moonlark.Tensor, ...: integer): moonlark.Tensor",
  })
  lu.assertEquals(schema.signatures(overload "max.dim")[1],
    "fun(self: moonlark.Tensor, dim: integer, keepdim?: boolean): moonlark.Tensor, moonlark.Tensor")
  lu.assertEquals(overload "max.dim".returns[2], {name = "indices", type = "moonlark.Tensor", optional = false})
  lu.assertStrContains(schema.signatures(overload "slice_scatter")[2], '["end"]?: integer')
  lu.assertStrContains(schema.signatures(overload "zeros")[2], "requires_grad?: boolean")
end

-- What is written by hand is documented there: an operator of the same name is not listed in its place.
function TestTorchSchemaLeavesOwnFunctions()
  lu.assertEquals({by_name.conv2d.method, by_name.conv2d.global}, {true, true})
  lu.assertEquals({by_name.size.method, by_name.size.global}, {false, true})
  lu.assertNil(by_name.stft)
  lu.assertNil(by_name._to_copy)
  lu.assertFalse(by_name.zeros.method)
end

function TestTorchSchemaIsComplete()
  for name, operator in pairs(by_name) do
    for _, it in ipairs(operator.overloads) do
      for _, slot in ipairs(it.params) do lu.assertStrMatches(slot.name, "[%a_][%w_]*", nil, nil, name) end
      lu.assertEquals(it.self ~= nil and it.params[it.self].type or "moonlark.Tensor", "moonlark.Tensor", name)
    end
  end
end

os.exit(lu.LuaUnit.run())
