--- The sound files that a command's arguments name: files, folders, lists and indices.
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"
local source = require "moonlark.shell.source"

local sounds = {}

--- What dataset.kind says of a path; nil for sounds, which are none of its kinds, and for what is not there.
---     if sounds.kind "features.csv" == "table" then print "numbers" end
---@param path string
---@return string?
function sounds.kind(path)
  local known, kind = pcall(dataset.kind, path)
  return known and kind or nil
end

-- The sounds of a folder, those that a list or an index names, or the one that a path is.
local function at(path)
  local kind = files.kind(path) == "file" and sounds.kind(path)
  if kind == "list" or kind == "either" or kind == "index" then
    local list, songs = {}, source.sounds(path)
    for i, track in ipairs(songs.tracks) do list[i] = track.path end
    return list, songs.rejected
  end
  if files.kind(path) ~= "directory" then return {path}, {} end
  local list, aside = scan.sounds(path)
  if #list == 0 then io.stderr:write(show.format("%s holds no sound files\n", path)) end
  for i, name in ipairs(list) do list[i] = scan.join(path, name) end
  return list, aside
end

--- The paths of all sounds, and what could not be read in folders. Errors: there are none.
---     local songs, aside = sounds.of(args.data)
---@param paths string[]
---@param what string  what is done with them, for the error: "predict"
---@return string[]
---@return {path: string, reason: string}[]
function sounds.of(paths, what)
  local list, aside = {}, {}
  for _, path in ipairs(paths) do
    local inside, bad = at(path)
    table.move(inside, 1, #inside, #list + 1, list)
    table.move(bad, 1, #bad, #aside + 1, aside)
  end
  if #list == 0 then show.fail("there are no songs to %s", what) end
  return list, aside
end

return sounds
