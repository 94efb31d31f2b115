--- What the experiments of scripts/train/ share: trained networks in a run folder from the words of a command line.
---
---     require "moonlark.shell.train" {
---       model = "cnn", summary = "…",
---       input = {features = {mfcc = {n_mfcc = 13}}, segment = 3},
---       augment = {augment.noise {snr_db = {10, 30}, p = 0.5}},
---       optimizer = optim.AdamW {lr = 1e-3}, schedule = optim.cosine {}, epochs = 30, patience = 8, batch_size = 32,
---     }
---
--- The data is split by tracks (or groups) into training, validation and test, or into folds; with --seeds everything
--- is done several times. One training leaves a run folder. Several leave one each, and one above them joins their
--- figures. `plan` is what arguments.plan read of an experiment, `args` what its parser read of the command line.
local arguments = require "moonlark.shell.train.arguments"
local division = require "moonlark.shell.train.division"
local evaluate = require "moonlark.train.evaluate"
local experiment = require "moonlark.shell.experiment"
local files = require "moonlark.base.files"
local run = require "moonlark.run"
local settings = require "moonlark.train.settings"
local several = require "moonlark.shell.train.several"
local show = require "moonlark.base.show"
local text = require "moonlark.base.text"

-- Arguments that are no settings: where the run goes, and how fast.
local beside = {left_out = true, run = true, overwrite = true, resume = true, workers = true, cache = true,
  no_cache = true, models = true, export = true}

local function settings_of(plan, args)
  local used = {command = plan.command, model = plan.model}
  for key, value in pairs(args) do
    if not beside[key] then used[key] = value end
  end
  return used
end

-- `exists` for run.open; nil without a run folder.
local function check_folder(args)
  if args.resume and not args.run then error("--resume needs --run", 0) end
  if args.resume and args.overwrite then
    error("--resume goes on with what --overwrite would remove: name one of them", 0)
  end
  return args.run and experiment.check_folder(args, "--overwrite or --resume")
end

-- A run goes on only with the settings that it was begun with.
local function open_run(args, exists, now, songs)
  if not exists then return nil end
  if args.resume and files.exists(files.join(args.run, "run.json")) then
    settings.check_same(args.run, run.load(args.run).record.settings or {}, settings.plain(now))
  end
  return run.open(args.run, now, {exists = exists, data = songs.hash and songs or nil})
end

--- Runs an experiment with the program's arguments.
return function(given)
  local plan = arguments.plan:read(given)
  local args = arguments.parser(plan):parse()
  if plan.ready then plan.ready(plan, args) end
  local exists = check_folder(args)
  evaluate.device(args.device)
  local songs = division.open(plan, args)
  local divisions = division.all(plan, args, songs)
  local many = #divisions > 1 or args.seeds > 1
  if many then several.check(plan, divisions) end
  local opened <close> = open_run(args, exists, settings_of(plan, args), songs)
  if many then return several.fit(plan, args, divisions, opened) end
  local fit = division.fit(plan, args, divisions[1], args.seed, opened)
  if opened then opened:finish() end
  print(fit.test or fit.valid or fit)
  for _, name in ipairs(text.keys(fit.figures)) do print(("%-12s %.4g"):format(name, fit.figures[name])) end
  local kept = #fit:files "partial"
  if kept > 0 then print(("%d kept in part"):format(kept)) end
  if args.run then print("\nrun folder: " .. show.name(args.run)) end
  if plan.finished then plan.finished(fit, args) end
end
