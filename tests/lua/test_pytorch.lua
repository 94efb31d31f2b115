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

lib.run()
