--- What the experiments of scripts/experiments/ share: their arguments, their songs, their run folder.
---
---     local study = require "moonlark.shell.study"
---     local args, parser = …                     -- study.parser("segments", "…"):parse()
---     local songs, run = study.open(args)
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local arguments = require "moonlark.shell.dataset"
local experiment = require "moonlark.shell.experiment"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local study = {}

--- A parser of arguments that every experiment has.
---@param name string  the file's
---@param summary string
---@return table  an argparse parser
function study.parser(name, summary)
  local parser = command.parser("experiment " .. name, summary)
  parser:argument("data", "A folder with one folder a class, a list.csv, or an index.")
  parser:option("--run", "The run folder to write."):argname "<folder>":count(1)
  parser:flag("--overwrite", "Replace the run that the folder holds.")
  arguments.add_cache(parser)
  command.workers(parser)
  command.seed(parser)
  return parser
end

--- Adds --seconds: how much of each song is heard.
function study.seconds(parser, usual)
  command.option(parser, "seconds", options.number(usual, {above = 0, unit = "s"},
    "how much of each song is heard; shorter ones are filled up with silence"))
end

--- Adds --epochs and --device, of networks.
function study.training(parser, epochs)
  command.option(parser, "epochs", options.integer(epochs, {least = 1}, "passes over the training part"))
  command.options(parser, options.described "train.fit", {"device"})
end

--- The songs that the arguments name, and the run folder, which is open. Errors: fewer than two classes.
---@param name string  the experiment's
---@return moonlark.Dataset songs
---@return moonlark.Run run
function study.open(name, args)
  local songs = dataset.open(args.data)
  if #songs.classes < 2 then show.fail("%s has %d classes: 2 or more are needed", args.data, #songs.classes) end
  local run = experiment.run("experiment " .. name, args, songs)
  command.name_files("left out:", songs.rejected)
  return songs, run
end

--- What extract and batches are told of the cache.
function study.cache(args) return arguments.cache(args) or false end

--- Ends a run with its figures and its page, and says where it is.
---@param run moonlark.Run
---@param page moonlark.Report
---@param figures table
function study.finish(run, page, figures)
  run:metrics(figures)
  run:report(page)
  run:finish()
  print("\nrun folder: " .. show.name(run.path))
end

return study
