-- Train a network on the folders of a collection, judge it on songs that it never heard, and ask it about one more.
--
--     moonlark examples/06_network.lua genres runs/network song.mp3
--
-- Without a folder it takes the synthetic corpus, without a song the first one of the test part. The run folder holds
-- the curves, the confusion matrix, the weights and a report; TensorBoard can follow it.
local augment = require "moonlark.augment"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local optim = require "moonlark.optim"
local predict = require "moonlark.predict"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

local folder, run, song = arg[1], arg[2] or "runs/example_network", arg[3]
if not folder then
  folder = "runs/example"
  require("moonlark.corpus").generate(folder, {clips = 6, seconds = 6})
end
files.remove(run)

-- Tracks are split first and cut into segments then: no track is on both sides.
local parts = dataset.folder(folder):split {train = .6, valid = .2, test = .2, seed = 1}
local function batches(part, augmented)
  return part:batches {feature = "mel", segment = 3, hop = 1, batch_size = 16, augment = augmented}
end

torch.manual_seed(1)
local net = require("models.lstm_cnn") {classes = #parts.train.classes, n_mels = 128, channels = 8, hidden = 32}
local fit = train.fit(net, {
  train = batches(parts.train, {augment.time_mask {width = 20}, augment.frequency_mask {width = 12}}),
  valid = batches(parts.valid), test = batches(parts.test),
  optimizer = optim.AdamW {lr = 3e-3}, schedule = optim.cosine {}, epochs = 8, seed = 1, run = run,
})
print(fit.test)

song = song or parts.test[1].path
print(song, predict.file(run, song))
