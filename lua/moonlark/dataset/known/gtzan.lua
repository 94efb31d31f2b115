--- GTZAN (Tzanetakis and Cook 2002) as it is handed out: genres/<genre>/<genre>.NNNNN.au, or Kaggle's
--- Data/genres_original with .wav files, tables and pictures beside it.
local class = require "moonlark.dataset.class"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local lists = require "moonlark.dataset.lists"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"

local gtzan = {name = "gtzan", title = "GTZAN"}

local genres = {blues = true, classical = true, country = true, disco = true, hiphop = true, jazz = true, metal = true,
  pop = true, reggae = true, rock = true}
local below = {"genres_original", "genres", "Data/genres_original", "Data/genres"}

--- The path, if it holds the folder of genres, and this nothing but GTZAN's ten.
function gtzan.find(path)
  local folder = files.kind(path) == "directory" and layout.first(path, below, "directory")
  if not folder then return nil end
  local n = 0
  for _, name in ipairs(files.list(folder)) do
    if files.kind(files.join(folder, name)) == "directory" and name:sub(1, 1) ~= "." then
      if not genres[name] then return nil end
      n = n + 1
    end
  end
  return n > 1 and path or nil
end

-- Puts tracks into the parts of the fault-filtered split (Kereliuk, Sturm, Larsen 2015), where its lists lie.
local function take_lists(songs, genres_folder, asked, folders)
  for _, folder in ipairs(folders) do
    if files.kind(files.join(folder, "train_filtered.txt")) == "file" then
      songs.lists = folder
      local part_of = lists.read(songs, lists.files(folder), function(name)
        table.insert(songs.rejected, {path = files.join(genres_folder, name), reason = "there is no such file"})
      end)
      for i, part in pairs(part_of) do songs.tracks[i].part = part end
      return
    end
  end
  if asked then show.fail("lists: there is no train_filtered.txt in %s", asked) end
end

--- Tracks labelled by genre; files of other names are left out.
---@param path string  the folder of genres, or one above it
---@param o {lists: string?}
---@return moonlark.Dataset
---@return string
function gtzan.read(path, o)
  local folder, tracks = layout.first(path, below, "directory") or path, {}
  local sounds, rejected = scan.sounds(folder, {"au", "wav"})
  for _, found in ipairs(sounds) do
    local genre, named = found:match "^([^/]+)/([^/.]+)%.%d%d%d%d%d%.%w+$"
    if genre and genre == named then tracks[#tracks + 1] = {path = scan.join(folder, found), label = genre} end
  end
  if #tracks == 0 then show.fail("%s does not have GTZAN's layout: genres/<genre>/<genre>.NNNNN.au (or .wav)", path) end
  local songs = class.make(tracks, {rejected = rejected})
  local parent = scan.parent(folder)
  take_lists(songs, folder, o.lists, o.lists and {o.lists} or {path, parent, folder})
  local beside = files.kind(files.join(parent, "features_30_sec.csv")) == "file"
  return songs, (songs.lists and "the fault-filtered split" or "no split of its own")
    .. (beside and "; features_30_sec.csv beside it is a table that can be classified, too" or "")
end

return gtzan
