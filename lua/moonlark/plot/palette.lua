--- Colours: maps for numbers, and colours with shapes for classes.
---
--- The maps for amounts grow evenly in lightness, so that they can be read in grey and by colour-blind people. Classes
--- take the colours of Okabe and Ito, each with a shape of its own.
local options = require "moonlark.base.options"
local text = require "moonlark.base.text"

local palette = {}

--- Colour maps by name: each a list of colours at equal distances.
palette.maps = {
  viridis = [[440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e
    26828e 23898e 21918c 1f988b 1fa088 22a785 28ae80 32b67a 3fbc73 4ec36b 5ec962 70cf57 84d44b 98d83e addc30 c2df23
    d8e219 ece51b fde725]],
  magma = [[000004 030312 0a0822 130d34 1d1147 29115a 36106b 440f76 51127c 5d177f 6a1c81 762181 832681 902a81 9c2e7f
    aa337d b73779 c43c75 d0416f dc4869 e75263 ef5d5e f56b5c f9795d fc8961 fd9869 fea772 feb67c fec488 fed395 fde2a3
    fcf0b2 fcfdbf]],
  grey = "000000 ffffff",
  blues = "ffffff e3eef8 c6dbef 9dcae1 6aaed6 4191c6 2070b4 084d96 08306b",
  diverging = [[053061 175290 2a71b2 3f8ec0 6bacd1 9bc9e0 c2ddec e0ecf3 f7f6f6 fbe5d8 fbccb4 f5aa89 e48066 d05548
    ba2832 930e26 67001f]],
}
for name, list in pairs(palette.maps) do
  local colours = {}
  for colour in list:gmatch "%x+" do colours[#colours + 1] = "#" .. colour end
  palette.maps[name] = colours
end

--- The names of the maps, sorted.
function palette.names() return text.keys(palette.maps) end

local function map_named(name)
  return palette.maps[name] or options.unknown("palette", name, palette.names())
end

--- gnuplot's line that sets the colour map.
function palette.define(name)
  local steps = {}
  for i, colour in ipairs(map_named(name)) do steps[i] = ("%d '%s'"):format(i - 1, colour) end
  return "set palette defined (" .. table.concat(steps, ", ") .. ")"
end

local function colour_at(name, place)
  local map = map_named(name)
  local r, g, b = map[math.floor(math.max(0, math.min(1, place)) * (#map - 1) + 1.5)]:match "(%x%x)(%x%x)(%x%x)"
  return tonumber(r, 16), tonumber(g, 16), tonumber(b, 16)
end

--- How light the map is at a place in 0..1: 0 black, 1 white.
function palette.lightness(name, place)
  local r, g, b = colour_at(name, place)
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255
end

--- The colour at a place in 0..1 as a text terminal takes it: "68;1;84".
function palette.rgb(name, place)
  return ("%d;%d;%d"):format(colour_at(name, place))
end

local colours = {"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000", "#b8a900"}
local shapes = {7, 9, 5, 13, 11, 6, 2} -- disc, triangle, square, diamond, triangle down, ring, cross
local dashes = {"solid", "(24,10)", "(6,8)", "(24,8,6,8)", "(48,12)"}

--- The colour of class or series `i`, counted from 1; they repeat after eight.
function palette.colour(i) return colours[(i - 1) % #colours + 1] end

--- gnuplot's point type for class `i`; with the colour it repeats after fifty-six.
function palette.shape(i) return shapes[(i - 1) % #shapes + 1] end

--- gnuplot's dash type for series `i`.
function palette.dash(i) return dashes[(i - 1) % #dashes + 1] end

return palette
