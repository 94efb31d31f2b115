--- Computes features of many sound files on all cores and writes them to a folder.
local arguments = require "moonlark.shell.dataset"
local claim = require "moonlark.base.claim"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local results = require "moonlark.dataset.results"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"
local store = require "moonlark_core".store

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
parser:option("--out -o", "The folder to write to."):argname "<folder>":count(1)
local function formats(use)
  return (table.concat(store.formats(use), ", "):gsub(", (%w+)$", " or %1"))
end
parser:option("--format",
  ("Of the files. Frames are %s; a table (--pool) is %s."):format(formats "frames", formats "table"))
  :choices(store.formats()):default "safetensors"
command.options(parser, options.described "feature.recipe", {"pool"})
parser:option("--shard", "Take part i of n."):argname "<i/n>":convert(function(text)
  local i, n = text:match "^(%d+)/(%d+)$"
  i, n = math.tointeger(tonumber(i)), math.tointeger(tonumber(n))
  if not i or i < 1 or i > n then return nil, ("must be i/n with 1 <= i <= n, got '%s'"):format(text) end
  return {i = i, n = n}
end)
arguments.add_cache(parser)
command.workers(parser)
local args = parser:parse()

-- The deepest folder above all tracks.
local function common_folder(songs)
  local common = files.split(songs[1].path)
  for _, track in ipairs(songs) do
    while common ~= "." and common ~= "/" and track.path:sub(1, #common + 1) ~= common .. "/" do
      common = files.split(common)
    end
  end
  return common
end

-- A file's name with an ending, short enough for file systems: a longer stem keeps its beginning and gets its hash.
local function with_ending(stem, ending)
  local folder, name = files.split(stem)
  local room = 220 - #ending -- .npy puts a feature's name between the two
  if #name > room then
    local hash = store.hash(name):sub(1, 16)
    name = name:sub(1, room - 1 - #hash) .. "-" .. hash
    stem = folder == "." and name or files.join(folder, name)
  end
  return stem .. ending
end

-- A path below a folder: parts that would lead out of it are left out.
local function inside(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part ~= ".." and part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

-- The extraction itself writes rejected.csv and partial.csv, also for parts.
local function is_own_list(stem)
  if args.format ~= "csv" then return false end
  local name = stem:gsub("%-%d+%-of%-%d+$", "")
  return name == "rejected" or name == "partial"
end

-- Gives each track the `file` that its frames go to: the sound's own path below the data, with another ending.
local function name_files(songs, root)
  local taken = {}
  for _, track in ipairs(songs) do
    local below = inside(scan.relative(track.path, root))
    local stem = below:gsub("%.%w+$", "")
    -- a.wav beside a.mp3: the second keeps its ending.
    if taken[stem] or is_own_list(stem) then stem = below end
    if taken[stem] then show.fail("%s and %s would be written to one file", taken[stem], track.path) end
    taken[stem] = track.path
    track.file = with_ending(stem, "." .. args.format)
  end
end

-- The paths of those files, in folders that exist.
local function make_paths(songs)
  local paths, made = {}, {}
  for i, track in ipairs(songs) do
    paths[i] = files.join(args.out, track.file)
    local folder = files.split(track.file)
    if not made[folder] then claim.mkdirs(args.out, folder == "." and "" or folder) end
    made[folder] = true
  end
  return paths
end

local recipe = arguments.recipe(args)
local use = args.pool and "table" or "frames"
if not (" " .. table.concat(store.formats(use), " ") .. " "):find(" " .. args.format .. " ", 1, true) then
  parser:error((args.pool and "--format %s holds frames: a table is %s"
    or "--format %s holds a table (--pool): frames are %s"):format(args.format, formats(use)))
end
files.check_folder(args.out, "folder")
local songs = source.sounds(args.data, args)
if #songs == 0 then show.fail("%s lists no files", args.data) end

-- Names and places come before sharding: so no two parts write to one file, and each knows where it belongs.
for i, bad in ipairs(songs.rejected) do bad.place = i - #songs.rejected end
for i, track in ipairs(songs) do track.place = i end
if not recipe.pool then
  name_files(songs, files.kind(args.data) == "directory" and args.data or common_folder(songs))
end
local left_out, classes, shard = songs.rejected, songs.classes, args.shard
songs.rejected = {}
if shard then
  songs = songs:shard(shard.i, shard.n, {workers = args.workers})
  shard.format = args.format
  if shard.i > 1 then left_out = {} end -- the first part's
end

local names, features = {}, {} -- features: those that may have files of their own; a table is one file
if recipe.pool then
  names[1] = select(2, files.split(results.table_path(args.out, args.format, shard)))
else
  for i, track in ipairs(songs.tracks) do names[i] = track.file end
  for name in pairs(recipe.features) do features[#features + 1] = name end
end
local held <close> = results.claim(args.out, names, shard, features)
local outputs = recipe.pool and results.table_path(args.out, args.format, shard) or make_paths(songs)
local result = songs:extract_to(recipe, outputs, {workers = args.workers, cache = arguments.cache(args)})

local rejected = {table.unpack(left_out)}
table.move(result.rejected, 1, #result.rejected, #rejected + 1, rejected)
local path = results.write(args.out, {
  recipe = recipe.text, settings = recipe.embedding and recipe:settings() or nil, columns = recipe.names, classes = classes, task = songs.task, targets = songs.targets,
  tracks = result.tracks, rejected = rejected, partial = result.partial,
}, shard)

command.name_files("rejected", rejected)
print(show.format("%d files  %d from the cache  %d rejected%s  %s", #result.tracks, result.cached, #rejected,
  command.in_part(result.partial), path))
if #result.tracks == 0 and #songs > 0 then error("none of the files can be used", 0) end
if #rejected > 0 then os.exit(3, true) end
