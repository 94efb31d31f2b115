--- Splits songs, or the rows of a table, into parts or folds once, for every command that follows.
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"

local parser = command.parser("split",
  "Splits songs, or the rows of a table, into parts or folds once, for every command that follows.")
parser:epilog [[
  moonlark split genres --train .6 --valid .2 --test .2 -o splits.json
  moonlark split features.csv --label genre --folds 10 -o folds.json
  moonlark split FMA --published -o splits.json       the parts or folds that the publisher gave
  moonlark train splits.json --model cnn              classify, train and evaluate take the file as DATA, or by --split

Each class is dealt out by itself. Songs of one group (an artist, a recording) stay together. The file knows the content
of each song or row: commands notice when one has changed. Exit code: 0, 3 when some files were left out, 1, 2 for
wrong usage.]]
source.arguments(parser)
local parts = options.described "Dataset:split"
command.options(parser, parts, {"train", "valid", "test"})
command.option(parser, "folds", options.described "Dataset:folds".by_name.k, {usual = "parts, no folds"})
parser:flag("--published", "The parts, or the folds, that the data's publisher gave.")
parser:flag("--filename", "Folds and groups stand in the file names, as ESC's do.")
parser:flag("--ungrouped", "Groups may part.")
parser:flag("--unstratified", "Classes are not dealt out one by one: a part may lack some.")
parser:option("--out -o", "The file to write."):argname "<file>":default "splits.json"
parser:flag("--overwrite", "Replace that file.")
command.reading(parser)
command.workers(parser)
command.seed(parser)
local args = parser:parse()

local shares = args.train or args.valid or args.test
if (shares and 1 or 0) + (args.folds and 1 or 0) + (args.published and 1 or 0) ~= 1 then
  parser:error "say --train .6 --valid .2 --test .2, or --folds K, or --published"
end
if files.kind(args.out) and not args.overwrite then
  parser:error(args.out .. " is there already: name another file with --out, or add --overwrite")
end
files.check_folder((files.split(args.out)), "folder")

local function divide(songs)
  local how = {seed = args.seed, stratify = not args.unstratified}
  if args.ungrouped then how.group = false end
  if args.folds then return songs:folds(options.join(how, {k = args.folds})) end
  if shares then
    return songs:split(options.join(how, {train = args.train, valid = args.valid, test = args.test}))
  end
  for _, track in ipairs(songs.tracks) do
    if track.part then return songs:split {lists = true} end
  end
  return songs:folds()
end

local given = options.join(args)
if args.filename then given.folds = "filename" else given.folds = nil end
local opened = source.open(given)
if opened.division then parser:error(args.data .. " is split already") end
if opened.words then print(opened.words) end
command.name_files("left out:", opened.songs.rejected)
local division = divide(opened.songs)
division:save(args.out)
print(division)
print(show.format("split %s", args.out))
if #opened.songs.rejected > 0 then os.exit(3, true) end
