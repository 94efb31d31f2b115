-- Seconds of pretrained models; tests/bench/pretrained.py runs it beside its peers.
--
--     moonlark tests/bench/pretrained.lua encoder FOLDER float32|bfloat16|int8 [DEVICE [BATCH]]
--         says "ready", then for each line that it is given seconds passed and seconds of all cores of one encoding
--     moonlark tests/bench/pretrained.lua clips FOLDER CLIPS BATCH
--         seconds passed, seconds of all cores, most memory in kB; from files to scores
--     moonlark tests/bench/pretrained.lua start MOONLARK MODEL SONG ROUNDS
--         least seconds of `moonlark predict`, beginning to end
local clock = require "moonlark_core".system.clock
local files = require "moonlark.base.files"
local pretrained = require "moonlark.pretrained"
local torch = require "moonlark.torch"

local function measured(compute)
  local wall, cpu = clock(), os.clock()
  compute()
  torch.cuda.synchronize()
  return clock() - wall, os.clock() - cpu
end

local jobs = {}

function jobs.encoder(folder, precision, device, batch)
  local model = pretrained.open(folder, {precision = precision, device = device or "cpu"})
  local x = torch.randn {tonumber(batch or 1), model.card.options.n_mels or 80, 3000}:to(device or "cpu")
  model:forward(x)
  print "ready"
  for _ in io.lines() do print(("%.6f %.6f"):format(measured(function() model:forward(x) end))) end
end

-- The clips' inputs, one behind the other.
local function input_of(model, paths)
  local parts = {}
  for i, path in ipairs(paths) do parts[i] = model:features(path) end
  return torch.cat(parts)
end

local function peak_kb() return tonumber(files.read "/proc/self/status":match "VmHWM:%s*(%d+)") end

function jobs.clips(folder, where, batch)
  local model, names = pretrained.open(folder), files.list(where)
  table.sort(names)
  local function compute(first)
    local paths = {}
    for i = first, math.min(first + batch - 1, #names) do paths[#paths + 1] = files.join(where, names[i]) end
    return model:forward(input_of(model, paths))
  end
  batch = tonumber(batch)
  compute(1)
  local wall, cpu = measured(function() for first = 1, #names, batch do compute(first) end end)
  print(("%.6f %.6f %d"):format(wall, cpu, peak_kb()))
end

function jobs.start(moonlark, folder, song, rounds)
  local least = math.huge
  for _ = 1, tonumber(rounds) do
    local begin = clock()
    local pipe = assert(io.popen(("'%s' predict '%s' '%s'"):format(moonlark, folder, song)))
    pipe:read "a"
    assert(pipe:close(), "moonlark predict failed")
    least = math.min(least, clock() - begin)
  end
  print(("%.2f"):format(least))
end

io.stdout:setvbuf "line"
jobs[arg[1]](table.unpack(arg, 2))
