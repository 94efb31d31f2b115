-- Tensors that Lua drops must not pile up: the collector does not see what they weigh, the binding tells it.
local lu = require "luaunit"
local torch = require "moonlark.torch"

local megabyte = 1 << 20

-- A line of /proc/self/status in megabytes: VmHWM is the peak of resident memory.
local function resident(field)
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match("^" .. field .. ":%s+(%d+) kB")
    if kilobytes then return tonumber(kilobytes) // 1024 end
  end
end

local function sanitized()
  local file <close> = assert(io.open "/proc/self/maps")
  return file:read "a":match "libasan" ~= nil
end

-- The sanitizers' shadow memory and quarantine are resident too: only there the bound means nothing.
local function check_peak(limit, what)
  local peak = resident "VmHWM"
  print(("%s: peak of resident memory %d MB, tensors alive %d MB"):format(what, peak, torch.memory().live // megabyte))
  if not sanitized() then lu.assertTrue(peak < limit, what) end
end

torch.set_num_threads(1) -- what is measured is memory; waiting for a second core would only take time

TestMemory = {}

function TestMemory:test_1_a_hundred_thousand_dropped_megabytes()
  for _ = 1, sanitized() and 5000 or 100000 do
    local t = torch.ones(megabyte // 4)
  end
  check_peak(300, sanitized() and "5 000 tensors of 1 MB" or "100 000 tensors of 1 MB")
end

function TestMemory:test_2_held_by_tables_for_a_while()
  local ring = {}
  for i = 1, 5000 do
    ring[i % 20 + 1] = {name = "held", tensor = torch.ones(megabyte // 4)}
  end
  check_peak(300, "5 000 tensors of 1 MB, 20 of them held")
end

function TestMemory:test_3_buffers_of_autograd()
  local w = torch.ones({megabyte // 4}, {requires_grad = true})
  for _ = 1, 300 do
    local loss = (w * w * 0.5):exp():sum()
    loss:backward()
    w:set_grad(nil)
  end
  check_peak(300, "300 backward passes over 4 buffers of 1 MB")
end

function TestMemory:test_4_nothing_stays()
  collectgarbage()
  collectgarbage()
  lu.assertTrue(torch.memory().live < megabyte, ("%d bytes are alive"):format(torch.memory().live))
end

-- With 4 GB of address space and the collector stopped, garbage fills it; an allocation that fails collects first.
function TestMemory:test_5_collects_before_it_gives_up()
  local build = os.getenv "MOONLARK_TEST_BUILD"
  if sanitized() or not build then lu.skip "needs a build without sanitizers" end
  local path = os.tmpname()
  local script <close> = assert(io.open(path, "w"))
  script:write [[
    local torch = require "moonlark.torch"
    collectgarbage "stop"
    for _ = 1, 100 do local dropped = torch.ones(25 << 20) end
    local held = {}
    local ok, message = pcall(function() for i = 1, 100 do held[i] = torch.ones(25 << 20) end end)
    io.write(#held > 5 and "held " or "", message)
    held = nil
    local again = torch.ones(25 << 20)
    io.write " again"
  ]]
  script:flush()
  local pipe = assert(io.popen(("ulimit -v 4000000; %s/bin/moonlark %s"):format(build, path)))
  local output = pipe:read "a"
  local ok = pipe:close()
  os.remove(path)
  lu.assertTrue(ok)
  lu.assertStrMatches(output, "held ones: out of memory: 0%.1 GiB asked for, %d%.%d GiB are in use by tensors again")
end

os.exit(lu.LuaUnit.run())
