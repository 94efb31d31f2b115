--- Divisions of the data that a command line names, for a split or for each fold, and the training on one of them.
local arguments = require "moonlark.shell.train.arguments"
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local network = require "moonlark.network"
local optim = require "moonlark.optim"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"
local split = require "moonlark.dataset.split"
local train = require "moonlark.train"

local division = {}

--- Each division of the data that is to be trained on: one for a split, one for each fold.
---@return {train: moonlark.Dataset, valid: moonlark.Dataset?, test: moonlark.Dataset?}[]
function division.all(plan, args, songs)
  if not plan.supervised then return {{train = songs}} end
  local divided = songs
  if dataset.is(songs) and not args.folds then divided = source.divide(songs, args.split, args.seed) end
  if not dataset.is(divided) then return divided.train and {divided} or divided end
  if args.folds == "data" or args.folds == "filename" then return songs:folds() end
  local k = math.tointeger(tonumber(args.folds))
  if not k or k < 2 then show.fail("--folds must be a number from 2 on, data or filename, got '%s'", args.folds) end
  return songs:folds {k = k, seed = args.seed}
end

--- The dataset, split or folds that the arguments name; files that cannot be opened are set aside.
function division.open(plan, args)
  if args.data:find "%.json$" then return dataset.load(args.data) end
  local songs = args.folds == "filename" and dataset.open(args.data, dataset.esc) or source.sounds(args.data, args)
  if plan.supervised and not songs.task and #songs.classes < 2 then
    show.fail("%s has %s: a network needs 2 or more to tell apart%s", args.data,
      #songs.classes == 1 and "1 class, " .. songs.classes[1] or "no classes",
      files.kind(args.data) == "file" and " (--label, --labels or --value name a column)" or "")
  end
  songs:validate {workers = args.workers, decode = false, progress = false, channel = args.channel,
    partial = args.partial}
  command.name_files("left out:", songs.rejected)
  args.left_out = songs.rejected
  return songs
end

local function batches_of(songs, input, more)
  if songs and #songs > 0 then return songs:batches(options.join(input, more)) end
end

-- moonlark evaluate reads which tracks are in which part.
local function save_parts(parts, opened)
  local path = opened:own "splits.json"
  if opened.resumed and files.exists(path) then return end
  setmetatable({train = parts.train, valid = parts.valid, test = parts.test,
    settings = parts.settings or {}}, split.Parts):save(path)
end

-- The network that is to be trained; without weights from elsewhere its input decides on its width.
local function network_of(plan, args, parts, learned, seed)
  local outputs = parts.train.task == "values" and parts.train.targets or parts.train.classes
  if not plan.network then learned:prepare() end
  require "moonlark.torch".manual_seed(seed)
  if plan.network then return plan.network(args, outputs) end
  -- An experiment of one's own may have its models/ beside it.
  local make = network.find(plan.model) or require("models." .. plan.model)
  local model = arguments.model_options(plan, args)
  model.classes = plan.supervised and #outputs or nil
  model[plan.input.pool and "n_features" or "n_mels"] = learned.rows
  return make(model)
end

-- The optimiser's recipe with the learning rate that was asked for.
local function optimizer_of(plan, args, net)
  local recipe = optim[plan.optimizer.name](options.join(plan.optimizer.given, {lr = args.lr}))
  return plan.rates and plan.rates(net, recipe, args) or recipe
end

--- Trains on one division of the data, and judges on its test part.
---@param where string|moonlark.Run|nil  the run folder, or the run that is open there
---@return moonlark.Trainer fit
function division.fit(plan, args, parts, seed, where)
  local input, varied = arguments.input(plan, args), {shuffle = true}
  if not input.pool then varied.crop, varied.augment = true, not args.no_augment and plan.augment or nil end
  local learned, valid = batches_of(parts.train, input, varied), batches_of(parts.valid, input)
  local test, net = batches_of(parts.test, input), network_of(plan, args, parts, learned, seed)
  if plan.batches then
    local function changed(batches) return batches and plan.batches(net, batches) end
    learned, valid, test = changed(learned), changed(valid), changed(test)
  end
  for _, bad in ipairs(args.left_out or {}) do table.insert(learned:prepare().rejected, bad) end
  return train.fit(net, {
    train = learned, valid = valid, test = test, optimizer = optimizer_of(plan, args, net),
    schedule = plan.schedule, epochs = args.epochs, loss = plan.loss, class_weight = args.class_weight,
    patience = valid and args.patience > 0 and args.patience or nil, clip_norm = plan.clip_norm,
    ema = plan.ema, device = args.device, precision = args.precision, deterministic = args.deterministic,
    seed = seed, run = where, resume = args.resume, opened = function(opened) save_parts(parts, opened) end,
    objective = not plan.supervised and function(trained, batch) return trained:loss(batch) end or nil,
    judge = plan.judge and function(fit)
      local all = batches_of(parts.train, input, {crop = false, shuffle = false})
      all:normalize_by(learned:statistics())
      return plan.judge(fit, all, seed)
    end or nil,
  })
end

return division
