local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local torch = require "moonlark.torch"

local reference = "tests/reference/store/"

TestStore = {}

lib.in_folder {TestStore}

function TestStore:test_reads_what_python_wrote()
  for _, name in ipairs {"all.safetensors", "stored.npz", "float32.npy"} do
    local loaded = core.store.load(reference .. name)
    local grid = name == "all.safetensors" and loaded.float32 or name == "stored.npz" and loaded.b or loaded
    lu.assertEquals(grid:dtype(), "float32")
    lu.assertEquals(grid:totable(), {{0, 0.125, 0.25}, {0.375, 0.5, 0.625}})
  end
  local all = core.store.load(reference .. "all.safetensors")
  for _, name in ipairs {"float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64"} do
    lu.assertEquals(all[name]:dtype(), name)
    lu.assertEquals(all[name]:shape(), {2, 3})
  end
  lu.assertEquals(all.number:dim(), 0)
  lu.assertEquals(all.empty:shape(), {0, 4})
  lu.assertEquals(core.store.metadata(reference .. "all.safetensors")["format"], "np")
end

function TestStore:test_every_kind_of_file_reads_back()
  local grid = torch.arange(6):reshape {2, 3}
  for _, ending in ipairs {".safetensors", ".npz"} do
    local path = files.join(self.folder, "x" .. ending)
    core.store.save(path, {grid = grid, turned = grid:t(), number = torch.tensor(1.5)})
    local read = core.store.load(path)
    lu.assertEquals(read.grid:dtype(), "int64")
    lu.assertEquals(read.turned:totable(), {{0, 3}, {1, 4}, {2, 5}})   -- views are written as they look
    lu.assertEquals(read.number:item(), 1.5)
  end
  local path = files.join(self.folder, "x.npy")
  core.store.save(path, grid:t())
  lu.assertEquals(core.store.load(path):totable(), {{0, 3}, {1, 4}, {2, 5}})
end

function TestStore:test_every_format_is_good_for_what_it_offers()
  lu.assertEquals(core.store.formats(), {"safetensors", "npz", "npy", "csv", "jsonl", "arff", "h5"})
  local single = {npy = true, csv = true, tsv = true}
  for _, format in ipairs(core.store.formats "tensors") do
    local path, x = files.join(self.folder, "x." .. format), torch.arange(3)
    core.store.save(path, single[format] and x or {x = x})
    local loaded = core.store.load(path)
    lu.assertEquals((single[format] and loaded or loaded.x):flatten():totable(), {0, 1, 2}, format)
  end
  local tables = {}
  for _, format in ipairs(core.store.formats "table") do
    tables[format] = true
    if format ~= "h5" then core.extract.check_table("x." .. format) end
  end
  for _, format in ipairs(core.store.formats()) do
    if not tables[format] then
      lu.assertErrorMsgContains("a table's name must end in .safetensors, .npy, .csv, .jsonl, .arff or .h5, got 'x."
        .. format, core.extract.check_table, "x." .. format)
    end
  end
  lu.assertErrorMsgContains("must end in", core.store.save, ".npz", {})
  lu.assertEquals(core.store.frame_files("a/x.npy", {"mel", "rms"}), {"a/x.mel.npy", "a/x.rms.npy"})
  lu.assertEquals(core.store.frame_files("a/x.npz", {"mel", "rms"}), {"a/x.npz"})
  lu.assertEquals(core.store.frame_files("x.npy", {"mel"}), {"x.npy"})
  lu.assertEquals(core.store.frame_files("x.npy", {}), {"x.npy"})
end

function TestStore:test_metadata_and_equal_content_give_equal_bytes()
  local a, b = files.join(self.folder, "a.safetensors"), files.join(self.folder, "b.safetensors")
  core.store.save(a, {x = torch.ones {2}, y = torch.zeros {3}}, {kind = "test", label = "Grüße\n"})
  core.store.save(b, {y = torch.zeros {3}, x = torch.ones {2}}, {label = "Grüße\n", kind = "test"})
  lu.assertEquals(core.store.hash_file(a), core.store.hash_file(b))
  lu.assertEquals(core.store.metadata(a), {kind = "test", label = "Grüße\n"})
  lu.assertEquals(core.store.hash(files.read(a)), core.store.hash_file(a))
end

function TestStore:test_errors_name_the_file_or_argument()
  local path = files.join(self.folder, "x.safetensors")
  lu.assertErrorMsgContains("must end in .safetensors, .npz, .npy, .csv, .tsv, .mat, .pt, .pth, .bin, .ckpt or .onnx, got "
    .. "'x.xyz'", core.store.load, "x.xyz")
  lu.assertErrorMsgContains("must end in .safetensors, .npz, .npy, .csv, .tsv or .mat, got 'x.pt'", core.store.save,
    "x.pt", {})
  lu.assertErrorMsgContains("absent.npy: No such file", core.store.load, "absent.npy")
  lu.assertErrorMsgContains("object.npy: dtype '|O' (Python objects", core.store.load, reference .. "object.npy")
  lu.assertErrorMsgContains("tensors must be a table", core.store.save, path, torch.ones {1})
  lu.assertErrorMsgContains("weights must be a tensor, got number", core.store.save, path, {weights = 1})
  lu.assertErrorMsgContains("tensors must have names", core.store.save, path, {torch.ones {1}})
  lu.assertErrorMsgContains("zero byte", core.store.save, path, {["a\0b"] = torch.ones {1}})
  lu.assertErrorMsgContains("metadata must be a table", core.store.save, path, {a = torch.ones {1}}, {n = 1})
  lu.assertErrorMsgContains("no place for metadata", core.store.save, files.join(self.folder, "x.npz"),
    {a = torch.ones {1}}, {n = "1"})
  lu.assertErrorMsgContains("no bfloat16", core.store.save, files.join(self.folder, "x.npy"),
    torch.ones({1}, {dtype = "bfloat16"}))
  lu.assertEquals(files.list(self.folder), {})   -- nothing half-written stays
end

-- --- strings in .npz and .npy ---------------------------------------------------------

function TestStore:test_strings_of_numpy()
  local loaded = torch.load(reference .. "strings.npz")
  lu.assertEquals({loaded.label, loaded.title}, {{"rock", "jazz"}, "one"})
  lu.assertEquals(torch.load(reference .. "unicode_big_endian.npy"),
    {{"Grüße", "", "a"}, {"𝄞 clef", "xxxxxxxxx", "'=1"}})
  lu.assertEquals(torch.load(reference .. "bytes.npy"), {"rock", "hip hop", "\xe9"})
  lu.assertEquals(torch.load(reference .. "uint32.npy"):dtype(), "int64")
  local path = files.join(self.folder, "x.npz")
  torch.save(path, {label = {"rock", "", "Gr\xfc\xdfe"}, title = "𝄞", x = torch.ones {2}})
  local read = torch.load(path)
  lu.assertEquals({read.label, read.title, read.x:totable()}, {{"rock", "", "Gr\xfc\xdfe"}, "𝄞", {1, 1}})
  torch.save(files.join(self.folder, "x.npy"), {"a", "b"})
  lu.assertEquals(torch.load(files.join(self.folder, "x.npy")), {"a", "b"})
  lu.assertErrorMsgContains("x.npz: array 'o': dtype '|O' (Python objects", torch.load, self:with_object(path))
  lu.assertErrorMsgContains("'label': safetensors has no strings", torch.save, files.join(self.folder, "x.safetensors"),
    {label = {"a"}})
  lu.assertErrorMsgContains("label must be strings, number 2 is number 1", torch.save, path, {label = {"a", 1}})
  lu.assertErrorMsgContains("label must be a tensor, got table", torch.save, path, {label = {}})
end

-- An archive whose member is a pickle: the header of strings, of the same length, says so.
function TestStore:with_object(path)
  local bytes = files.read(reference .. "object.npy")
  local crc = 0xffffffff
  for i = 1, #bytes do
    crc = crc ~ bytes:byte(i)
    for _ = 1, 8 do crc = crc & 1 == 1 and crc >> 1 ~ 0xedb88320 or crc >> 1 end
  end
  crc = crc ~ 0xffffffff
  local name = "o.npy"
  local common = ("<I2I2I2I2I2I4I4I4I2I2"):pack(20, 0, 0, 0, 33, crc, #bytes, #bytes, #name, 0)
  local member = "PK\3\4" .. common .. name .. bytes
  local entry = "PK\1\2" .. ("<I2"):pack(20) .. common .. ("<I2I2I2I4I4"):pack(0, 0, 0, 0, 0) .. name
  files.write(path, member .. entry .. "PK\5\6" .. ("<I2I2I2I2I4I4I2"):pack(0, 0, 1, 1, #entry, #member, 0))
  return path
end

-- --- MATLAB's -------------------------------------------------------------------------

local mat <const> = reference .. "mat/"

function TestStore:test_reads_what_scipy_and_matlab_wrote()
  local grid = {{0, 1, 2}, {3, 4, 5}}
  local function from(least)
    return {{least, least + 1, least + 2}, {least + 3, least + 4, least + 5}}
  end
  for _, name in ipairs {"plain", "deflated"} do
    local loaded, left = torch.load(mat .. name .. ".mat")
    for class, want in pairs {i1 = {"int8", from(-128)}, u1 = {"uint8", from(250)}, i2 = {"int16", from(-32768)},
      u2 = {"int32", from(65530)}, i4 = {"int32", from(-2 ^ 31 | 0)}, u4 = {"int64", from((2 ^ 32 | 0) - 6)},
      i8 = {"int64", from(math.mininteger)}, u8 = {"int64", from(math.maxinteger - 5)},
      float64 = {"float64", {{0, .125, .25}, {.375, .5, .625}}},
      float32 = {"float32", {{0, .125, .25}, {.375, .5, .625}}},
      logical = {"bool", {{false, true, false}, {true, false, true}}}, number = {"float64", {{2.5}}},
      row = {"float64", {{0, 1, 2, 3}}}} do
      lu.assertEquals({loaded[class]:dtype(), loaded[class]:totable()}, want, name .. " " .. class)
    end
    lu.assertEquals((loaded.cube * 4):flatten():totable(), torch.arange(24):totable())
    lu.assertEquals(loaded.cube:shape(), {2, 3, 4})
    lu.assertEquals(loaded.empty:shape(), {0, 3})
    for _, class in ipairs {"complex64", "complex128"} do
      lu.assertEquals(loaded[class]:dtype(), class)
      lu.assertEquals(torch.real(loaded[class]):totable(), grid)
      lu.assertEquals(torch.imag(loaded[class]):totable(), {grid[2], grid[1]})
    end
    lu.assertEquals({loaded.text, loaded.texts, loaded.cells, loaded.nothing},
      {"Grüße", {"one", "three"}, {"rock", "", "hip hop"}, ""})
    lu.assertEquals(left, {mixed = "cell", record = "struct", thin = "sparse"})
  end
  local loaded, left = torch.load(mat .. "big_endian.mat")
  lu.assertEquals({loaded.packed:totable(), loaded.short:totable(), loaded.text, left},
    {{{1, 3}, {2, 4}}, {{-2, 0, 32767}}, "Gü", nil})
  lu.assertEquals(loaded.float64:totable(), {{0, .125, .25}, {.375, .5, .625}})
  lu.assertEquals(torch.load(mat .. "characters.mat"), {utf8 = "Grüße", utf16 = "𝄞", utf32 = {"ac", "bd"}})
end

-- The header says who wrote it; all behind it is the same.
function TestStore:test_writes_the_bytes_that_scipy_writes()
  local path, grid = files.join(self.folder, "ours.mat"), torch.arange(6):reshape {2, 3}
  local double = grid:to "float64"
  torch.save(path, {b = grid:gt(2), c = torch.complex(double, double * 2), e = torch.ones {0, 3}, f = double / 8,
    i = grid, cube = torch.arange(24):to "int32":reshape {2, 3, 4}, longer_name = grid:to "float32" / 8,
    n = torch.tensor(2.5), u = grid:to "uint8", v = torch.arange(4):to "int16", cells = {"rock", "", "hip hop"}, text = "Grüße 𝄞"})
  lu.assertEquals(files.read(path):sub(117), files.read(mat .. "ours.mat"):sub(117))
  torch.save(path, {byte = "\xe9"})
  lu.assertEquals(torch.load(path), {byte = "\xe9"})
end

function TestStore:test_errors_of_mat()
  for name, message in pairs {
    level4 = "level 4, or none; save it with -v7", hdf5 = "version 7.3 (HDF5); save it with -v7",
    structs = "structs.mat: it holds no arrays, only a (struct), c (cell)",
    beyond = "variable 'x': uint64 9223372036854775808 does not fit in int64",
  } do lu.assertErrorMsgContains(message, torch.load, mat .. name .. ".mat") end
  local path = files.join(self.folder, "x.mat")
  local function fails(message, tensors, about) lu.assertErrorMsgContains(message, torch.save, path, tensors, about) end
  fails("must be named by a letter, then letters, digits or '_', 63 at most, got 'a b'", {["a b"] = torch.ones {1}})
  fails("got '1'", {["1"] = torch.ones {1}})
  fails("variable 'x': MATLAB has no float16", {x = torch.ones({1}, {dtype = "float16"})})
  fails("no place for metadata", {x = torch.ones {1}}, {a = "b"})
  lu.assertEquals(files.list(self.folder), {})
end

-- --- numbers in .csv and .tsv ---------------------------------------------------------

function TestStore:test_numbers_come_back_from_csv_as_they_were()
  math.randomseed(3, 4)
  local values = {}
  for i = 1, 300 do values[i] = (math.random() - 0.5) * 10.0 ^ math.random(-300, 300) end
  for _, ending in ipairs {"csv", "tsv"} do
    local path = files.join(self.folder, "x." .. ending)
    for _, dtype in ipairs {"float64", "float32", "int64", "int16", "uint8", "bool"} do
      local x = torch.arange(12):to(dtype):reshape {4, 3}
      if dtype:find "float" then x = torch.tensor(values, {dtype = dtype}):reshape {100, 3} end
      torch.save(path, x)
      local read, names = torch.load(path)
      lu.assertNil(names)
      lu.assertTrue(read:to(dtype):equal(x), dtype)
    end
    local odd = torch.tensor {{1, 1 / 0, -1 / 0}, {-0.0, 0 / 0, 2}}
    torch.save(path, odd, {"a", "b, c", "=d"})
    local read, names = torch.load(path)
    lu.assertEquals(names, {"a", "b, c", "=d"})
    lu.assertEquals(tostring(read:to "float32"), tostring(odd))
  end
  local path = files.join(self.folder, "x.csv")
  torch.save(path, torch.tensor {0.5, 1, 2})
  lu.assertEquals(files.read(path), "0.5\n1.0\n2.0\n")
  lu.assertEquals(torch.load(path):shape(), {3, 1})
  torch.save(path, torch.tensor {{0, 1.5}}, {"x", "y"})
  lu.assertEquals(files.read(path), "x,y\n0.0,1.5\n")
end

function TestStore:test_errors_of_csv()
  local path = files.join(self.folder, "x.csv")
  files.write(path, "tempo,label\n120,rock\n")
  lu.assertErrorMsgContains("x.csv, line 2: column 'label' holds no number: 'rock' (dataset.table", torch.load, path)
  files.write(path, "a;b\n1,5;2\n")
  lu.assertErrorMsgContains("column 'a' holds no number: '1,5'", torch.load, path)
  lu.assertEquals(torch.load(path, {decimal = ","}):totable(), {{1.5, 2}})
  lu.assertErrorMsgContains("unknown option of torch.load: 'decimals'", torch.load, path, {decimals = ","})
  lu.assertErrorMsgContains("options are of .csv and .tsv", torch.load, reference .. "strings.npz", {decimal = ","})
  local function fails(message, tensor, names) lu.assertErrorMsgContains(message, torch.save, path, tensor, names) end
  fails("tensor must be a tensor, got table", {x = torch.ones {1}})
  fails("names must be 2, one for each column, got 1", torch.ones {3, 2}, {"a"})
  fails("1 or 2 axes, got 3", torch.ones {1, 1, 1})
  fails("without numbers", torch.ones {0, 2})
  fails(".csv has no complex64", torch.ones({1}, {dtype = "complex64"}))
end

lib.run()
