--- Which part of a split each track is in, as a publisher says it: by list files of one track a line.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

local lists = {}

lists.parts = {"train", "valid", "test"}

-- What a line may call a track: its path's last one, two … parts, without the ending.
local function names_of(path)
  local stem = path:gsub("%.%w+$", "")
  local names, at = {}, #stem + 1
  while at do
    local slash = stem:sub(1, at - 1):match ".*()/"
    names[#names + 1] = stem:sub((slash or 0) + 1)
    at = slash
  end
  return names
end

-- By each name of a track its place; false for a name of several tracks, 0 for one of a file that was set aside.
local function index_of(songs)
  local index = {}
  for i, track in ipairs(songs.tracks) do
    for _, name in ipairs(names_of(track.path)) do
      if index[name] == nil then index[name] = i else index[name] = false end
    end
  end
  for _, bad in ipairs(songs.rejected) do
    for _, name in ipairs(names_of(bad.path)) do
      if index[name] == nil then index[name] = 0 end
    end
  end
  return index
end

-- Calls f with the place of each track that a list file names, and `absent` with names of tracks that are not there.
local function each_line(path, index, absent, f)
  local n = 0
  for line in files.read(path):gmatch "([^\n]*)\n?" do
    n = n + 1
    local name = line:gsub("%s+$", ""):gsub("^%s+", ""):gsub("^%./", "")
    if name ~= "" then
      local at = index[name]
      if at == nil then at = index[name:gsub("%.%w+$", "")] end
      if at == false then show.fail("%s, line %d: %s names more than one track", path, n, name) end
      if not at then
        if not absent then show.fail("%s, line %d: there is no track %s", path, n, name) end
        absent(name)
      elseif at > 0 then
        f(at)
      end
    end
  end
end

--- The list file of each part in a folder: train_filtered.txt or train.txt, and so on.
---@param folder string
---@return table<string, string>
function lists.files(folder)
  local found = {}
  for _, part in ipairs(lists.parts) do
    for _, ending in ipairs {"_filtered.txt", ".txt"} do
      local path = files.join(folder, part .. ending)
      if not found[part] and files.kind(path) == "file" then found[part] = path end
    end
  end
  if not next(found) then show.fail("lists: there is no train_filtered.txt or train.txt in %s", folder) end
  return found
end

--- The part of each track by its place, as list files say; tracks that they do not name are in none. Errors: a line
--- that names no track, or several; a track in two lists.
---@param songs moonlark.Dataset
---@param paths table<string, string>  the file of each part
---@param absent fun(name: string)?  is called for a line that names no track, in place of the error
---@return table<integer, string>
function lists.read(songs, paths, absent)
  local index, part_of = index_of(songs), {}
  for _, part in ipairs(lists.parts) do
    if paths[part] then
      each_line(paths[part], index, absent, function(at)
        local other = part_of[at]
        if other and other ~= part then
          show.fail("%s is listed in both %s and %s", songs.tracks[at].path, paths[other], paths[part])
        end
        part_of[at] = part
      end)
    end
  end
  return part_of
end

return lists
