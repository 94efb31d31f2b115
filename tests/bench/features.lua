-- Moonlark's side of compare.py: what a user calls, measured as the peers are (peers/timing.py):
--   moonlark tests/bench/features.lua FOLDER RUNS CLOCK [TASK ...]
-- One line of JSON a task. Functions that this build does not have are left out.
local audio = require "moonlark.audio"
local core = require "moonlark_core"
local feature = require "moonlark.feature"
local json = require "moonlark.base.json"

local folder, runs = arg[1], tonumber(arg[2])
local clock = arg[3] == "cpu" and os.clock or core.system.clock
local enough_s = 4

local wanted = #arg > 3 and {} or nil
for i = 4, #arg do wanted[arg[i]] = true end

local function measure(task, work)
  if wanted and not wanted[task] then return end
  local first, best, spent, n = nil, nil, 0, 0
  while n <= runs and spent < enough_s do
    collectgarbage()
    local start = clock()
    work()
    local took = clock() - start
    if n == 0 then first = took else best, spent = math.min(best or took, took), spent + took end
    n = n + 1
  end
  print(json.encode {task = task, first_ms = 1e3 * first, ms = best and 1e3 * best})
end

-- A function of one of some modules, under the first of some names; nil: not in this build.
local function find(modules, names)
  for _, module in ipairs(modules) do
    local there, library = pcall(require, "moonlark." .. module)
    for _, name in ipairs(there and names or {}) do
      if library[name] then return library[name] end
    end
  end
end

local clip = audio.load(folder .. "/clip.wav")
local set, without_cq, with = {}, {}, {}
for _, name in ipairs(feature.names()) do with[name] = true end
for _, name in ipairs {
  "mel", "mfcc", "chroma_stft", "chroma_cqt", "tonnetz", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff",
  "spectral_flatness", "spectral_contrast", "zero_crossing_rate", "rms", "onset_strength",
} do
  if with[name] then
    set[#set + 1] = name
    if name ~= "chroma_cqt" and name ~= "tonnetz" then without_cq[#without_cq + 1] = name end
    measure(name, function() feature[name](clip) end)
  end
end

measure("cqt", function() feature.cqt(clip) end)
for task, call in pairs {
  hpss = {{"effects", "feature"}, {"hpss"}},
  time_stretch = {{"effects"}, {"time_stretch"}, 1.25},
  pitch_shift = {{"effects"}, {"pitch_shift"}, 3},
  pyin = {{"feature", "music"}, {"pyin"}, {fmin = 65.40639132514966, fmax = 2093.004522404789}},
} do
  local work = find(call[1], call[2])
  if work then measure(task, function() work(clip, call[3]) end) end
end

measure("load_ogg", function() audio.load(folder .. "/song.ogg") end)
measure("load_mp3", function() audio.load(folder .. "/song.mp3") end)

local frames = feature.recipe {features = set}
local pooled = feature.recipe {features = set, pool = {"mean", "std"}}
local stft_only = feature.recipe {features = without_cq}
measure("set", function() frames:apply(clip) end)
measure("set_pooled", function() pooled:row(clip) end)
measure("set_without_cq", function() stft_only:apply(clip) end)
measure("set_separately", function() for _, name in ipairs(set) do feature[name](clip) end end)
if wanted and wanted.names then print(table.concat(set, ",")) end
