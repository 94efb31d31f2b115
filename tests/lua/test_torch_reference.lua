-- Values and gradients against PyTorch's own (tests/reference/torch/generate.py).
local lu = require "luaunit"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

-- tests/gpu.sh runs this on a GPU.
local device = os.getenv "MOONLARK_TEST_DEVICE" or "cpu"

local folder = "tests/reference/torch/"
local frozen = torch.load(folder .. "torch.npz")

local function read(path)
  local file <close> = assert(io.open(path))
  return json.decode(file:read "a")
end

-- Largest difference, relative to the largest value.
local function deviation(a, b)
  a = a:cpu()
  lu.assertEquals(a:shape(), b:shape())
  if a:numel() == 0 then return 0 end
  local scale = math.max(1, b:abs():max():item())
  return (a:double() - b:double()):abs():max():item() / scale
end

TestReference = {}

for _, case in ipairs(read(folder .. "torch.json")) do
  TestReference["test_" .. case.name] = function()
    local inputs = setmetatable({torch = torch, select = select}, {__index = function(_, name) error("no " .. name) end})
    for _, name in ipairs {"x", "y", "w", "b", "m", "v", "q", "s", "i"} do
      local t = frozen["in." .. name]:clone():to(device)
      if t:is_floating_point() then t:requires_grad_(true) end
      inputs[name] = t
    end
    local output = assert(load("return " .. case.lua, case.name, "t", inputs))()
    lu.assertTrue(deviation(output:detach(), frozen["out." .. case.name]) < 1e-10)
    if #case.gradients == 0 then return end
    (output * output:detach():cos()):sum():backward()
    for _, name in ipairs(case.gradients) do
      local expected = frozen[("grad.%s.%s"):format(case.name, name)]
      lu.assertTrue(deviation(inputs[name]:grad(), expected) < 1e-9)
    end
  end
end

os.exit(lu.LuaUnit.run())
