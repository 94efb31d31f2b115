-- How long a folder of sounds takes: moonlark tests/bench/extract.lua [FOLDER]   (default: ../shared/data/esc10)
-- Without a cache; the files are read once before, so that the disk is not measured.
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"

local songs = dataset.folder(arg[1] or "../shared/data/esc10")
songs:validate {decode = false, progress = false}
local seconds = 0
for _, track in ipairs(songs) do seconds = seconds + track.seconds end
print(("%d files, %.0f s of sound"):format(#songs, seconds))

local function time(what, work)
  local clock, cpu = core.system.clock(), os.clock()
  work()
  local took = core.system.clock() - clock
  print(("%-62s %6.2f s  (cpu %5.2f s)  %5.0f times real time"):format(what, took, os.clock() - cpu, seconds / took))
end

time("decode", function() songs:validate {progress = false} end)
for _, features in ipairs {
  {"zero_crossing_rate"}, {"mfcc"}, {"spectral_contrast"}, {"mfcc", "spectral_contrast", "zero_crossing_rate"},
  {"mel", "mfcc", "chroma_cqt", "tonnetz", "spectral_contrast"},
} do
  local recipe = feature.recipe {features = features, pool = {"mean", "std"}}
  time(table.concat(features, ", "), function() songs:extract(recipe, {progress = false}) end)
end
