--- Redoes a published kind of experiment on your songs: clusters, regularisation, segments, a workflow, rules.
---
--- `moonlark experiment NAME DATA --run FOLDER` runs scripts/experiments/NAME.lua with the other arguments: short files
--- to read, copy and change.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local moonlark = require "moonlark"
local options = require "moonlark.base.options"

local folder = files.join(moonlark.home, "scripts/experiments")

local experiments, names = command.list "scripts/experiments", {}
for i, entry in ipairs(experiments) do names[i] = entry.name end

local function usage(stream)
  stream:write("Usage: moonlark experiment <name> <data> --run <folder> …\n\nexperiments:\n")
  for _, entry in ipairs(experiments) do stream:write(("  %-16s %s\n"):format(entry.name, entry.summary)) end
  stream:write "\nmoonlark experiment <name> --help says more.\n"
end

local name = table.remove(arg, 1)
local help = name == "--help" or name == "-h"
if help or not name or name:find "^%-" then
  if not help then io.stderr:write "moonlark experiment: which one? Name it first\n\n" end
  usage(help and io.stdout or io.stderr)
  os.exit(help and 0 or 2, true)
end
if not (name:find "^[%w_-]+$" and files.exists(files.join(folder, name .. ".lua"))) then
  options.unknown("experiment", name, names)
end
dofile(files.join(folder, name .. ".lua"))
