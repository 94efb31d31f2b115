--- FMA (Defferrard, Benzi, Vandergheynst, Bresson 2017, "FMA: A dataset for music analysis"): fma_metadata/tracks.csv,
--- whose columns have names of two lines, and fma_small (medium, large, full)/000/000002.mp3.
local csv = require "moonlark.base.csv"
local files = require "moonlark.base.files"
local layout = require "moonlark.dataset.known.layout"
local list = require "moonlark.dataset.list"
local show = require "moonlark.base.show"

local fma = {name = "fma", title = "FMA", subsets = {"small", "medium", "large", "full"}}

local rank = {small = 1, medium = 2, large = 3, full = 4}

--- The list of a path, if it is such a collection, or its folder of songs with the metadata beside.
function fma.find(path)
  local names = {"fma_metadata/tracks.csv", "tracks.csv", "../fma_metadata/tracks.csv"}
  if path:match "[^/]*$":find "^fma_%l+$" == nil then names[3] = nil end
  return layout.list(path, names, "^\"?\"?,\"?album\"?,.*,\"?set\"?,\"?set\"?,")
end

-- The subset that is asked for or whose folder is there, and that folder.
local function subset_of(root, asked)
  local there = {}
  for _, name in ipairs(fma.subsets) do
    local folder = layout.first(root, {"fma_" .. name, name}, "directory")
    if folder then
      there[#there + 1] = name
      -- zip programs make a folder of the archive's name around its own
      there[name] = layout.first(folder, {"fma_" .. name}, "directory") or folder
    end
  end
  if asked and not there[asked] then show.fail("FMA: there is no folder fma_%s in %s", asked, root) end
  if not asked and #there ~= 1 then
    show.fail("FMA: %s: which one to take, the option subset says", #there == 0
      and ("there is no folder fma_small, fma_medium, fma_large or fma_full in %s"):format(show.name(root))
      or "there are the subsets " .. table.concat(there, ", "))
  end
  return asked or there[1], there[asked or there[1]]
end

-- The places of columns, by the names of their two lines.
local function columns_of(next_row, path)
  local above, names, place = next_row(), next_row(), {}
  for i, name in ipairs(names or {}) do place[(above[i] or "") .. "." .. name] = i end
  for _, name in ipairs {"set.split", "set.subset", "track.genre_top"} do
    if not place[name] then show.fail("%s has no column %s", path, name) end
  end
  return place
end

--- Tracks that have a top genre; artists are groups; parts are the published split.
function fma.read(found, o, path)
  local asked = o.subset or path:match "fma_(%l+)$"
  local subset, folder = subset_of(layout.root(found, {"fma_metadata"}), rank[asked] and asked)
  local next_row = csv.rows(files.read(found), found, ",")
  local place, tracks, unlabelled = columns_of(next_row, found), {}, 0
  for row in next_row do
    local id = math.tointeger(tonumber(row[1]))
    if id and (rank[row[place["set.subset"]]] or 4) <= rank[subset] then
      local name, genre = ("%06d"):format(id), row[place["track.genre_top"]]
      if genre == "" then
        unlabelled = unlabelled + 1
      else
        tracks[#tracks + 1] = {path = files.join(folder, name:sub(1, 3), name .. ".mp3"), label = genre,
          group = row[place["artist.id"] or 0], part = list.part(row[place["set.split"]])}
      end
    end
  end
  return layout.make(fma.title, tracks), ("fma_%s; the published training, validation and test parts%s"):format(subset,
    unlabelled > 0 and ("; %d tracks without a top genre are left out"):format(unlabelled) or "")
end

return fma
