-- Modules of one's own: in C with tensors (examples/c/), and what LuaRocks put into a tree; as a stock lua5.4 has them.
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local files = require "moonlark.base.files"

local build = os.getenv "MOONLARK_TEST_BUILD" or "build/release"

local function need(program)
  if lib.shell("command -v \"$0\"", program).code ~= 0 then lu.skip(program .. " is not here") end
end

-- envelope.so in a folder of its own.
local function compiled()
  need "cc"
  local folder = lib.folder()
  local made = lib.shell("cc -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -shared -fPIC $(pkg-config --cflags lua5.4) "
    .. "-I\"$0/include\" -o \"$1/envelope.so\" examples/c/envelope.c", build, folder)
  lu.assertEquals({made.err, made.code}, {"", 0})
  return folder
end

-- Prints what the function gives of two rows, beside the same as a loop in Lua, and of wrong arguments.
local envelope = [[
local folder = ...
package.cpath = folder .. "/?.so;" .. package.cpath
local torch, envelope = require "moonlark.torch", require "envelope"
torch.manual_seed(1)
local x = torch.randn {2, 500}
local made, level, worst = envelope.follow(x, 0.5, 0.01), 0, 0
for row = 0, 1 do
  level = 0
  for i = 0, 499 do
    local loud = math.abs(x[row][i]:item())
    level = level + (loud > level and 0.5 or 0.01) * (loud - level)
    worst = math.max(worst, math.abs(made[row][i]:item() - level))
  end
end
assert(worst < 1e-6)
assert(envelope.follow(x:double(), 1, 1):allclose(x:abs()))
assert(envelope.follow(x:transpose(0, 1), 1, 1):allclose(x:transpose(0, 1):abs()), "rows that do not lie in a row")
assert(envelope.follow(torch.zeros {3, 0}, 1, 1):numel() == 0)
for _, wrong in ipairs {7, torch.tensor(1)} do
  assert(select(2, pcall(envelope.follow, wrong, 1, 1)):find "a tensor with an axis of time is wanted")
end
print "fine"]]

TestOwnModules = {}

function TestOwnModules:test_a_function_in_c_with_tensors()
  local folder = compiled()
  lu.assertEquals(lib.moonlark(nil, nil, lib.script(envelope), folder).all, "fine\n")
end

function TestOwnModules:test_before_tensors_it_says_what_is_needed()
  local folder = compiled()
  local script = lib.script [[package.cpath = ... .. "/?.so;" .. package.cpath
    print(select(2, pcall(require "envelope".follow, 1, 1, 1)))]]
  lu.assertEquals(lib.moonlark(nil, nil, script, folder).all,
    "there are no tensors yet: require \"moonlark.torch\" first\n")
end

function TestOwnModules:test_a_function_in_c_in_a_stock_lua()
  need "lua5.4"
  if lib.shell("grep -q 'SANITIZE:STRING=.' \"$0/CMakeCache.txt\"", build).code == 0 then
    lu.skip "a sanitizer's runtime would have to be loaded before lua5.4"
  end
  local paths = ([[package.path = "%s/share/moonlark/lua/?.lua;%s/share/moonlark/lua/?/init.lua;" .. package.path
    package.cpath = "%s/lib/moonlark/?.so;" .. package.cpath
    ]]):format(build, build, build)
  local made = lib.shell("lua5.4 \"$0\" \"$1\" 2>&1", lib.script(paths .. envelope), compiled())
  lu.assertEquals(made.out, "fine\n")
end

-- LuaRocks ------------------------------------------------------------------------------------------

local rockspec = [[
rockspec_format = "3.0"
package, version = "greeting", "1.0-1"
source = {url = "."}
dependencies = {"lua == 5.4"}
build = {type = "builtin", modules = {greeting = "greeting.lua", ["greeting.core"] = "core.c"}}]]

local core_c = [[
#include <lua.h>
#include <lauxlib.h>
static int word(lua_State *L) { lua_pushliteral(L, "hello"); return 1; }
int luaopen_greeting_core(lua_State *L) { lua_pushcfunction(L, word); return 1; }]]

-- A tree of LuaRocks with a module in Lua and one in C, and how the shell is told of it.
local function tree()
  need "luarocks"
  need "lua5.4"
  local folder = lib.folder()
  lib.write(folder .. "/source/greeting-1.0-1.rockspec", rockspec)
  lib.write(folder .. "/source/greeting.lua", "return {say = function() return (require 'greeting.core')() end}")
  lib.write(folder .. "/source/core.c", core_c)
  local made = lib.shell("cd \"$0/source\" && HOME=\"$0\" luarocks --lua-version 5.4 --tree \"$0/tree\" make "
    .. "--deps-mode none 2>&1", folder)
  lu.assertEquals(made.code, 0, made.out)
  return folder
end

function TestOwnModules:test_rocks_load_as_in_a_stock_lua()
  local folder = tree()
  local script = lib.script [[print(require "greeting".say(), package.searchpath("greeting", package.path))]]
  local line = "eval \"$(HOME=\"$0\" luarocks --lua-version 5.4 --tree \"$0/tree\" path)\"; \"$1\" \"$2\" 2>&1"
  local expected = ("hello\t%s/tree/share/lua/5.4/greeting.lua\n"):format(folder)
  for _, program in ipairs {"lua5.4", lib.program} do
    lu.assertEquals(lib.shell(line, folder, program, script).out, expected)
  end
end

function TestOwnModules:test_the_system_s_folders_are_looked_through()
  local found = lib.moonlark(nil, nil, "-e", "print(package.path) print(package.cpath)").out
  for _, place in ipairs {"/usr/local/share/lua/5.4/?.lua", "/usr/local/lib/lua/5.4/?.so"} do
    lu.assertStrContains(found, place)
  end
end

lib.run()
