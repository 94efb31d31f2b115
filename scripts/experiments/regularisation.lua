--- What regularisation and augmentation bring: an LSTM + CNN and a CNN with and without, on four features.
local augment = require "moonlark.augment"
local command = require "moonlark.shell.command"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local report = require "moonlark.run.report"
local study = require "moonlark.shell.study"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

local parser = study.parser("regularisation", "Trains three networks on mel, chroma, tonnetz and MFCC: an LSTM beside "
  .. "a CNN, a CNN without and with dropout, batch normalisation and weight decay; each without, with weak and with "
  .. "strong augmentation. One table compares them on the same test part, curves show how they learn.")
command.option(parser, "segment", options.number(3, {above = 0, unit = "s"}, "length of an example"))
command.option(parser, "batch_size", options.integer(32, {least = 1}, "segments a step"))
study.training(parser, 30)
local args = parser:parse()
local songs, run <close> = study.open("regularisation", args)
local parts = songs:split {train = .6, valid = .2, test = .2, seed = args.seed}
parts:save(run:own "splits.json")

local networks = {
  {name = "LSTM + CNN", key = "lstm_cnn", model = "lstm_cnn", options = {}, weight_decay = 1e-2},
  {name = "CNN", key = "cnn", model = "cnn_mel", options = {regularize = false}, weight_decay = 0},
  {name = "CNN, regularised", key = "cnn_regularised", model = "cnn_mel", options = {regularize = true},
    weight_decay = 1e-2},
}
local augmentations = {
  {name = "none", changes = {}},
  {name = "weak", changes = {augment.gain {db = 3, on = "features"}, augment.time_mask {width = 10, p = .5}}},
  {name = "strong", changes = {
    augment.gain {db = 6, on = "features"}, augment.mixup {alpha = .3, on = "features"},
    augment.spec_augment {time = 30, frequency = 16, time_masks = 2, frequency_masks = 2},
  }},
}

local input = {
  features = {mel = {n_mels = 128}, chroma_stft = {}, tonnetz = {}, mfcc = {n_mfcc = 20}}, segment = args.segment,
  batch_size = args.batch_size, workers = args.workers, cache = study.cache(args),
}
local function batches(part, changes)
  return part:batches(options.join(input, {augment = changes, crop = changes ~= nil, shuffle = changes ~= nil}))
end

-- One network with one augmentation; everything else is the same for all, the seed included.
local function trained(network, augmentation)
  local learned = batches(parts.train, augmentation.changes)
  torch.manual_seed(args.seed)
  local net = require("models." .. network.model)(options.join(network.options,
    {classes = #songs.classes, n_mels = learned:prepare().rows}))
  print(("\n%s, augmentation: %s"):format(network.name, augmentation.name))
  local fit = train.fit(net, {
    train = learned, valid = batches(parts.valid), test = batches(parts.test), epochs = args.epochs,
    optimizer = optim.AdamW {lr = 2e-3, weight_decay = network.weight_decay}, schedule = optim.cosine {warmup = .1},
    clip_norm = 1, device = args.device, seed = args.seed,
  })
  for _, row in ipairs(fit.history) do
    run:log(options.join(row, {network = network.key, augmentation = augmentation.name}))
  end
  return fit
end

local function series_of(fit, measure, label)
  local y, x = {}, {}
  for i, row in ipairs(fit.history) do y[i], x[i] = row[measure], row.epoch end
  return {y = y, x = x, label = label}
end

local function curves(fits, network)
  local lines = {}
  for i, augmentation in ipairs(augmentations) do
    lines[2 * i - 1] = series_of(fits[i], "accuracy", augmentation.name .. ", training")
    lines[2 * i] = series_of(fits[i], "valid_accuracy", augmentation.name .. ", validation")
  end
  return plot.lines(lines, {title = network.name, xlabel = "epoch", ylabel = "accuracy", counted = true, low = 0,
    high = 1, colours = {"blue", "blue", "orange", "orange", "green", "green"}, styles = {"dashed", "solid"}})
end

local page = report.new("Regularisation and augmentation: " .. args.data)
local rows, figures, best, shown = {}, {n = #parts.test, classes = #songs.classes, epochs = args.epochs}, nil, {}
for _, network in ipairs(networks) do
  local fits = {}
  for i, augmentation in ipairs(augmentations) do
    local fit = trained(network, augmentation)
    local last, test = fit.history[#fit.history], fit.test
    fits[i] = fit
    rows[#rows + 1] = {network.name, augmentation.name, (fit.net:count()), last.accuracy, fit.valid.accuracy,
      test.accuracy, test.interval.low, test.interval.high}
    local key = network.key .. "." .. augmentation.name
    figures["accuracy." .. key], figures["train_accuracy." .. key] = test.accuracy, last.accuracy
    figures["valid_accuracy." .. key] = fit.valid.accuracy
    if not best or fit.valid.accuracy > best.fit.valid.accuracy then
      best = {fit = fit, name = network.name .. ", augmentation: " .. augmentation.name}
    end
  end
  shown[#shown + 1] = {network.key, run:plot("curves_" .. network.key, curves, fits, network), network.name}
end

page:text(("%d songs learn, %d choose the epoch, %d judge; %d epochs each, the same seed and split for all.")
  :format(#parts.train, #parts.valid, #parts.test, args.epochs))
page:table({"network", "augmentation", "parameters", "training, last epoch", "validation, best epoch", "test",
  "95 % from", "to"}, rows)
page:text "Accuracies are of whole songs, their segments' probabilities averaged; the training's are running means."
for _, picture in ipairs(shown) do page:figure(picture[2], "Accuracy over the epochs: " .. picture[3]) end
page:heading("The best on validation: " .. best.name):classes(best.fit.test, "songs")
page:figure(run:plot("confusion", plot.confusion, best.fit.test, {title = best.name}), "Confusion matrix")
run:model(best.fit.net)
figures.accuracy, figures.best = best.fit.test.accuracy, best.name
figures["accuracy.low"], figures["accuracy.high"] = best.fit.test.interval.low, best.fit.test.interval.high
study.finish(run, page, figures)
