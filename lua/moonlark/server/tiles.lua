--- Tiles: pictures of 256 columns of a map, read straight from the file that maps.lua made.
---
---     local map = tiles.open "song.mel.map"
---     local bytes = map:png(0, 3)                 -- columns 768 to 1023, as a PNG picture
---
--- The tiles lie in the file as they lie in a picture (core/store/pyramid.h); what is put before them are the colours.
local json = require "moonlark.base.json"
local palette = require "moonlark.plot.palette"
local png = require "moonlark.base.png"
local show = require "moonlark.base.show"

local tiles = {}

tiles.width = 256
local end_size, shown_db = 56, 80

---@class moonlark.server.Map
---@field path string
---@field rows integer
---@field columns integer  of zoom 0
---@field zooms integer
---@field range number[]  what is shown darkest and lightest
---@field package levels number[]  what level 0 and level 255 mean
---@field package index integer  where it begins in the file
---@field package about table
local Map = {}
Map.__index = Map

local function at(file, place, size)
  file:seek("set", place)
  return file:read(size) or ""
end

-- In decibels, 80 under the loudest; other maps: all.
local function range_of(levels, unit, highest)
  if unit ~= "dB" then return levels end
  local high = levels[1] + (levels[2] - levels[1]) * highest / 255
  local low = math.max(levels[1], high - shown_db)
  return {low, math.max(high, low + 1)}
end

--- A map's file, opened. Errors: it is not there, or not a map.
---@param path string
---@return moonlark.server.Map
function tiles.open(path)
  local file <close> = io.open(path, "rb")
  if not file then show.fail("there is no map %s", path) end
  local size = file:seek "end"
  local last = size >= end_size and at(file, size - end_size, end_size) or ""
  if last:sub(-8) ~= "MLKTILES" then show.fail("%s is no map", path) end
  local rows, zooms, columns, highest, index, text = ("<i8i8i8i8i8i8"):unpack(last)
  local about = json.decode(at(file, text, size - end_size - text), path)
  return setmetatable({path = path, rows = rows, zooms = zooms, columns = columns, index = index, about = about,
    levels = about.levels, range = range_of(about.levels, about.unit, highest)}, Map)
end

-- Columns of a zoom: each has half as many, rounded up.
local function columns_of(self, zoom) return (self.columns - 1 >> zoom) + 1 end
local function count_of(self, zoom) return (columns_of(self, zoom) - 1) // tiles.width + 1 end

--- What is said of the map over HTTP.
---     request:answer(200, map:plain())
---@return table
function Map:plain()
  return {kind = self.about.kind, columns = self.columns, rows = self.rows, zooms = self.zooms, tile = tiles.width,
    seconds_per_column = self.about.seconds_per_column, axis = self.about.axis, unit = self.about.unit,
      range = self.range}
end

-- The colour at a place in 0..1 of a list such as {"#000000", …}, between two of them in proportion.
local function colour_at(list, place)
  local exact = math.max(0, math.min(1, place)) * (#list - 1)
  local i = math.min(math.floor(exact), #list - 2)
  local mixed = {}
  for channel = 1, 3 do
    local from, to = 2 * channel, 2 * channel + 1
    local a, b = tonumber(list[i + 1]:sub(from, to), 16), tonumber(list[i + 2]:sub(from, to), 16)
    mixed[channel] = math.floor(a + (b - a) * (exact - i) + 0.5)
  end
  return mixed
end

local chunks = {} -- colours of the 256 levels by palette, levels and range: a few for each kind of map

local function palette_chunk(self, name)
  local low, high, from, to = self.levels[1], self.levels[2], self.range[1], self.range[2]
  local key = ("%s %g %g %g %g"):format(name, low, high, from, to)
  if not chunks[key] then
    local colours = {}
    for level = 0, 255 do
      local value = low + (high - low) * level / 255
      colours[level + 1] = colour_at(palette.maps[name], (value - from) / (to - from))
    end
    chunks[key] = png.palette(colours)
  end
  return chunks[key]
end

--- The names of the palettes that a tile may have.
---@return string[]
function tiles.palettes() return palette.names() end

--- A tile as a PNG picture: `rows` high, 256 wide, the last of a zoom perhaps narrower; nil where there is none.
---     request:answer(200, map:png(2, 0, "viridis"), {["Content-Type"] = "image/png"})
---@param zoom integer  from 0, all columns; each zoom halves them
---@param index integer  from 0
---@param name string?  of a palette; default "magma"
---@return string?
function Map:png(zoom, index, name)
  if zoom < 0 or zoom >= self.zooms or index < 0 or index >= count_of(self, zoom) then return nil end
  local file <close> = assert(io.open(self.path, "rb"))
  local place = self.index
  for before = 0, zoom - 1 do place = place + 8 + 16 * count_of(self, before) end
  local from, size = ("<i8i8"):unpack(at(file, place + 8 + 16 * index, 16))
  local width = math.min(tiles.width, columns_of(self, zoom) - tiles.width * index)
  return png.indexed(width, self.rows, palette_chunk(self, name or "magma"), at(file, from, size))
end

return tiles
