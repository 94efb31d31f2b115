--- Speed of reading tables: one line a case: name, least seconds, least seconds of
--- processors. tables.py writes the files and runs it beside
--- pandas, numpy and scipy (peers/tables_python.py): moonlark tests/bench/tables.lua FOLDER
local core = require "moonlark_core"
local torch = require "moonlark.torch"

local folder = arg[1]
torch.ones {1}

local function time(name, work)
  local best, least = math.huge, math.huge
  for _ = 1, 3 do
    collectgarbage()
    local start, used = core.system.clock(), os.clock()
    work()
    best, least = math.min(best, core.system.clock() - start), math.min(least, os.clock() - used)
  end
  print(("%s\t%.6f\t%.6f"):format(name, best, least))
end

local function table_of(name) return function() core.store.read_table(folder .. "/" .. name) end end
local function tensor_of(name) return function() torch.load(folder .. "/" .. name) end end

time("CSV, 100000 × 60 of 17 digits and a label", table_of "long.csv")
time("CSV, 100000 × 60 of 9 digits and a label", table_of "short.csv")
time("CSV, 1000 × 57 and two texts (GTZAN's features)", table_of "gtzan.csv")
time("CSV, 100000 × 500 of 9 digits", table_of "wide.csv")
time("CSV of numbers as one array, 100000 × 60", tensor_of "numbers.csv")
time("JSONL, 20000 × 60 and a label", table_of "table.jsonl")
time("npz, 100000 × 60 and labels", tensor_of "table.npz")
time("MATLAB, 100000 × 60", tensor_of "table.mat")
time("HDF5, 100000 × 60 and labels", table_of "table.h5")
