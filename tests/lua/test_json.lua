local lu = require "luaunit"
local json = require "moonlark.json"

TestJson = {}

function TestJson:test_keys_are_sorted_so_that_files_compare()
  lu.assertEquals(json.encode {b = 1, a = {2.5, true, "x\n\"y\""}}, '{"a":[2.5,true,"x\\n\\"y\\""],"b":1}')
end

function TestJson:test_numbers_read_back_exactly()
  for _, value in ipairs {0.1, 1 / 3, 1e300, -2.5e-8, 3.0, 1 << 53} do
    lu.assertEquals(json.decode(json.encode {value})[1], value)
  end
  lu.assertEquals(json.encode {0 / 0, math.huge}, "[null,null]")
end

function TestJson:test_empty_array_is_marked()
  lu.assertEquals(json.encode {json.array {}, {}}, "[[],{}]")
end

function TestJson:test_what_json_cannot_hold_is_an_error()
  lu.assertErrorMsgContains("cannot hold a function", json.encode, {print})
  local own = {}
  own.own = own
  lu.assertErrorMsgContains("contain itself", json.encode, own)
end

os.exit(lu.LuaUnit.run())
