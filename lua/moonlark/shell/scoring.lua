--- Scoring: what was estimated beside the truth, of one song or of folders of them: pairs of files, and figures over songs.
local files = require "moonlark.base.files"
local scan = require "moonlark.dataset.scan"
local show = require "moonlark.base.show"

local scoring = {}

-- Files of a folder by their name without its ending, or the file that a path is.
local function by_stem(path, endings)
  if files.kind(path) ~= "directory" then return {[""] = path} end
  local found = {}
  for _, name in ipairs(files.tree(path, endings)) do
    local stem = files.stem(select(2, files.split(name)))
    if found[stem] then show.fail("%s and %s have the same name", found[stem], name) end
    found[stem] = name
  end
  return found
end

-- Folders of a folder by their name, or the folder itself where it holds none.
local function by_folder(path)
  local found = {}
  for _, name in ipairs(files.list(path)) do
    local inner = scan.join(path, name)
    if files.kind(inner) == "directory" then found[name] = inner end
  end
  return next(found) and found or {[""] = path}
end

--- The pairs of truth and estimate, in order of their names, and the files without a partner.
---     local pairs, alone = scoring.pair("truth", "made", {".jams"})
---@param reference string  a file or a folder
---@param estimate string
---@param endings string[]?  of the files that folders hold; nil: a song is a folder
---@return {reference: string, estimate: string, name: string}[]
---@return {path: string, reason: string}[]
function scoring.pair(reference, estimate, endings)
  if (files.kind(reference) == "directory") ~= (files.kind(estimate) == "directory") then
    show.fail("%s and %s must be two files or two folders", reference, estimate)
  end
  if not endings and files.kind(reference) ~= "directory" then
    show.fail("%s must be a folder of sounds, one a source, or a folder of such folders", reference)
  end
  local one = endings and by_stem or by_folder
  local a, b = one(reference, endings), one(estimate, endings)
  local list, alone = {}, {}
  for stem, path in pairs(a) do
    if b[stem] then
      list[#list + 1] = {reference = path, estimate = b[stem], name = stem ~= "" and stem or estimate}
    else
      alone[#alone + 1] = {path = path, reason = "nothing was estimated of this name"}
    end
  end
  for stem, path in pairs(b) do
    if not a[stem] then alone[#alone + 1] = {path = path, reason = "there is no truth of this name"} end
  end
  table.sort(list, function(x, y) return x.name < y.name end)
  table.sort(alone, function(x, y) return x.path < y.path end)
  return list, alone
end

--- Mean and 95 % interval of the mean (Student's t is not far from 2 for ten songs and more) of each figure; numbers that
--- are none are left out.
---     local means = scoring.means({{f = 1}, {f = 0.5}})
---@param list table<string, number>[]
---@return table<string, {mean: number, interval: number, n: integer}>
function scoring.means(list)
  local made = {}
  for _, figures in ipairs(list) do
    for name, value in pairs(figures) do
      made[name] = made[name] or {sum = 0, squares = 0, n = 0}
      if value == value then
        local one = made[name]
        one.sum, one.squares, one.n = one.sum + value, one.squares + value ^ 2, one.n + 1
      end
    end
  end
  for name, one in pairs(made) do
    local mean = one.n > 0 and one.sum / one.n or 0 / 0
    local variance = one.n > 1 and math.max(0, (one.squares - one.n * mean ^ 2) / (one.n - 1)) or 0
    made[name] = {mean = mean, interval = one.n > 1 and 2 * math.sqrt(variance / one.n) or 0, n = one.n}
  end
  return made
end

return scoring
