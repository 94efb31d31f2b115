-- How long the most similar of many vectors take: moonlark tests/bench/flat_search.lua [vectors] [columns]
--
-- Vectors of two kinds: normal numbers, and what embeddings of songs look like: a mean that all share, groups, noise.
local cluster = require "moonlark.cluster"
local core = require "moonlark_core"
local torch = require "moonlark.torch"

local n, d = math.tointeger(arg[1] or 1000000), math.tointeger(arg[2] or 128)
local part = 100000

local function normals(count) return torch.randn {count, d} end

local centers, mean = torch.randn {200, d} * 0.5, torch.randn {1, d}
local function grouped(count)
  return mean + centers:index_select(0, torch.randint(200, {count})) + torch.randn {count, d} * 0.3
end

local function median(times)
  table.sort(times)
  return times[(#times + 1) // 2] * 1e3
end

-- Seconds that pass, and of the processor in all threads: the second says what the work costs on a busy machine.
local function seconds(f)
  local from, work = core.system.clock(), os.clock()
  f()
  return core.system.clock() - from, os.clock() - work
end

for name, make in pairs {normal = normals, grouped = grouped} do
  torch.manual_seed(1)
  local index <close> = cluster.vectors(nil, {columns = d})
  for at = 0, n - 1, part do index:add(make(math.min(part, n - at))) end
  local one = make(1)
  local first = seconds(function() index:search(one) end)
  local second = seconds(function() index:search(one) end)
  local times, works, compared = {}, {}, 0
  for i = 1, 21 do
    local q = make(1)
    times[i], works[i] = seconds(function() index:search(q) end)
    compared = compared + index.compared / 21
  end
  print(("%s, %d x %d: first search %.0f ms, second %.0f ms, then %.1f ms a query (median of 21; %.1f ms of processor), %.0f rows compared")
    :format(name, n, d, first * 1e3, second * 1e3, median(times), median(works), compared))
  for _, m in ipairs {8, 32, 64, 256} do
    local q = make(m)
    local all = {}
    for i = 1, 3 do all[i] = seconds(function() index:search(q) end) / m end
    print(("  %d queries at once: %.2f ms a query"):format(m, median(all)))
  end
end
