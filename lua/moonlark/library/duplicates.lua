--- Duplicates: recordings that a library holds more than once, in other files or other encodings, by their fingerprints.
local makers = require "moonlark.library.makers"
local music = require "moonlark.music"
local songs = require "moonlark.library.songs"

local duplicates = {}

--- Who makes the fingerprints.
---     makers.enter(db, duplicates.maker())
---@return moonlark.library.Maker
function duplicates.maker() return {kind = "fingerprint", name = "music.fingerprint", version = "1"} end

-- Numbers and fingerprints of the songs that lie somewhere.
local function prints_of(db)
  local numbers, prints = {}, {}
  for row in db:each([[SELECT song, data FROM findings WHERE maker = ? AND EXISTS
    (SELECT 1 FROM files WHERE files.song = findings.song AND vanished IS NULL) ORDER BY song]],
    {makers.enter(db, duplicates.maker()).id}) do
    numbers[#numbers + 1], prints[#prints + 1] = row.song, row.data
  end
  return numbers, prints
end

-- Songs whose very same content lies at several paths, and that are in no group yet.
local function copies(db, taken)
  local list = {}
  for row in db:each [[SELECT song FROM files WHERE vanished IS NULL AND song IS NOT NULL GROUP BY song HAVING count(*) > 1
    ORDER BY song]] do
    if not taken[row.song] then list[#list + 1] = {row.song} end
  end
  return list
end

-- What one would keep comes first: the higher rate, then more bytes a second, then more bytes.
local function is_better(a, b)
  if a.rate ~= b.rate then return (a.rate or 0) > (b.rate or 0) end
  local dense_a, dense_b = a.bytes / math.max(a.duration or 1, 1e-3), b.bytes / math.max(b.duration or 1, 1e-3)
  if dense_a ~= dense_b then return dense_a > dense_b end
  return a.id < b.id
end

local function songs_of(db, numbers)
  local group = {}
  for i, number in ipairs(numbers) do
    group[i] = songs.numbered(db, number)
    group[i].paths = songs.paths(db, number)
  end
  table.sort(group, is_better)
  return group
end

--- Groups of songs that are the same recording, and songs whose file lies at several paths.
---     for _, group in ipairs(duplicates.find(db)) do print(#group, group[1].path) end
---@param db moonlark.Database
---@return moonlark.library.Song[][]
function duplicates.find(db)
  local numbers, prints = prints_of(db)
  local groups, taken = {}, {}
  for i, group in ipairs(music.duplicates(prints)) do
    groups[i] = {}
    for k, at in ipairs(group) do
      groups[i][k] = numbers[at]
      taken[numbers[at]] = true
    end
  end
  for _, alone in ipairs(copies(db, taken)) do groups[#groups + 1] = alone end
  for i, group in ipairs(groups) do groups[i] = songs_of(db, group) end
  table.sort(groups, function(a, b) return a[1].path < b[1].path end)
  return groups
end

return duplicates
