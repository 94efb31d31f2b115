-- Hostile requests to a service (requests.py): a short slice, three of each kind. Skips without python3.
local core = require "moonlark_core"
local lu = require "luaunit"
local moonlark = require "moonlark"

local found, version = pcall(core.process.run, {"python3", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"}, 60)
if not found or version.code ~= 0 then
  print "skipped: python3 of 3.11 or later is needed"
  os.exit(77, true)
end

TestRequests = {}

function TestRequests:test_none_is_answered_wrongly()
  local ran = core.process.run({"python3", "tests/robustness/requests.py", "--count", "111", "--moonlark",
    (moonlark.home:gsub("/share/moonlark$", "/bin/moonlark"))}, 240)
  lu.assertEquals({ran.code, ran.code ~= 0 and ran.out .. ran.err or ""}, {0, ""})
end

os.exit(lu.LuaUnit.run())
