-- Tables that people bring: core.store.read_table.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local torch = require "moonlark.torch"

local reference <const> = "tests/reference/store/"

TestDelimited, TestJsonl, TestArff, TestArrays = {}, {}, {}, {}

lib.in_folder {TestDelimited, TestJsonl, TestArff, TestArrays}

local function read(self, text, options, ending)
  local path = files.join(self.folder, "t." .. (ending or "csv"))
  files.write(path, text)
  return core.store.read_table(path, options)
end

local nan <const> = "nan"
-- The numbers as nested lists, with the word where there is none.
local function rows(t)
  local list = t.values:totable()
  for _, row in ipairs(list) do
    for i, value in ipairs(row) do if value ~= value then row[i] = nan end end
  end
  return list
end

function TestDelimited:test_columns_are_numbers_or_texts_over_all_their_rows()
  local t = read(self, "file,length,tempo,label\na.wav,661794,120.5,blues\nb.wav,,NA,\nc.wav,+3,-1e-3,7\n")
  lu.assertEquals(t.rows, 3)
  lu.assertEquals(t.names, {"file", "length", "tempo", "label"})
  lu.assertEquals(t.numbers, {"length", "tempo"})
  lu.assertEquals(t.values:dtype(), "float64")
  lu.assertEquals(rows(t), {{661794, 120.5}, {nan, nan}, {3, -1e-3}})
  lu.assertEquals(t.texts, {file = {"a.wav", "b.wav", "c.wav"}, label = {"blues", "", "7"}})
  lu.assertEquals(t.odd, {file = {line = 2, value = "a.wav"}, label = {line = 2, value = "blues"}})
  lu.assertEquals(t.lines:totable(), {2, 3, 4})
  lu.assertTrue(t.header)
end

function TestDelimited:test_words_that_are_numbers_or_say_that_there_is_none()
  local t = read(self, "a,b,c\n?,True,?\nn/a,FALSE,x\n<NA>,None, \n#N/A,null,\n2,-INF,nan\n")
  lu.assertEquals(rows(t), {{nan, 1}, {nan, 0}, {nan, nan}, {nan, nan}, {2, -1 / 0}})
  lu.assertEquals(t.texts.c, {"?", "x", " ", "", "nan"})
  lu.assertEquals(read(self, "on\ntrue\nfalse\n", {text = {"on"}}).texts.on, {"true", "false"})
end

function TestDelimited:test_one_odd_cell_at_the_end_makes_a_column_text()
  local lines = {"a,b"}
  for i = 1, 10000 do lines[#lines + 1] = ("%d,%d"):format(i, 2 * i) end
  lines[9000] = "1,oops"
  local t = read(self, table.concat(lines, "\n"))
  lu.assertEquals(t.numbers, {"a"})
  lu.assertEquals(t.odd, {b = {line = 9000, value = "oops"}})
  lu.assertEquals(t.texts.b[10000], "20000")
end

function TestDelimited:test_texts_that_are_asked_for_stay_as_they_are()
  local t = read(self, "id,fold,x\n000002,01,1\n000010,02,2\n", {text = {"id", "fold", "none"}})
  lu.assertEquals(t.texts, {id = {"000002", "000010"}, fold = {"01", "02"}})
  lu.assertEquals(t.odd, {})
  lu.assertEquals(rows(t), {{1}, {2}})
end

function TestDelimited:test_quotes_hold_delimiters_lines_and_quotes()
  local t = read(self, 'name,x\r\n"a, b",1\r\n"two\r\nlines ""quoted""","2"\r\n\r\n7" single,3\r\n')
  lu.assertEquals(t.texts.name, {"a, b", 'two\r\nlines "quoted"', '7" single'})
  lu.assertEquals(rows(t), {{1}, {2}, {3}})
  lu.assertEquals(t.lines:totable(), {2, 3, 6})
end

function TestDelimited:test_the_delimiter_is_guessed()
  for name, text in pairs {
    semicolon = "name;x;y\nrock, pop;1.5;2\nb;2;3\n", tab = "name\tx\ty\nrock; pop\t1.5\t2\nb\t2\t3\n",
    bar = "name|x|y\na, b|1.5|2\nb|2|3\n", comma = "name,x,y\na;b,1.5,2\nb,2,3\n",
    excel = "sep=;\r\nname;x;y\r\na,b;1.5;2\r\nb;2;3\r\n",
  } do
    local t = read(self, text)
    lu.assertEquals(t.names, {"name", "x", "y"}, name)
    lu.assertEquals(rows(t), {{1.5, 2}, {2, 3}}, name)
  end
  lu.assertEquals(read(self, "a\n1\n2\n").names, {"a"})
  lu.assertEquals(rows(read(self, "1.5e+00 2.0e+00\n3.0e+00 nan\n")), {{1.5, 2}, {3, nan}})      -- numpy.savetxt
  lu.assertEquals(read(self, "x  y\n 1 2\n10 3\n").names, {"x", "y"})
  lu.assertEquals(read(self, "title\nthe end\nthe start\n").texts.title, {"the end", "the start"})
  lu.assertEquals(rows(read(self, " 1  2.5 3 \n4 5   6\n", {delimiter = " "})), {{1, 2.5, 3}, {4, 5, 6}})
  lu.assertEquals(read(self, "a;b\n1;2\n", {delimiter = ","}).names, {"a;b"})
end

function TestDelimited:test_decimal_comma()
  local t = read(self, "x;y\n1,5;2\n-3,25e2;1.5\n", {decimal = ","})
  lu.assertEquals(rows(t), {{1.5}, {-325}})
  lu.assertEquals(t.odd, {y = {line = 3, value = "1.5"}})
  lu.assertEquals(read(self, "x;y\n1,5;2\n").odd.x, {line = 2, value = "1,5"})
  lu.assertErrorMsgContains("decimal and delimiter must differ", read, self, "x,y\n1,2\n",
    {decimal = ",", delimiter = ","})
end

function TestDelimited:test_marks_of_unicode()
  local utf16 = "\xff\xfe"
  for c in ("näme\tx\r\nä\t1\r\n𝄞\t2\r\n"):gmatch(utf8.charpattern) do
    local code = utf8.codepoint(c)
    utf16 = utf16 .. (code < 0x10000 and ("<I2"):pack(code)
      or ("<I2I2"):pack(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff)))
  end
  local t = read(self, utf16, nil, "txt")
  lu.assertEquals(t.names, {"näme", "x"})
  lu.assertEquals(t.texts["näme"], {"ä", "𝄞"})
  lu.assertEquals(read(self, "\xef\xbb\xbfa,b\n1,2\n").names, {"a", "b"})
  lu.assertErrorMsgContains("line 2: a zero byte", read, self, "a,b\n1\0,2\n")
  lu.assertErrorMsgContains("odd number of bytes", read, self, "\xff\xfea\0b")
end

function TestDelimited:test_names()
  local function names(text, options) return read(self, text, options).names end
  lu.assertEquals(names "a,a,,a.1,a\n1,2,3,4,5\n", {"a", "a.2", "Unnamed: 2", "a.1", "a.3"})
  lu.assertEquals(names "1,2.5\n3,4\n", {"column_1", "column_2"})
  lu.assertFalse(read(self, "1,2.5\n3,4\n").header)
  lu.assertEquals(names "0,1,2,label\n1.5,2,3,a\n", {"0", "1", "2", "label"})
  lu.assertEquals(names ",0,1,2\n0,5,6,7\n", {"Unnamed: 0", "0", "1", "2"})       -- as pandas writes
  lu.assertEquals(names("1,2,3\n3,4,5\n", {header = 1}), {"1", "2", "3"})
  lu.assertEquals(rows(read(self, "1,2,3\n3,4,5\n", {header = 0})), {{1, 2, 3}, {3, 4, 5}})
  lu.assertEquals(names("feature,mfcc,mfcc\nstatistics,mean,std\ntrack,,\n2,1,1\n", {header = 3}),
    {"feature.statistics.track", "mfcc.mean", "mfcc.std"})
  lu.assertEquals(names '"x"\t"y"\n"1"\t1.5\t2\n', {"Unnamed: 0", "x", "y"})       -- as R writes
  lu.assertEquals(names "a,b\n1,2,\n3,4,\n", {"a", "b", "Unnamed: 2"})
  lu.assertEquals(names "# made today\n# time,pitch\n0,440\n1,450\n", {"time", "pitch"})
  lu.assertEquals(names "# made today, and yesterday\n# time\tpitch\n0\t440\n1\t450\n", {"time", "pitch"})
  lu.assertEquals(rows(read(self, "# made today\n0,440\n1,450\n")), {{0, 440}, {1, 450}})
  lu.assertEquals(names "#,Name\n1,x\n", {"#", "Name"})
end

function TestDelimited:test_what_moonlark_writes_before_formulas_is_taken_away()
  local t = read(self, "path,x\n'=1+1.wav,1\n''@a.wav,2\n'tis.wav,-3\n")
  lu.assertEquals(t.texts.path, {"=1+1.wav", "'@a.wav", "'tis.wav"})
end

function TestDelimited:test_errors_name_the_line()
  lu.assertErrorMsgContains("t.csv: line 3: 3 cells, but the first line names 2 columns", read, self,
    "a,b\n1,2\n1,2,3\n")
  lu.assertErrorMsgContains("line 4: 1 cell, but the first line names 2 columns", read, self, "a,b\n1,2\n\n1\n")
  lu.assertErrorMsgContains("line 2: 1 cell, but the first line has 3 columns", read, self, "1,2,4\n1\n")
  lu.assertErrorMsgContains("line 2: a quoted cell is never closed", read, self, 'a,b\n1,"2\n3,4\n')
  lu.assertErrorMsgContains("line 2: text follows a closing quote", read, self, 'a,b\n1,"2"3\n')
  lu.assertErrorMsgContains("there is nothing in it", read, self, "\n\n")
  lu.assertErrorMsgContains("there are no rows", read, self, "a,b\n")
  lu.assertErrorMsgContains("line 2: 1 cell,", read, self, ("a,"):rep(2000) .. "\n" .. ("1\n"):rep(2000))
  lu.assertErrorMsgContains("a table to read must end in .safetensors, .npz, .npy, .csv, .tsv",
    core.store.read_table, "x.xlsx")
  lu.assertErrorMsgContains("read_table: header must be", read, self, "a\n1\n", {header = -1})
end

function TestDelimited:test_numbers_are_rounded_as_lua_rounds_them()
  local values, lines = {}, {"a,b"}
  math.randomseed(1, 2)
  for i = 1, 20000 do
    local value = (math.random() - 0.5) * 10.0 ^ math.random(-30, 30)
    values[i] = ("%%.%dg"):format(math.random(1, 21)):format(value)
    lines[i + 1] = values[i] .. "," .. i
  end
  local t = read(self, table.concat(lines, "\n")).values:totable()
  for i, text in ipairs(values) do lu.assertEquals(t[i][1], tonumber(text), text) end
end

-- --- an object a line ---------------------------------------------------------------

function TestJsonl:test_names_may_come_in_any_order_and_be_absent()
  local t = read(self,
    '{"path": "a\\u00e9\\n.wav", "x": 1.5, "on": true}\r\n\n{"on":false,"x":null,"path":"b","y":-2e3}\n{}\n',
    nil, "jsonl")
  lu.assertEquals(t.names, {"path", "x", "on", "y"})
  lu.assertEquals(t.numbers, {"x", "on", "y"})
  lu.assertEquals(rows(t), {{1.5, 1, nan}, {nan, 0, -2000}, {nan, nan, nan}})
  lu.assertEquals(t.texts.path, {"aé\n.wav", "b", ""})
  lu.assertEquals(t.lines:totable(), {1, 3, 4})
  lu.assertEquals(t.odd, {path = {line = 1, value = "aé\n.wav"}})
end

function TestJsonl:test_a_text_anywhere_makes_a_column_text()
  local t = read(self, '{"x": 1}\n{"x": "two"}\n{"x": NaN}\n', nil, "jsonl")
  lu.assertEquals(t.texts.x, {"1", "two", "NaN"})
  lu.assertEquals(t.odd.x, {line = 2, value = "two"})
  lu.assertEquals(t.values:shape(), {3, 0})
  lu.assertEquals(read(self, '{"x": 1}\n{"x": NaN}\n{"x": -Infinity}\n', nil, "jsonl").numbers, {"x"})
  lu.assertEquals(read(self, '{"x": 01}\n', {text = {"x"}}, "jsonl").texts.x, {"01"})
end

function TestJsonl:test_errors_name_the_line()
  local function fails(message, text) lu.assertErrorMsgContains(message, read, self, text, nil, "jsonl") end
  fails('t.jsonl: line 2: "mfcc" must be a number, a text or null', '{"mfcc": 1}\n{"mfcc": [1, 2]}\n')
  fails("line 1: an object was expected", "[1]\n")
  fails("line 1: not JSON: ',' or '}' was expected", '{"a": 1 "b": 2}\n')
  fails("line 1: not JSON: text follows the object", '{"a": 1} 2\n')
  fails("line 1: not JSON: a name and ':' were expected", '{"a": 1,}\n')
  fails("line 1: a text is no JSON", '{"a": "\\q"}\n')
  fails("there is nothing in it", "{}\n")
  fails("it is not UTF-8", '{"a": "\xe9"}\n')
  local lines = {}
  for i = 1, 3000 do lines[i] = ('{"k%d": 1}'):format(i) end
  fails("this is no table", table.concat(lines, "\n"))
end

-- --- Weka's ---------------------------------------------------------------------------

function TestArff:test_kinds_of_attributes()
  local t = read(self, [[
% a comment
@relation 'music features'
@ATTRIBUTE 'tempo (BPM)' NUMERIC
@attribute x real
@attribute n Integer
@attribute title string
@attribute made date "yyyy-MM-dd"
@attribute class {rock, 'hip hop',"d\'n\'b" }

@data
120.5, ?, 3, 'it\'s, "here"', 2020-01-01, rock
% another
?	-1e3	4	?	'2020-02-02'	'hip hop'
]], nil, "arff")
  lu.assertEquals(t.names, {"tempo (BPM)", "x", "n", "title", "made", "class"})
  lu.assertEquals(rows(t), {{120.5, nan, 3}, {nan, -1000, 4}})
  lu.assertEquals(t.texts, {title = {'it\'s, "here"', ""},
    made = {"2020-01-01", "2020-02-02"}, class = {"rock", "hip hop"}})
  lu.assertEquals(t.classes, {class = {"rock", "hip hop", "d'n'b"}})
  lu.assertEquals(t.lines:totable(), {11, 13})
end

function TestArff:test_errors_name_the_line()
  local function fails(message, text) lu.assertErrorMsgContains(message, read, self, text, nil, "arff") end
  fails("line 3: attribute 'a' is numeric, got 'x'", "@attribute a numeric\n@data\nx\n")
  fails("line 3: a sparse row", "@attribute a numeric\n@data\n{0 1}\n")
  fails("line 3: more values than the 1 attributes", "@attribute a numeric\n@data\n1,2\n")
  fails("line 4: fewer values than the 2 attributes", "@attribute a real\n@attribute b real\n@data\n1\n")
  fails("line 1: attribute 'a' is of kind 'relational'", "@attribute a relational\n@data\n1\n")
  fails("line 3: a quote is never closed", "@attribute a string\n@data\n'x\n")
  fails("line 1: the list of classes does not end", "@attribute a {x,y\n@data\nx\n")
  fails("there is no @DATA", "@attribute a string\n")
  fails("line 1: @RELATION, @ATTRIBUTE or @DATA was expected", "a,b\n1,2\n")
  fails("line 2: @RELATION, @ATTRIBUTE or @DATA was expected", "@relation moonlark\n@relation moonlark\n@data\n")
  fails("there is no @ATTRIBUTE before @DATA", "@data\n1\n")
  fails("there are no rows", "@attribute a string\n@data\n%x\n")
end

-- --- named arrays ---------------------------------------------------------------------

function TestArrays:test_arrays_of_one_length_are_columns()
  local path = files.join(self.folder, "t.npz")
  local x = torch.arange(6):reshape {3, 2}
  core.store.save(path, {x = x, kind = {"a", "b", "a"}, flag = torch.tensor {0, 1, 1}:bool(),
    rate = torch.tensor(22050), half = torch.tensor({1, -0.5, 0 / 0}, {dtype = "float16"}), title = "one"})
  local t = core.store.read_table(path, {text = {"x_1"}})
  lu.assertEquals(t.names, {"kind", "flag", "half", "x_0", "x_1"})
  lu.assertEquals(rows(t), {{0, 1, 0}, {1, -0.5, 2}, {1, nan, 4}})
  lu.assertEquals(t.texts, {kind = {"a", "b", "a"}, x_1 = {"1", "3", "5"}})
  lu.assertNil(t.lines)
  core.store.save(path, {x = x, y = torch.tensor {1, 0, 1}, names = {"u", "v"}, classes = {"a", "b"}})
  t = core.store.read_table(path)
  lu.assertEquals(t.names, {"label", "u", "v"})
  lu.assertEquals(t.texts.label, {"b", "a", "b"})
  lu.assertEquals(t.classes, {label = {"a", "b"}})
  path = files.join(self.folder, "t.npy")
  core.store.save(path, x)
  t = core.store.read_table(path)
  lu.assertEquals({t.names, t.header}, {{"column_1", "column_2"}, false})
  core.store.save(path, {"a", "b"})
  lu.assertEquals(core.store.read_table(path).texts, {column_1 = {"a", "b"}})
end

function TestArrays:test_vectors_of_matlab()
  local path = files.join(self.folder, "t.mat")
  torch.save(path, {x = torch.arange(6):reshape {3, 2}, y = torch.tensor {7, 8, 9}, z = torch.ones {3, 1},
    label = {"a", "b", "a"}, rate = torch.tensor(22050)})
  local t = core.store.read_table(path)
  lu.assertEquals(t.names, {"label", "x_0", "x_1", "y", "z"})
  lu.assertEquals(rows(t), {{0, 1, 7, 1}, {2, 3, 8, 1}, {4, 5, 9, 1}})
end

function TestArrays:test_errors_name_the_array()
  local path = files.join(self.folder, "t.npz")
  local function fails(message, tensors)
    core.store.save(path, tensors)
    lu.assertErrorMsgContains(message, core.store.read_table, path)
  end
  fails("array 'y' has the length 4, those before it 3", {x = torch.ones {3, 2}, y = torch.ones {4}})
  fails("array 'x' has 3 axes", {x = torch.ones {3, 2, 2}})
  fails("array 'z' is complex", {z = torch.ones({3}, {dtype = "complex64"})})
  fails("y holds 2, but there are 2 classes", {x = torch.ones {2, 1}, y = torch.tensor {0, 2}, classes = {"a", "b"}})
  fails("there are no rows", {rate = torch.tensor(1)})
  fails("there are no rows", {x = torch.ones {0, 2}})
end

function TestArrays:test_hdf5_of_python()
  if not pcall(core.store.read_table, reference .. "table.h5") then lu.skip "there is no libhdf5" end
  local t = core.store.read_table(reference .. "table.h5")
  lu.assertEquals(t.names, {"label", "fixed", "X_0", "X_1", "flag", "u", "z"})
  lu.assertEquals(rows(t), {{0, 0.125, 1, 1, 1}, {0.25, 0.375, 0, 2, 2}, {0.5, 0.625, 1, 65535, 3}})
  lu.assertEquals(t.texts, {label = {"rock", "", "Grüße"}, fixed = {"a", "bc", "d"}})
  local path = files.join(self.folder, "cut.h5")
  files.write(path, files.read(reference .. "table.h5"):sub(1, 3000))
  lu.assertErrorMsgContains("cut.h5: not an HDF5 file, or damaged", core.store.read_table, path)
  lu.assertErrorMsgContains("crashes.h5: ", core.store.read_table, reference .. "crashes.h5")   -- libhdf5 1.10.8 does
  lu.assertErrorMsgContains("absent.h5: No such file", core.store.read_table, "absent.h5")
  lu.assertErrorMsgContains("only groups, which are not read", core.store.read_table, reference .. "groups.h5")
  lu.assertErrorMsgContains("dataset 'x' claims more numbers than it stores", core.store.read_table,
    reference .. "huge.h5")
end

lib.run()
