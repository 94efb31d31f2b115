-- What a form lets through, and how it says where a value is another.
local lu = require "luaunit"
local json = require "moonlark.base.json"
local shape = require "moonlark.base.shape"

local Index = {
  kind = shape.word {"a", "b"}, share = shape.maybe "number",
  tracks = shape.list {path = "string", label = shape.maybe "string", n = shape.maybe(shape.integer(0, 5))},
  tags = shape.maybe(shape.map "boolean"),
  only = shape.maybe(shape.closed {x = "any"}),
  fold = shape.maybe(shape.either("a number or a list", "integer", shape.list "integer")),
}

TestShape = {}

function TestShape:test_what_fits_comes_back_cleaned()
  local read = shape.check(json.decode [[{"kind": "a", "share": null, "more": [1],
    "tracks": [{"path": "x", "n": 3.0, "label": null}], "fold": [2]}]], "f.json", Index)
  lu.assertEquals(read, {kind = "a", more = {1}, tracks = {{path = "x", n = 3}}, fold = {2}})
  lu.assertEquals({math.type(read.tracks[1].n), math.type(read.fold[1])}, {"integer", "integer"})
  lu.assertEquals(shape.check({}, "f.json", shape.list "string"), {})
end

function TestShape:test_what_does_not_is_told_with_its_place()
  local good = {kind = '"a"', tracks = "[]"}
  for _, case in ipairs {
    {"kind", "7", 'kind must be one of a, b, got number 7'},
    {"kind", '"c\\nd"', 'kind must be one of a, b, got string "c\\nd"'},
    {"kind", nil, "kind is missing"},
    {"kind", "null", "kind must be one of a, b, got null"},
    {"share", "1e999", "share must be a number, got number inf"},
    {"tracks", "{\"a\": 1}", "tracks must be a list, got an object"},
    {"tracks", '[{"path": "x"}, {"path": 7}]', "tracks[2].path must be a string without zero bytes, got number 7"},
    {"tracks", '[{"path": "x\\u0000"}]', 'tracks[1].path must be a string without zero bytes, got string "x\\x00"'},
    {"tracks", '[{"path": "x", "n": 6}]', "tracks[1].n must be a whole number 0..5, got number 6"},
    {"tracks", '[{"path": "x", "n": 0.5}]', "tracks[1].n must be a whole number 0..5, got number 0.5"},
    {"tracks", "[null]", "tracks[1] must be an object, got null"},
    {"tags", '{"a b": 1}', 'tags["a b"] must be true or false, got number 1'},
    {"only", '{"x": 1, "y": 2}', "only.y is not known here; known: x"},
    {"fold", '[1, "x"]', 'fold[2] must be a whole number, got string "x"'},
    {"fold", '"x"', 'fold must be a number or a list, got string "x"'},
  } do
    local parts = {}
    for key, text in pairs(good) do
      if key ~= case[1] then parts[#parts + 1] = ('"%s": %s'):format(key, text) end
    end
    if case[2] then parts[#parts + 1] = ('"%s": %s'):format(case[1], case[2]) end
    local value = json.decode("{" .. table.concat(parts, ", ") .. "}")
    lu.assertErrorMsgEquals("f.json: " .. case[3], shape.check, value, "f.json", Index)
  end
  lu.assertErrorMsgEquals("f.json: must be an object, got a list", shape.check, {1}, "f.json", Index)
end

os.exit(lu.LuaUnit.run())
