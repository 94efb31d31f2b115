-- What dataset:batches costs, alone and beside a training step, for 16 segments of 3 s, mel with 64 bands.
--
--     moonlark tests/bench/batches.lua FOLDER        one folder a class, such as moonlark corpus makes
--
-- Columns: milliseconds and processor time a batch, of the loader alone; a step of models/res_cnn on one batch over and
-- over; steps on the loader's batches; and by how much these take longer, as a share.
local augment = require "moonlark.augment"
local clock = require "moonlark_core".system.clock
local dataset = require "moonlark.dataset"
local optim = require "moonlark.optim"
local torch = require "moonlark.torch"

local songs = dataset.folder(arg[1] or error("a folder of songs is wanted", 0))

-- The least of three epochs: milliseconds and processor time a batch.
local function measure(batches, f)
  local least, processor = math.huge, math.huge
  for number = 1, 3 do
    local cpu, started, n = os.clock(), clock(), 0
    for batch in batches:epoch(number) do
      f(batch)
      n = n + 1
    end
    least, processor = math.min(least, 1000 * (clock() - started) / n), math.min(processor, 1000 * (os.clock() - cpu) / n)
  end
  return least, processor
end

-- One batch over and over.
local function repeated(batches, batch)
  return {epoch = function()
    local i = 0
    return function()
      i = i + 1
      return i <= batches:count() and batch or nil
    end
  end}
end

local function case(label, list)
  local batches = songs:batches {features = {mel = {n_mels = 64}}, segment = 3, batch_size = 16, crop = true,
    shuffle = true, drop_last = true, augment = list, progress = false, seed = 1}
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
  measure(batches, function(batch) held = batch end)
  local alone, processor = measure(batches, function() end)
  local steps = measure(repeated(batches, held), step)
  local both = measure(batches, step)
  print(("%-42s %7.2f %7.2f %8.2f %8.2f %6.1f %%"):format(label, alone, processor, steps, both, 100 * (both - steps) / steps))
end

print(("%-42s %7s %7s %8s %8s %8s"):format("", "loader", "cpu", "step", "both", "more"))
case("from memory", {})
case("SpecAugment", {augment.spec_augment()})
case("shift, gain, mixup, masks of features", {augment.shift {on = "features"}, augment.gain {on = "features"},
  augment.mixup {on = "features"}, augment.spec_augment()})
case("noise, gain, equalizer of the sound", {augment.noise(), augment.gain(), augment.equalizer()})
case("time_stretch", {augment.time_stretch()})
case("pitch_shift", {augment.pitch_shift()})
