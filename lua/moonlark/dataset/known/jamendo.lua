--- MTG-Jamendo (Bogdanov, Won, Tovstogan, Porter, Serra 2019): data/autotagging*.tsv, whose last field goes on in
--- further fields, a tag each, and data/splits/split-0 … 4.
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local show = require "moonlark.base.show"
local tags = require "moonlark.dataset.known.tags"

local jamendo = {name = "mtg-jamendo", title = "MTG-Jamendo"}

local header = "^TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
local usual = {"autotagging", "autotagging_top50tags", "autotagging_genre", "autotagging_instrument",
  "autotagging_moodtheme"}

--- A list or the folder data/ of a path, if it is such a collection.
function jamendo.find(path)
  if files.kind(path) == "file" then return layout.first_line(path):find(header) and path or nil end
  for _, folder in ipairs {path, files.join(path, "data")} do
    for _, name in ipairs(usual) do
      if layout.first_line(files.join(folder, name .. ".tsv")):find(header) then return folder end
    end
  end
end

-- The folder of lists, and the name of the one to take: asked for, the path itself, or the first that is there.
local function choose(found, asked)
  if files.kind(found) == "file" then
    local folder, name = files.split(found)
    return folder, (name:gsub("%.tsv$", ""))
  end
  for _, name in ipairs(asked and {asked, "autotagging_" .. asked} or usual) do
    if layout.first_line(files.join(found, name .. ".tsv")):find(header) then return found, name end
  end
  show.fail("MTG-Jamendo: there is no list %s.tsv in %s", asked, found)
end

-- The file of a path: as published, or of the smaller edition, audio-low, or where the path stands directly.
local function sound(folder, path)
  local full = files.join(folder, path)
  if files.kind(full) then return full end
  local low = full:gsub("%.mp3$", ".low.mp3")
  return files.kind(low) and low or full
end

-- Adds the tracks of a list.
local function add(tracks, path, folder, part)
  for row in csv.rows(files.read(path), path, "\t") do
    if row[1] ~= "TRACK_ID" then
      if #row < 6 then show.fail("%s, line %d: %d fields, 6 or more are needed", path, row.line, #row) end
      tracks[#tracks + 1] = {path = sound(folder, row[4]), group = row[2], part = part, labels = {}}
      for i = 6, #row do
        if row[i] ~= "" then table.insert(tracks[#tracks].labels, row[i]) end
      end
    end
  end
end

--- Tracks with their tags; artists are groups. With `split` (0 … 4; 0 unless given) parts are those of a published
--- split, where its lists lie: these leave a few tracks and tags out, so that all parts have all tags.
function jamendo.read(found, o)
  local folder, name = choose(found, o.subset)
  local root, tracks, said = layout.root(folder .. "/x", {"data"}), {}, nil
  local audio = layout.first(root, {"audio", "raw_30s/audio", "raw_30s/audio-low", "raw_30s", "audio-low", "mp3",
    "autotagging-moodtheme/audio", "autotagging_moodtheme/audio"}, "directory") or root
  local split = ("%s/splits/split-%d/%s-"):format(folder, o.split or 0, name)
  if files.kind(split .. "train.tsv") == "file" then
    for file, part in pairs {train = "train", validation = "valid", test = "test"} do
      add(tracks, split .. file .. ".tsv", audio, part)
    end
    table.sort(tracks, function(a, b) return a.path < b.path end)
    said = ("parts of split-%d"):format(o.split or 0)
  elseif o.split then
    show.fail("MTG-Jamendo: there is no %strain.tsv", split)
  else
    add(tracks, files.join(folder, name .. ".tsv"), audio)
  end
  local words = tags.keep(tracks, o.tags)
  return layout.make(jamendo.title, tracks, {task = "tags"}), ("%s, %s; %s"):format(name, words,
    said or "no split lies there")
end

return jamendo
