--- What commands on a collection of sounds share: a table of features and a run folder from the words of a command
--- line. `args` is what the command's parser read.
local core = require "moonlark_core"
local arguments = require "moonlark.shell.dataset"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local run = require "moonlark.run"
local source = require "moonlark.shell.source"
local show = require "moonlark.base.show"
local warning = require "moonlark.base.warning"

local experiment = {}

local NAMED = 5 -- columns that a warning names

-- What describes any sound: timbre, brightness, noisiness, level.
local usual = "mfcc,spectral_contrast,zero_crossing_rate,spectral_centroid,spectral_bandwidth,spectral_rolloff,"
  .. "spectral_flatness,rms"

--- Adds the arguments that choose sounds or a table, features and the run folder to a command's parser.
---@param parser table  of moonlark.shell.command
---@param pool string  the usual statistics over time, separated by commas
function experiment.arguments(parser, pool)
  source.arguments(parser)
  arguments.add(parser, usual)
  command.options(parser, options.described "feature.recipe", {"pool"}, {pool = pool})
  parser:option("--run", "The run folder to write."):argname "<folder>"
  parser:flag("--overwrite", "Replace the run that the folder holds.")
  arguments.add_cache(parser)
  command.workers(parser)
  command.seed(parser)
end

-- Warns of columns that hold one value: they tell nothing apart.
local function warn_of_constants(X)
  if #X.tracks < 2 then return end
  local _, variances = core.classify.moments(X.x)
  local names = {}
  for i, variance in ipairs(variances:totable()) do
    if variance == 0 then names[#names + 1] = show.name(X.names[i]) end
  end
  if #names == 0 then return end
  warning.say("constant-columns", ("%d of %d columns hold the same value in every row: %s%s"):format(#names, #X.names,
    table.concat(names, ", ", 1, math.min(#names, NAMED)), #names > NAMED and " …" or ""))
end

--- What DATA names, said in a line where it is not plain: see moonlark.shell.source. A run folder that cannot be taken
--- is refused first.
---@return moonlark.Source
function experiment.open(args)
  if args.run then experiment.check_folder(args, "--overwrite") end
  local opened = source.open(args)
  if opened.words then print(opened.words) end
  return opened
end

--- One row of features for each sound, or the table's rows; files that cannot be read, or were kept in part, are named
--- on standard error.
---@param opened moonlark.Source|moonlark.Dataset
---@return moonlark.Features X
function experiment.extract(opened, args)
  local songs = opened.songs or opened
  local how = {workers = args.workers, cache = arguments.cache(args)}
  local X = opened.features or songs:extract(arguments.recipe(args), how)
  command.name_files("left out:", X.rejected)
  warn_of_constants(X)
  if #X.partial > 0 then print(("%d files%s"):format(#X, command.in_part(X.partial))) end
  return X
end

--- The parts of a split that a source names, as features; nil where it names folds, or nothing. Errors: a part for
--- training or for the test that holds nothing.
---@param opened moonlark.Source
---@param X moonlark.Features
---@return {train: moonlark.Features, valid: moonlark.Features?, test: moonlark.Features}?
function experiment.parts(opened, X)
  if not opened.division or #opened.division > 0 then return nil end
  local parts = X:divide(opened.division)
  for _, name in ipairs {"train", "test"} do
    if not parts[name] then show.fail("the split has no %s part", name == "train" and "training" or name) end
  end
  return parts
end

--- Raises an error, before any work, when the folder that --run names cannot be taken as --overwrite and --resume say.
---@param ways string  what the person can add: "--overwrite"
---@return "refuse"|"overwrite"|"resume" exists  for run.open
function experiment.check_folder(args, ways)
  files.check_folder(args.run, "run folder")
  local exists = args.resume and "resume" or args.overwrite and "overwrite" or "refuse"
  if exists == "refuse" and run.holds(args.run) then
    run.check(args.run, "resume") -- who writes it says more
    show.fail("%s holds a run already: name another folder, or add %s", args.run, ways)
  end
  run.check(args.run, exists)
  return exists
end

--- The run in the folder that --run names; nil without that option. Files that cannot be opened are set aside first,
--- because the run records the content of those that it uses.
---@param name string  the command's
---@param songs moonlark.Dataset
---@return moonlark.Run?
function experiment.run(name, args, songs)
  if not args.run then return nil end
  local exists = experiment.check_folder(args, "--overwrite")
  if not songs.table and #songs.tracks > 0 and not songs.tracks[1].hash then
    songs:validate {workers = args.workers, decode = false, progress = false, channel = args.channel,
      partial = args.partial}
  end
  local settings = {command = name}
  for key, value in pairs(args) do
    if key ~= "run" and key ~= "overwrite" then settings[key] = value end
  end
  return run.open(args.run, settings, {exists = exists, data = songs})
end

--- The sounds whose prediction is wrong, as {path, truth, predicted}.
---@param X table
---@param predicted integer[]  class ids by row
---@return {path: string, truth: string, predicted: string}[]
function experiment.mistakes(X, predicted)
  local list = {}
  for i, truth in ipairs(X.y:totable()) do
    if predicted[i] ~= truth then
      list[#list + 1] = {path = X.paths[i], truth = X.classes[truth + 1], predicted = X.classes[predicted[i] + 1]}
    end
  end
  return list
end

return experiment
