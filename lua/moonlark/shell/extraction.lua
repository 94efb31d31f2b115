--- What commands share that compute features of many files into a folder: extract and embed.
local arguments = require "moonlark.shell.dataset"
local claim = require "moonlark.base.claim"
local command = require "moonlark.shell.command"
local files = require "moonlark.base.files"
local results = require "moonlark.dataset.results"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"
local store = require "moonlark_core".store

local extraction = {}

local function formats(use)
  return (table.concat(store.formats(use), ", "):gsub(", (%w+)$", " or %1"))
end

--- Adds --out, --format, --shard, --cache and --workers to a parser.
function extraction.arguments(parser)
  parser:option("--out -o", "The folder to write to."):argname "<folder>":count(1)
  parser:option("--format",
    ("Of the files. Frames are %s; a table (--pool) is %s."):format(formats "frames", formats "table"))
    :choices(store.formats()):default "safetensors"
  parser:option("--shard", "Take part i of n."):argname "<i/n>":convert(function(text)
    local i, n = text:match "^(%d+)/(%d+)$"
    i, n = math.tointeger(tonumber(i)), math.tointeger(tonumber(n))
    if not i or i < 1 or i > n then return nil, ("must be i/n with 1 <= i <= n, got '%s'"):format(text) end
    return {i = i, n = n}
  end)
  arguments.add_cache(parser)
  command.workers(parser)
end

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
local function is_own_list(stem, format)
  if format ~= "csv" then return false end
  local name = stem:gsub("%-%d+%-of%-%d+$", "")
  return name == "rejected" or name == "partial"
end

-- Gives each track the `file` that its frames go to: the sound's own path below the data, with another ending.
local function name_files(songs, root, format)
  local taken = {}
  for _, track in ipairs(songs) do
    local below = inside(scan.relative(track.path, root))
    local stem = below:gsub("%.%w+$", "")
    -- a.wav beside a.mp3: the second keeps its ending.
    if taken[stem] or is_own_list(stem, format) then stem = below end
    if taken[stem] then show.fail("%s and %s would be written to one file", taken[stem], track.path) end
    taken[stem] = track.path
    track.file = with_ending(stem, "." .. format)
  end
end

-- The paths of those files, in folders that exist.
local function make_paths(songs, out)
  local paths, made = {}, {}
  for i, track in ipairs(songs) do
    paths[i] = files.join(out, track.file)
    local folder = files.split(track.file)
    if not made[folder] then claim.mkdirs(out, folder == "." and "" or folder) end
    made[folder] = true
  end
  return paths
end

-- Refuses a format that does not hold what the recipe makes.
local function check_format(parser, args, recipe)
  local use = recipe.pool and "table" or "frames"
  if not (" " .. table.concat(store.formats(use), " ") .. " "):find(" " .. args.format .. " ", 1, true) then
    parser:error((recipe.pool and "--format %s holds frames: a table is %s"
      or "--format %s holds a table (--pool): frames are %s"):format(args.format, formats(use)))
  end
end

-- The sounds that this machine takes, the shard that they are, and files that were left out. Names and places come
-- before sharding: so no two parts write to one file, and each knows where it belongs.
local function take(args, recipe)
  local songs, shard = source.sounds(args.data, args), args.shard
  if #songs == 0 then show.fail("%s lists no files", args.data) end
  for i, bad in ipairs(songs.rejected) do bad.place = i - #songs.rejected end
  for i, track in ipairs(songs) do track.place = i end
  if not recipe.pool then
    name_files(songs, files.kind(args.data) == "directory" and args.data or common_folder(songs), args.format)
  end
  local left_out, classes = songs.rejected, songs.classes
  songs.rejected = {}
  if shard then
    songs = songs:shard(shard.i, shard.n, {workers = args.workers})
    shard.format = args.format
    if shard.i > 1 then left_out = {} end -- the first part's
  end
  return songs, classes, left_out
end

-- Takes the folder, and gives the paths to write to: the table's, or one for each track.
local function claim_outputs(args, recipe, songs)
  local names, features = {}, {} -- features: those that may have files of their own; a table is one file
  if recipe.pool then
    names[1] = select(2, files.split(results.table_path(args.out, args.format, args.shard)))
  else
    for i, track in ipairs(songs.tracks) do names[i] = track.file end
    for name in pairs(recipe.features) do features[#features + 1] = name end
  end
  local held = results.claim(args.out, names, args.shard, features)
  return held, recipe.pool and results.table_path(args.out, args.format, args.shard) or make_paths(songs, args.out)
end

-- What is said at the end.
local function summary(result, rejected, path)
  return show.format("%d files  %d from the cache  %d rejected%s  %s", #result.tracks, result.cached, #rejected,
    command.in_part(result.partial), path)
end

--- Computes a recipe of what parsed arguments name, writes it, and ends the program with code 3 where files were set
--- aside. Errors: no file can be used.
function extraction.run(parser, args, recipe)
  check_format(parser, args, recipe)
  files.check_folder(args.out, "folder")
  local songs, classes, left_out = take(args, recipe)
  local held <close>, outputs = claim_outputs(args, recipe, songs)
  local result = songs:extract_to(recipe, outputs, {workers = args.workers, cache = arguments.cache(args)})
  local rejected = {table.unpack(left_out)}
  table.move(result.rejected, 1, #result.rejected, #rejected + 1, rejected)
  local path = results.write(args.out, {
    recipe = recipe.text, settings = #recipe.guests > 0 and recipe:settings() or nil, columns = recipe.names,
    classes = classes, task = songs.task, targets = songs.targets, tracks = result.tracks, rejected = rejected,
    partial = result.partial,
  }, args.shard)
  command.name_files("rejected", rejected)
  print(summary(result, rejected, path))
  if #result.tracks == 0 and #songs > 0 then error("none of the files can be used", 0) end
  if #rejected > 0 then os.exit(3, true) end
end

return extraction
