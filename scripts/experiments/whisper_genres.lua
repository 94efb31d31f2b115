--- A Whisper encoder that learns genres: upper layers unfrozen, sound stretched, shifted and noisy, early stopping.
local augment = require "moonlark.augment"
local command = require "moonlark.shell.command"
local finetune = require "moonlark.finetune"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local plot = require "moonlark.plot"
local pretrained = require "moonlark.pretrained"
local report = require "moonlark.run.report"
local study = require "moonlark.shell.study"
local torch = require "moonlark.torch"
local train = require "moonlark.train"

-- What one may want to change. -----------------------------------------------------------------

local head_lr, lr, layer_decay = 1e-3, 3e-5, 0.9 -- of the head, of the uppermost layer, from layer to layer
local batch_size, patience = 8, 3
local cheap = 10 -- epochs of the head alone are instant: it gets so many times more, and as much more patience
local recipe = optim.AdamW {lr = lr, weight_decay = 1e-2}
local schedule = optim.cosine {warmup = 0.1}

-- Every example is heard changed: at random faster or slower, higher or lower, with noise.
local changes = {
  augment.time_stretch {rate = {0.9, 1.1}, p = 0.5},
  augment.pitch_shift {semitones = 2, p = 0.5},
  augment.noise {snr_db = {10, 30}, p = 0.5},
}

-- The experiment. --------------------------------------------------------------------------------

local parser = study.parser("whisper_genres", "Trains a head on a frozen Whisper encoder, then another one with the "
  .. "encoder's upper layers unfrozen, with augmented sound, and compares both on songs that neither heard.")
parser:option("--model", "The encoder: a folder, a file of weights, or a name on the hub."):argname "<model>":count(1)
command.option(parser, "unfreeze", options.integer(2, {least = 1, most = 200}, "upper layers that are trained"))
parser:flag("--checkpointing", "Less memory and more time.")
study.training(parser, 10)
local args = parser:parse()
local songs, run <close> = study.open("whisper_genres", args)
local parts = songs:split {train = .6, valid = .2, test = .2, seed = args.seed}
parts:save(run:own "splits.json")
local model = pretrained.open(args.model)

-- A network, and what it is trained on: the head alone hears every song once, as it is.
local function prepared(unfreeze)
  torch.manual_seed(args.seed)
  local net = finetune.open(model, {classes = songs.classes, unfreeze = unfreeze, checkpointing = args.checkpointing})
  local function batches(part, learns)
    local input = finetune.input(net, {batch_size = batch_size, workers = args.workers, shuffle = learns,
      augment = learns and unfreeze > 0 and changes or nil})
    local made = part:batches(input)
    return unfreeze == 0 and finetune.cached(net, made) or made
  end
  return net, batches(parts.train, true), batches(parts.valid), batches(parts.test)
end

local function fitted(unfreeze)
  local net, learned, valid, test = prepared(unfreeze)
  local total, trained = net:count()
  local times = unfreeze == 0 and cheap or 1
  print(("\n%s: %.1f of %.1f M parameters are trained"):format(unfreeze == 0 and "head alone"
    or ("upper layers: %d"):format(unfreeze), trained / 1e6, total / 1e6))
  local fit = train.fit(net, {
    train = learned, valid = valid, test = test, epochs = times * args.epochs, patience = times * patience,
    clip_norm = 1,
    optimizer = finetune.rates(net, recipe, {head = head_lr, layer_decay = layer_decay}), schedule = schedule,
    seed = args.seed, device = args.device,
  })
  print(fit.test)
  return fit, trained
end

local fits = {
  {name = "the head alone", key = "head", unfreeze = 0},
  {name = ("upper layers: %d, augmented"):format(args.unfreeze), key = "upper", unfreeze = args.unfreeze},
}
local rows, figures = {}, {n = #parts.test, classes = #songs.classes}
for i, one in ipairs(fits) do
  one.fit, one.trained = fitted(one.unfreeze)
  local found = one.fit.test
  rows[i] = {one.name, one.trained, #one.fit.history, one.fit.best.epoch, found.accuracy, found.interval.low,
    found.interval.high}
  figures["accuracy." .. one.key], figures["best.epoch." .. one.key] = found.accuracy, one.fit.best.epoch
  for _, row in ipairs(one.fit.history) do run:log(options.join(row, {trained = one.key})) end
end
local best = fits[1].fit.best.value > fits[2].fit.best.value and fits[1].fit or fits[2].fit -- by the validation
run:model(best.net)
finetune.export(best.net, run:own "whisper")

local page = report.new("Genres by a Whisper encoder: " .. args.data)
page:text(("%d songs learn, %d choose the epoch, %d judge."):format(#parts.train, #parts.valid, #parts.test))
page:table({"trained", "parameters", "epochs", "best", "accuracy", "95 % from", "to"}, rows)
page:text "The folder `whisper` holds the network in the layout of Hugging Face; transformers opens it."
for _, one in ipairs(fits) do
  page:heading(one.name)
  page:figure(run:plot("curves_" .. one.key, plot.curves, one.fit), "Loss and accuracy over the epochs")
  page:classes(one.fit.test, "songs")
  page:figure(run:plot("confusion_" .. one.key, plot.confusion, one.fit.test, {title = one.name}), "Confusion matrix")
end
study.finish(run, page, figures)
