-- What feeding costs beside a training step: build/release/bin/moonlark tests/bench/loader.lua FOLDER
--
-- FOLDER holds one folder a class (the synthetic corpus: moonlark corpus FOLDER). Batches of 16 segments of 3 s; the
-- step is that of models/res_cnn. The loader's share is what an epoch with training takes longer than the steps alone.
local augment = require "moonlark.augment"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local optim = require "moonlark.optim"
local torch = require "moonlark.torch"

local songs = dataset.folder(assert(arg[1], "name a folder of songs"))
local cases = {
  {"mel from memory", {}},
  {"mel, masks and mixup", {augment.shift {on = "features"}, augment.mixup {on = "features"}, augment.spec_augment {}}},
  {"sound: noise, gain", {augment.noise {}, augment.gain {}}},
  {"sound: equalizer, shift", {augment.equalizer {}, augment.shift {}}},
  {"sound: time stretch", {augment.time_stretch {}}},
  {"sound: pitch shift", {augment.pitch_shift {}}},
}

local clock = core.system.clock

local function epoch_time(batches, number, f)
  local start, n = clock(), 0
  for batch in batches:epoch(number) do
    f(batch)
    n = n + 1
  end
  return (clock() - start) / n * 1e3
end

print "case\tloader alone, ms a batch\tstep alone\tboth\tloader's share of both"
for _, case in ipairs(cases) do
  local batches = songs:batches {features = {mel = {n_mels = 64}}, segment = 3, batch_size = 16, crop = true,
    shuffle = true, drop_last = true, augment = case[2], progress = false, seed = 1}
  batches:statistics()
  torch.manual_seed(1)
  local net = require("models.res_cnn") {classes = #songs.classes, n_mels = 64}
  local opt = optim.AdamW(net:parameters(), {lr = 1e-3})
  local function step(batch)
    opt:zero_grad()
    torch.cross_entropy(net(batch.x), batch.y):backward()
    opt:step()
  end
  local held
  epoch_time(batches, 1, function(batch) held = batch end)
  local alone, steps, both = math.huge, math.huge, math.huge
  local fixed = {epoch = function()
    local i = 0
    return function()
      i = i + 1
      return i <= batches:count() and held or nil
    end
  end}
  for round = 1, 3 do
    alone = math.min(alone, epoch_time(batches, round, function() end))
    steps = math.min(steps, epoch_time(fixed, round, step))
    both = math.min(both, epoch_time(batches, round, step))
  end
  print(("%-26s %8.2f %8.2f %8.2f %7.1f %%"):format(case[1], alone, steps, both, 100 * (both - steps) / both))
end
