--- Trains a model from elsewhere, or its head alone, on labelled songs; the result is a run folder like any other.
local augment = require "moonlark.augment"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local finetune = require "moonlark.finetune"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local pretrained = require "moonlark.pretrained"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

local opening, rates = options.described "finetune.open", options.described "finetune.rates"

-- What --augment names, by usual amounts.
local changes = {
  stretch = function() return augment.time_stretch {rate = {0.9, 1.1}, p = 0.5} end,
  pitch = function() return augment.pitch_shift {semitones = 2, p = 0.5} end,
  noise = function() return augment.noise {snr_db = {10, 30}, p = 0.5} end,
  gain = function() return augment.gain {db = 6, p = 0.5} end,
}

local function extend(parser)
  parser:option("--from", "The model: a folder, a file of weights, or a name on the hub."):argname "<model>":count(1)
  parser:option("--unfreeze", "What is trained below the head: so many upper layers, parameters by a pattern of names, "
    .. "or \"all\"; default: 0, the head alone.")
    :argname "<k|pattern|all>":default "0":show_default(false):convert(function(word)
      return math.tointeger(tonumber(word)) or word
    end)
  command.option(parser, "lora", options.integer(0, {least = 0, most = 4096},
    "rank of low-rank adapters on the attention's queries and values; 0: none"))
  parser:flag("--weighted", "The head hears a learned mean of all layers.")
  command.options(parser, options.described "pretrained.open", {"pooling"})
  command.option(parser, "head_lr", rates.by_name.head)
  command.options(parser, rates, {"layer_decay"})
  command.options(parser, opening, {"dropout"})
  parser:flag("--checkpointing", "Less memory and more time.")
  command.offer(parser:option("--augment", "Changes of the training's sound: stretch, pitch, noise, gain.")
    :argname "<list>":default "":show_default(false)
    :convert(function(words) return words == "" and {} or command.words(words) end), text.keys(changes), true)
  parser:option("--export", "Also writes the model in the layout that it came in, for other programs.")
    :argname "<folder>"
end

local model -- from elsewhere, opened once for all folds and seeds

local function open(args, outputs)
  local lora = args.lora > 0 and {rank = args.lora, alpha = 2 * args.lora} or nil
  return finetune.open(model, {
    classes = outputs, unfreeze = args.unfreeze, lora = lora,
    weighted = args.weighted, dropout = args.dropout, checkpointing = args.checkpointing,
  })
end

local function ready(plan, args)
  if args.export then
    if args.folds or args.seeds > 1 then error("--export is of a single training: without --folds and --seeds", 0) end
    files.check_folder(args.export, "folder of the model")
  end
  model = pretrained.open(args.from, {pooling = args.pooling})
  plan.input = finetune.input(model)
  for _, name in ipairs(args.augment) do
    local change = changes[name] or options.unknown("augmentation", name, {"stretch", "pitch", "noise", "gain"})
    table.insert(plan.augment, change())
  end
  args.no_cache = true
end

-- The frozen part is heard once where nothing else changes from epoch to epoch.
local function batches(net, sound)
  if not finetune.is_head_only(net) or #sound.augments > 0 then return sound end
  return finetune.cached(net, sound)
end

require "moonlark.shell.train" {
  model = "finetuned", command = "finetune",
  summary = "Trains a model from elsewhere on labelled songs: its head alone, upper layers, adapters, or all of it.",
  examples = "  moonlark finetune genres --from models/whisper-small --run runs/head\n"
    .. "  moonlark finetune genres --from models/ast --unfreeze 2 --layer-decay 0.9 --augment stretch,pitch,noise\n"
    .. "  moonlark finetune genres --from models/wav2vec2 --lora 8 --export models/mine --run runs/lora",
  input = {}, usual_segment = "the model's window", augment = {},
  extend = extend, ready = ready, network = open, batches = batches,
  rates = function(net, recipe, args)
    return finetune.rates(net, recipe, {head = args.head_lr, layer_decay = args.layer_decay})
  end,
  finished = function(fit, args)
    if not args.export then return end
    finetune.export(fit.net, args.export)
    print("model folder: " .. show.name(args.export))
  end,
  optimizer = optim.AdamW {lr = 3e-5, weight_decay = 1e-2}, schedule = optim.cosine {warmup = 0.1},
  epochs = 20, patience = 5, batch_size = 16, clip_norm = 1,
}
