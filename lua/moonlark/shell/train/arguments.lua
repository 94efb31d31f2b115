--- What an experiment says, and what the words of `moonlark train` change in it: parser, the model's options, input.
local command = require "moonlark.shell.command"
local data = require "moonlark.shell.dataset"
local network = require "moonlark.network"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"
require "moonlark.dataset" -- describe what they take
require "moonlark.train"

local arguments = {}

local integer = options.integer
local fit, batches = options.described "train.fit", options.described "Dataset:batches"

--- An experiment, as the files of scripts/train/ write it.
arguments.plan = options.describe("shell.train", {
  model = options.text(options.required, "the architecture's name"),
  summary = options.text(options.required, "what it does, in a line"),
  input = options.any(options.required, "options of dataset:batches"),
  augment = options.any({}, "a list of moonlark.augment's"),
  options = options.any({}, "options of the model"),
  batch_size = batches.by_name.batch_size:but {help = "segments a step"},
  supervised = options.boolean(true, "with labels; without, the model has a method loss(batch)"),
  command = options.text("train", "the command's name"),
  usual_segment = options.text(nil, "in words, where the input has none yet"),
  examples = options.text(nil, "lines for the end of --help", {usual = "two of moonlark train"}),
  extend = options.callable(nil, "f(parser) adds arguments", "fun(parser: table)"),
  ready = options.callable(nil, "f(plan, args) when the arguments are known", "fun(plan: table, args: table)"),
  network = options.callable(nil, "f(args, outputs) makes the network, in place of the architecture alone",
    "fun(args: table, outputs: string[]): moonlark.nn.Module"),
  batches = options.callable(nil, "f(net, batches) gives the batches to use",
    "fun(net: moonlark.nn.Module, batches: moonlark.AnyBatches): moonlark.AnyBatches"),
  rates = options.callable(nil, "f(net, recipe, args) gives the optimiser's recipe to use",
    "fun(net: moonlark.nn.Module, recipe: table, args: table): table"),
  finished = options.callable(nil, "f(fit, args) after a single training", "fun(fit: moonlark.Trainer, args: table)"),
  judge = options.callable(nil, "f(fit, batches of all tracks, seed) gives figures and pictures",
    "fun(fit: moonlark.Trainer, batches: table, seed: integer): table?, table?"),
}, fit:pick {"optimizer", "schedule", "epochs", "patience", "clip_norm", "ema", "loss"})

local decided_by_data = {classes = true, n_mels = true, n_features = true}

--- What --option may say to a model: its options without those that the data decides. A model of --models is not known
--- before the arguments are read: nothing.
---@param name string
---@return moonlark.Parameter[]
function arguments.of_model(name)
  local described, list = network.find(name) and options.described("models." .. name), {}
  for _, parameter in ipairs(described and described.list or {}) do
    if not decided_by_data[parameter.name] then list[#list + 1] = parameter end
  end
  return list
end

local function model_help(name)
  local lines = {}
  for i, parameter in ipairs(arguments.of_model(name)) do
    lines[i] = ("  %-14s %s (%s)"):format(parameter.name, parameter.help or "", parameter:facts())
  end
  return #lines > 0 and "\n\nOptions of the model, as --option name=value:\n" .. table.concat(lines, "\n") or ""
end

--- The parser of an experiment, whose defaults are the experiment's own.
function arguments.parser(plan)
  local parser = command.parser(plan.command, plan.summary)
  local examples = plan.examples or ("  moonlark train genres --model %s --run runs/a\n"
    .. "  moonlark train esc10 --model %s --folds filename --run runs/esc"):format(plan.model, plan.model)
  parser:epilog(examples .. "\n\nAfter Ctrl-C or a crash the same line with --resume goes on from the last whole epoch."
    .. (plan.network and "" or model_help(plan.model)))
  parser:argument("data", "A folder with one folder a class, a list.csv, an index, or a splits.json.")
  parser:option("--run", "The run folder to write."):argname "<folder>"
  parser:flag("--overwrite", "Replace the run that the folder holds.")
  parser:flag("--resume", "Go on with the run that the folder holds.")
  source.split_argument(parser, "0.6,0.2,0.2")
  source.known_arguments(parser)
  source.list_arguments(parser)
  command.offer(parser:option("--folds", "Cross-validation: a number, data or filename."):argname "<k>",
    {"data", "filename"})
  command.option(parser, "seeds", integer(1, {least = 1, most = 1000}, "how many seeds, from --seed on"))
  command.options(parser, arguments.plan, {"epochs", "batch_size"}, plan)
  local rate = options.described("optim." .. plan.optimizer.name).by_name.lr
  command.option(parser, "lr", rate, {default = false, usual = tostring(plan.optimizer.given.lr)})
  command.option(parser, "patience",
    integer(plan.patience or 0, {least = 0}, fit.by_name.patience.help .. "; 0: never"))
  local segment = plan.input.segment and plan.input.segment .. " s" or plan.usual_segment
  command.option(parser, "segment", batches.by_name.segment, {usual = segment})
  command.reading(parser)
  if plan.extend then
    plan.extend(parser)
  else
    parser:option("--option", "An option of the model; may be given several times."):argname "<name=value>":count "*"
    parser:flag("--no-augment", "Train on the data as it is.")
  end
  command.options(parser, fit, {"class_weight", "device", "precision", "deterministic"})
  command.models(parser)
  data.add_cache(parser)
  command.workers(parser)
  command.seed(parser)
  return parser
end

--- The model's options: those of --option over the experiment's own.
function arguments.model_options(plan, args)
  local read, described = options.join(plan.options), options.described("models." .. plan.model)
  for _, text in ipairs(args.option) do
    local name, value = text:match "^([%w_]+)=(.+)$"
    if not name then show.fail("--option must be name=value, got '%s'", text) end
    local known = command.value(described and described.by_name[name] or options.any(), value)
    if known == nil then known = value end -- the model says what is wrong
    read[name] = known
  end
  return read
end

--- What dataset:batches is given for every part.
function arguments.input(plan, args)
  return options.join(plan.input, {segment = args.segment, channel = args.channel, partial = args.partial,
    batch_size = args.batch_size, workers = args.workers, cache = data.cache(args) or false})
end

return arguments
