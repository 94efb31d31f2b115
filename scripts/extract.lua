--- Computes features of many sound files on all cores and writes them to a folder.
local command = require "moonlark.command"
local dataset = require "moonlark.dataset"
local files = require "moonlark.files"
local json = require "moonlark.json"

local parser = command.parser("extract", "Computes features of many sound files on all cores and writes them to a folder.")
parser:epilog [[
Without --pool each sound file gets one file of frames, in folders as the sounds have them; with --pool all
go to one table, features.<format>, with a row for each file. features.json says what came from where.
With --cache, what is done is kept: interrupt, add files or change settings, and only the rest is computed.
--shard 3/16 takes the third of sixteen parts, for sixteen machines.
Files that fail are named on standard error. Exit code: 0 when files are left, 1 when none is (with
--strict, when any file fails), 2 for wrong usage.]]
local arguments = require "moonlark.dataset.arguments"
parser:argument("data", "A folder with one folder for each class, a list.csv, or an index that moonlark index wrote.")
arguments.add(parser)
parser:option("--out -o", "The folder to write to."):argname "<folder>":count(1)
parser:option("--format", "Of the files."):choices {"safetensors", "npz", "npy", "csv"}:default "safetensors"
parser:option("--pool", "Pool frames: any of mean,std,min,max,median,p5 …"):argname "<names>":convert(command.words)
parser:option("--shard", "Take part i of n."):argname "<i/n>":convert(function(text)
  local i, n = text:match "^(%d+)/(%d+)$"
  i, n = math.tointeger(tonumber(i)), math.tointeger(tonumber(n))
  if not i or i < 1 or i > n then return nil, ("must be i/n with 1 <= i <= n, got '%s'"):format(text) end
  return {i = i, n = n}
end)
parser:option("--cache", "A folder that keeps results between runs."):argname "<folder>"
parser:flag("--strict", "Exit with 1 when any file fails.")
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

-- Where a track's frames go: the sound's own path below the data, with another ending.
local function output_paths(songs, root)
  local scan = require "moonlark.dataset.scan"
  local outputs, taken = {}, {}
  for i, track in ipairs(songs) do
    local below = scan.relative(track.path, root):gsub("^/+", ""):gsub("%.%./", "")
    local stem = below:gsub("%.%w+$", "")
    -- a.wav beside a.mp3: the second keeps its ending.
    if taken[stem] then stem = below end
    if taken[stem] then error(("%s and %s would be written to one file"):format(taken[stem], track.path), 0) end
    taken[stem] = track.path
    outputs[i] = ("%s/%s.%s"):format(args.out, stem, args.format)
  end
  return outputs
end

local recipe = arguments.recipe(args)
if args.pool and args.format == "npz" then parser:error "--format npz holds frames: a pooled table is safetensors, npy or csv" end
local songs = dataset.open(args.data)
for _, bad in ipairs(songs.rejected) do io.stderr:write(("left out %s: %s\n"):format(bad.path, bad.reason)) end
songs.rejected = {}
local mark = ""
if #songs == 0 then error(("%s lists no files"):format(args.data), 0) end
local root = files.kind(args.data) == "directory" and args.data or common_folder(songs)
-- All names are given before sharding, so that shards never write to one file.
local outputs = not args.pool and output_paths(songs, root) or nil
if args.shard then
  local chosen, tracks = {}, {}
  for i = args.shard.i, #songs, args.shard.n do
    tracks[#tracks + 1] = songs[i]
    if outputs then chosen[#chosen + 1] = outputs[i] end
  end
  songs.tracks, outputs = tracks, outputs and chosen
  mark = ("-%d-of-%d"):format(args.shard.i, args.shard.n)
  if #tracks == 0 then error(("shard %d of %d holds no file"):format(args.shard.i, args.shard.n), 0) end
end

files.mkdirs(args.out)
for _, path in ipairs(outputs or {}) do files.mkdirs((files.split(path))) end
local name = ("%s/features%s"):format(args.out, mark)
local result = songs:extract_to(recipe, outputs or ("%s.%s"):format(name, args.format),
  {workers = args.workers, cache = args.cache})

local output_of = {}
for i, track in ipairs(songs) do output_of[track] = outputs and outputs[i] end
local listed = json.array {}
for i, track in ipairs(result.tracks) do
  listed[i] = {path = track.path, label = track.label, group = track.group, fold = track.fold, file = output_of[track]}
end
files.write(name .. ".json", json.encode({
  recipe = recipe.text, columns = json.array(recipe.names), classes = json.array(songs.classes), tracks = listed,
  rejected = json.array(result.rejected),
}, " ") .. "\n")

for _, bad in ipairs(result.rejected) do io.stderr:write(("rejected %s: %s\n"):format(bad.path, bad.reason)) end
print(("%d files  %d from the cache  %d rejected  %s.json"):format(#result.tracks, result.cached, #result.rejected, name))
if args.strict and #result.rejected > 0 then os.exit(1, true) end
