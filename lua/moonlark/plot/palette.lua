--- Colours: maps for numbers, and colours with shapes for classes.
---
--- The maps for amounts grow evenly in lightness, so that they can be read in grey and by colour-blind people. Twenty
--- classes have colours of their own, and neighbours among them other shapes and dashes as well.
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

-- The first seven are those of Okabe and Ito. The others were chosen one after the other, each as far as can be from
-- those before it in Oklab, the least over normal, deuteranope and protanope sight (Machado, Oliveira and Fernandes
-- 2009).
local colours = {
  "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000", "#640b2c", "#6fe3a9", "#002c85",
  "#854e64", "#b9c6ff", "#594e00", "#a6bc9b", "#ffd337", "#907ae9", "#4e43a6", "#004359", "#b14e43", "#b14390",
}

local named = {
  blue = "#0072b2", orange = "#e69f00", green = "#009e73", red = "#d55e00", pink = "#cc79a7", sky = "#56b4e9",
  black = "#000000", wine = "#640b2c", mint = "#6fe3a9", navy = "#002c85", yellow = "#ffd337", violet = "#907ae9",
  grey = "#888888", white = "#ffffff",
}

-- gnuplot's numbers of points, and what stands for them in a text terminal.
local shapes = {
  {name = "disc", number = 7, sign = "●"}, {name = "triangle", number = 9, sign = "▲"},
  {name = "square", number = 5, sign = "■"}, {name = "diamond", number = 13, sign = "◆"},
  {name = "triangle_down", number = 11, sign = "▼"}, {name = "ring", number = 6, sign = "○"},
  {name = "cross", number = 2, sign = "×"},
}

local dashes = {
  {name = "solid", pattern = "solid"}, {name = "dashed", pattern = "(24,10)"}, {name = "dotted", pattern = "(6,8)"},
  {name = "dashdot", pattern = "(24,8,6,8)"}, {name = "long", pattern = "(48,12)"},
}

local function by_name(rows)
  local names, found = {}, {}
  for i, row in ipairs(rows) do names[i], found[row.name] = row.name, row end
  return names, found
end

local shape_named, dash_named

--- The names of the shapes of points and of the dashes of lines, in the order in which they are taken.
palette.shapes, shape_named = by_name(shapes)
palette.dashes, dash_named = by_name(dashes)

--- The names of colours, sorted.
palette.colours = text.keys(named)

--- How many classes have a colour of their own.
palette.count = #colours

--- A colour as "#rrggbb", from that or from a name; nil for what is neither.
function palette.parse(value)
  if type(value) ~= "string" then return nil end
  return named[value] or value:find "^#%x%x%x%x%x%x$" and value:lower() or nil
end

--- The colour of class or series `i`, counted from 1; they repeat after twenty.
function palette.colour(i) return colours[(i - 1) % #colours + 1] end

--- The shape of class `i`, or the named one: {name, number, sign}. With the colour it repeats after 140 classes.
function palette.shape(i) return shape_named[i] or shapes[(i - 1) % #shapes + 1] end

--- gnuplot's dash type for series `i`, or for a named one.
function palette.dash(i) return (dash_named[i] or dashes[(i - 1) % #dashes + 1]).pattern end

return palette
