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
  for _, format in ipairs(core.store.formats "tensors") do
    local path, x = files.join(self.folder, "x." .. format), torch.arange(3)
    core.store.save(path, format == "npy" and x or {x = x})
    local loaded = core.store.load(path)
    lu.assertTrue((format == "npy" and loaded or loaded.x):equal(x), format)
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
  lu.assertErrorMsgContains("must end in .safetensors, .npz or .npy, got 'x.pt'", core.store.load, "x.pt")
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

lib.run()
