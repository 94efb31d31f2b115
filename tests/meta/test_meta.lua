-- What editors read (lua/meta/) and man (scripts/man/) is what the library says of itself today.
local lu = require "luaunit"
local files = require "moonlark.base.files"
local torch = require "moonlark.torch"

local made

TestMeta = {}

function TestMeta:setUp()
  if made then return end
  made = os.tmpname()
  os.remove(made)
  files.mkdirs(made)
  assert(loadfile "tests/meta/generate.lua")(made)
end

local function is_fresh(path, name)
  lu.assertTrue(files.exists(path) and files.read(path) == files.read(made .. "/" .. name),
    path .. " is out of date: run build/release/bin/moonlark tests/meta/generate.lua")
end

local function compare(name)
  is_fresh("lua/meta/" .. name, name)
  lu.assertNotNil(load(files.read("lua/meta/" .. name), name, "t"))
end

local function pages(folder)
  local names = {}
  for name in require "lfs".dir(folder) do
    if name:find "%.1$" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

function TestMeta:test_commands_that_tab_knows()
  is_fresh("lua/moonlark/shell/usage/commands.lua", "commands.lua")
end

function TestMeta:test_pages_of_man()
  lu.assertEquals(pages "scripts/man", pages(made))
  for _, name in ipairs(pages(made)) do is_fresh("scripts/man/" .. name, name) end
end

function TestMeta:test_options()
  compare "options.lua"
end

function TestMeta:test_networks()
  compare "nn.lua"
end

function TestMeta:test_values()
  compare "values.lua"
end

function TestMeta:test_globals()
  compare "globals.lua"
end

function TestMeta:test_operators()
  local version = files.read("lua/meta/tensor.lua"):match "%-%- Operators of libtorch (%S+)%.\n"
  lu.skipIf(version ~= torch.version, ("made with libtorch %s, this is %s"):format(version, torch.version))
  compare "tensor.lua"
end

function TestMeta:test_every_class_of_options_that_a_comment_names_is_there()
  local known, missing = {}, {}
  for class in files.read("lua/meta/options.lua"):gmatch "\n%-%-%-@class (%S+)" do known[class] = true end
  for _, file in ipairs(require "moonlark.shell.help.sources".files "lua/moonlark") do
    for class in files.read(file.path):gmatch "moonlark%.[%w_.]+%.Options%f[^%w_.]" do
      if not known[class] then missing[#missing + 1] = ("%s: %s"):format(file.path, class) end
    end
  end
  lu.assertEquals(missing, {})
end

local code = lu.LuaUnit.run()
for name in require("lfs").dir(made) do os.remove(made .. "/" .. name) end
os.remove(made)
os.exit(code)
