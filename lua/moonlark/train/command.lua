--- What the experiments of scripts/train/ share: from the words of a command line to trained networks in a run folder.
---
---     require "moonlark.train.command" {
---       model = "cnn", summary = "…",
---       input = {features = {mfcc = {n_mfcc = 13}}, segment = 3},
---       augment = {augment.noise {snr_db = {10, 30}, p = 0.5}},
---       optimizer = optim.AdamW {lr = 1e-3}, schedule = optim.cosine {}, epochs = 30, patience = 8, batch_size = 32,
---     }
---
--- The data is split into training, validation and test by tracks (or groups), or into folds; with --seeds everything
--- is done several times. One training leaves one run folder; several leave a folder each and one above them that
--- joins their figures.
local arguments = require "moonlark.dataset.arguments"
local command = require "moonlark.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.files"
local optim = require "moonlark.optim"
local options = require "moonlark.options"
local plot = require "moonlark.plot"
local report = require "moonlark.report"
local run = require "moonlark.run"
local train = require "moonlark.train"

local defaults = {
  model = options.required, summary = options.required, input = options.required, augment = {}, options = {},
  optimizer = options.none, schedule = options.none, epochs = 30, patience = options.none, batch_size = 32,
  clip_norm = options.none, ema = options.none, loss = options.none, supervised = true,
}

local function parser_of(experiment)
  local parser = command.parser("train", experiment.summary)
  parser:epilog("  moonlark train genres --model " .. experiment.model .. " --run runs/a\n"
    .. "  moonlark train esc10 --model " .. experiment.model .. " --folds filename --run runs/esc\n\n"
    .. "After Ctrl-C or a crash the same line with --resume goes on from the last whole epoch.")
  parser:argument("data", "A folder with one folder a class, a list.csv, an index, or a splits.json.")
  parser:option("--run", "The run folder to write."):argname "<folder>"
  parser:flag("--overwrite", "Replace the run that the folder holds.")
  parser:flag("--resume", "Go on with the run that the folder holds.")
  parser:option("--split", "Shares of training, validation and test."):argname "<a,b,c>":default "0.6,0.2,0.2"
    :convert(command.words)
  parser:option("--folds", "Cross-validation: a number, data or filename."):argname "<k>"
  parser:option("--seeds", "How many seeds, from --seed on."):argname "<n>":default "1":convert(command.integer(1, 1000))
  parser:option("--epochs", "Passes over the training data."):argname "<n>":default(tostring(experiment.epochs))
    :convert(command.integer(1))
  parser:option("--batch-size", "Segments a step."):argname "<n>":default(tostring(experiment.batch_size))
    :convert(command.integer(1))
  parser:option("--lr", "Learning rate; default: " .. tostring(experiment.optimizer.given.lr) .. "."):argname "<x>"
    :convert(command.number(0))
  parser:option("--patience", "Epochs without improvement before stopping; 0: never."):argname "<n>"
    :default(tostring(experiment.patience or 0)):convert(command.integer(0))
  parser:option("--segment", "Length of a segment."):argname "<seconds>":convert(command.number(0))
  parser:option("--option", "An option of the model; may be given several times."):argname "<name=value>":count "*"
  parser:flag("--no-augment", "Train on the data as it is.")
  parser:option("--device", "auto, cpu, or cuda."):default "auto"
  parser:option("--precision", "Of the forward pass."):choices {"float32", "bfloat16"}:default "float32"
  parser:flag("--deterministic", "The same bits twice, also on a GPU.")
  arguments.add_cache(parser)
  command.workers(parser)
  command.seed(parser)
  return parser
end

-- {name = value} of --option words, over the experiment's own.
local function model_options(experiment, args)
  local read = {}
  for key, value in pairs(experiment.options) do read[key] = value end
  for _, text in ipairs(args.option) do
    local name, value = text:match "^([%w_]+)=(.+)$"
    if not name then error(("--option must be name=value, got '%s'"):format(text), 0) end
    if value == "true" or value == "false" then
      read[name] = value == "true"
    else
      read[name] = math.tointeger(tonumber(value)) or tonumber(value) or value
    end
  end
  return read
end

-- data ------------------------------------------------------------------------------------

local function split_of(args, songs)
  local shares = {}
  for i, word in ipairs(args.split) do
    shares[i] = tonumber(word) or error(("--split must be numbers such as 0.6,0.2,0.2, got '%s'"):format(word), 0)
  end
  local named = {train = shares[1], valid = shares[2], test = shares[3]}
  for name, share in pairs(named) do
    if share == 0 then named[name] = nil end
  end
  named.seed = args.seed
  return songs:split(named)
end

-- {name, train, valid, test} of each training to be done.
local function divisions_of(args, songs)
  if not dataset.is(songs) then -- a split or folds from a file
    if songs.train then return {songs} end
    return songs
  end
  if not args.folds then return {split_of(args, songs)} end
  if args.folds == "data" or args.folds == "filename" then return songs:folds() end
  local k = math.tointeger(tonumber(args.folds))
  if not k or k < 2 then
    error(("--folds must be a number from 2 on, data or filename, got '%s'"):format(args.folds), 0)
  end
  return songs:folds {k = k, seed = args.seed}
end

local function open_data(args)
  if args.data:find "%.json$" then
    local loaded = dataset.load(args.data)
    if not dataset.is(loaded) then return loaded end
    return loaded
  end
  return dataset.open(args.data, args.folds == "filename" and dataset.esc or nil)
end

-- one training ------------------------------------------------------------------------------

local function input_of(experiment, args)
  local input = {}
  for key, value in pairs(experiment.input) do input[key] = value end
  input.segment = args.segment or input.segment
  input.batch_size, input.workers, input.cache = args.batch_size, args.workers, arguments.cache(args) or false
  return input
end

local function batches_of(songs, input, more)
  if not songs or #songs == 0 then return nil end
  local given = {}
  for key, value in pairs(input) do given[key] = value end
  for key, value in pairs(more or {}) do given[key] = value end
  return songs:batches(given)
end

local function optimizer_of(experiment, args)
  if not args.lr then return experiment.optimizer end
  local changed = {}
  for key, value in pairs(experiment.optimizer.given) do changed[key] = value end
  changed.lr = args.lr
  return optim[experiment.optimizer.name](changed)
end

local function fit_one(experiment, args, division, seed, folder)
  local input = input_of(experiment, args)
  local parts = {
    train = batches_of(division.train, input,
      {crop = not input.pool, shuffle = true, augment = not args.no_augment and experiment.augment or {}}),
    valid = batches_of(division.valid, input), test = batches_of(division.test, input),
  }
  parts.train:prepare()
  local model = model_options(experiment, args)
  model.classes = #division.train.classes
  model[input.pool and "n_features" or "n_mels"] = parts.train.rows
  require "moonlark.torch".manual_seed(seed)
  local net = require("models." .. experiment.model)(model)
  local fit = train.fit(net, {
    train = parts.train, valid = parts.valid, test = parts.test, optimizer = optimizer_of(experiment, args),
    schedule = experiment.schedule, epochs = args.epochs, loss = experiment.loss,
    patience = parts.valid and args.patience > 0 and args.patience or nil, clip_norm = experiment.clip_norm,
    ema = experiment.ema, device = args.device, precision = args.precision, deterministic = args.deterministic,
    seed = seed, run = folder, resume = args.resume,
  })
  if folder and division.save and not args.resume then division:save(files.join(folder, "splits.json")) end
  return fit
end

-- several --------------------------------------------------------------------------------------

local function summary(values)
  local sum, squares = 0, 0
  for _, value in ipairs(values) do sum = sum + value end
  for _, value in ipairs(values) do squares = squares + (value - sum / #values) ^ 2 end
  return sum / #values, math.sqrt(squares / #values)
end

-- All folds' predictions of one seed as one report.
local function joined(results, classes)
  local torch = require "moonlark.torch"
  local y, predicted, folds = {}, {}, {}
  for i, fit in ipairs(results) do
    y[i], predicted[i] = fit.test.y, fit.test.predicted
    folds[i] = {accuracy = fit.test.accuracy, n = #fit.test.tracks}
  end
  return require "moonlark.classify.report"(torch.cat(y), torch.cat(predicted), classes, folds)
end

local function write_summary(whole, experiment, args, seeds, rows)
  local accuracies, headers, table_rows = {}, {"seed"}, {}
  for i, row in ipairs(rows[1]) do headers[i + 1] = row.name end
  headers[#headers + 1] = "mean"
  for s, seed in ipairs(seeds) do
    local cells = {seed}
    for _, row in ipairs(rows[s]) do cells[#cells + 1] = row.accuracy end
    accuracies[s] = summary((function()
      local list = {}
      for i, row in ipairs(rows[s]) do list[i] = row.accuracy end
      return list
    end)())
    cells[#cells + 1] = accuracies[s]
    table_rows[s] = cells
  end
  local mean, deviation = summary(accuracies)
  print(("\naccuracy %.4f"):format(mean) .. (#seeds > 1 and (" ± %.4f over %d seeds"):format(deviation, #seeds) or "")
    .. (" (%d trainings each)"):format(#rows[1]))
  if not whole then return end
  whole:metrics {accuracy = mean, ["accuracy.std"] = deviation, seeds = #seeds, trainings = #seeds * #rows[1]}
  local page = report.new("Training of " .. experiment.model .. " on " .. args.data)
  page:text(("%d trainings; accuracy over whole tracks of the test parts: **%.4f** ± %.4f over seeds."):format(
    #seeds * #rows[1], mean, deviation))
  page:table(headers, table_rows)
  local found = rows[1].joined
  if found then
    page:heading(("All folds of seed %d"):format(seeds[1]))
    page:figure(whole:plot("confusion", plot.confusion(found)), "Confusion matrix")
    local classes = {}
    for i, class in ipairs(found.per_class) do
      classes[i] = {found.classes[i], class.precision, class.recall, class.f1, class.support}
    end
    page:table({"class", "precision", "recall", "F1", "tracks"}, classes)
  end
  whole:report(page)
  whole:finish()
end

local function settings_of(experiment, args)
  local settings = {command = "train", model = experiment.model}
  for key, value in pairs(args) do
    if key ~= "run" and key ~= "overwrite" and key ~= "resume" then settings[key] = value end
  end
  return settings
end

local function check_folder(args)
  if not args.run then
    if args.resume then error("--resume needs --run", 0) end
    return
  end
  if files.exists(files.join(args.run, "run.json")) and not (args.overwrite or args.resume) then
    error(("%s holds a run already: name another folder, or add --overwrite or --resume"):format(args.run), 0)
  end
  if args.overwrite then
    for _, name in ipairs(files.exists(args.run) and files.list(args.run) or {}) do
      if name:find "^fold%-" or name:find "^seed%-" or name:find "^events%.out%.tfevents" or name:find "^checkpoint" then
        files.remove(files.join(args.run, name))
      end
    end
    files.remove(files.join(args.run, "run.json"))
  end
end

local function train_several(experiment, args, divisions, songs)
  local whole <close> = args.run and run.open(args.run, settings_of(experiment, args),
    {exists = args.resume and "resume" or "refuse", data = songs.hash and songs or nil}) or nil
  local seeds, rows = {}, {}
  for s = 1, args.seeds do
    local seed, results = args.seed + s - 1, {}
    seeds[s], rows[s] = seed, {}
    for i, division in ipairs(divisions) do
      local name = #divisions > 1 and "fold-" .. tostring(division.name or i) or nil
      local folder = args.run and files.join(args.run, args.seeds > 1 and "seed-" .. seed or "", name or "")
      io.stderr:write(("\n%s%s\n"):format(args.seeds > 1 and ("seed %d  "):format(seed) or "", name or ""))
      local fit = fit_one(experiment, args, division, seed, folder)
      results[i] = fit
      rows[s][i] = {name = name or "accuracy", accuracy = fit.test.accuracy}
      print(("%s%s  accuracy %.4f"):format(args.seeds > 1 and ("seed %d  "):format(seed) or "", name or "", fit.test.accuracy))
      if whole then whole:log {seed = seed, fold = i, accuracy = fit.test.accuracy, epochs = #fit.history} end
      fit.net, fit.optimizer, fit.o = nil, nil, nil
    end
    rows[s].joined = joined(results, divisions[1].train.classes)
  end
  write_summary(whole, experiment, args, seeds, rows)
end

--- Runs an experiment with the program's arguments.
---@param given table  {model, summary, input, augment, options (of the model), optimizer, schedule, epochs, patience,
---   batch_size, clip_norm, ema, loss}
local function main(given)
  local experiment = options.read("train.command", given, defaults)
  local args = parser_of(experiment):parse()
  check_folder(args)
  local songs = open_data(args)
  if dataset.is(songs) then
    if #songs.classes < 2 then
      error(("%s has %d classes: a network needs 2 or more to tell apart"):format(args.data, #songs.classes), 0)
    end
    songs:validate {workers = args.workers, decode = false, progress = false}
  end
  local divisions = divisions_of(args, songs)
  if #divisions > 1 or args.seeds > 1 then return train_several(experiment, args, divisions, songs) end
  local fit = fit_one(experiment, args, divisions[1], args.seed, args.run)
  print(fit.test or fit.valid or fit)
  if args.run then print("\nrun folder: " .. args.run) end
end

return main
