--- Similar: songs whose embeddings are most like another's.
local cluster = require "moonlark.cluster"
local embedding = require "moonlark.library.embedding"
local show = require "moonlark.base.show"

local similar = {}

local furthest = 3 -- deviations from the mean; what lies further is as far

--- Columns as they are compared: standardised over the songs, so that each says how a song differs from the others.
---     local rows = similar.standardised(x)
---@param x moonlark.Tensor  songs × columns
---@return moonlark.Tensor
function similar.standardised(x)
  local torch = require "moonlark.torch"
  return torch.scope(function()
    local deviation = x:std({0}, {correction = 0, keepdim = true})
    return ((x - x:mean({0}, true)) / deviation:masked_fill(deviation:lt(1e-9), 1)):clamp(-furthest, furthest)
  end)
end

---@class moonlark.library.Index  embeddings of one maker, ready to be searched
---@field state string  of the database when it was made, or looked at last
---@field stamp string  of the embeddings
---@field numbers integer[]  the song of each row
---@field row table<integer, integer>  the row of each song, from 0
---@field x moonlark.Tensor  standardised
---@field vectors moonlark.Vectors
---@field there moonlark.Tensor  bool: which rows are of songs that have a file

-- Changes with whatever is written to the database, by this process or another.
local function state_of(db)
  local row = db:row "SELECT total_changes() AS own, data_version AS others FROM pragma_data_version"
  return ("%d %d"):format(row.own, row.others)
end

local function make(db, maker, stamp)
  local numbers, x = embedding.all(db, maker)
  if not numbers then
    show.fail("no song of the library has an embedding by %s: add songs first", maker.name)
  end
  local self = {stamp = stamp, numbers = numbers, row = {}, x = similar.standardised(x)}
  for i, number in ipairs(numbers) do self.row[number] = i - 1 end
  self.vectors = cluster.vectors(nil, {columns = x:size(1)})
  self.vectors:add(self.x)
  return self
end

-- Which rows may be found.
local function there(db, index)
  local flags = require "moonlark.torch".ones({#index.numbers}, {dtype = "bool"})
  for row in db:each [[SELECT id FROM songs WHERE NOT EXISTS
    (SELECT 1 FROM files WHERE song = songs.id AND vanished IS NULL)]] do
    if index.row[row.id] then flags:select(0, index.row[row.id]):fill_(false) end
  end
  return flags
end

--- The index of a maker's embeddings. Of the one before as much is kept as is still true.
---     local index = similar.index(db, maker)
---@param db moonlark.Database
---@param maker moonlark.library.Maker
---@param before moonlark.library.Index?
---@return moonlark.library.Index
function similar.index(db, maker, before)
  local state = state_of(db)
  if before and before.state == state then return before end
  local stamp = embedding.stamp(db, maker)
  local self = before and before.stamp == stamp and before or make(db, maker, stamp)
  self.state, self.there = state, there(db, self)
  return self
end

--- The songs most like one, by the cosine of their standardised embeddings; the most similar first. Songs whose files are
--- gone are not found. Errors: the song has no embedding by this maker.
---     local found = similar.find(index, 7, 10)
---@param index moonlark.library.Index
---@param number integer  of the song
---@param limit integer
---@return {number: integer, similarity: number}[]
function similar.find(index, number, limit)
  if not index.row[number] then show.fail "this song was not heard yet: add its file" end
  local among, list = index.there:clone(), {}
  among:select(0, index.row[number]):fill_(false)
  if not among:any():item() then return list end
  local rows, cosines = index.vectors:search(index.x:select(0, index.row[number]), {k = limit, among = among})
  local which, how = rows:flatten():totable(), cosines:flatten():totable()
  for i, row in ipairs(which) do list[i] = {number = index.numbers[math.tointeger(row) + 1], similarity = how[i]} end
  return list
end

return similar
