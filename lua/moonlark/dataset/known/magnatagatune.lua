--- MagnaTagATune (Law, West, Mandel, Bay, Downie 2009): annotations_final.csv, one column of 0 and 1 for each of 188
--- tags, and clips in the folders 0 … f.
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local tags = require "moonlark.dataset.known.tags"

local magnatagatune = {name = "magnatagatune", title = "MagnaTagATune"}

--- The list of a path, if it is such a collection.
function magnatagatune.find(path)
  return layout.list(path, {"annotations_final.csv"}, "^\"?clip_id\"?\t.*\t\"?mp3_path\"?$")
end

-- The usual split by folders: 0 … b, c, d … f.
local function part_of(path)
  local folder = path:match "^(%x)/"
  return folder and (folder:find "[0-9ab]" and "train" or folder == "c" and "valid" or "test") or nil
end

--- Clips with their tags; clips of one song are a group; parts are the usual split by folders.
function magnatagatune.read(found, o)
  local root, tracks = (files.split(found)), {}
  local audio = layout.first(root, {"0", "a"}, "directory") and root
    or layout.first(root, {"mp3", "mp3s", "audio", "clips", "data"}, "directory") or root
  local next_row = csv.rows(files.read(found), found, "\t")
  local names = next_row()
  local last = #names
  for row in next_row do
    local labels = {}
    for i = 2, last - 1 do
      if row[i] == "1" then labels[#labels + 1] = names[i] end
    end
    tracks[#tracks + 1] = {path = files.join(audio, row[last]), labels = labels, part = part_of(row[last]),
      group = row[last]:gsub("%-%d+%-%d+%.mp3$", "")}
  end
  local said = tags.keep(tracks, o.tags)
  return layout.make(magnatagatune.title, tracks, {task = "tags"}),
    said .. "; the usual split by folders (0-b, c, d-f)"
end

return magnatagatune
