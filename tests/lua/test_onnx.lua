-- The weights of ONNX files, beside what the onnx package reads.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

local reference <const> = "tests/reference/onnx/"

TestOnnx = {}

lib.in_folder {TestOnnx}

local function bytes_of(tensor)
  local path = os.tmpname() .. ".safetensors"
  core.store.save(path, {x = tensor})
  local text = files.read(path)
  os.remove(path)
  return (text:sub(9 + string.unpack("<I8", text)):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function check(path, tensors, content)
  local loaded = torch.load(path)
  for name, want in pairs(tensors) do
    local tensor = loaded[name]
    lu.assertEquals({tensor:dtype(), tensor:shape(), content(tensor)}, want, path .. " " .. name)
    loaded[name] = nil
  end
  lu.assertEquals(loaded, {}, path)
end

function TestOnnx:test_every_way_to_store_weights()
  for name, tensors in pairs(json.read(reference .. "expected.json")) do
    check(reference .. name .. ".onnx", tensors, bytes_of)
  end
end

function TestOnnx:test_real_weights()
  if not files.exists "../shared/weights/" then lu.skip "there is no ../shared/weights" end
  for file, tensors in pairs(json.read(reference .. "shared.json")) do
    check("../shared/weights/" .. file, tensors, core.store.hash_tensor)
  end
end

function TestOnnx:test_what_is_refused_is_named()
  for name, message in pairs {
    string = "tensor 'words' is of type string (8), which is not handled",
    float8 = "tensor 'small' is of type unknown (17), which is not handled",
    external = "tensor 'far' has its data in another file; save the model in one file",
    few = "tensor 'few' has too few or too many bytes", many = "tensor 'few' has too few or too many values",
  } do
    local path = reference .. "refused_" .. name .. ".onnx"
    lu.assertErrorMsgEquals(path .. ": " .. message, torch.load, path)
  end
  local path = files.join(self.folder, "x.onnx")
  for _, bytes in ipairs {"", "hello", "\8\8", ("\xff"):rep(30)} do
    files.write(path, bytes)
    lu.assertErrorMsgEquals(path .. ": not an ONNX file, or damaged", torch.load, path)
  end
end

function TestOnnx:test_files_that_are_cut_short()
  local whole, path = files.read(reference .. "raw.onnx"), files.join(self.folder, "x.onnx")
  for size = 0, #whole - 20 do
    files.write(path, whole:sub(1, size))
    local ok, message = pcall(torch.load, path)
    if not ok then lu.assertStrMatches(message, path:gsub("%p", "%%%0") .. ": [^\n]+") end
  end
end

lib.run()
