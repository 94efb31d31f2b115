-- What dataset:batches costs: time and processor time a batch of 32 segments of 3 s, mel with 128 bands.
--
--     moonlark tests/bench/batches.lua FOLDER [per_track]
local augment = require "moonlark.augment"
local clock = require "moonlark_core".system.clock
local songs = require "moonlark.dataset".folder(arg[1] or error("a folder of songs is wanted", 0))

local function measure(label, list)
  local b = songs:batches {
    feature = "mel", segment = 3, crop = true, shuffle = true, per_track = tonumber(arg[2]) or 20, augment = list,
  }
  b:statistics()
  for _ in b:epoch(1) do end -- memory and tables are there
  local n, cpu, started = 0, os.clock(), clock()
  for _ in b:epoch(2) do n = n + 1 end
  local wall = clock() - started
  print(("%-40s %7.2f ms a batch  %7.2f ms of processor time"):format(label, 1000 * wall / n, 1000 * (os.clock() - cpu) / n))
end

measure("from memory", {})
measure("SpecAugment", {augment.spec_augment()})
measure("gain, equalizer, mixup, masks of features", {augment.gain {on = "features"}, augment.equalizer {on = "features"},
  augment.mixup {on = "features"}, augment.spec_augment()})
measure("noise, gain, equalizer of the sound", {augment.noise(), augment.gain(), augment.equalizer()})
measure("time_stretch", {augment.time_stretch()})
measure("pitch_shift", {augment.pitch_shift()})
