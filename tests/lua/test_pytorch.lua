-- What torch.save wrote comes out as torch.load gives it; what asks for code to be run is refused by name.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

local reference <const> = "tests/reference/pytorch/"

TestPytorch = {}

lib.in_folder {TestPytorch}

local function hexadecimal(text) return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

-- --- values -----------------------------------------------------------------------------



local function bytes_of(tensor)
  local path = os.tmpname() .. ".safetensors"
  core.store.save(path, {x = tensor:dtype() == "complex128" and torch.view_as_real(tensor) or tensor})
  local text = files.read(path)
  os.remove(path)
  return hexadecimal(text:sub(9 + string.unpack("<I8", text)))
end


local check

local function check_table(value, entries, path)
  lu.assertEquals(type(value), "table", path)
  local left = 0
  for _ in pairs(value) do left = left + 1 end
  for _, entry in ipairs(entries) do
    if entry[2] ~= json.null then left = left - 1 end
    check(value[entry[1]], entry[2], path .. "." .. tostring(entry[1]))
  end
  lu.assertEquals(left, 0, path)
end

function check(value, want, path)
  if type(want) ~= "table" then
    if want == json.null then want = nil end
    lu.assertEquals(value, want, path)
  elseif want.tensor then
    lu.assertTrue(torch.is_tensor(value), path)
    lu.assertEquals({value:dtype(), value:shape(), bytes_of(value)}, want.tensor, path)
  elseif want.bytes then
    lu.assertEquals(hexadecimal(value), want.bytes, path)
  elseif want.list then
    lu.assertEquals(#value, #want.list, path)
    for i, item in ipairs(want.list) do
      if item == json.null then item = false end
      check(value[i], item, path .. "." .. i)
    end
  else
    check_table(value, want.dict, path)
  end
end

function TestPytorch:test_what_torch_save_wrote()
  local expected = json.read(reference .. "expected.json")
  for file, name in pairs(expected.files) do
    check(torch.load(reference .. file), expected.values[name], file)
  end
end


function TestPytorch:test_kinds_of_values()
  local nested = torch.load(reference .. "nested_zip2.pt")
  lu.assertEquals({math.type(nested.dims.n_mels), math.type(nested.dims.ratio), nested.dims.least}, {"integer", "float",
    math.mininteger})
  lu.assertTrue(rawequal(nested.model_state_dict.a, nested.model_state_dict.b)) -- tied weights stay tied
  lu.assertFalse(torch.load(reference .. "parameter_zip2.pt").p:requires_grad())
end

function TestPytorch:test_any_ending_goes_by_content()
  for _, file in ipairs {"tensor_zip2.pt", "tensor_legacy2.pt"} do
    for _, ending in ipairs {"tar", "sdict", "weights", "PTH"} do
      local path = files.join(self.folder, "x." .. ending)
      files.write(path, files.read(reference .. file))
      lu.assertEquals(torch.load(path):totable(), {0, 1, 2, 3, 4})
    end
  end
  local path = files.join(self.folder, "x.bin")
  files.write(path, "something else")
  lu.assertErrorMsgContains("x.bin: not a file of PyTorch's: it begins neither", torch.load, path)
  files.write(path, files.read "tests/reference/store/stored.npz")
  lu.assertErrorMsgContains("x.bin: not a file of PyTorch's: the archive holds no data.pkl", torch.load, path)
  lu.assertErrorMsgContains("options are of .csv and .tsv", torch.load, reference .. "tensor_zip2.pt", {decimal = ","})
end

function TestPytorch:test_real_weights()
  local place = "../shared/weights/"
  if not files.exists(place) then lu.skip "there is no ../shared/weights" end
  local sums = json.read(reference .. "shared.json") -- of the tensors' bytes, by torch.load
  for file, tensors in pairs(sums) do
    local loaded = torch.load(place .. file)
    for name, want in pairs(tensors) do
      local tensor = loaded[name]
      lu.assertEquals({tensor:dtype(), tensor:shape(), core.store.hash_tensor(tensor)}, want, file .. " " .. name)
      loaded[name] = nil
    end
    lu.assertEquals(loaded, {}, file)
  end
end

-- --- pickles by hand ---------------------------------------------------------------------

-- A legacy file around a pickle without its PROTO and STOP, with the two numbers of storage "a" or without.
local function legacy(pickle, stored)
  local numbers = stored and "](X\1\0\0\0ae." .. ("<I8ff"):pack(2, 1, 2) or "]."
  return "\x80\2\x8a\10\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." .. "\x80\2M\xe9\3."
    .. "\x80\2}X\13\0\0\0little_endian\x88s." .. "\x80\2" .. pickle .. ".\x80\2" .. numbers
end

local function word(text) return "X" .. ("<I4"):pack(#text) .. text end
local function global(name) return "c" .. name:gsub("%.([%w_]+)$", "\n%1\n") end

-- A call of a global with one text.
local function call(name, text) return global(name) .. word(text or "true") .. "\x85R" end

local function storage_of(count)
  return "(" .. word "storage" .. global "torch.FloatStorage" .. word "a" .. word "cpu" .. count .. "tQ"
end
local storage = storage_of "K\2"

-- A tensor of a storage, of two numbers unless told otherwise.
local function tensor(offset, size, stride, more, of)
  return global "torch._utils._rebuild_tensor_v2" .. "(" .. (of or storage) .. offset .. size .. stride .. "\x89"
    .. (more or "N") .. "tR"
end

-- --- memory -----------------------------------------------------------------------------

-- Megabytes of this process in the machine's memory.
local function resident() return tonumber(files.read("/proc/self/status"):match "VmRSS:%s*(%d+)") / 1024 end

-- A .safetensors file of one tensor of zeros but for its first number, its other bytes a hole.
local function write_sparse(path, count)
  local header = ('{"x":{"dtype":"F32","shape":[%d],"data_offsets":[0,%d]}}'):format(count, 4 * count)
  header = header .. (" "):rep(-#header % 8)
  local out = assert(io.open(path, "wb"))
  out:write(("<I8"):pack(#header), header, ("<f"):pack(0.5))
  out:seek("set", 8 + #header + 4 * count - 1)
  out:write "\0"
  out:close()
end

-- The same as PyTorch's archive, without checksums.
local function write_sparse_archive(path, count)
  local number, offsets, entries = "J" .. ("<I4"):pack(count), {}, ""
  local pickle = "\x80\2}" .. word "x" .. tensor("K\0", number .. "\x85", "K\1\x85", "N", storage_of(number)) .. "s."
  local out = assert(io.open(path, "wb"))
  for i, member in ipairs {{"x/data.pkl", #pickle}, {"x/data/a", 4 * count}} do
    local name, size = member[1], member[2]
    local start = out:seek()
    local about = ("<I2I2I2I2I2I4I4I4I2"):pack(20, 0, 0, 0, 33, 0, size, size, #name)
    local padding = -(start + 30 + #name) % 64
    out:write("PK\3\4", about, ("<I2"):pack(padding), name, ("\0"):rep(padding), i == 1 and pickle or ("<f"):pack(0.5))
    if i == 2 then out:seek("cur", size - 4) end
    entries = entries .. "PK\1\2\20\0" .. about .. ("<I2I2I2I2I4I4"):pack(0, 0, 0, 0, 0, start) .. name
  end
  local at = out:seek()
  out:write(entries, "PK\5\6", ("<I2I2I2I2I4I4I2"):pack(0, 0, 2, 2, #entries, at, 0))
  out:close()
end

function TestPytorch:test_opening_gigabytes_costs_no_memory()
  self:check_gigabytes("x.safetensors", write_sparse)
  self:check_gigabytes("x.pt", write_sparse_archive)
end

function TestPytorch:check_gigabytes(name, write)
  local path, count = files.join(self.folder, name), 3 * 2 ^ 28 | 0
  write(path, count)
  local before, wrapped = resident(), torch.memory().wrapped
  local x = torch.load(path).x
  lu.assertEquals({x:numel(), x[0]:item(), x[count - 1]:item()}, {count, 0.5, 0})
  lu.assertTrue(resident() - before < 100, ("%.0f MB more"):format(resident() - before))
  lu.assertEquals(torch.memory().wrapped - wrapped, 4 * count)
  x[1] = 7 -- in memory, never in the file
  local again = torch.load(path).x
  lu.assertEquals({x[1]:item(), again[1]:item()}, {7, 0})
  os.remove(path)
  local part = x[torch.arange(2)]
  lu.assertEquals(x[0]:item(), 0.5) -- the file lives as long as a tensor of it
  x:free() again:free()
  collectgarbage()
  lu.assertEquals(part:totable(), {0.5, 7})
  lu.assertEquals(torch.memory().wrapped, wrapped)
end

function TestPytorch:test_tensors_of_unpacked_files_own_their_memory()
  local path, x = files.join(self.folder, "x.npz"), torch.arange(100000)
  torch.save(path, {x = x, small = torch.arange(3)})
  local read = torch.load(path)
  os.remove(path)
  collectgarbage()
  lu.assertTrue(read.x:equal(x))
  lu.assertEquals(read.small:totable(), {0, 1, 2})
end

-- --- attacks ----------------------------------------------------------------------------

local laughs = "](]" .. word "ha" .. "aq\0"
for i = 1, 30 do laughs = laughs .. ("](h%sh%seq%s"):format(string.char(i - 1), string.char(i - 1), string.char(i)) end
laughs = laughs .. "e"

local attacks = {
  -- names
  {call "os.system", "it asks for os.system"}, {call "posix.system", "posix.system"}, {call "nt.system", "nt.system"},
  {"\x8c\2os\x8c\6system\x93" .. word "true" .. "\x85R", "os.system"},
  {call("builtins.eval", "1"), "builtins.eval"}, {call("builtins.exec", "1"), "builtins.exec"},
  {call("__builtin__.eval", "1"), "__builtin__.eval"}, {call "builtins.__import__", "builtins.__import__"},
  {global "builtins.getattr" .. global "torch.Size" .. word "mro" .. "\x86R", "builtins.getattr"},
  {global "subprocess.Popen" .. word "true" .. "\x85R", "subprocess.Popen"}, {call "pty.spawn", "pty.spawn"},
  {call "runpy._run_code", "runpy._run_code"}, {call "webbrowser.open", "webbrowser.open"},
  {call "torch.hub.load", "torch.hub.load"}, {call "torch.load", "torch.load"},
  {call "torch.os.system", "torch.os.system"},
  {call "importlib.import_module", "importlib.import_module"}, {call "operator.attrgetter", "operator.attrgetter"},
  {call "functools.partial", "functools.partial"}, {call "pickle.loads", "pickle.loads"},
  {call "torch.jit._pickle.restore_type_tag", "restore_type_tag"}, {call "_codecs.decode", "_codecs.decode"},
  {call "numpy.testing._private.utils.runstring", "runstring"}, {call "copyreg._reconstructor", "_reconstructor"},
  {"ccollections\nOrderedDict.fromkeys\n", "OrderedDict.fromkeys"}, {call "\27[2Jx.y", [[\x1b[2Jx.y]]},
  -- opcodes
  {global "collections.OrderedDict" .. ")\x81", "opcode NEWOBJ,"}, {"(ios\nsystem\n", "opcode INST,"},
  {"(" .. global "collections.OrderedDict" .. "o", "opcode OBJ,"},
  {"\x82\1", "opcode EXT1"}, {"\x83\1\0", "opcode EXT2"},
  {"\x84\1\0\0\0", "opcode EXT4"}, {"Pos.system\n", "opcode PERSID"}, {"\x92", "opcode NEWOBJ_EX"},
  {"\x8b\xff\xff\xff\x7f", "opcode LONG4"}, {"I1\n", "opcode INT"}, {"S'x'\n", "opcode STRING"},
  {"\xff", "no opcode 0xff"},
  -- what is allowed, used otherwise
  {call "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v2 is given wrong arguments"},
  {call "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter is given wrong arguments"},
  {call "torch.FloatStorage", "torch.FloatStorage is given wrong arguments: it is not for calling"},
  {word "system" .. word "true" .. "\x85R", "it calls what is no known name"},
  {global "torch.Size", "it holds a class or a function"}, {storage, "the numbers of storage 'a' are not in the file"},
  {global "numpy.core.multiarray._reconstruct" .. global "collections.OrderedDict" .. "K\0\x85C\1b\x87R",
    "numpy.core.multiarray._reconstruct is given wrong arguments: numpy.ndarray is wanted"},
  {global "_codecs.encode" .. word "x" .. word "rot13" .. "\x86R", "_codecs.encode is asked for the codec 'rot13'"},
  {global "numpy.dtype" .. word "O8" .. "\x89\x88\x87Rq\0" .. global "numpy.core.multiarray.scalar" .. "h\0C\1x\x86R",
    "dtype '<O8' (Python objects"},
  {"]}" .. word "__setstate__" .. "Nsb", "BUILD changes what is no OrderedDict"},
  {"}}" .. word "__class__" .. "Nsb", "BUILD changes what is no OrderedDict"},
  {global "collections.OrderedDict" .. ")R}" .. word "__class__" .. "Nsb", "BUILD sets the attribute '__class__'"},
  {"(" .. word "module" .. global "torch.Size" .. word "a.py" .. word "code" .. "tQ", "refers to a 'module' outside"},
  {word "os.system" .. "Q", "a storage is not named by a tuple"},
  -- memory
  {laughs, "lists that repeat each other are more than 10000000 values"},
  {("]"):rep(200) .. ("a"):rep(199), "nested deeper than 100"}, {"]q\0h\0a", "a list or a dict is within itself"},
  {"X\xff\xff\xff\x7f", "its pickle is damaged at byte 7: it is cut short"}, {"Nr\xff\xff\xff\x7f", "beyond the file"},
  {"j\xff\xff\xff\x7f", "a place of its memo is empty"}, {"N0", "opcode POP"}, {"a", "its stack is empty"},
  {"(", "its stack is empty"}, {"e", "there is no mark"}, {"NN", "values are left on its stack"},
  {"}(NNu", "a dict's key is None"}, {"}(Nu", "a key has no value"}, {"N(Na", "its stack is empty"},
  -- tensors
  {"}" .. word "layer.weight" .. tensor("K\1", "K\2\x85", "K\1\x85") .. "s",
    "the tensor reaches beyond its storage, near layer.weight"},
  {tensor("J\xff\xff\xff\xff", "K\2\x85", "K\1\x85"), "an offset"},
  {tensor("K\0", "J\xff\xff\xff\xff\x85", "K\1\x85"), "sizes and strides"},
  {tensor("K\0", "K\2\x85", ")"), "sizes and strides"}, {tensor("K\0", "K\2\x85", "K\1\x85", "]Na"), "it has hooks"},
  {tensor("K\0", ("\x8a\8\xff\xff\xff\xff\xff\xff\xff\x3f"):rep(3) .. "\x87", "K\0K\0K\0\x87"), "reaches beyond"},
  {tensor("K\0", "\x8a\8\0\0\0\0\0\0\0\1\x85", "K\0\x85"),
    "repeat more of the file than memory is good for", true},
  {tensor("K\0", "K\2\x85", "K\1\x85"), "the numbers of storage 'a' are not in the file"},
}

-- Read, or refused in one line that names the file.
local function attempt(path)
  local ok, message = pcall(torch.load, path)
  if not ok then
    lu.assertEquals(message:sub(1, #path + 2), path .. ": ")
    lu.assertNil(message:find "\n")
  end
  return ok, message
end

function TestPytorch:test_the_attacks_are_near_what_is_read()
  local path = files.join(self.folder, "x.pt")
  files.write(path, legacy("}" .. word "w" .. tensor("K\0", "K\2\x85", "K\1\x85") .. "s", true))
  lu.assertEquals(torch.load(path).w:totable(), {1, 2})
  files.write(path, legacy(tensor("K\1", "K\5\x85", "K\0\x85"), true))
  lu.assertEquals(torch.load(path):totable(), {2, 2, 2, 2, 2})
  files.write(path, legacy(("]"):rep(99) .. ("a"):rep(98)))
  lu.assertEquals(#torch.load(path), 1)
end

function TestPytorch:test_attacks_are_refused_by_name()
  for i, attack in ipairs(attacks) do
    local path = files.join(self.folder, i .. ".pt")
    files.write(path, legacy(attack[1], attack[3]))
    local ok, message = attempt(path)
    lu.assertFalse(ok, attack[2])
    lu.assertStrContains(message, attack[2])
  end
  for _, name in ipairs {"system", "eval", "exec", "popen", "getattr", "module"} do
    lu.assertErrorMsgContains("it asks for ", torch.load, reference .. "attack_" .. name .. ".pt")
  end
end

-- --- damage -----------------------------------------------------------------------------

function TestPytorch:test_files_that_are_cut_short()
  for _, file in ipairs {"tensor_zip2.pt", "tensor_legacy2.pt"} do
    local whole, path = files.read(reference .. file), files.join(self.folder, "x.pt")
    for size = 0, #whole - 1, 7 do
      files.write(path, whole:sub(1, size))
      lu.assertFalse(attempt(path), file .. " " .. size)
    end
    files.write(path, whole .. "x")
    attempt(path) -- an archive may have a comment
  end
end

function TestPytorch:test_archives_that_were_changed()
  local path = files.join(self.folder, "x.pt")
  local function fails(file, from, to, message)
    local whole = files.read(reference .. file)
    lu.assertEquals(#from, #to)
    local at = assert(whole:find(from, 1, true), from)
    while at do
      whole = whole:sub(1, at - 1) .. to .. whole:sub(at + #to)
      at = whole:find(from, 1, true)
    end
    files.write(path, whole)
    lu.assertErrorMsgContains(message, torch.load, path)
  end
  fails("tensor_zip2.pt", "/data/0", "/data/7", "the numbers of storage 'data/0' are not in the file")
  fails("tensor_zip2.pt", "LongStorage", "CharStorage", "it does not match its checksum")
  fails("tensor_zip2.pt", "little", "middle", "it does not match its checksum")
  fails("tensor_legacy2.pt", "little_endianq\2\x88", "little_endianq\2\x89", "its byte order is not little")
  fails("tensor_legacy2.pt", "M\xe9\3", "M\xe8\3", "its version is not 1001")
  fails("tensor_legacy2.pt", "LongStorage", "CharStorage", "goes on after its last storage")
  fails("dtypes_legacy2.pt", "\0\1\0\1\0\1", "\0\2\0\1\0\1", "bool tensor 'bool' holds a byte 2")
end

lib.run()
