-- The Lua C modules and the library also serve a stock lua5.4.
local folder = assert(os.getenv "MOONLARK_TEST_BUILD")
package.path = folder .. "/share/moonlark/lua/?.lua;" .. folder .. "/share/moonlark/lua/?/init.lua;" .. package.path
package.cpath = folder .. "/lib/moonlark/?.so;" .. package.cpath

local core = require "moonlark_core"
assert(core.system.cores() >= 1)
local torch = require "moonlark.torch"
local x = torch.tensor {{1, 2.5}, {3, 4}}
assert((x + x):sum():item() == 21)
local path = os.tmpname() .. ".npy"
torch.save(path, x)
assert(torch.load(path):eq(x):all():item())
os.remove(path)
assert(require("moonlark").audio.load)
local ok, message = pcall(require("moonlark").audio.load, "/nowhere.wav")
assert(not ok and message:find "/nowhere.wav")
print "ok"
