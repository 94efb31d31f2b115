-- Seconds that pictures of real sizes take, from the numbers to the file: moonlark tests/bench/plot.lua
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local plot = require "moonlark.plot"
local torch = require "moonlark.torch"

local folder = files.temporary_folder()

local function measure(name, draw)
  local best = math.huge
  for _ = 1, 3 do
    local start = core.system.clock()
    draw():save(folder .. "/picture.png")
    best = math.min(best, core.system.clock() - start)
  end
  print(("%-32s %6.3f s"):format(name, best))
end

torch.manual_seed(1)
local spectrum = torch.rand {1025, 1} * torch.rand {1, 2000}
local mel = torch.rand {128, 25840}
local samples = torch.randn {1, 600 * 22050}
local points, ids = torch.randn {20000, 2}, torch.randint(0, 5, {20000})
local counts = torch.randint(0, 20, {50, 50})

measure("map 1025 × 2000, dB", function() return plot.map(spectrum, {db = "power", rate = 43}) end)
measure("map 128 × 25840 (ten minutes)", function() return plot.map(mel, {rate = 43}) end)
measure("waveform of ten minutes", function() return plot.waveform(samples, {rate = 22050}) end)
measure("scatter of 20 000 points", function() return plot.scatter(points, ids) end)
measure("confusion of 50 classes", function() return plot.confusion(counts) end)
files.remove(folder)
