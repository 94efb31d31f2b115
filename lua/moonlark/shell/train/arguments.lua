--- The words of `moonlark train`: its parser, and what they say of the model and its input.
local data = require "moonlark.shell.dataset"
local command = require "moonlark.shell.command"
local optim = require "moonlark.optim"
local show = require "moonlark.base.show"

local arguments = {}

--- The parser of an experiment: its defaults are the experiment's own.
---@param plan table
---@return table
function arguments.parser(plan)
  local parser = command.parser("train", plan.summary)
  parser:epilog("  moonlark train genres --model " .. plan.model .. " --run runs/a\n"
    .. "  moonlark train esc10 --model " .. plan.model .. " --folds filename --run runs/esc\n\n"
    .. "After Ctrl-C or a crash the same line with --resume goes on from the last whole epoch.")
  parser:argument("data", "A folder with one folder a class, a list.csv, an index, or a splits.json.")
  parser:option("--run", "The run folder to write."):argname "<folder>"
  parser:flag("--overwrite", "Replace the run that the folder holds.")
  parser:flag("--resume", "Go on with the run that the folder holds.")
  parser:option("--split", "Shares of training, validation and test."):argname "<a,b,c>":default "0.6,0.2,0.2"
    :convert(command.words)
  parser:option("--folds", "Cross-validation: a number, data or filename."):argname "<k>"
  parser:option("--seeds", "How many seeds, from --seed on."):argname "<n>":default "1"
    :convert(command.integer(1, 1000))
  parser:option("--epochs", "Passes over the training data."):argname "<n>":default(tostring(plan.epochs))
    :convert(command.integer(1))
  parser:option("--batch-size", "Segments a step."):argname "<n>":default(tostring(plan.batch_size))
    :convert(command.integer(1))
  parser:option("--lr", "Learning rate; default: " .. tostring(plan.optimizer.given.lr) .. "."):argname "<x>"
    :convert(command.number(0))
  parser:option("--patience", "Epochs without improvement before stopping; 0: never."):argname "<n>"
    :default(tostring(plan.patience or 0)):convert(command.integer(0))
  parser:option("--segment", "Length of a segment."):argname "<seconds>":convert(command.number(0))
  command.reading(parser)
  parser:option("--option", "An option of the model; may be given several times."):argname "<name=value>":count "*"
  parser:flag("--no-augment", "Train on the data as it is.")
  parser:option("--device", "auto, cpu, or cuda."):default "auto"
  parser:option("--precision", "Of the forward pass."):choices {"float32", "bfloat16"}:default "float32"
  parser:flag("--deterministic", "The same bits twice, also on a GPU.")
  command.models(parser)
  data.add_cache(parser)
  command.workers(parser)
  command.seed(parser)
  return parser
end

--- The model's options: those of --option over the experiment's own.
---@param plan table
---@param args table
---@return table
function arguments.model_options(plan, args)
  local read = {}
  for key, value in pairs(plan.options) do read[key] = value end
  for _, text in ipairs(args.option) do
    local name, value = text:match "^([%w_]+)=(.+)$"
    if not name then show.fail("--option must be name=value, got '%s'", text) end
    if value == "true" or value == "false" then
      read[name] = value == "true"
    else
      read[name] = math.tointeger(tonumber(value)) or tonumber(value) or value
    end
  end
  return read
end

--- What dataset:batches is given for every part.
---@param plan table
---@param args table
---@return table
function arguments.input(plan, args)
  local input = {}
  for key, value in pairs(plan.input) do input[key] = value end
  input.segment = args.segment or input.segment
  input.channel, input.partial = args.channel or input.channel, args.partial or input.partial
  input.batch_size, input.workers, input.cache = args.batch_size, args.workers, data.cache(args) or false
  return input
end

--- The optimiser, with --lr.
---@param plan table
---@param args table
---@return table
function arguments.optimizer(plan, args)
  if not args.lr then return plan.optimizer end
  local changed = {}
  for key, value in pairs(plan.optimizer.given) do changed[key] = value end
  changed.lr = args.lr
  return optim[plan.optimizer.name](changed)
end

return arguments
