--- Computes features of many sound files on all cores and writes them to a folder.
local arguments = require "moonlark.shell.dataset"
local command = require "moonlark.shell.command"
local extraction = require "moonlark.shell.extraction"
local options = require "moonlark.base.options"
local source = require "moonlark.shell.source"

local parser = command.parser("extract",
  "Computes features of many sound files on all cores and writes them to a folder.")
parser:epilog [[
Without --pool each sound file gets one file of frames, in folders as the sounds have them. With --pool all files
go to one table, features.<format>, with a row for each. features.json says what came from where, and
rejected.csv which files were set aside and why. With --partial keep, partial.csv says which were kept in part.
What is done is kept (moonlark cache): after an interruption, new files or other settings only the rest is computed.
--shard 3/16 takes the third of sixteen parts, for sixteen machines, by the content of the files; moonlark merge
joins them. An index that moonlark index wrote knows the content already; without one each machine reads all files.
Exit code: 0, 3 when some files were set aside, 1 when none is left, 2 for wrong usage.]]
parser:argument("data", "A folder with one folder for each class, a list.csv, or an index that moonlark index wrote.")
arguments.add(parser)
source.known_arguments(parser)
command.options(parser, options.described "feature.recipe", {"pool"})
extraction.arguments(parser)
local args = parser:parse()
extraction.run(parser, args, arguments.recipe(args))
