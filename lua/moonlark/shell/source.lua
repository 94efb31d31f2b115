--- What commands take as DATA: sounds (a folder, a list, an index, a published collection), a table of numbers, or a
--- split of either; and in a line which of these it was.
local checks = require "moonlark.dataset.checks"
local command = require "moonlark.shell.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local source = {}

---@class moonlark.Source
---@field songs moonlark.Dataset  of sounds, or of a table's rows
---@field features moonlark.Features?  of a table
---@field division moonlark.Parts|moonlark.Folds|nil  that a file of splits or --split says
---@field words string?  what it was

local table_options = {"label", "labels", "separator", "value", "group", "fold", "ignore", "columns", "missing",
  "decimal"}
local columns = {"label", "labels", "value"} -- these ask for a table, or name columns of a list

--- Adds the argument DATA and the options that say how it is read.
---@param parser table  of moonlark.shell.command
---@param given {args: string?, help: string?}?  of the argument
function source.arguments(parser, given)
  given = given or {}
  local argument = parser:argument("data", given.help or "A folder with one folder for each class, a list.csv, an "
    .. "index (moonlark index), a table of numbers (.csv .npz .npy .safetensors .arff .jsonl .h5), the folder of an "
    .. "extraction, a published collection, or a splits.json (moonlark split).")
  if given.args then argument:args(given.args) end
  parser:option("--as", "What a CSV file with paths and numbers is: a list of sounds, or a table of numbers.")
    :choices {"list", "table"}
  local defaults = {separator = false, missing = false, decimal = false}
  command.options(parser, options.described "dataset.table", table_options, defaults)
  source.known_arguments(parser)
end

--- Adds --known, --subset and --tags, for published collections.
function source.known_arguments(parser)
  local collection = options.described "dataset.known"
  command.option(parser, "known", collection.by_name.name)
  command.options(parser, collection, {"subset", "tags"})
end

--- Adds --split, which divides DATA once instead of into folds.
---@param usual string?  its default
function source.split_argument(parser, usual)
  local option = parser:option("--split", "Shares of training, validation and test (0.6,0.2,0.2), the splits.json of "
    .. "moonlark split, or data: the parts that the data's publisher gave."):argname "<a,b,c|file|data>"
  if usual then option:default(usual) end
end

-- What dataset.table is told.
local function of_table(args)
  local given = {}
  for _, name in ipairs(table_options) do given[name] = args[name] end
  return given
end

-- In words: what a table is.
local function table_words(path, X)
  local named = X.label and "; classes: " .. X.label or X.targets and "; values: " .. table.concat(X.targets, ", ")
    or X.task == "tags" and ("; %d tags"):format(#X.classes) or ""
  local which = #X.names <= 5 and " (" .. table.concat(X.names, ", ") .. ")" or ""
  local aside = #(X.aside or {}) > 0 and "; set aside: " .. table.concat(X.aside, ", ") or ""
  return show.format("%s: a table of %d rows, %d columns of numbers%s%s%s", path, #X, #X.names, which, named, aside)
end

local function open_table(path, given)
  local X = dataset.table(path, given)
  local words = X.x and table_words(path, X) or show.format("%s: frames of %d files", path, #X)
  return {songs = X:dataset(), features = X, words = words}
end

-- Options of lists and folders that the command line has; those that name columns are refused elsewhere.
local function of_list(args)
  local given, named = {separator = args.separator}, {}
  for _, name in ipairs {"label", "labels", "value", "group", "fold"} do named[name] = args[name] or nil end
  if args.labels and #args.labels > 1 then error("--labels must name one column of a list of sounds", 0) end
  named.labels = args.labels and args.labels[1]
  given.columns = next(named) and named or nil
  return given
end

-- Raises where none of the first files of a list is there.
local function check_files(path, songs)
  for i = 1, math.min(20, #songs) do
    if files.exists(songs[i].path) then return end
  end
  show.fail("%s is taken for a list of sounds, and those are not there: %s …", path, songs[1].path)
end

local function open_list(args, facts)
  local songs = dataset.csv(args.data, of_list(args))
  check_files(args.data, songs)
  local n, unused = facts and #facts.numbers - #(args.value or {}) or 0, ""
  if n == 1 then unused = "; its column of numbers is not learned from" end
  if n > 1 then unused = ("; its %d columns of numbers are not learned from"):format(n) end
  return {songs = songs, words = show.format("%s: a list of %d sounds%s", args.data, #songs, unused)}
end

-- A CSV file with paths and numbers is what --as or the options say.
local function open_either(args, facts)
  local as = args.as or (args.label or args.labels or args.value) and "table"
  if as == "table" then return open_table(args.data, of_table(args)) end
  if as == "list" then return open_list(args, facts) end
  show.fail("%s has a column of paths (%s) and %d of numbers (%s%s): --label NAME or --as table learns from the "
    .. "numbers, --as list computes features of the files", args.data, facts.path, #facts.numbers,
    table.concat(facts.numbers, ", ", 1, math.min(3, #facts.numbers)), #facts.numbers > 3 and " …" or "")
end

-- Groups and folds of tracks that are known already: from the other columns of the list that they came from.
local function take_columns(songs, args)
  for _, field in ipairs {"group", "fold"} do
    for _, track in ipairs(args[field] and songs.tracks or {}) do
      track[field] = track.tags and track.tags[args[field]] or
        show.fail("--%s %s: %s has no such column", field, args[field], track.path)
    end
  end
  return songs
end

local function open_sounds(args, kind)
  for _, name in ipairs(columns) do
    if args[name] then show.fail("--%s names a column: %s is no table and no list", name, args.data) end
  end
  if kind == "known" then
    local songs = dataset.known(args.data, {name = args.known, subset = args.subset, tags = args.tags})
    return {songs = take_columns(songs, args), words = show.format("%s: %s", args.data, songs.known)}
  elseif kind == "index" then
    return {songs = take_columns(dataset.load(args.data), args)}
  end
  local names = args.folds == "filename" and dataset.esc or {}
  return {songs = dataset.folder(args.data, {fold = args.fold or names.fold, group = args.group or names.group})}
end

-- A split of sounds or of a table's rows.
local function open_splits(args)
  local division = dataset.load(args.data)
  local whole = division:dataset()
  local opened = whole.table and open_table(whole.table.path, whole.table.options) or {songs = whole}
  opened.division = division
  if #division == 0 then checks.parts(division) end -- folds are looked at where they judge
  opened.words = show.format("%s: %s%s", args.data, #division > 0 and ("%d folds"):format(#division) or "a split",
    opened.words and " of " .. opened.words or "")
  return opened
end

local function open(args)
  if args.known then return open_sounds(args, "known") end
  local kind, facts = dataset.kind(args.data)
  if kind == "either" and args.as ~= "table" then return open_either(args, facts) end
  if kind == "table" or kind == "extraction" or kind == "either" or kind == "list" and args.as == "table" then
    return open_table(args.data, of_table(args))
  elseif kind == "list" then
    return open_list(args, facts)
  elseif kind == "splits" then
    return open_splits(args)
  end
  return open_sounds(args, kind)
end

--- Adds --label, --labels, --separator and --value to the parser of a command that needs sounds: what a list of them
--- is to teach.
function source.list_arguments(parser)
  command.options(parser, options.described "dataset.table", columns)
  command.option(parser, "separator", options.described("dataset.csv").by_name.separator, {default = false})
end

--- A dataset for commands that need sounds. Errors: a table of numbers.
---@param path string
---@param given {known: string?, subset: string?}?  and the options of source.list_arguments
---@return moonlark.Dataset
function source.sounds(path, given)
  given = given or {}
  local kind, facts = given.known and "known" or nil, nil
  if not kind then kind, facts = dataset.kind(path) end
  local split = kind == "splits" and dataset.load(path):dataset()
  if kind == "table" or kind == "extraction" or split and split.table then
    show.fail("%s holds numbers, no sounds: classify, cluster and split take tables", path)
  end
  if split then return split end
  local args = options.join(given, {data = path, folds = false, fold = false, group = false})
  local opened = (kind == "list" or kind == "either") and open_list(args, facts) or open_sounds(args, kind)
  if kind == "either" or kind == "known" then io.stderr:write(opened.words, "\n") end
  return opened.songs
end

-- The parts that the tracks carry.
local function published(songs)
  local folds = 0
  for _, track in ipairs(songs.tracks) do
    if track.part then return songs:split {lists = true} end
    folds = folds + (track.fold ~= nil and 1 or 0)
  end
  show.fail("--split data: this data brings no split of its own%s", folds > 0 and ", but folds: --folds data" or "")
end

--- The division that --split says: shares, a file, or the publisher's.
---@param songs moonlark.Dataset
---@param said string
---@param seed integer
---@return moonlark.Parts|moonlark.Folds
function source.divide(songs, said, seed)
  if said == "data" then return published(songs) end
  if said:find "%.json$" then
    local loaded = dataset.load(said)
    return dataset.is(loaded) and show.fail("--split %s holds a dataset, no split", said) or loaded
  end
  local shares = {}
  for i, word in ipairs(command.words(said) or {}) do
    shares[i] = tonumber(word) or
      show.fail("--split must be shares such as 0.6,0.2,0.2, a splits.json or data, got '%s'", said)
  end
  if #shares > 3 or #shares < 1 then error("--split has three shares: training, validation and test", 0) end
  if not (shares[1] > 0) then error("--split: the share of training, the first, must be above 0", 0) end
  local function some(share) return share ~= 0 and share or nil end
  return songs:split {train = shares[1], valid = some(shares[2]), test = some(shares[3]), seed = seed}
end

--- Opens what the words of a command line name. Sounds that cannot be opened are set aside (songs.rejected), and their
--- content is known from then on, so that the same bytes in two parts of a split are noticed.
---@param args table  what the parser read: data, the options of source.arguments, split, folds, seed, workers, channel
---@return moonlark.Source
function source.open(args)
  local opened = open(args)
  if not opened.features then
    opened.songs:validate {workers = args.workers, decode = false, progress = false, channel = args.channel,
      partial = args.partial}
  end
  if args.split then opened.division = source.divide(opened.songs, args.split, args.seed) end
  return opened
end

return source
