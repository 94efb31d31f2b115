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
local arguments = require "moonlark.train.arguments"
local experiment = require "moonlark.train.experiment"
local files = require "moonlark.files"
local options = require "moonlark.options"
local several = require "moonlark.train.several"

local defaults = {
  model = options.required, summary = options.required, input = options.required, augment = {}, options = {},
  optimizer = options.none, schedule = options.none, epochs = 30, patience = options.none, batch_size = 32,
  clip_norm = options.none, ema = options.none, loss = options.none, supervised = true,
  judge = options.none,
}

local function settings_of(plan, args)
  local settings = {command = "train", model = plan.model}
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
      if name:find "^fold%-" or name:find "^seed%-" or name:find "^events%.out%.tfevents" or name:find "^checkpoint"
        or name == "splits.json" then
        files.remove(files.join(args.run, name))
      end
    end
    files.remove(files.join(args.run, "run.json"))
  end
end

local function sorted_names(figures)
  local names = {}
  for name in pairs(figures or {}) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Runs an experiment with the program's arguments.
---@param given table  {model, summary, input, augment, options (of the model), optimizer, schedule, epochs, patience,
---   batch_size, clip_norm, ema, loss}; or, without labels, supervised = false (the model has a method `loss` of a
---   batch) and judge (f(fit, batches of all tracks, seed) → figures, pictures)
local function main(given)
  local plan = options.read("train.command", given, defaults)
  local args = arguments.parser(plan):parse()
  check_folder(args)
  local songs = experiment.open(plan, args)
  local divisions = experiment.divisions(plan, args, songs)
  if #divisions > 1 or args.seeds > 1 then
    return several.fit(plan, args, divisions, songs, settings_of(plan, args))
  end
  local fit = experiment.fit(plan, args, divisions[1], args.seed, args.run)
  print(fit.test or fit.valid or fit)
  for _, name in ipairs(sorted_names(fit.figures)) do print(("%-12s %.4g"):format(name, fit.figures[name])) end
  if args.run then print("\nrun folder: " .. args.run) end
end

return main
