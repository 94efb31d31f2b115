--- Joins the parts that moonlark extract --shard left in a folder.
local command = require "moonlark.shell.command"
local results = require "moonlark.dataset.results"
local show = require "moonlark.base.show"

local parser = command.parser("merge", "Joins the parts that moonlark extract --shard left in a folder.")
parser:epilog [[
First bring the folders that the machines wrote into one. All parts must be there. The result is, to the byte, that
of one machine which extracts the whole; the parts stay. Exit code: 0, 3 when files were set aside (rejected.csv
says which and why), 1 when parts are missing or do not fit, 2 for wrong usage.]]
parser:argument("folder", "What moonlark extract --out named.")
parser:option("--format", "Of the pooled table; default: what the parts were asked for.")
  :choices(require "moonlark_core".store.formats "table")
local args = parser:parse()

local made, path = results.merge(args.folder, args.format)
print(show.format("%d files  %d rejected%s  %s", #made.tracks, #made.rejected, command.in_part(made.partial), path))
if #made.rejected > 0 then os.exit(3, true) end
