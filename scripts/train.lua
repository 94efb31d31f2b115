--- Trains a network on labelled songs, judges it, and leaves a run folder.
---
--- Each model has an experiment in scripts/train/NAME.lua: its features, augmentation, optimiser and schedule.
--- `moonlark train DATA --model NAME …` runs that file with the other arguments. With --models FOLDER the architecture
--- is FOLDER/NAME.lua, if that exists; it needs no experiment.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"

local folder = files.join(moonlark.home, "scripts/train")

local experiments, names = command.list "scripts/train", {}
for i, entry in ipairs(experiments) do names[i] = entry.name end

local function usage(stream)
  stream:write("Usage: moonlark train <data> --model <name> [--run <folder>] …\n\nmodels:\n")
  for _, entry in ipairs(experiments) do stream:write(("  %-18s %s\n"):format(entry.name, entry.summary)) end
  stream:write("\nmoonlark train --model <name> --help says more.\n"
    .. "--models <folder> adds architectures of your own, folder/name.lua each (see models/README.md).\n")
end

-- Takes --model NAME or --model=NAME out of the arguments.
local function take_model()
  for i, word in ipairs(arg) do
    local joined = word:match "^%-%-model=(.*)$"
    if joined or word == "--model" or word == "-m" then
      local name = joined or arg[i + 1]
      table.remove(arg, i)
      if not joined then table.remove(arg, i) end
      return name
    end
  end
end

local name = take_model()
if not name then
  local help = arg[1] == "--help" or arg[1] == "-h"
  if not help then io.stderr:write "moonlark train: which model? Name it with --model\n\n" end
  usage(help and io.stdout or io.stderr)
  os.exit(help and 0 or 2, true)
end

-- Whether the architecture lies in a folder that --models names.
local function is_own()
  for i, word in ipairs(arg) do
    local named = word:match "^%-%-models=(.*)$" or word == "--models" and arg[i + 1]
    if named and files.exists(files.join(named, name .. ".lua")) then return true end
  end
end

-- How an architecture without an experiment of its own is trained.
local function plain()
  local optim = require "moonlark.optim"
  require "moonlark.shell.train" {
    model = name, summary = "Trains " .. name .. " on mel spectrograms of 3 s segments.",
    input = {features = {mel = {n_mels = 64}}, segment = 3},
    optimizer = optim.AdamW {lr = 1e-3, weight_decay = 1e-2}, schedule = optim.cosine {},
    epochs = 40, patience = 10, batch_size = 32,
  }
end

local known = name:find "^[%w_-]+$" and files.exists(files.join(folder, name .. ".lua"))
if known then
  dofile(files.join(folder, name .. ".lua"))
elseif is_own() then
  plain()
else
  options.unknown("model", name, names)
end
