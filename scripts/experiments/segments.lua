--- A CNN on MFCC of ten 3 s segments a track, 60/20/20 by track, predictions averaged over each track.
local command = require "moonlark.shell.command"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local study = require "moonlark.shell.study"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

local parser = study.parser("segments", "Cuts each track into segments of its MFCC, after tracks were split: segments "
  .. "of one track never stand on both sides. A track's prediction is the mean over its segments.")
command.option(parser, "segment", options.number(3, {above = 0, unit = "s"}, "length of a segment"))
study.training(parser, 30)
local args = parser:parse()
local songs, run <close> = study.open("segments", args)
local parts = songs:split {train = .6, valid = .2, test = .2, seed = args.seed}
parts:save(run:own "splits.json")

local function batches(part, learns)
  return part:batches {features = {mfcc = {n_mfcc = 13}}, segment = args.segment, batch_size = 32, crop = false,
    shuffle = learns, workers = args.workers, cache = study.cache(args)}
end

local learned, valid, test = batches(parts.train, true), batches(parts.valid), batches(parts.test)
torch.manual_seed(args.seed)
local net = require "models.cnn" {classes = #songs.classes, n_mels = learned:prepare().rows}
local fit = train.fit(net, {train = learned, valid = valid, test = test, epochs = args.epochs, patience = 10,
  optimizer = optim.AdamW {lr = 1e-3, weight_decay = 1e-2}, schedule = optim.cosine {}, device = args.device,
  seed = args.seed})
for _, row in ipairs(fit.history) do run:log(row) end
run:model(fit.net)

local found = fit.test
print(found)
local by_segment = found.segment_accuracy or found.accuracy
local page = report.new("MFCC of segments, averaged over tracks: " .. args.data)
page:text(("%d tracks learn, %d choose the epoch (%d of %d), %d judge; %d segments of %g s learn."):format(
  #parts.train, #parts.valid, fit.best.epoch, #fit.history, #parts.test, learned:items(), args.segment))
page:table({"judged on", "accuracy", "95 % from", "to"}, {
  {"test tracks, segments averaged", found.accuracy, found.interval.low, found.interval.high},
  {"their single segments", by_segment},
})
page:text "Segments of one track are no independent sounds: theirs has no interval."
page:figure(run:plot("curves", plot.curves, fit), "Loss and accuracy over the epochs")
page:heading "By class":classes(found, "tracks")
page:figure(run:plot("confusion", plot.confusion, found, {title = "Tracks"}), "Confusion matrix")
study.finish(run, page, {
  accuracy = found.accuracy, ["accuracy.low"] = found.interval.low, ["accuracy.high"] = found.interval.high,
  segment_accuracy = by_segment, f1 = found.macro.f1, epochs = #fit.history, ["best.epoch"] = fit.best.epoch,
  n = #parts.test, classes = #songs.classes,
})
