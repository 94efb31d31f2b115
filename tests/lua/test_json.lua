local lu = require "luaunit"
local json = require "moonlark.base.json"

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

local odd = {
  "Caf\xe9", "na\u{ef}ve", "\xff\xfe\x80\xc0\xaf", "\xed\xa0\x80", "\xe2\x82", "\xf4\x8d\xb2",
  "tab\t line\n \27[2J \127 \\ \"",
  "\u{10dc80}\u{10dce9}\u{10dcff}", "\u{10dc7f}\u{10dd00}", "\xf4\u{10dce9}", "\u{10dce9}\xe9",
  "\u{9b}2J \u{202e}\u{feff}",
  "日本 🎵", "",
}

function TestJson:test_what_is_written_already_is_handed_on_and_read_when_looked_into()
  local text = '{"b":1,"a":[1.50,2]}' -- neither sorted nor as json.encode writes numbers
  local value = json.written(text)
  lu.assertEquals(json.encode {result = value, list = {value}}, '{"list":[' .. text .. '],"result":' .. text .. "}")
  lu.assertEquals({value.b, value.a[1], value.c, #json.written "[7,8]"}, {1, 1.5, nil, 2})
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  lu.assertEquals(#keys, 2)
  lu.assertEquals(json.encode(value), text)
end

function TestJson:test_numbers_of_a_tensor()
  local core, torch = require "moonlark_core", require "moonlark.torch"
  local values = torch.tensor {{0.1, -1.5, 3}, {1e-30, 1 / 3, 16777217}}
  local text = core.store.json_numbers(values)
  lu.assertStrContains(text, "[0.1,-1.5,3,1e-30,0.333333")
  lu.assertTrue(torch.tensor(json.decode(text)):equal(values:flatten()))
  lu.assertEquals(core.store.json_numbers(torch.tensor {0 / 0, 1 / 0}), "[null,null]")
  lu.assertEquals(core.store.json_numbers(torch.zeros {0}), "[]")
end

function TestJson:test_any_bytes_come_back()
  for _, text in ipairs(odd) do
    local written = json.encode {[text] = {text}}
    lu.assertNotNil(utf8.len(written), written)
    lu.assertNil(written:find "[%c\127]", written)
    lu.assertEquals(json.decode(written), {[text] = {text}})
    lu.assertEquals(json.decode(json.encode(written)), written) -- JSON within JSON
  end
  lu.assertEquals(json.encode "Caf\xe9", [["Caf\udbf7\udce9"]])
  lu.assertEquals(json.decode '"\u{10dce9}"', "\xe9") -- a writer may have left the code point as it is
  local all = {}
  for byte = 0, 255 do all[byte + 1] = string.char(byte) end
  lu.assertEquals(json.decode(json.encode(table.concat(all))), table.concat(all))
end

function TestJson:test_the_engine_writes_and_reads_the_same()
  local files, store = require "moonlark.base.files", require "moonlark_core".store
  local folder = files.temporary_folder()
  local path, texts = folder .. "/t.safetensors", {}
  for i, text in ipairs(odd) do texts["k" .. i .. text] = text end
  store.save(path, {}, texts)
  local header = files.read(path):sub(9)
  lu.assertEquals(json.decode(header).__metadata__, texts)
  for key, text in pairs(texts) do
    lu.assertStrContains(header, json.encode(key) .. ":" .. json.encode(text))
  end
  lu.assertEquals(store.metadata(path), texts)
  files.remove(folder)
end

function TestJson:test_damage_is_told_with_its_place()
  for text, place in pairs {
    ["{"] = "line 1, column 2", ['{\n "a": 1,\n "ä" 2}'] = "line 3, column 6", ["[NaN]"] = "line 1, column 2",
    ["[1,]"] = "line 1, column 4: not JSON: expected value, found ]",
    ["[0]\0"] = "line 1, column 4: not JSON: a zero byte",
    ["\xEF\xBB\xBF{x}"] = "line 1, column 2", ["[]]"] = "line 1, column 3", [("["):rep(1e5)] = "it nests too deep",
    ["\xFF\xFE["] = "line 1, column 1",
  } do
    lu.assertErrorMsgContains("f.json, " .. (place:find "^line" and place or "line 1"), json.decode, text, "f.json")
    lu.assertErrorMsgContains(place, json.decode, text, "f.json")
  end
  lu.assertErrorMsgContains("f.json is empty", json.decode, " \r\n", "f.json")
end

function TestJson:test_marks_and_line_ends_of_other_systems_are_read()
  lu.assertEquals(json.decode('\xEF\xBB\xBF{"a":\r\n[1]}\r\n'), {a = {1}})
  lu.assertEquals(json.decode '{"a": 1, "a": 2}', {a = 2}) -- the last counts
end

os.exit(lu.LuaUnit.run())
