--- Checks every sound file of a folder or list and writes a dataset index.
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"

local parser = command.parser("index", "Checks every sound file of a folder or list and writes a dataset index.")
parser:epilog [[
A folder holds one folder for each class; a list is a CSV file with the columns path, label, group, fold.
Files that cannot be decoded are named on standard error and left out. --out replaces the file that it names; without
it a dataset_index.json that is there already is left alone. Exit code: 0, 3 when some files were left out, 1 when
none is left, 2 for wrong usage.]]
parser:argument("data", "A folder, or a list that ends in .csv."):argname "<folder|list.csv>"
parser:option("--out -o", "Where to write the index; default: dataset_index.json, if there is none."):argname "<file>"
parser:option("--fold", "Lua pattern whose capture in a file's name is its fold; \"esc\": as ESC-10 names files.")
  :argname "<pattern>"
parser:option("--group", "Lua pattern whose capture in a file's name is its group (artist, source recording).")
  :argname "<pattern>"
parser:option("--pattern", "Only files whose name matches this Lua pattern."):argname "<pattern>"
parser:option("--column", "In a list: which column is path, label, labels (tags), value, group, fold or part, as "
  .. "label=genre."):argname "<field=column>"
  :count "*"
parser:option("--separator", "In a list: what stands between the labels of one song; default: |."):argname "<text>"
parser:option("--root", "In a list: the folder that paths start from, as seen from the list."):argname "<folder>"
source.known_arguments(parser)
parser:flag("--headers", "Trust the headers: hash every file, but decode none.")
command.reading(parser)
command.workers(parser)
local args = parser:parse()

-- The function that reads the data refuses what does not fit its kind.
local given = {fold = args.fold, group = args.group, pattern = args.pattern, root = args.root,
  separator = args.separator}
if args.fold == "esc" then given.fold, given.group = dataset.esc.fold, given.group or dataset.esc.group end
for _, text in ipairs(args.column) do
  local field, column = text:match "^(%w+)=(.+)$"
  if not field then parser:error(("--column must look like label=genre, got '%s'"):format(text)) end
  given.columns = given.columns or {}
  given.columns[field] = column
end
local out = args.out or "dataset_index.json"
if not args.out and files.kind(out) then
  parser:error(out .. " is there already: --out says where to write, there or elsewhere")
end
files.check_folder((files.split(out)), "folder") -- before hours of hashing
local songs = next(given) and dataset.open(args.data, given) or source.sounds(args.data, args)
songs:validate {workers = args.workers, decode = not args.headers, channel = args.channel, partial = args.partial}
command.name_files("rejected", songs.rejected)
if #songs == 0 then
  io.stderr:write(show.format("moonlark index: no file of %s can be used\n", args.data))
  os.exit(1, true)
end
for _, same in ipairs(songs:duplicates()) do
  io.stderr:write(show.format("the same bytes: %s\n", table.concat(same, "  ")))
end
songs:save(out)
print(songs)
print(show.format("index %s  content %s", out, songs:hash()))
if #songs.rejected > 0 then os.exit(3, true) end
